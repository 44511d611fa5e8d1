"""Repeated outlines: do edges of one direction come back beside themselves, as where an organ is drawn twice?"""

from itertools import pairwise

import numpy as np
from scipy import ndimage

from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats

RINGS = (0.09, 0.14, 0.20, 0.28, 0.40)  # how far an outline is moved, of the image side
SMOOTHING = 0.7  # pixels


def repeated_outlines(images: Floats) -> Values:
    """Return (n, 12): largest, smallest and spread of the likeness of moved outlines, for moves of four lengths.

    The likeness is the correlation of the slope's directions, weighted by the slope, with themselves moved: 1 where
    every edge meets an equal one, -1 an opposite one. A smooth image has 0 everywhere.

    Args:
        images: (n, channel, row, column) in [-1, 1]; channels are averaged.
    """
    grey = ndimage.gaussian_filter(images.mean(1, dtype=np.float64), (0, SMOOTHING, SMOOTHING))
    rows, columns = grey.shape[1:]
    room = (2 * rows, 2 * columns)  # what is moved out of the image does not come in on the other side
    power = sum(np.abs(np.fft.rfft2(slope, room)) ** 2 for slope in np.gradient(grey, axis=(1, 2)))
    likeness = np.fft.irfft2(power, room)
    likeness /= np.maximum(likeness[:, :1, :1], 1e-9)
    moved = np.hypot(np.fft.fftfreq(room[0], 0.5)[:, None], np.fft.fftfreq(room[1], 0.5))  # of the image side
    numbers = []
    for least, most in pairwise(RINGS):
        ring = likeness[:, (moved >= least) & (moved < most)]
        numbers += [ring.max(1), ring.min(1), ring.std(1)]
    return np.column_stack(numbers)
