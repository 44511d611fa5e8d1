"""A source's own split: can its sides be exchanged? A split that we drew by patient needs no such test.

Two questions before a generator is judged: do training images lie nearer to training images than held-out ones do
(`sides_differ`: copying depends on it), and do the sides look alike at all (`looks_differ`: every verdict does)?
"""

from typing import NamedTuple

import numpy as np

from ganaug_core.audit.comparison import Comparison, random_subset
from ganaug_core.audit.registered_distances import References
from ganaug_core.audit.sentences import FAIL
from ganaug_core.metrics import dominance, intensity, power_spectrum, statistics
from ganaug_core.records import HOLDOUT, TRAIN
from ganaug_core.wording import percent

APART = 0.1  # how far from 1/2 the chance may lie that a training image scores higher than a held-out one
LEAST, MOST = 10, 400  # patients of a class and side, images of them
DETAIL = "detail"
SAID = {"median": "median value", "low": "5th percentile", "high": "95th percentile", "out_of_range": "clipped share"}


class _Seen(NamedTuple):
    """A number of the images of a class: how often held-out images have more of it, and p that this is by chance."""

    p_value: float
    chance: float
    what: str
    label: int


def sides_differ(comparison: Comparison, real: References) -> tuple[str, str] | None:
    """Return why training and held-out images cannot be exchanged and what to do, None where nothing speaks against it.

    Copy scores of training images, each without its own group, are compared with those of held-out ones.
    """
    if not comparison.cohort.own_split:
        return None
    roles, groups = comparison.cohort.roles[real.rows], comparison.cohort.groups[real.rows]
    held, train = roles == HOLDOUT, roles == TRAIN
    if min(len(np.unique(groups[held])), len(np.unique(groups[train]))) < 2:
        return None
    first = np.unique(groups[train], return_index=True)[1]
    own = groups[held]
    higher = dominance.dominance(
        real.side.scores[held],
        statistics.weights(own, np.zeros_like(own)),
        real.side.scores[train][first],
        APART,
    )
    if higher.p_value >= FAIL:
        return None
    return (
        "Copying cannot be judged: the cohort came with its own split, and its training and held-out images differ. "
        f"The training image has the smaller copy score in {percent(1 - higher.chance)} of pairs (in half of them if a "
        "split is made by chance). Another site or scanner does that.",
        "Find out where the images of both are from, or import them without their split.",
    )


def looks_differ(comparison: Comparison) -> tuple[str, str] | None:
    """Return how the sides of a source's own split differ and what to do; None where they look alike.

    Pixel values and detail of one image a patient, class by class, by the margin that synthetic images are held to.
    """
    if not comparison.cohort.own_split:
        return None
    seen = [found for label in range(len(comparison.cohort.classes)) for found in _of_class(comparison, label)]
    worst = min(seen, default=None)
    if worst is None or worst.p_value * len(seen) >= FAIL:
        return None
    side, share = ("held-out", worst.chance) if worst.chance > 0.5 else ("training", 1 - worst.chance)
    return (
        f"the cohort came with its own split, and its training and held-out images differ: in "
        f"{comparison.cohort.classes[worst.label]} the {side} image has the higher {worst.what} in {percent(share)} of "
        f"pairs, where chance gives 50 % and {percent(0.5 + dominance.SHIFT)} is allowed. Another site or scanner does "
        "that",
        "Find out where the images of both are from, or import them without their split.",
    )


def _of_class(comparison: Comparison, label: int) -> list[_Seen]:
    """Return what there is to compare in a class; nothing with too few patients."""
    random, cohort = comparison.random(460 + label), comparison.cohort
    sides = [
        random_subset(rows[np.unique(cohort.groups[rows], return_index=True)[1]], MOST, random)
        for rows in (cohort.where(TRAIN, label=label), cohort.where(HOLDOUT, label=label))
    ]
    if min(map(len, sides)) < LEAST:
        return []
    images = [cohort.images(rows) for rows in sides]
    numbers = [intensity.numbers(side, cohort.intensity) for side in images]
    rings = [power_spectrum.rings(side) for side in images]
    columns = [(SAID[name], numbers, column) for column, name in enumerate(intensity.NUMBERS)]
    columns += [(DETAIL, rings, ring) for ring in range(rings[0].shape[1])]
    result = []
    for what, (train, held), column in columns:
        higher = dominance.dominance(train[:, column], np.ones(len(train)), held[:, column], dominance.SHIFT)
        result.append(_Seen(higher.p_value, higher.chance, what, label))
    return result
