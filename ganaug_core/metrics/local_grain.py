"""Local grain: the strongest checkerboard, stripes and grain that any part of an image shows.

A patch of a checkerboard, as upsampling may leave it, is too small to move the numbers of a whole image.
Source: Odena, Dumoulin and Olah, 2016, Deconvolution and Checkerboard Artifacts, for what is looked for.
"""

import numpy as np
from scipy import ndimage

from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats

WINDOW = 1 / 6  # of the image side
LEAST_WINDOW = 5  # pixels
FLOOR = 1e-3  # of the range [-1, 1]: weaker patterns are rounding


def local_grain(images: Floats) -> Values:
    """Return (n, 5) logarithms: the largest checkerboard, row and column stripes of a window, largest and usual grain.

    Args:
        images: (n, channel, row, column) in [-1, 1]; channels are averaged.
    """
    grey = images.mean(1, dtype=np.float64)
    size = grey.shape[1:]
    window = (0, *(max(LEAST_WINDOW, round(side * WINDOW)) for side in size))
    detail = grey - ndimage.uniform_filter(grey, (0, 3, 3), mode="reflect")
    rows, columns = np.indices(size)
    numbers = [
        np.abs(ndimage.uniform_filter(detail * (-1.0) ** alternating, window, mode="reflect")).max((1, 2))
        for alternating in (rows + columns, rows, columns)
    ]
    grain = np.sqrt(np.maximum(ndimage.uniform_filter(detail * detail, window, mode="reflect"), 0))
    numbers += [grain.max((1, 2)), np.median(grain, axis=(1, 2))]
    return np.log(np.column_stack(numbers) + FLOOR)
