"""Power spectrum: how much of an image is fine detail. Blur lowers it, checkerboards and noise raise it.

Source: Durall et al., 2020, arXiv:2003.01826 (radial spectrum of generated images); here per image, so that two sets
can be compared by what a patient's image usually has, and with a Hann window against the edges.
"""

import numpy as np
from numpy.typing import NDArray

from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats

RINGS = 8  # fewer in images below 16 pixels: each holds a frequency at least
HIGHEST = 0.5  # cycles a pixel; the corners beyond are left out
FLOOR = 1e-12


def rings(images: Floats) -> Values:
    """Return (n, channel * rings) log10 of the mean power in rings of spatial frequency, channel by channel.

    Args:
        images: (n, channel, row, column) in [-1, 1], at least 8 rows and columns.
    """
    rows, columns = images.shape[2:]
    count = _rings_of(rows, columns)
    window = np.hanning(rows + 2)[1:-1, None] * np.hanning(columns + 2)[None, 1:-1]
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns))
    ring = np.where(frequency <= HIGHEST, np.ceil(frequency / HIGHEST * count), 0).astype(int)
    inside = [ring == number for number in range(1, count + 1)]
    channels = images.shape[1]
    result = np.zeros((len(images), channels * count))
    for start in range(0, len(images), 256):
        for channel in range(channels):
            plane = images[start : start + 256, channel]
            centred = (plane - plane.mean((1, 2), keepdims=True)) * window
            power = np.square(np.abs(np.fft.rfft2(centred))) / np.square(window).sum()
            for number, where in enumerate(inside):
                result[start : start + 256, channel * count + number] = power[:, where].mean(1)
    return np.asarray(np.log10(result + FLOOR))


def frequencies(rows: int, columns: int) -> NDArray[np.float64]:
    """Return (rings,) the middle of each ring of images of that size in cycles a pixel."""
    count = _rings_of(rows, columns)
    return np.asarray((np.arange(count) + 0.5) * HIGHEST / count)


def _rings_of(rows: int, columns: int) -> int:
    return min(RINGS, max(rows, columns) // 2)
