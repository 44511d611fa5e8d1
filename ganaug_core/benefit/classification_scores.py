"""How well probabilities rank and tell a class, with weights, so that a bootstrap of patients is one call.

All functions take (n,) probabilities of one class, (n,) whether an image is of that class, and (b, n) weights, and
return (b,); where a row of weights has no image of one side they return NaN. They agree with scikit-learn's
`sample_weight` (golden test), which takes one set of weights at a time.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Truth = NDArray[np.bool_]

SPECIFICITY = 0.90
BINS = 10


def _ranked(probability: Values, truth: Truth, weights: Values) -> tuple[Values, Values]:
    """Return (b, k) weight of true and of false positives at each of k thresholds, highest first; ties together."""
    order = np.argsort(-probability, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(probability[order]) != 0, True))
    sorted_weights = weights[:, order]
    positive = np.cumsum(sorted_weights * truth[order], 1)[:, ends]
    return positive, np.cumsum(sorted_weights, 1)[:, ends] - positive


def _steps(sums: Values) -> Values:
    return np.diff(sums, axis=1, prepend=0)


def auroc(probability: Values, truth: Truth, weights: Values) -> Values:
    """Area under the ROC curve, in [0, 1], higher is better, 0.5 is guessing."""
    positive, negative = _ranked(probability, truth, weights)
    area = (_steps(negative) * (positive - _steps(positive) / 2)).sum(1)
    return _share(area, positive[:, -1] * negative[:, -1])


def auprc(probability: Values, truth: Truth, weights: Values) -> Values:
    """Average precision, in [0, 1], higher is better; guessing gives the share of the class."""
    positive, negative = _ranked(probability, truth, weights)
    area = (_steps(positive) * _share(positive, positive + negative, empty=0.0)).sum(1)
    return _share(area, positive[:, -1] * (negative[:, -1] > 0))


def sensitivity(probability: Values, truth: Truth, weights: Values) -> Values:
    """Largest sensitivity with a specificity of at least 90 %, read off the hold-out's own ROC curve.

    The other classes alone set the threshold, so the sensitivity at it is not flattered; the specificity for new
    patients is lower by about 1 / (n + 1), with n images of other classes.
    """
    positive, negative = _ranked(probability, truth, weights)
    allowed = negative <= (1 - SPECIFICITY) * negative[:, -1:] + 1e-9
    best = np.where(allowed, positive, 0).max(1)
    return _share(best, positive[:, -1] * (negative[:, -1] > 0))


def brier(probability: Values, truth: Truth, weights: Values) -> Values:
    """Mean squared error of the probability, in [0, 1], lower is better (Brier, 1950)."""
    return _share(weights @ (probability - truth) ** 2, weights.sum(1))


def calibration(probability: Values, truth: Truth, weights: Values) -> Values:
    """Expected calibration error over ten bins of equal width, in [0, 1], lower is better (Naeini et al., 2015)."""
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    gap = (weights * (probability - truth)) @ np.eye(BINS)[bins]
    return _share(np.abs(gap).sum(1), weights.sum(1))


MEASURES: dict[str, tuple[Callable[[Values, Truth, Values], Values], str]] = {
    "auroc": (auroc, "higher"),
    "auprc": (auprc, "higher"),
    "sensitivity": (sensitivity, "higher"),
    "brier": (brier, "lower"),
    "calibration": (calibration, "lower"),
}
PRIMARY = "auroc"


def _share(part: Values, total: Values, empty: float = np.nan) -> Values:
    result: Values = np.divide(part, total, out=np.full(np.shape(total), empty), where=total > 0)
    return result
