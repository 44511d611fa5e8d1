"""From images as they come to the square grid of a cohort, in the stored depth and the physical unit."""

from collections.abc import Sequence

import numpy as np

from ganaug_core.cohort.image_stack import Stack
from ganaug_core.errors import CohortError
from ganaug_core.readers import embedded
from ganaug_core.readers.resampling import fitted
from ganaug_core.records import Floats, Intensity, Pixels, Slice

__all__ = ["fitted", "intensity_of", "reduced", "stacked"]

CT_RANGE_HU = (-1024.0, 1024.0)
MR_PERCENTILES = (0.5, 99.5)
LARGE_BYTES = 64 << 20
SEARCH_SIDE = 32
"""The search for near-duplicates looks at no more rows and columns."""


def stacked(images: list[Pixels]) -> Pixels:
    """Return (n, channel, row, column) in the smallest common type that loses nothing."""
    kind = np.result_type(*{image.dtype for image in images})
    if kind.kind in "iu" and kind.itemsize > 2:
        low, high = min(image.min() for image in images), max(image.max() for image in images)
        kind = np.dtype(np.int16 if low >= -(2**15) and high < 2**15 else np.float32)
    elif kind.kind == "f":
        kind = np.dtype(np.float32)
    return np.stack([image.astype(kind) for image in images])


def intensity_of(
    stack: Stack,
    rows: Sequence[int],
    first: Slice,
    source: str,
    *,
    value_range: tuple[float, float] | None = None,
    percentiles: tuple[float, float] | None = None,
) -> Intensity:
    """Return the range that becomes [-1, 1]: the one asked for, or a fixed one by kind, so that cohorts compare.

    8-bit images keep 0..255, CT keeps -1024..1024 HU, the embedded cohorts their own. MR, and volumes in a unit of
    their own, get the values between two percentiles: a few bright vessels would darken everything else. What is left
    spans its values.

    Args:
        rows: Images of the stack that the cohort keeps.
        first: One of them, for unit and modality.
        percentiles: In percent, over all images; asked for in place of values.

    Raises:
        CohortError: The range asked for holds no value.
    """
    low, high = stack.extremes(rows)
    unit, deep = first.unit, stack.common_type(rows) != np.uint8
    if value_range is not None:
        if not (value_range[0] < high and low < value_range[1]):
            raise CohortError(
                f"No value lies within {value_range[0]:g} to {value_range[1]:g} {unit}; "
                f"they go from {low:g} to {high:g}.",
                do="Choose a range within these values.",
                code="range",
            )
        return Intensity(unit, float(value_range[0]), float(value_range[1]))
    if percentiles is None:
        if source.startswith(embedded.PREFIX):
            return Intensity(unit, *embedded.RANGES[source.removeprefix(embedded.PREFIX)])
        if unit == "HU":
            return Intensity(unit, *CT_RANGE_HU)
        if not deep:
            return Intensity(unit, 0.0, 255.0)
        if first.modality == "MR" or (first.modality is None and first.volume is not None):
            percentiles = MR_PERCENTILES
    if percentiles not in (None, (0.0, 100.0)):
        low, high = stack.percentiles(rows, *percentiles)
    return Intensity(unit, low, high if high > low else low + 1)


def reduced(pixels: Pixels, intensity: Intensity) -> Floats:
    """Return (n, channel, row, column) in [-1, 1] for the search for near-duplicates, made smaller if they are many."""
    if pixels.size * 4 <= LARGE_BYTES:
        return intensity.normalise(pixels)
    side = min(SEARCH_SIDE, pixels.shape[-1])
    small = np.empty((*pixels.shape[:2], side, side), np.float32)
    for row, image in enumerate(pixels):
        small[row] = fitted(intensity.normalise(image), side)
    return small
