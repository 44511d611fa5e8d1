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
            name: {"state": each.state, "statement": each.statement, "do": each.do}
            for name, each in audit.verdicts.items()
        },
        "measurements": [{**_measurement(each), "seed": audit.seed} for each in audit.measurements],
        "suspects": [_suspect(each) for each in audit.suspects],
        "missing_modes": [{**_missing(each), "seed": audit.seed} for each in audit.missing_modes],
        "copied": [_copied(each) for each in audit.copied],
        "give_aways": list(audit.give_aways),
        "examples": {name: {"says": each.says, "images": list(each.images)} for name, each in audit.examples.items()},
        "spaces": list(audit.spaces),
        "regions": list(audit.regions),
        "detectable_share": _finite(audit.detectable_share),
    }


def _measurement(each: Measurement) -> dict[str, Any]:
    return {
        "name": each.name,
        "class": each.class_name,
        "encoder": each.encoder,
        "value": _finite(each.value),
        "interval": _interval(each.interval),
        "floor": _finite(each.floor),
        "null": _finite(each.null),
        "n_real": each.n_real,
        "n_synthetic": each.n_synthetic,
        "better": each.better,
        "reference": each.reference,
        "p_value": _finite(each.p_value),
        "unit": each.unit,
    }


def _suspect(each: Suspect) -> dict[str, Any]:
    return {
        "synthetic": each.synthetic,
        "train": each.train,
        "encoder": each.encoder,
        "distance": _finite(each.distance),
        "p_value": _finite(each.p_value),
        "q_value": _finite(each.q_value),
        "transform": each.transform,
    }


def _missing(each: MissingMode) -> dict[str, Any]:
    return {
        "class": each.class_name,
        "cluster": each.cluster,
        "real_share": _finite(each.real_share),
        "synthetic_share": _finite(each.synthetic_share),
        "interval": _interval(each.interval),
        "p_value": _finite(each.p_value),
        "exemplars": list(each.exemplars),
        "nearest": list(each.nearest),
        "encoder": each.encoder,
        "n_real": each.n_real,
        "n_synthetic": each.n_synthetic,
        "reference": "train+holdout",
    }


def _copied(each: Copied) -> dict[str, Any]:
    return {
        "train": each.train,
        "patient": each.patient,
        "class": each.class_name,
        "synthetic": list(each.synthetic),
        "identical": each.identical,
    }


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _interval(value: tuple[float, float] | None) -> list[float | None] | None:
    if value is None or not all(math.isfinite(end) for end in value):
        return None
    return [_finite(end) for end in value]
