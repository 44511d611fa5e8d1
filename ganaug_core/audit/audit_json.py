"""An audit as JSON, schema `ganaug.audit/1`: every number is finite or null."""

import math
from typing import Any

from ganaug_core import __version__
from ganaug_core.records import Audit, Copied, Measurement, MissingMode, Suspect


def as_json(audit: Audit) -> dict[str, Any]:
    """Return the document that `ganaug audit --json` writes."""
    return {
        "schema": "ganaug.audit/1",
        "ganaug": __version__,
        "seed": audit.seed,
        "command": audit.command,
        "cohort": audit.cohort,
        "synthetic": audit.synthetic,
        "verdicts": {
            name: {"state": verdict.state, "statement": verdict.statement, "do": verdict.do}
            for name, verdict in audit.verdicts.items()
        },
        "measurements": [{**_measurement(measurement), "seed": audit.seed} for measurement in audit.measurements],
        "suspects": [_suspect(suspect) for suspect in audit.suspects],
        "missing_modes": [{**_missing(mode), "seed": audit.seed} for mode in audit.missing_modes],
        "copied": [_copied(image) for image in audit.copied],
        "give_aways": list(audit.give_aways),
        "examples": {
            name: {"says": example.says, "images": list(example.images)} for name, example in audit.examples.items()
        },
        "spaces": list(audit.spaces),
        "regions": list(audit.regions),
        "detectable_share": _finite(audit.detectable_share),
    }


def _measurement(measurement: Measurement) -> dict[str, Any]:
    return {
        "name": measurement.name,
        "class": measurement.class_name,
        "encoder": measurement.encoder,
        "value": _finite(measurement.value),
        "interval": _interval(measurement.interval),
        "floor": _finite(measurement.floor),
        "null": _finite(measurement.null),
        "n_real": measurement.n_real,
        "n_synthetic": measurement.n_synthetic,
        "better": measurement.better,
        "reference": measurement.reference,
        "p_value": _finite(measurement.p_value),
        "unit": measurement.unit,
    }


def _suspect(suspect: Suspect) -> dict[str, Any]:
    return {
        "synthetic": suspect.synthetic,
        "train": suspect.train,
        "encoder": suspect.encoder,
        "distance": _finite(suspect.distance),
        "p_value": _finite(suspect.p_value),
        "q_value": _finite(suspect.q_value),
        "transform": suspect.transform,
    }


def _missing(mode: MissingMode) -> dict[str, Any]:
    return {
        "class": mode.class_name,
        "cluster": mode.cluster,
        "real_share": _finite(mode.real_share),
        "synthetic_share": _finite(mode.synthetic_share),
        "interval": _interval(mode.interval),
        "p_value": _finite(mode.p_value),
        "exemplars": list(mode.exemplars),
        "nearest": list(mode.nearest),
        "encoder": mode.encoder,
        "n_real": mode.n_real,
        "n_synthetic": mode.n_synthetic,
        "reference": "train+holdout",
    }


def _copied(image: Copied) -> dict[str, Any]:
    return {
        "train": image.train,
        "patient": image.patient,
        "class": image.class_name,
        "synthetic": list(image.synthetic),
        "identical": image.identical,
    }


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _interval(value: tuple[float, float] | None) -> list[float | None] | None:
    if value is None or not all(math.isfinite(end) for end in value):
        return None
    return [_finite(end) for end in value]
