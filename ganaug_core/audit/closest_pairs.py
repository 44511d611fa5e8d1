"""The closest pairs: synthetic images beside the real image of the whole cohort that they resemble most."""

from dataclasses import dataclass

import numpy as np

from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.identity import Identical
from ganaug_core.metrics.statistics import Values
from ganaug_core.neighbours import Registered, registration
from ganaug_core.records import HOLDOUT, MOVEMENT, ROLES, Copied, Floats, Integers, Pixels, Suspect, listed

SPACE = "registered"
SHOWN, SHOWN_PER_CLASS = 20, 3


@dataclass(frozen=True)
class Suspicion:
    """How suspicious each synthetic image is: scores (m,), p and q; `rejected`: the set as a whole holds copies."""

    scores: Floats
    p_values: Values
    q_values: Values
    rejected: bool

    @staticmethod
    def none(images: int) -> "Suspicion":
        """Return what is known where there is no hold-out to compare with: nothing."""
        ones = np.ones(images)
        return Suspicion(ones.astype(np.float32), ones, ones, rejected=False)


def closest_pairs(
    comparison: Comparison, nearest: dict[int, Registered], identical: Identical, suspicion: Suspicion
) -> tuple[Suspect, ...]:
    """Return equal images, then named copies, then the closest pairs: `SHOWN`, and `SHOWN_PER_CLASS` of each class."""
    distance, real = closest(nearest)
    same = identical.repeats | identical.copies
    for row, original in same.items():
        real[row] = original
    is_copy = np.isin(np.arange(len(real)), list(identical.copies))
    named = listed(suspicion.q_values, is_copy, suspicion.rejected)
    order = np.lexsort((distance, np.where(named, suspicion.p_values, 1), ~named, ~is_copy))
    chosen = dict.fromkeys(order[:SHOWN].tolist())
    for label in np.unique(comparison.labels):  # a rare class shows its closest pairs too
        chosen.update(dict.fromkeys(order[comparison.labels[order] == label][:SHOWN_PER_CLASS].tolist()))
    chosen.update(dict.fromkeys(order[named[order]].tolist()))
    chosen.update(dict.fromkeys(identical.repeats))
    place = np.argsort(order)
    cohort = comparison.cohort
    return tuple(
        Suspect(
            synthetic=str(comparison.samples.ids[row]),
            real=str(cohort.ids[real[row]]),
            role=ROLES[cohort.roles[real[row]]],
            holdout=str(cohort.ids[nearest[HOLDOUT].nearest[row]]) if HOLDOUT in nearest else "",
            encoder=SPACE,
            distance=float(distance[row]),
            score=float(suspicion.scores[row]),
            p_value=float(suspicion.p_values[row]),
            q_value=float(suspicion.q_values[row]),
            transform=str(_transform(nearest, int(cohort.roles[real[row]]), row)),
            identical=bool(is_copy[row]),
            rejected=suspicion.rejected,
        )
        for row in sorted(chosen, key=lambda row: place[row])
    )


def closest(nearest: dict[int, Registered]) -> tuple[Floats, Integers]:
    """Return (m,) the distance to the nearest real image of any role, and its row in the cohort."""
    distances = np.stack([found.distance for found in nearest.values()])
    rows = np.stack([found.nearest for found in nearest.values()])
    best, images = distances.argmin(0), np.arange(distances.shape[1])
    return distances[best, images], rows[best, images]


def copied(comparison: Comparison, suspects: tuple[Suspect, ...]) -> tuple[Copied, ...]:
    """Return the real images of the named copies, the most often copied first."""
    by_image: dict[str, list[Suspect]] = {}
    for suspect in suspects:
        if suspect.is_listed:
            by_image.setdefault(suspect.real, []).append(suspect)
    rows = {str(image_id): row for row, image_id in enumerate(comparison.cohort.ids)}
    copied_images = [
        Copied(
            real,
            int(comparison.cohort.groups[rows[real]]),
            comparison.cohort.classes[comparison.cohort.labels[rows[real]]],
            tuple(suspect.synthetic for suspect in by),
            any(suspect.identical for suspect in by),
            by[0].role,
        )
        for real, by in by_image.items()
    ]
    return tuple(sorted(copied_images, key=lambda image: (not image.identical, -len(image.synthetic))))


def for_the_record(comparison: Comparison, nearest: dict[int, Registered]) -> dict[str, Pixels]:
    """Return `Audit.nearest`: of every synthetic image the nearest real one of each role, distance and movement."""
    arrays: dict[str, Pixels] = {}
    for role, found in nearest.items():
        name = ROLES[role]
        arrays[f"{name}.id"] = comparison.cohort.ids[found.nearest].astype("S12")  # a quarter of the bytes
        arrays[f"{name}.distance"] = found.distance
        for column, part in enumerate(MOVEMENT):
            kind = np.int8 if part in ("turn", "flip") else np.float16  # a hundredth of a pixel is enough to look
            arrays[f"{name}.{part}"] = found.movement[:, column].astype(kind)
    return arrays


def _transform(nearest: dict[int, Registered], role: int, row: int) -> str:
    return registration.name(nearest[role].movement[row].tolist())
