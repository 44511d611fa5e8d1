"""Identity rule: an image that equals an image of the cohort is a copy from the first one, whatever the set test says.

A set test needs a handful of copies among hundreds; one patient's picture in a thousand is one too many.
"""

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import Floats, Images, Integers, Intensity

AT_ONCE = 512
COARSEST_STEP = 2 / 255  # synthetic images usually come as 8-bit files


def step(intensity: Intensity) -> float:
    """Return the largest quantisation step in [-1, 1] that a synthetic image may have seen."""
    return max(COARSEST_STEP, 2 / (intensity.high - intensity.low) if intensity.unit == "HU" else 0.0)


def equal_pairs(synthetic: Images, real: Images) -> Integers:
    """Return (k, 2) synthetic and real indices of images that are equal in 8 bits, mirrored or turned ones too.

    Args:
        synthetic: (m, channel, row, column) in [-1, 1].
        real: (n, channel, row, column) in [-1, 1].

    Flat images (one value everywhere in 8 bits) show nobody and are left out. One pair for each synthetic image.
    """
    synthetic_sums, real_sums = _sums(synthetic), _sums(real)
    shared = set(synthetic_sums) & set(real_sums)  # turning changes no sum
    real_by_key: dict[bytes, int] = {}
    for index, total in enumerate(real_sums):
        if total in shared:
            real_by_key.setdefault(_key(real[index]), index)
    pairs = []
    for index, total in enumerate(synthetic_sums):
        if total not in shared or np.ptp(_levels(synthetic[index])) == 0:
            continue
        for turned in _turned(synthetic[index]):
            if (key := _key(turned)) in real_by_key:
                pairs.append((index, real_by_key[key]))
                break
    return np.array(pairs, np.int64).reshape(-1, 2)


def rounded_off(images: Floats, intensity: Intensity, *, seed: int) -> Floats:
    """Return the images with the noise of one more rounding: what a stored copy looks like at worst."""
    random = np.random.default_rng(seed)
    half = step(intensity) / 2
    return np.clip(images + random.uniform(-half, half, images.shape), -1, 1).astype(np.float32)


def residual_limit(rounding: Floats, natural: Floats, near_duplicates: Floats) -> float:
    """Return the registered distance below which two images are one; 0 where no distance can tell.

    Args:
        rounding: Distances of rounded real images to themselves: what quantisation alone does.
        natural: (n,) distances of real images to those of other groups; nothing natural may come near the limit, so it
            is at most a quarter of their smallest.
        near_duplicates: Distances of pairs of the cohort that are alike but not equal. If there are any, the cohort
            repeats itself by nature, fresh images do too, and only equality proves a copy.
    """
    if len(near_duplicates) or not len(rounding) or not len(natural):
        return 0.0
    return min(float(np.quantile(rounding, 0.95)), float(natural.min()) / 4)


def _sums(images: Images) -> list[int]:
    """Return the sum of the levels of each image."""
    blocks = (images[start : start + AT_ONCE] for start in range(0, len(images), AT_ONCE))
    return [int(_levels(image).sum(dtype=np.int64)) for block in blocks for image in block]


def _turned(image: Floats) -> Iterator[Floats]:
    for quarter in range(4):
        turn = np.rot90(image, quarter, (1, 2))
        yield turn
        yield turn[:, :, ::-1]


def _levels(image: Floats) -> NDArray[np.uint8]:
    return np.rint((np.asarray(image, np.float64) + 1) * 127.5).astype(np.uint8)


def _key(image: Floats) -> bytes:
    return hashlib.sha256(_levels(image).tobytes()).digest()
