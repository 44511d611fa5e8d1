"""The JSON of a cohort, schema `ganaug.cohort/1`."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import PurePath
from typing import Any

import numpy as np

from ganaug_core.records import HOLDOUT, ROLES, TRAIN, TUNING, UNKNOWN_PATIENT, Cohort, Skipped


def as_json(cohort: Cohort, paths: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what `ganaug cohort import` and `show` print.

    Args:
        paths: Adds where each image came from, id to path. Without it no folder of the source is named.
    """
    counts = {role: np.bincount(cohort.labels[cohort.roles == number], minlength=len(cohort.classes))
              for number, role in enumerate(ROLES)}  # fmt: skip
    patients = cohort.patients[cohort.patients != UNKNOWN_PATIENT]
    return {
        "schema": "ganaug.cohort/1",
        "name": cohort.name,
        "hash": cohort.digest,
        "n": len(cohort),
        **{f"n_{ROLES[number]}": len(cohort.where(number)) for number in (TRAIN, TUNING, HOLDOUT)},
        "size": list(cohort.shape[1:]),
        "channels": cohort.shape[0],
        "unit": cohort.intensity.unit,
        "range": [cohort.intensity.low, cohort.intensity.high],
        "classes": {
            name: {role: int(counts[role][label]) for role in ROLES} for label, name in enumerate(cohort.classes)
        },
        "patients": len(np.unique(patients)) if len(patients) else None,
        "modality": cohort.modality or None,
        "masks": len(cohort.with_mask()),
        "volumes": len(np.unique(cohort.volumes[cohort.volumes >= 0])) or None,
        "fixed": cohort.fixed,
        "notes": list(cohort.provenance.get("notes", ())),
        "suspected_text": [{"id": image, "why": why} for image, why in cohort.suspected_text.items()],
        "dropped": dict(cohort.provenance.get("dropped", {})),
        "duplicates": dict(cohort.duplicates),
        "skipped": [asdict(skipped if paths is not None else _without_folders(skipped)) for skipped in cohort.skipped],
        "images": [_image(cohort, row, paths) for row in range(len(cohort))],
    }


def _without_folders(skipped: Skipped) -> Skipped:
    """Return an entry that names the file alone: a folder may be called after a patient."""
    name = PurePath(skipped.file).name
    return replace(skipped, file=name, say=skipped.say.replace(skipped.file, name))


def _image(cohort: Cohort, row: int, paths: Mapping[str, str] | None) -> dict[str, Any]:
    patient = int(cohort.patients[row])
    entry = {
        "id": str(cohort.ids[row]),
        "class": cohort.classes[cohort.labels[row]],
        "role": ROLES[cohort.roles[row]],
        "patient": None if patient == UNKNOWN_PATIENT else f"patient {patient}",
        "sha256": hashlib.sha256(np.ascontiguousarray(cohort.pixels[row]).tobytes()).hexdigest(),
    }
    if paths is not None:
        entry["path"] = paths.get(entry["id"])
    return entry
