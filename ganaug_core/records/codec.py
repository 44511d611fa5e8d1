"""Records as they are kept: values for a manifest in JSON, and arrays beside it."""

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import (
    Audit,
    Cohort,
    Copied,
    Examples,
    Features,
    Intensity,
    Map,
    Measurement,
    MissingMode,
    Samples,
    Skipped,
    Suspect,
    Verdict,
)
from ganaug_core.records.benefit import Arm, Benefit, Difference, Score

Values = dict[str, Any]
Arrays = dict[str, Any]


def taken_apart(record: Any) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return a record's values for the manifest, and its arrays."""
    manifest, arrays = dict[str, Any](), dict[str, NDArray[Any]]()
    for each in fields(record):
        value = getattr(record, each.name)
        if isinstance(value, np.ndarray):
            arrays[each.name] = value
        elif each.name in ("scores", "drawings") and isinstance(value, Mapping):
            arrays.update({f"{each.name}.{key}": np.asarray(part) for key, part in value.items()})
        else:
            manifest[each.name] = _plain(value)
    return manifest, arrays


def cohort(manifest: Values, arrays: Arrays) -> Cohort:
    manifest["intensity"] = Intensity(**manifest["intensity"])
    manifest["skipped"] = tuple(Skipped(**each) for each in manifest["skipped"])
    manifest["classes"] = tuple(manifest["classes"])
    manifest["spacing_mm"] = tuple(manifest["spacing_mm"]) if manifest["spacing_mm"] else None
    return Cohort(**manifest, **arrays)


def samples(manifest: Values, arrays: Arrays) -> Samples:
    manifest["classes"], manifest["paths"] = tuple(manifest["classes"]), tuple(manifest["paths"])
    return Samples(**manifest, **arrays)


def features(manifest: Values, arrays: Arrays) -> Features:
    return Features(**manifest, **arrays)


def map_(manifest: Values, arrays: Arrays) -> Map:
    manifest["classes"] = tuple(manifest["classes"])
    return Map(**manifest, **arrays)


def audit(manifest: Values, arrays: Arrays) -> Audit:
    manifest["verdicts"] = {key: Verdict(**each) for key, each in manifest["verdicts"].items()}
    manifest["measurements"] = tuple(Measurement(**_tuples(each)) for each in manifest["measurements"])
    manifest["suspects"] = tuple(Suspect(**each) for each in manifest["suspects"])
    manifest["missing_modes"] = tuple(MissingMode(**_tuples(each)) for each in manifest["missing_modes"])
    manifest["copied"] = tuple(Copied(**_tuples(each)) for each in manifest.get("copied", ()))
    manifest["give_aways"] = tuple(manifest.get("give_aways", ()))  # older audits have none of these
    shown = manifest.get("examples", {})
    manifest["examples"] = {key: Examples(**_tuples(each)) for key, each in shown.items()}
    for each in ("spaces", "regions"):
        manifest[each] = tuple(manifest.get(each, ()))
    scores, drawings = (
        {key.removeprefix(start): array for key, array in arrays.items() if key.startswith(start)}
        for start in ("scores.", "drawings.")
    )
    return Audit(**manifest, scores=scores, drawings=drawings)


def benefit(manifest: Values, arrays: Arrays) -> Benefit:
    manifest["verdict"] = Verdict(**manifest["verdict"])
    manifest["notes"] = tuple(manifest["notes"])
    for key, record in (("arms", Arm), ("scores", Score), ("differences", Difference)):
        manifest[key] = tuple(record(**_tuples(each)) for each in manifest[key])
    return Benefit(**manifest)


def _plain(value: Any) -> Any:
    """Return the JSON form of a value: dataclasses become objects, tuples lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has lists where the records have tuples."""
    return {key: tuple(part) if isinstance(part, list) else part for key, part in fields.items()}
