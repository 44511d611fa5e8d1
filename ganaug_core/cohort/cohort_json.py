"""The JSON of a cohort, schema `ganaug.cohort/1`."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import PurePath
from typing import Any

import numpy as np

from ganaug_core.cohort.split import twins
from ganaug_core.records import HOLDOUT, ROLES, TRAIN, TUNING, UNKNOWN_PATIENT, Cohort, Skipped, subgroups
from ganaug_core.storage.workspace import installation_salt

WITHOUT_NAMES = {
    "duplicate": "The same image is there already.",
    "two_labels": "The same image is there under two classes.",
    "mask": "It is a mask, or an image whose mask cannot be used.",
    "row": "Its row in the table repeats another one.",
    "missing": "The table names it, and it is not there.",
    "no_label": "The table names no class of it.",
    "series": "Something is odd about its series.",
}
"""What is said of files whose words name other files too."""
TELLS_OF_ITSELF = ("series.forms",)
"""Of those kinds, what names its own file alone."""


def as_json(cohort: Cohort, paths: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what `ganaug cohort import` and `show` print.

    Args:
        paths: Adds where each image came from, id to path. Without it no file or folder of the source is named, and
            digests of single images are salted: with them alone a stranger who has an image could tell that it is here.
    """
    counts = {role: np.bincount(cohort.labels[cohort.roles == number], minlength=len(cohort.classes))
              for number, role in enumerate(ROLES)}  # fmt: skip
    patients = cohort.patients[cohort.patients != UNKNOWN_PATIENT]
    salt = installation_salt()
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
        "values": cohort.provenance.get("values"),
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
        "columns": columns(cohort),
        "dropped": dict(cohort.provenance.get("dropped", {})),
        "duplicates": _duplicates(cohort),
        "skipped": [asdict(skipped) for skipped in (cohort.skipped if paths is not None else left_out(cohort))],
        "images": [_image(cohort, row, paths, salt) for row in range(len(cohort))],
    }


def left_out(cohort: Cohort) -> list[Skipped]:
    """Return what was left out or is odd, without the name of a file."""
    return [_without_names(skipped, number) for number, skipped in enumerate(cohort.skipped, 1)]


def _duplicates(cohort: Cohort) -> dict[str, int]:
    """Return the counts of images that are there more than once.

    `exact` images were left out; `registered` ones equal another after a flip, a turn or a shift, stay, and form so
    many `groups`. Both kinds count `across_split` and `across_classes`: an image for each that was left out, and a pair
    for each pair.
    """
    images, groups = twins(cohort.near_duplicates)
    stored = {key: cohort.duplicates.get(key, 0) for key in ("exact", "across_split", "across_classes")}
    return {"exact": stored.pop("exact"), "registered": images, "groups": groups, **stored}


def columns(cohort: Cohort) -> list[dict[str, Any]]:
    """Return how many patients (images where patients are unknown) each kept column puts in each subgroup.

    Those of fewer than 11, and those from which such a number would follow, have none.
    """
    return [_column(cohort, name) for name in cohort.columns]


def _column(cohort: Cohort, name: str) -> dict[str, Any]:
    kept = subgroups.column(cohort, name)
    groups = [*kept.groups, *([subgroups.NOT_STATED] if kept.not_stated else [])]
    return {
        "name": name,
        "counted": f"{subgroups.unit(cohort)}s",
        "cut_at": list(kept.cuts),
        "groups": [{"group": group, "n": kept.shown(group), "withheld": kept.withheld.get(group)} for group in groups],
    }


def _without_names(skipped: Skipped, number: int) -> Skipped:
    """Return an entry that names no file: it may be called after a patient, and so may others that its words name."""
    kind = skipped.code if skipped.code in TELLS_OF_ITSELF else skipped.code.partition(".")[0]
    words = WITHOUT_NAMES.get(kind, skipped.say)
    for name in filter(None, (skipped.file, PurePath(skipped.file).name)):
        words = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "the file", words)
    return replace(skipped, file=f"left-out file {number}", say=words)


def _image(cohort: Cohort, row: int, paths: Mapping[str, str] | None, salt: bytes) -> dict[str, Any]:
    patient = int(cohort.patients[row])
    entry = {
        "id": str(cohort.ids[row]),
        "class": cohort.classes[cohort.labels[row]],
        "role": ROLES[cohort.roles[row]],
        "patient": None if patient == UNKNOWN_PATIENT else f"patient {patient}",
        "sha256": hashlib.sha256(salt + np.ascontiguousarray(cohort.pixels[row]).tobytes()).hexdigest(),
    }
    if paths is not None:
        entry["path"] = paths.get(entry["id"])
    return entry
