"""Pixels in the smallest type that holds them, in grey, and without the padding that is no pixel."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
"""Of red, green and blue, ITU-R BT.601."""


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
