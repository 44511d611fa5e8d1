"""References that are as blurred, or as noisy, as the synthetic images, for a second look at suspected copying.

A blurred picture has fewer ways to differ from others, so its nearest image stands out more, and a fresh set that is
blurred as a whole would seem to copy. Filtered to the same detail, real images that nobody copied stand out as much.
"""

import numpy as np
from scipy import fft

from ganaug_core.records import Floats, Integers

BINS = 16  # of spatial frequency
LEAST = 20  # images of a class on either side; with fewer the filter of all classes serves
STRONGEST = 4.0  # amplification of a frequency at most


def matched_detail(images: Floats, classes: Integers, synthetic: Floats, synthetic_classes: Integers) -> Floats:
    """Return real images filtered so that each class has the synthetic images' power at every spatial frequency.

    The cosine transform is used, which mirrors an image at its edges. The mean of an image stays.

    Args:
        images: (n, channel, row, column) in [-1, 1]; `classes` (n,).
        synthetic: (m, channel, row, column) in [-1, 1]; `synthetic_classes` (m,).
    """
    radius = _radius(images.shape[2:])
    overall = _gain(images, synthetic, radius)
    result = np.empty_like(images)
    for label in np.unique(classes):
        own, other = classes == label, synthetic_classes == label
        enough = min(own.sum(), other.sum()) >= LEAST
        gain = _gain(images[own], synthetic[other], radius) if enough else overall
        result[own] = fft.idctn(fft.dctn(images[own], axes=(2, 3), norm="ortho") * gain, axes=(2, 3), norm="ortho")
    return np.clip(result, -1, 1).astype(np.float32)


def _gain(images: Floats, synthetic: Floats, radius: Floats) -> Floats:
    """Return (row, column) by how much each frequency is amplified; 1 for the mean."""
    centres = (np.arange(BINS) + 0.5) / BINS
    ratio = np.log(np.maximum(_power(synthetic, radius), 1e-12) / np.maximum(_power(images, radius), 1e-12)) / 2
    ratio -= ratio[0]  # the registered distance is free of contrast
    gain = np.exp(np.interp(radius, centres, np.clip(ratio, -np.log(1e3), np.log(STRONGEST))))
    gain[0, 0] = 1
    return np.asarray(gain, np.float32)


def _power(images: Floats, radius: Floats) -> np.ndarray:
    """Return (BINS,) mean power of the cosine transform over rings of spatial frequency, without the mean."""
    power = np.square(fft.dctn(images, axes=(2, 3), norm="ortho")).mean((0, 1))
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
