"""References that are as blurred, or as noisy, as the synthetic images, for a second look at suspected copying.

A blurred picture has fewer ways to differ from others, so its nearest image stands out more, and a fresh set that is
blurred as a whole would seem to copy. Filtered to the same detail, real images that nobody copied stand out as much.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import fft

from ganaug_core.records import Floats, Images, Integers

AT_ONCE = 2048  # images transformed at once; the power of fewer is computed as a whole
BINS = 16  # of spatial frequency
LEAST = 20  # images of a class on either side; with fewer the filter of all classes serves
STRONGEST = 4.0  # amplification of a frequency at most


def matched_detail(images: Images, classes: Integers, synthetic: Floats, synthetic_classes: Integers) -> "Matched":
    """Return real images, filtered when they are asked for.

    Each class then has the synthetic images' power at every spatial frequency.
    The cosine transform is used, which mirrors an image at its edges. The mean of an image stays.

    Args:
        images: (n, channel, row, column) in [-1, 1]; `classes` (n,).
        synthetic: (m, channel, row, column) in [-1, 1]; `synthetic_classes` (m,).
    """
    radius = _radius(images.shape[2:])
    overall = _gain(images, np.arange(len(images)), synthetic, np.arange(len(synthetic)), radius)
    gains = {}
    for label in np.unique(classes):
        own, other = np.flatnonzero(classes == label), np.flatnonzero(synthetic_classes == label)
        enough = min(len(own), len(other)) >= LEAST
        gains[int(label)] = _gain(images, own, synthetic, other, radius) if enough else overall
    return Matched(images, classes, gains)


@dataclass(frozen=True)
class Matched:
    """Images (n, channel, row, column) in [-1, 1], each filtered by the gain of its class when it is asked for."""

    images: Images
    classes: Integers
    gains: Mapping[int, Floats]

    ndim: ClassVar[int] = 4

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.images.shape

    def __getitem__(self, index: slice) -> Floats:
        images, classes = self.images[index], self.classes[index]
        result: Floats = np.empty_like(images)
        for label in np.unique(classes):
            own, gain = classes == label, self.gains[int(label)]
            result[own] = fft.idctn(fft.dctn(images[own], axes=(2, 3), norm="ortho") * gain, axes=(2, 3), norm="ortho")
        return np.clip(result, -1, 1).astype(np.float32)


def _gain(images: Images, own: Integers, synthetic: Floats, other: Integers, radius: Floats) -> Floats:
    """Return (row, column) by how much each frequency is amplified; 1 for the mean.

    Args:
        own: Which of the images count, `other` which of the synthetic ones.
    """
    centres = (np.arange(BINS) + 0.5) / BINS
    power, wanted = _power(images, own, radius), _power(synthetic, other, radius)
    ratio = np.log(np.maximum(wanted, 1e-12) / np.maximum(power, 1e-12)) / 2
    ratio -= ratio[0]  # the registered distance is free of contrast
    gain = np.exp(np.interp(radius, centres, np.clip(ratio, -np.log(1e3), np.log(STRONGEST))))
    gain[0, 0] = 1
    return np.asarray(gain, np.float32)


def _power(images: Images, rows: Integers, radius: Floats) -> np.ndarray:
    """Return (BINS,) mean power of the cosine transform over rings of spatial frequency, without the mean."""
    parts = [rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)]
    powers = [np.square(fft.dctn(images[part], axes=(2, 3), norm="ortho")).mean((0, 1)) for part in parts]
    power = powers[0] if len(parts) == 1 else np.average(powers, axis=0, weights=[len(part) for part in parts])
    power[0, 0] = 0
    ring = np.minimum((radius * BINS).astype(int), BINS - 1)
    weights = np.ones_like(power)
    weights[0, 0] = 0
    sums = np.bincount(ring.ravel(), power.ravel(), BINS)
    return np.asarray(sums / np.maximum(np.bincount(ring.ravel(), weights.ravel(), BINS), 1))


def _radius(shape: tuple[int, ...]) -> Floats:
    """Return (row, column) the spatial frequency of each coefficient, 1 at the corner."""
    down, right = (np.arange(size) / size for size in shape)
    return np.asarray(np.sqrt((down[:, None] ** 2 + right[None] ** 2) / 2), np.float32)
