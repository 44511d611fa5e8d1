"""Source -> Cohort: read, check, leave out what cannot be used (and say so), find twins, split by patient."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import ganaug_core
from ganaug_core import readers
from ganaug_core.cohort import duplicates, identity, pixels, reading, split
from ganaug_core.cohort.document import as_json
from ganaug_core.cohort.rarer import rarer
from ganaug_core.cohort.synthetic import import_samples
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report, silent
from ganaug_core.readers.embedded import EMBEDDED, PREFIX
from ganaug_core.records import (
    HOLDOUT,
    ROLES,
    TRAIN,
    UNKNOWN_PATIENT,
    Cohort,
    Floats,
    Integers,
    Intensity,
    Pixels,
    Slice,
)
from ganaug_core.workspace import check_name, installation_salt

__all__ = ["EMBEDDED", "as_json", "import_cohort", "import_samples", "rarer"]

SIZES = (8, 512)


def import_cohort(
    source: str | Path,
    name: str,
    *,
    size: int = 64,
    value_range: tuple[float, float] | None = None,
    tuning: float = 0.15,
    holdout: float = 0.25,
    seed: int = 0,
    columns: readers.Columns | None = None,
    twin_limit: float = 0.05,
    report: Report = silent,
) -> tuple[Cohort, dict[str, str]]:
    """Return the cohort, and where each image came from (id to path; it must not leave the machine).

    Args:
        source: See `readers.read`.
        size: Rows and columns of the stored images.
        value_range: Physical values that become -1 and 1; others are clipped to them.
        tuning, holdout: Shares of the images, in [0, 1). A source's own hold-out is kept; its tuning share too, and
            where it names none, that is taken from its training share.
        twin_limit: Largest registered distance of a pair that counts as one image, 0 looks for none.

    Raises:
        CohortError: Nothing usable, more than a fifth unreadable, an empty class, or settings that cannot be.
    """
    check_name(name)
    _check(size, value_range, tuning, holdout)
    everything, read, skipped = reading.read(source, columns, size, report)
    same = duplicates.exact(everything, read)
    slices = [everything[row] for row in same.kept]
    classes, labels = reading.labelled(slices)
    stored = pixels.stacked([read[row] for row in same.kept])
    del read
    intensity = pixels.intensity_of(stored, slices[0].unit, str(source), value_range)
    stored = pixels.clipped(stored, intensity)

    twins, distances = _twins(intensity, stored, twin_limit, report)
    patients = _numbered([each.patient for each in slices])
    groups = split.united(len(slices), _linked(everything, same), pairs=twins)
    given = np.array([ROLES.index(each.role or "train") for each in slices], np.int64)
    own = bool((given == HOLDOUT).any())
    if own:
        roles = split.with_tuning(given, labels, groups, tuning, seed)
    else:
        roles = split.split(labels, groups, tuning, holdout, seed)
    _check_train(roles, labels, classes)
    apart = roles[twins[:, 0]] != roles[twins[:, 1]]
    counts = {
        "exact": same.counts["exact"],
        "across_split": same.counts["across_split"] + int(apart.sum()),
        "across_classes": same.counts["across_classes"] + int((labels[twins[:, 0]] != labels[twins[:, 1]]).sum()),
    }
    embedded = str(source).startswith(PREFIX)
    ids = identity.ids(stored, [each.source for each in slices], b"" if embedded else installation_salt())
    record = Cohort(
        name=name,
        digest=identity.content_digest(stored, labels, roles, intensity),
        pixels=stored,
        labels=labels,
        roles=roles,
        ids=ids,
        patients=patients,
        groups=groups,
        classes=classes,
        intensity=intensity,
        twins=twins,
        twin_distances=distances,
        own_split=own,
        spacing_mm=reading.common_spacing(slices),
        duplicates=counts,
        skipped=(*skipped, *same.skipped),
        provenance={
            "ganaug": ganaug_core.__version__,
            "settings": {"size": size, "tuning": tuning, "holdout": holdout, "seed": seed, "twin_limit": twin_limit},
            "notes": _notes(slices, roles, groups, patients, own, int(apart.sum())),
        },
    )
    report(1.0, f"{len(record):,} images")
    return record, dict(zip(ids.tolist(), (each.source for each in slices), strict=True))


def _check(size: int, value_range: tuple[float, float] | None, tuning: float, holdout: float) -> None:
    if not SIZES[0] <= size <= SIZES[1]:
        raise CohortError(
            f"Images of {size} pixels cannot be made.", do=f"Choose {SIZES[0]} to {SIZES[1]}.", code="size"
        )
    if value_range is not None and not value_range[0] < value_range[1]:
        raise CohortError(
            f"The range {value_range[0]:g} to {value_range[1]:g} is empty.",
            do="Give the lower value first.",
            code="range",
        )
    if not (tuning >= 0 and holdout >= 0 and tuning + holdout < 1):
        raise CohortError(
            f"Shares of {tuning:g} for tuning and {holdout:g} for hold-out leave nothing to train on.",
            do="Choose shares from 0 that add up to less than 1.",
            code="shares",
        )


def _linked(slices: Sequence[Slice], same: duplicates.Found) -> Integers:
    """Return (kept,) numbers that are equal for images of one patient or one volume.

    A duplicate that was left out still links its patient with the patient of the image that stayed.
    """
    keys = (_numbered([each.patient for each in slices]), _numbered([each.volume for each in slices]))
    return split.united(len(slices), *keys, pairs=same.pairs)[same.kept]


def _numbered(texts: Sequence[str | None]) -> Integers:
    """Return a number for each text, the same for the same; unknown ones are `UNKNOWN_PATIENT`."""
    numbers: dict[str, int] = {}
    found = [UNKNOWN_PATIENT if text is None else numbers.setdefault(text, len(numbers)) for text in texts]
    return np.array(found, np.int64)


def _twins(intensity: Intensity, stored: Pixels, limit: float, report: Report) -> tuple[Integers, Floats]:
    if limit <= 0 or len(stored) < 2:
        return np.zeros((0, 2), np.int64), np.zeros(0, np.float32)
    from ganaug_core import neighbours  # torch: only a worker imports cohorts

    def told(share: float, doing: str) -> None:
        report(0.5 + 0.49 * share, doing)

    return neighbours.twin_pairs(intensity.normalise(stored), limit, report=told)


def _check_train(roles: Integers, labels: Integers, classes: Sequence[str]) -> None:
    for label, name in enumerate(classes):
        if not ((roles == TRAIN) & (labels == label)).any():
            raise CohortError(
                f"The class {name} has no training image after the split.",
                do="Add images or patients of it, leave the class out, or make hold-out and tuning smaller.",
                code="empty_class",
            )


def _notes(
    slices: Sequence[Slice], roles: Integers, groups: Integers, patients: Integers, own: bool, apart: int
) -> list[str]:
    """Say what was done to the images, and what the split cannot promise, in sentences for the page."""
    notes = []
    if colour := sum(each.colour for each in slices):
        notes.append(f"{colour:,} images were in colour and became grey (luminance, ITU-R BT.601).")
    if not own and any(each.role for each in slices):
        notes.append("The source names no hold-out share, so the split is ours.")
    if not (roles == HOLDOUT).any():
        units = len(np.unique(groups))
        notes.append(
            f"Nothing is held out: the images come from {units} independent {'unit' if units == 1 else 'units'}."
        )
    if apart:
        notes.append(f"{apart:,} pairs that registration shows to be one image lie on two sides of the source's split.")
    known = patients != UNKNOWN_PATIENT
    torn = [patient for patient in np.unique(patients[known]) if len(np.unique(roles[patients == patient])) > 1]
    if torn:
        notes.append(f"{len(torn):,} patients have images on two sides of the source's split.")
    if not known.any():
        notes.append("Patients are unknown: images of one patient may lie on two sides of the split.")
    return notes
