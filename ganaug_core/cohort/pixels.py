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
FAINT = 25
"""Of 255: images of 8 bits that go no higher would be all but black."""
NEAR = 0.05
"""Share of the span between percentiles; ends that lie nearer take nothing away."""
LONE_PERCENTILES = (0.05, 99.95)
"""A hot pixel or a filling that no header names lies beyond, and by more than the distance of these two."""
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
) -> tuple[Intensity, str]:
    """Return the range that becomes [-1, 1], and why it is this one.

    It is the one asked for, or a fixed one by kind, so that cohorts compare: 8-bit images keep 0..255, CT keeps
    -1024..1024 HU, the embedded cohorts their own. MR, and volumes in a unit of their own, get the values between two
    percentiles, because a few bright vessels would darken everything else; where that would take next to nothing away,
    all of them. What is left spans its values; those in no unit without lone extreme ones. So do 8-bit images that
    would be all but black.

    Args:
        rows: Images of the stack that the cohort keeps.
        first: One of them, with the unit of all and the modality of most.
        percentiles: In percent, over all images; asked for in place of values.

    Raises:
        CohortError: The range asked for holds no value.
    """
    low, high = stack.extremes(rows)
    unit = first.unit
    if value_range is not None:
        if not (value_range[0] < high and low < value_range[1]):
            raise CohortError(
                f"No value lies within {value_range[0]:g} to {value_range[1]:g} {unit}; "
                f"they go from {low:g} to {high:g}.",
                do="Choose a range within these values.",
                code="range",
            )
        return Intensity(unit, float(value_range[0]), float(value_range[1])), "it was asked for"
    if percentiles is not None:
        low, high = (low, high) if percentiles == (0.0, 100.0) else stack.percentiles(rows, *percentiles)
        why = f"the percentiles {percentiles[0]:g} to {percentiles[1]:g} of the values were asked for"
        return _wide(unit, low, high), why
    (low, high), why = _fixed(stack, rows, unit, source) or _spanned(stack, rows, first)
    return _wide(unit, low, high), why


def _fixed(stack: Stack, rows: Sequence[int], unit: str, source: str) -> tuple[tuple[float, float], str] | None:
    """Return the ends that a kind of images always has, and why; None where it has none."""
    if source.startswith(embedded.PREFIX):
        return embedded.RANGES[source.removeprefix(embedded.PREFIX)], "the embedded cohort has it"
    if unit == "HU":
        return CT_RANGE_HU, "it is the usual one of CT"
    if stack.common_type(rows) != np.uint8:
        return None
    low, high = stack.extremes(rows)
    if high <= FAINT:
        return (low, high), "of what 8 bits hold, the values use a tenth at most"
    return (0.0, 255.0), "it is all that 8 bits hold"


def _spanned(stack: Stack, rows: Sequence[int], first: Slice) -> tuple[tuple[float, float], str]:
    """Return the ends of the values, without what would stretch them, and why."""
    ends, why = stack.extremes(rows), ""
    if first.modality == "MR" or (first.modality is None and first.volume is not None):
        ends = _trimmed(stack, rows)
        why = "these are the percentiles 0.5 and 99.5 of the values, as usual for MR and for volumes of no known unit"
    elif first.unit == "intensity":
        ends, why = _without_lone(stack, rows), "lone values far from all others do not count"
    return ends, why if ends != stack.extremes(rows) else "the values go from the one to the other"


def _wide(unit: str, low: float, high: float) -> Intensity:
    return Intensity(unit, low, high if high > low else low + 1)


def _trimmed(stack: Stack, rows: Sequence[int]) -> tuple[float, float]:
    """Return two percentiles, but the extreme in place of one that lies near it."""
    low, high = stack.extremes(rows)
    inner_low, inner_high = stack.percentiles(rows, *MR_PERCENTILES)
    near = NEAR * (inner_high - inner_low)
    return low if inner_low - low <= near else inner_low, high if high - inner_high <= near else inner_high


def _without_lone(stack: Stack, rows: Sequence[int]) -> tuple[float, float]:
    """Return the extremes, without values that are few and as far from all others as these are wide."""
    low, high = stack.extremes(rows)
    inner_low, inner_high = stack.percentiles(rows, *LONE_PERCENTILES)
    if inner_low == inner_high:  # nearly all is background: what is not is the image
        return low, high
    lowest, highest = 2 * inner_low - inner_high, 2 * inner_high - inner_low
    values = stack.values(rows)
    return (
        low if low >= lowest else float(values[values >= lowest].min()),
        high if high <= highest else float(values[values <= highest].max()),
    )


def reduced(pixels: Pixels, intensity: Intensity) -> Floats:
    """Return (n, channel, row, column) in [-1, 1] for the search for near-duplicates, made smaller if they are many."""
    if pixels.size * 4 <= LARGE_BYTES:
        return intensity.normalise(pixels)
    side = min(SEARCH_SIDE, pixels.shape[-1])
    small = np.empty((*pixels.shape[:2], side, side), np.float32)
    for row, image in enumerate(pixels):
        small[row] = fitted(intensity.normalise(image), side)
    return small
