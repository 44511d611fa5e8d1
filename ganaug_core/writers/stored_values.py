"""Physical values as whole numbers: stored = (physical - offset) / slope, rounded."""

import decimal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.errors import GeneratorError
from ganaug_core.records import Floats, Intensity, Samples

DIGITS = 9
"""Of slope and offset: DICOM gives a number 16 characters, so one with more would not come back as it went."""


@dataclass(frozen=True)
class Storage:
    """How physical values become whole numbers and back: physical = stored * slope + offset."""

    dtype: type[np.uint8] | type[np.uint16]
    slope: float
    offset: float

    @property
    def error(self) -> float:
        """Largest difference to the physical value, in its unit: half a step."""
        return self.slope / 2

    def stored(self, physical: Floats) -> NDArray[Any]:
        values = np.rint((physical.astype(np.float64) - self.offset) / self.slope)
        return np.clip(values, 0, np.iinfo(self.dtype).max).astype(self.dtype)


def storage_of(intensity: Intensity) -> Storage:
    """Return 8 bit for values in 0..255, else 16 bit: whole units where the range is wide enough for them, steps of
    1/65535 of the range where it is not."""
    span = intensity.high - intensity.low
    if intensity.low >= 0 and intensity.high <= 255 and span > 16:
        return Storage(np.uint8, 1.0, 0.0)
    if 255 <= span <= 65535:
        return Storage(np.uint16, 1.0, float(np.floor(intensity.low)))
    return _over_the_range(intensity, np.uint16)


def eight_bits(intensity: Intensity) -> Storage:
    """Return 256 steps from the lowest to the highest value of the range."""
    return _over_the_range(intensity, np.uint8)


def require_colour(samples: Samples, storage: Storage, name: str) -> None:
    """Refuse channels that a picture format cannot hold: it has one, or red, green and blue of 0 to 255.

    Raises:
        GeneratorError: With the format that can.
    """
    channels = samples.images.shape[1]
    if channels != 1 and (channels != 3 or storage != Storage(np.uint8, 1.0, 0.0)):
        raise GeneratorError(
            f"{name} cannot hold {channels} channels of these values.", do="Export as npz.", code="format"
        )


def physical_images(samples: Samples, intensity: Intensity) -> Iterator[Floats]:
    """Yield images in the unit, (row, column) or (row, column, channel)."""
    for image in samples.images:
        physical = intensity.physical(image)
        yield physical[0] if len(physical) == 1 else np.moveaxis(physical, 0, -1)


def _over_the_range(intensity: Intensity, dtype: type[np.uint8] | type[np.uint16]) -> Storage:
    offset = _rounded(intensity.low, decimal.ROUND_FLOOR)
    slope = _rounded((intensity.high - offset) / np.iinfo(dtype).max, decimal.ROUND_CEILING)
    return Storage(dtype, slope, offset)


def _rounded(value: float, direction: str) -> float:
    return float(decimal.Context(prec=DIGITS, rounding=direction).create_decimal_from_float(float(value)))
