"""Pixels in the smallest type that holds them, in grey, and without padding: values that are no pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
"""Of red, green and blue, ITU-R BT.601."""
FEWEST_SHADES = 8
"""Of an image; a mask of regions has fewer, and its ends are regions."""
HIGHEST = ((1 << 15) - 1, (1 << 16) - 1)
"""Of whole numbers of 16 bits, with and without a sign."""


def luminance(colours: NDArray[Any]) -> NDArray[Any]:
    """Return (row, column) in the same type, of (channel >= 3, row, column) with red first."""
    grey = np.moveaxis(colours[:3], 0, -1).astype(np.float32) @ LUMINANCE
    return np.rint(grey).astype(colours.dtype) if colours.dtype.kind in "iu" else grey


def narrow(values: NDArray[Any]) -> NDArray[Any]:
    """Return int16 or uint16 where all values are whole and fit, otherwise float32."""
    low, high = values.min(), values.max()
    if values.dtype.kind in "iu" or (np.isfinite([low, high]).all() and np.array_equal(values, np.rint(values))):
        if low >= -(2**15) and high < 2**15:
            return values.astype(np.int16, copy=False)
        if low >= 0 and high < 2**16:
            return values.astype(np.uint16, copy=False)
    return values.astype(np.float32)


def without_padding(values: NDArray[Any], padding: NDArray[np.bool_]) -> tuple[NDArray[Any], float]:
    """Return values with the lowest of the others in place of padding, and its share; padding alone stays."""
    share = float(padding.mean())
    if 0 < share < 1:
        values = np.where(padding, values[~padding].min(), values)
    return values, share


def filling(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where an image holds a value that can only be padding, although nothing says so.

    That is its one negative value, or the highest that 15 or 16 bits hold, further from all others than these are wide.
    """
    low, high = values.min(), values.max()
    filled = np.zeros(values.shape, np.bool_)
    for end in [*([low] if low < 0 else []), *([high] if high in HIGHEST else [])]:
        at_end = values == end
        others = values[~(filled | at_end)]
        if not others.size or others.min() < 0 or len(np.unique(others)) < FEWEST_SHADES:
            continue
        least, most = float(others.min()), float(others.max())
        if max(least - float(end), float(end) - most) > most - least:
            filled |= at_end
    return filled
