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


def near_duplicate_rates(comparison: Comparison, classes: Integers, to_holdout: Floats) -> dict[int, NearDuplicateRate]:
    """Return by class the share of images that may have a near-duplicate among the seen ones, and how well it is known.

    The near-duplicates in the cohort say how many an image of a class has, at most; the count of synthetic images
    with one in the hold-out says how many these have. References have none: their groups are left out.

    Args:
        comparison: Cohort and samples.
        classes: (m,) class by which each synthetic image is judged.
        to_holdout: (m,) registered distance of each synthetic image to the hold-out.

    Returns:
        Share, and from how many independent images it is known.
    """
    cohort = comparison.cohort
    if len(cohort.near_duplicates) == 0:
        return {}
    in_seen, in_holdout = (_chances(cohort, rows) for rows in (comparison.seen, comparison.holdout))
    labels = [int(label) for label in np.unique(classes) if (cohort.labels == label).any()]
    sizes = {label: int((classes == label).sum()) for label in labels}
    seen = {label: sizes[label] * float(in_seen[cohort.labels == label].mean()) for label in labels}
    holdout = sum(sizes[label] * float(in_holdout[cohort.labels == label].mean()) for label in labels)
    total = sum(seen.values())
    if not total or not holdout:
        return {}
    observed = int((to_holdout <= cohort.near_duplicate_distances.max()).sum())
    ratio = total / holdout  # near-duplicates among the seen for one in the hold-out
    scale = min(1.0, (observed + PRIOR) * ratio / total)
    return {label: (scale * seen[label] / sizes[label], sizes[label] / ratio) for label in labels}


def _chances(cohort: Cohort, rows: Integers) -> Values:
    """Return (n,) the chance that an image of the cohort has a near-duplicate among so many others: 1 - (1 - s)^d."""
    counts = np.bincount(cohort.near_duplicates.ravel(), minlength=len(cohort))
    return np.asarray(1 - (1 - len(rows) / len(cohort)) ** counts, np.float64)


def unequal(cohort: Cohort) -> Floats:
    """Return the distances of the cohort's near-duplicates that are not the same image."""
    left, right = cohort.pixels[cohort.near_duplicates[:, 0]], cohort.pixels[cohort.near_duplicates[:, 1]]
    distances: Floats = cohort.near_duplicate_distances[(left != right).any(axis=tuple(range(1, left.ndim)))]
    return distances
