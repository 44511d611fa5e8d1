"""Variety within a class by looking at pairs: structural similarity, and the birthday test."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ganaug_core.metrics.statistics import Values
from ganaug_core.metrics.two_sample import squared
from ganaug_core.records import Floats, Integers

SCALES = (0.0448, 0.2856, 0.3001)  # the first three weights of Wang et al.; small images have no more scales
SIGMA = 1.5
RANGE = 2.0  # images lie in [-1, 1]
NEAR = 0.005  # share of pairs of training images that are called near-duplicates


def structural_similarity(left: Floats, right: Floats) -> Values:
    """Return (n,) the multi-scale structural similarity of n pairs, in [0, 1]; 1 is the same image.

    Args:
        left, right: (n, channel, row, column) in [-1, 1]; the mean over channels. At least 16 rows and columns.

    Source: Wang, Simoncelli and Bovik, 2003; three scales with their weights brought to sum 1, negative structure
    counts as 0.
    """
    channels = range(left.shape[1])
    values = [
        _of_planes(left[:, channel].astype(np.float64), right[:, channel].astype(np.float64)) for channel in channels
    ]
    return np.asarray(np.mean(values, axis=0))


def _of_planes(one: Values, two: Values) -> Values:
    """Return (n,) the similarity of single channels, (n, row, column)."""
    weights = np.array(SCALES) / sum(SCALES)
    result = np.ones(len(one))
    for scale, weight in enumerate(weights):
        luminance, structure = _similar(one, two)
        value = structure * luminance if scale == len(weights) - 1 else structure
        result *= np.maximum(value.mean((1, 2)), 0) ** weight
        one, two = _halved(one), _halved(two)
    return result


def _similar(one: Values, two: Values) -> tuple[Values, Values]:
    def smooth(values: Values) -> Values:
        result: Values = ndimage.gaussian_filter(values, (0, SIGMA, SIGMA), mode="reflect", truncate=3.5)
        return result

    luminance_floor, contrast_floor = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2
    means = smooth(one), smooth(two)
    spread = smooth(one * one) - means[0] ** 2, smooth(two * two) - means[1] ** 2
    shared = smooth(one * two) - means[0] * means[1]
    luminance = (2 * means[0] * means[1] + luminance_floor) / (means[0] ** 2 + means[1] ** 2 + luminance_floor)
    return luminance, (2 * shared + contrast_floor) / (spread[0] + spread[1] + contrast_floor)


def _halved(stack: Values) -> Values:
    rows, columns = (side // 2 * 2 for side in stack.shape[1:])
    parts = stack[:, :rows, :columns].reshape(len(stack), rows // 2, 2, columns // 2, 2)
    return np.asarray(parts.mean((2, 4)))


def near_duplicate(train: Floats, patients: Integers) -> float:
    """Return the squared distance below which a pair counts as a near-duplicate: 1 in 200 pairs of strangers does."""
    squares = squared(train.astype(np.float64))
    apart = np.triu(patients[:, None] != patients[None], 1)
    return float(np.quantile(squares[apart], NEAR)) if apart.any() else 0.0


def birthday_batch(features: NDArray[np.floating], patients: Integers, limit: float) -> float:
    """Return the size of a batch that holds a near-duplicate half of the time; a varied class has a large one.

    sqrt(2 ln 2 / p), where p is the share of pairs of different patients that are near-duplicates; the number of
    equally likely images that would do the same is 1 / p. Half a pair is added, so that none is not endless.

    Args:
        features: (n, d), `patients` (n,): synthetic images are all strangers.
        limit: Squared distance of a near-duplicate.

    Source: Arora and Zhang, 2017, arXiv:1706.08224; from all pairs instead of repeated batches.
    """
    squares = squared(np.asarray(features, np.float64))
    apart = np.triu(patients[:, None] != patients[None], 1)
    share = (float((squares[apart] < limit).sum()) + 0.5) / (float(apart.sum()) + 0.5)
    return float(np.sqrt(2 * np.log(2) / share))


def birthday_null() -> float:
    """Expectation where a class is as varied as the training images."""
    return float(np.sqrt(2 * np.log(2) / NEAR))
