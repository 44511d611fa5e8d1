"""The arms: what a classifier may be shown instead of more patients, cheapest remedy first.

Every arm is a way of drawing images, so that all take the same number of optimiser steps on as many images; "the same
count" is a chance of being drawn. Duplication is then real images of the rare class drawn more often.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ganaug_core.errors import EvidenceError
from ganaug_core.records import Integers
from ganaug_core.records.benefit import Arm
from ganaug_core.wording import listing, percent

DOSES = (0.10, 0.25, 0.50)
BASELINE = "classical"
UNMOVED = "duplication"
CURATED_DOSE = 0.50


def checked_doses(doses: Sequence[float] | None) -> tuple[float, ...]:
    """Return the doses that are asked for, the smallest first; all where None is given.

    Raises:
        EvidenceError: There is no such dose, or none at all.
    """
    chosen = tuple(sorted(set(DOSES if doses is None else doses)))
    if not chosen or not set(chosen) <= set(DOSES):
        raise EvidenceError(
            f"There is no arm with {listing(map(percent, set(chosen) - set(DOSES))) or 'no'} synthetic images.",
            do=f"Choose among {listing((f'{dose:g}' for dose in DOSES), 'and')}.",
            code="dose",
        )
    return chosen


def arms(rare: int, largest: int, doses: Sequence[float] = DOSES) -> tuple[Arm, ...]:
    """Return the arms in the order of their work: what a first estimate needs comes first.

    Args:
        rare: Real training images of the rare class.
        largest: Of the most frequent class. `topped` fills up to it, but at least doubles the rare class.
        doses: Of `DOSES`; the curated arm goes with the dose that it is compared with.
    """
    left_out = {_mixed(dose).name for dose in DOSES if dose not in doses}
    if CURATED_DOSE not in doses:
        left_out.add("curated")
    return tuple(arm for arm in _all(rare, largest) if arm.name not in left_out)


def _all(rare: int, largest: int) -> tuple[Arm, ...]:
    top = max(0.5, 1 - rare / largest)
    mixed = {dose: _mixed(dose) for dose in DOSES}
    return (
        Arm(
            name="classical",
            title="Classical augmentation",
            says="Real images, every class equally often, moved, turned, mirrored and scaled a little at each look.",
            classical=True,
        ),
        mixed[0.50],
        Arm(
            name="duplication",
            title="Duplication",
            says="Real images, those of rarer classes repeated until all are equally often.",
        ),
        Arm(name="real", title="Real images only", says="Every real image equally often, nothing else.", mix="natural"),
        mixed[0.25],
        mixed[0.10],
        Arm(
            name="topped",
            title="Synthetic on top of real",
            says=f"Classes equally often; {percent(top)} of the rare class are synthetic, no classical augmentation.",
            share=top,
        ),
        Arm(
            name="weights",
            title="Class weights",
            says="Real images as often as they occur; mistakes on rarer classes cost more.",
            mix="natural",
            weighted=True,
        ),
        Arm(
            name="synthetic",
            title="Synthetic images only",
            says="No real image at all, classes equally often.",
            mix="synthetic",
        ),
        Arm(
            name="curated",
            title=f"{percent(CURATED_DOSE)} synthetic after curation",
            says="As the arm with the same share, without rejected images and suspected copies.",
            share=CURATED_DOSE,
            classical=True,
            curated=True,
        ),
    )


def _mixed(dose: float) -> Arm:
    return Arm(
        name=f"mixed{dose * 100:.0f}",
        title=f"{percent(dose)} synthetic",
        says=f"Classical augmentation; {percent(dose)} of what is shown of the rare class is synthetic.",
        share=dose,
        classical=True,
    )


def chances(arm: Arm, labels: Integers, synthetic: NDArray[np.bool_], rare: int) -> NDArray[np.float64]:
    """Return (n,) the chance of each image to be drawn, summing to 1.

    Args:
        labels: (n,) class of each image that the arm may show.
        synthetic: (n,) whether it is synthetic; those of other classes than the rare one are shown by the arm
            `synthetic` alone.
        rare: The augmented class.
    """
    result = np.zeros(len(labels))
    if arm.mix == "natural":
        result[~synthetic] = 1
    else:
        for label in np.unique(labels):
            here = labels == label
            share = 1.0 if arm.mix == "synthetic" else arm.share if label == rare else 0.0
            for side, chance in ((here & synthetic, share), (here & ~synthetic, 1 - share)):
                if chance:
                    result[side] = chance / side.sum()
    total: NDArray[np.float64] = result / result.sum()
    return total


def class_chances(chance: NDArray[np.float64], labels: Integers, classes: int) -> NDArray[np.float64]:
    """Return (classes,) how often each class is drawn."""
    sums: NDArray[np.float64] = np.bincount(labels, weights=chance, minlength=classes).astype(np.float64)
    return sums
