"""In which numbers somebody's generator wrote its images: files of real numbers or of another depth do not say it."""

from dataclasses import dataclass

import numpy as np

from ganaug_core import wording
from ganaug_core.errors import CohortError
from ganaug_core.records import Floats, Intensity, Pixels

NEARLY_ALL = (0.5, 99.5)
"""Percentiles between which values must fit a format; what lies beyond is set to its ends."""
UNIT_ENDS = 1.05
"""Nearly all values of a generator without a last tanh stay within this."""
BELOW_ZERO = -0.1
"""Values from 0 to 1 that were resampled or filtered go no lower than this."""
NORMALISED_ENDS, NORMALISED_SHARE = 6.0, 0.05
"""Numbers within the one that fill less than the other of the cohort's range are no values of its unit."""
MOST_BEYOND = 0.25
"""Share of values beyond the range of a cohort whose values are in no physical unit."""
HALF_OF_16_BITS = 1 << 15


@dataclass(frozen=True)
class NumberFormat:
    """Which numbers become the ends of the cohort's range, in words too; None: values are in its unit."""

    ends: tuple[float, float] | None
    words: str = ""


def normalised(values: Pixels, intensity: Intensity, depth: np.dtype[np.generic]) -> tuple[Floats, str]:
    """Return images in [-1, 1], and what their numbers were taken for, with the share that was set to the ends.

    Args:
        values: (n, channel, row, column) as they came.
        intensity: Of the cohort.
        depth: Type of the cohort's pixels.

    Raises:
        CohortError: `number_format`, with the range of the values, where no format fits.
    """
    low, high = (float(end) for end in np.percentile(values, NEARLY_ALL))
    number_format = _real_numbers(values, low, high, intensity) if values.dtype.kind == "f" else _whole_numbers(
        values, high, intensity, depth
    )  # fmt: skip
    if number_format.ends is None:
        _require_reach(values, low, high, intensity)
        ends = (intensity.low, intensity.high)
    else:
        ends = number_format.ends
    below, above = float((values < ends[0]).mean()), float((values > ends[1]).mean())
    said = number_format.words
    if below or above:
        said += (
            f" {wording.percent(below)} of them are lower than {ends[0]:g} and {wording.percent(above)} higher than "
            f"{ends[1]:g}; they were set to the ends."
        )
    return Intensity(intensity.unit, *ends).normalise(values), said.strip()


def _real_numbers(values: Pixels, low: float, high: float, intensity: Intensity) -> NumberFormat:
    span = intensity.high - intensity.low
    if span <= 2:
        return NumberFormat(None)
    if low >= -UNIT_ENDS and high <= UNIT_ENDS:
        ends = (-1.0, 1.0) if low < BELOW_ZERO else (0.0, 1.0)
        return NumberFormat(ends, f"Their real numbers were read as {ends[0]:g} to {ends[1]:g}, black to white.")
    if low >= -NORMALISED_ENDS and high <= NORMALISED_ENDS and 0 < high - low < NORMALISED_SHARE * span:
        raise _no_format(values, intensity, "they look normalised, and by what is not said")
    return NumberFormat(None)


def _whole_numbers(values: Pixels, high: float, intensity: Intensity, depth: np.dtype[np.generic]) -> NumberFormat:
    lowest, highest = int(values.min()), int(values.max())
    if (lowest, highest) == (0, 1) and intensity.high - intensity.low > 50:
        raise _no_format(values, intensity, "0 and 1 alone are a mask, or numbers that were cut to whole ones")
    if values.dtype == np.uint8:
        if depth == np.uint8:
            return NumberFormat(None)
        say = f"Their 8 bits were read as black to white of the cohort, {intensity.low:g} to {intensity.high:g}."
        return NumberFormat((0.0, 255.0), say)
    if depth == np.uint8 and highest > 255:
        if lowest < 0 or high < HALF_OF_16_BITS:
            raise _no_format(values, intensity, "which of them is white is not said")
        return NumberFormat((0.0, 65535.0), "Their 16 bits, 0 to 65535, were read as black to white.")
    if values.dtype == np.uint16 and intensity.low < 0:
        raise _no_format(values, intensity, "they have no sign, and which of them is 0 is not said")
    return NumberFormat(None)


def _require_reach(values: Pixels, low: float, high: float, intensity: Intensity) -> None:
    """Refuse values that would all but vanish beyond the ends of the range."""
    span = intensity.high - intensity.low
    if low < intensity.low - span or high > intensity.high + span:
        raise _no_format(values, intensity, "they reach far beyond it")
    beyond = float(((values < intensity.low) | (values > intensity.high)).mean())
    if intensity.unit == "intensity" and beyond > MOST_BEYOND:
        raise _no_format(values, intensity, f"{wording.percent(beyond)} of them lie beyond it")


def _no_format(values: Pixels, intensity: Intensity, why: str) -> CohortError:
    return CohortError(
        f"The values of the synthetic images go from {values.min():g} to {values.max():g}, those of the cohort from "
        f"{intensity.low:g} to {intensity.high:g} {intensity.unit}: {why}.",
        do="Save them in the cohort's unit, as real numbers from -1 to 1, or with 8 bits from black to white.",
        code="number_format",
    )
