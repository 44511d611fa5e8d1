"""The identity rule: a synthetic image that is an image of the cohort, of any role, is a copy from the first one."""

from dataclasses import dataclass

import numpy as np

from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.near_duplicates import unequal
from ganaug_core.metrics import identical_images
from ganaug_core.neighbours import Registered, registered
from ganaug_core.records import ROLES, UNKNOWN_PATIENT, Floats, Integers
from ganaug_core.wording import count, listing

ROUNDED = 200
AT_ONCE = 2048
SEEN_AS = {"train": "training", "tuning": "tuning", "holdout": "hold-out"}


@dataclass(frozen=True)
class Identical:
    """Which synthetic images are images of the cohort: synthetic row -> cohort row.

    Attributes:
        copies: Equal up to rounding, mirrored and turned ones too.
        repeats: The same, of pictures that the cohort itself holds of several patients: reported, but no proof.
    """

    copies: dict[int, int]
    repeats: dict[int, int]


def identical(comparison: Comparison, nearest: dict[int, Registered], natural: Floats) -> Identical:
    """Return the images that are images of the cohort.

    Args:
        comparison: Cohort and samples.
        nearest: Of the synthetic images, by role.
        natural: Distances of real images to those of other groups.
    """
    cohort = comparison.cohort
    same: dict[int, int] = {}
    if cohort.shape == comparison.samples.images.shape[1:]:
        for role in range(len(ROLES)):  # a picture that is there twice is named by its training image
            rows = cohort.where(role)
            for left, right in identical_images.equal_pairs(comparison.samples.images, cohort.reading(rows)):
                same.setdefault(int(left), int(rows[right]))
    limit = _limit(comparison, natural)
    for found in nearest.values():
        for row in np.flatnonzero(found.distance < limit):
            same.setdefault(int(row), int(found.nearest[row]))
    again = _occurring_again(comparison, np.unique(list(same.values())).astype(np.int64))
    return Identical(
        {row: real for row, real in same.items() if real not in again},
        {row: real for row, real in same.items() if real in again},
    )


def _occurring_again(comparison: Comparison, rows: Integers) -> set[int]:
    """Return those of the rows whose picture the cohort holds of another patient too, or in another file if unknown."""
    cohort = comparison.cohort
    unknown = cohort.patients == UNKNOWN_PATIENT
    patients = np.where(unknown, cohort.patients.max() + 1 + np.arange(len(cohort)), cohort.patients)
    pictures = cohort.images(rows)
    patients_of: dict[int, set[int]] = {}
    picture_of: dict[int, int] = {}
    for start in range(0, len(cohort) if len(rows) else 0, AT_ONCE):
        chunk = np.arange(start, min(start + AT_ONCE, len(cohort)))
        for left, picture in identical_images.equal_pairs(cohort.images(chunk), pictures):
            patients_of.setdefault(int(picture), set()).add(int(patients[start + left]))
            picture_of[start + int(left)] = int(picture)
    return {int(row) for row in rows if len(patients_of.get(picture_of.get(int(row), -1), ())) > 1}


def sentence(comparison: Comparison, found: Identical) -> str:
    """Return one sentence on the copies: how many of which role, and the first by its ids."""
    cohort = comparison.cohort
    roles = np.array([cohort.roles[real] for real in found.copies.values()])
    parts = [
        f"{int((roles == role).sum()):,} {SEEN_AS[name]} {'image' if (roles == role).sum() == 1 else 'images'}"
        for role, name in enumerate(ROLES)
        if (roles == role).any()
    ]
    first, real = next(iter(found.copies.items()))
    role = SEEN_AS[ROLES[cohort.roles[real]]]
    equal = "equals an image" if len(found.copies) == 1 else "equal images"
    return (
        f"{count(len(found.copies), 'image')} of {count(len(comparison.samples), 'synthetic image')} {equal} of the "
        f"cohort (turned or mirrored ones counted): {listing(parts)}. The first is {comparison.samples.ids[first]}, "
        f"{role} image {cohort.ids[real]}."
    )


def repeats_in_words(found: Identical) -> str:
    """Return a sentence on images that the cohort itself repeats, empty without any."""
    if not found.repeats:
        return ""
    equal = "equals a picture" if len(found.repeats) == 1 else "equal pictures"
    return (
        f" {count(len(found.repeats), 'synthetic image')} {equal} that the cohort itself holds more than once; that is "
        "shown and says nothing."
    )


def _limit(comparison: Comparison, natural: Floats) -> float:
    """Return the registered distance below which two images are one."""
    cohort = comparison.cohort
    sample: Integers = np.sort(comparison.random(2).permutation(len(cohort))[:ROUNDED])
    images = cohort.images(sample)
    rounded = comparison.searched(
        f"rounded-{comparison.seed}",
        lambda: registered(identical_images.rounded_off(images, cohort.intensity, seed=comparison.seed), images),
    )
    return identical_images.residual_limit(rounded.distance, natural, unequal(cohort))
