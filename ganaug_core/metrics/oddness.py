"""Oddness: how far an image lies from training images of its class, on one scale for several scores."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from ganaug_core.metrics.statistics import Values
from ganaug_core.records import LISTED_BELOW

USUAL, UNUSUAL = 0.5, 0.9  # shares of real images that score lower: 0 and 1 of the common scale


def distances(train: NDArray[np.floating], sets: Sequence[NDArray[np.floating]]) -> list[Values]:
    """Return the logarithm of each image's Mahalanobis distance from the training images, (k,) of each (k, d).

    The covariance is shrunk as Ledoit and Wolf, 2004, do, so that it exists with fewer images than numbers.

    Args:
        train: (n, d) numbers of the training images, n >= 2.
        sets: Numbers of other images.
    """
    mean, spread = train.mean(0, dtype=np.float64), train.std(0, dtype=np.float64)
    spread = np.where(spread > 1e-5 * np.maximum(1, np.abs(mean)), spread, 1)  # of a number that never changes: 1
    shape = LedoitWolf().fit((train - mean) / spread)
    return [
        np.log(np.maximum(shape.mahalanobis((values - mean) / spread), 1e-9)) if len(values) else np.zeros(0)
        for values in sets
    ]


def log_odds(log_probabilities: NDArray[np.floating]) -> Values:
    """Return how much a classifier doubts a class: the log odds against it."""
    sure = np.clip(np.exp(log_probabilities.astype(np.float64)), 1e-6, 1 - 1e-6)
    against: Values = np.log((1 - sure) / sure)
    return against


def on_common_scale(scores: Values, usual: Values) -> Values:
    """Return scores with the median of `usual` at 0 and the value that a tenth of them exceed at 1."""
    low, high = np.quantile(usual, (USUAL, UNUSUAL))
    scaled: Values = (scores - low) / max(float(high - low), 1e-9)
    return scaled


def least_listed(synthetic: int, references: int) -> int:
    """Return of how many odd images the shortest list consists that so many references can give.

    A conformal p is 1 / (references + 1) at least, and Benjamini and Hochberg list k of `synthetic` images where the
    k-th smallest is below k / `synthetic` of the false discovery rate.
    """
    return int(synthetic / (LISTED_BELOW * (references + 1))) + 1  # q lies strictly below the rate


def references_needed(synthetic: int, odd: int) -> int:
    """Return how many references a class needs for a list of so many odd images."""
    return int(synthetic / (LISTED_BELOW * odd))
