"""The pixels of a sub-region: where the masks of a class overlap, and what an image's values are in there.

Synthetic images have no masks. So one region a class is taken from the training images' masks and laid on real and
synthetic images alike: an own mask on one side and a common one on the other would bias every number.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats, Intensity

INSIDE, OUTSIDE = 0.5, 0.1  # share of the masked training patients whose mask holds a pixel
FEWEST = 16  # pixels
NUMBERS = ("median", "low", "high", "spread", "contrast")


class Region(NamedTuple):
    """(row, column) pixels inside the lesions of a class, and those that are hardly ever inside; none is in both."""

    inside: NDArray[np.bool_]
    outside: NDArray[np.bool_]


def region(masks: NDArray[np.bool_], weights: Values) -> Region | None:
    """Return where masks overlap, None where they do not or nothing is left around them.

    Args:
        masks: (n, row, column) of training images, n >= 1.
        weights: (n,) > 0, summing to the number of patients.
    """
    share = np.einsum("i,ijk->jk", weights, masks.astype(np.float64)) / weights.sum()
    overlap = Region(share >= INSIDE, share < OUTSIDE)
    return overlap if min(overlap.inside.sum(), overlap.outside.sum()) >= FEWEST else None


def numbers(images: Floats, where: Region, intensity: Intensity) -> Values:
    """Return (n, 5) in the unit: median, 5th and 95th percentile and standard deviation inside, and how much brighter
    the median is than outside.

    Args:
        images: (n, channel, row, column) in [-1, 1]; channels are averaged.
    """
    grey = intensity.physical(images.mean(1))
    inside, outside = grey[:, where.inside], grey[:, where.outside]
    median, low, high = np.percentile(inside, (50, 5, 95), axis=1)
    return np.column_stack([median, low, high, inside.std(1), median - np.median(outside, axis=1)]).astype(np.float64)
