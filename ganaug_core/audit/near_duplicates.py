"""Near-duplicates: how many fresh real images would resemble a training image, because the cohort repeats itself?

We split by groups of near-duplicates, so the held-out images have none in training, and fresh images of the same source
may. Those are no copies. How many there are, the synthetic images tell themselves: whoever has near-duplicates in
training has them in the hold-out too, and a copier of training images has not.
"""

import numpy as np

from ganaug_core.audit.comparison import Comparison
from ganaug_core.metrics.copying import NearDuplicateRate
from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Cohort, Floats, Integers

PRIOR = 0.5  # Jeffreys' prior of a Poisson count: none seen is not none


def near_duplicate_rates(comparison: Comparison, to_holdout: Floats) -> dict[int, NearDuplicateRate]:
    """Return by class the share of images that may have a near-duplicate in training, and from how many it is known.

    The near-duplicates in the cohort say how many an image of a class has, at most; the count of synthetic images
    with one in the hold-out says how many these have. What held-out images have in training themselves (a split
    of the source's own, with near-duplicates on both sides) is left out: the test knows of it.

    Args:
        to_holdout: (m,) registered distance of each synthetic image to the hold-out.
    """
    cohort = comparison.cohort
    if len(cohort.near_duplicates) == 0:
        return {}
    in_train, in_holdout = (_chances(cohort, rows) for rows in (comparison.train, comparison.holdout))
    has_near_duplicate = _with_near_duplicate(cohort, comparison.holdout, comparison.train)
    labels = [int(label) for label in np.unique(comparison.labels) if (cohort.labels == label).any()]
    sizes = {label: int((comparison.labels == label).sum()) for label in labels}
    train: dict[int, float] = {}
    holdout = 0.0
    for label in labels:
        rows = cohort.labels == label
        held = has_near_duplicate[cohort.labels[comparison.holdout] == label]
        expected = float(in_train[rows].mean()) - (float(held.mean()) if len(held) else 0.0)
        train[label] = sizes[label] * max(0.0, expected)
        holdout += sizes[label] * float(in_holdout[rows].mean())
    total = sum(train.values())
    if not total or not holdout:
        return {}
    observed = int((to_holdout <= cohort.near_duplicate_distances.max()).sum())
    ratio = total / holdout  # near-duplicates in training for one in the hold-out
    scale = min(1.0, (observed + PRIOR) * ratio / total)
    return {label: (scale * train[label] / sizes[label], sizes[label] / ratio) for label in labels}


def _chances(cohort: Cohort, rows: Integers) -> Values:
    """Return (n,) the chance that an image of the cohort has a near-duplicate among so many others: 1 - (1 - s)^d."""
    counts = np.bincount(cohort.near_duplicates.ravel(), minlength=len(cohort))
    return np.asarray(1 - (1 - len(rows) / len(cohort)) ** counts, np.float64)


def _with_near_duplicate(cohort: Cohort, rows: Integers, among: Integers) -> Values:
    """Return (len(rows),) 1 where an image has a near-duplicate among others, else 0."""
    inside = np.zeros(len(cohort), bool)
    inside[among] = True
    has = np.zeros(len(cohort), bool)
    for left, right in (cohort.near_duplicates.T, cohort.near_duplicates.T[::-1]):
        has[left[inside[right]]] = True
    return np.asarray(has[rows], np.float64)


def unequal(cohort: Cohort) -> Floats:
    """Return the distances of the cohort's near-duplicates that are not the same image."""
    left, right = cohort.pixels[cohort.near_duplicates[:, 0]], cohort.pixels[cohort.near_duplicates[:, 1]]
    distances: Floats = cohort.near_duplicate_distances[(left != right).any(axis=tuple(range(1, left.ndim)))]
    return distances
