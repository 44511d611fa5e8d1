"""Intensity in the physical unit: what an image's values are, where tissues peak, how much noise there is.

All per image: a generator can get the mean over all images right and every single image wrong (Kelkar et al., 2023,
arXiv:2204.12007).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats, Intensity

NUMBERS = ("median", "low", "high", "out_of_range")
PERCENTILES = (50, 5, 95)
AT_THE_EDGE = 2 / 255  # of [-1, 1]: synthetic images usually come as 8-bit files
Numbers = NDArray[np.floating]
BINS = 128
SMOOTHED = 2.0  # bins
PROMINENT = 0.05  # of the highest peak
PATCH = 16
APART = 4.0
TISSUES = {"air": (-1050.0, -800.0), "lung": (-800.0, -500.0), "fat": (-150.0, -50.0), "soft tissue": (0.0, 120.0),
           "bone": (200.0, 1500.0)}  # fmt: skip


def numbers(images: Floats, intensity: Intensity) -> Values:
    """Return (n, 4): median, 5th and 95th percentile in the unit, and the share of pixels at the ends of the range.

    Args:
        images: (n, channel, row, column) in [-1, 1].
        intensity: Map to the unit.
    """
    flat = images.reshape(len(images), -1)
    physical = intensity.physical(np.percentile(flat, PERCENTILES, axis=1).T.astype(np.float32))
    edge = (np.abs(flat) >= 1 - AT_THE_EDGE).mean(1)
    return np.column_stack([physical, edge]).astype(np.float64)


def histograms(images: Floats) -> Floats:
    """Return (n, BINS) shares of each image's pixels over [-1, 1]; their mean over images is the histogram of the set.

    Args:
        images: (n, channel, row, column); what lies outside counts at the ends.
    """
    counts = np.zeros((len(images), BINS), np.float32)
    for row, image in enumerate(images):
        places = np.clip((image.ravel() + 1) * np.float32(BINS / 2), 0, BINS - 1)
        counts[row] = np.bincount(places.astype(np.intp), minlength=BINS)
    return counts / np.float32(max(1, images[:1].size))


class Peak(NamedTuple):
    """A peak of the pooled histogram: its name, and its place in the unit in each of two sets."""

    name: str
    real: float
    synthetic: float


def peaks(real: Numbers, synthetic: Numbers, intensity: Intensity) -> list[Peak]:
    """Return the peaks of the real histogram beside the nearest high place of the synthetic one.

    The ends of the range are left out: what is clipped piles up there. In HU a peak has its tissue's name.

    Args:
        real: (BINS,) shares, `synthetic` (BINS,).
    """
    smooth = [ndimage.gaussian_filter1d(shares, SMOOTHED, mode="nearest") for shares in (real[1:-1], synthetic[1:-1])]
    centres = intensity.physical(((np.arange(1, BINS - 1) + 0.5) * (2 / BINS) - 1).astype(np.float32))
    real_peaks, _ = signal.find_peaks(smooth[0], prominence=PROMINENT * smooth[0].max())
    result = []
    reach = BINS // 10
    for number, bin_index in enumerate(real_peaks):
        low, high = max(0, bin_index - reach), min(len(centres), bin_index + reach + 1)
        synthetic_bin = low + int(smooth[1][low:high].argmax())
        tissues = [name for name, (start, end) in TISSUES.items() if start <= centres[bin_index] <= end]
        name = tissues[0] if intensity.unit == "HU" and tissues else f"peak {number + 1}"
        result.append(Peak(name, float(centres[bin_index]), float(centres[synthetic_bin])))
    return result


def noise(images: Floats) -> Values:
    """Return (n, 2): log10 of the noise's standard deviation (of [-1, 1]) and its mean frequency in cycles a pixel.

    Measured in the most even of the patches of 16 x 16 (or a quarter of the side), without its plane. The frequency is
    the power-weighted mean of the patch's noise power spectrum: a sharp kernel has a high one.
    """
    grey = images.mean(1).astype(np.float64)
    side = min(PATCH, max(4, min(grey.shape[1:]) // 2))
    down, right = np.mgrid[:side, :side] - (side - 1) / 2
    plane = np.stack([np.ones(side * side), down.ravel(), right.ravel()])
    plane /= np.linalg.norm(plane, axis=1, keepdims=True)
    step = max(1, side // 2)
    best = np.full(len(grey), np.inf)
    chosen = np.zeros((len(grey), side, side))
    for row in range(0, grey.shape[1] - side + 1, step):
        for column in range(0, grey.shape[2] - side + 1, step):
            patch = grey[:, row : row + side, column : column + side].reshape(len(grey), -1)
            rest = patch - patch @ plane.T @ plane
            coarse = ndimage.uniform_filter(rest.reshape(-1, side, side), (0, 4, 4)).var((1, 2))
            flat = np.square(rest).mean(1)
            usable = flat > 1e-8  # a patch of one value shows no noise
            structure = np.where(usable, coarse, np.inf)
            better = structure < best
            best[better] = structure[better]
            chosen[better] = rest.reshape(-1, side, side)[better]
    return _described(chosen, side)


def _described(patches: NDArray[np.float64], side: int) -> Values:
    window = np.hanning(side + 2)[1:-1]
    power = np.square(np.abs(np.fft.rfft2(patches * window[:, None] * window)))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    total = power.sum((1, 2))
    centroid = (power * frequency).sum((1, 2)) / np.maximum(total, 1e-20)
    spread = 0.5 * np.log10(np.square(patches).mean((1, 2)) + 1e-10)
    return np.column_stack([spread, centroid])


def kernel_groups(training: Values) -> Values | None:
    """Return (2, 2) the centres of two groups of noise, soft first; None where there is only one.

    Two reconstruction kernels (or scanners) leave two groups of noise in frequency. They count as two where the groups
    are further apart than 4 pooled deviations (halves of one normal group: 2.6) and each holds a tenth of the images.

    Args:
        training: (n, 2) `noise` of training images.
    """
    values = training[:, 1]
    if len(values) < 20 or np.ptp(values) <= 0:
        return None
    edge = float(np.median(values))
    for _ in range(50):
        low, high = values[values <= edge], values[values > edge]
        if not len(low) or not len(high):
            return None
        moved = (low.mean() + high.mean()) / 2
        if moved == edge:
            break
        edge = float(moved)
    pooled = np.sqrt((low.var() * len(low) + high.var() * len(high)) / len(values))
    if min(len(low), len(high)) < 0.1 * len(values) or high.mean() - low.mean() < APART * pooled:
        return None
    inside = values <= edge
    return np.stack([training[inside].mean(0), training[~inside].mean(0)])


def violations(training: Numbers, images: Numbers) -> Values:
    """Return (n,) the share of an image's numbers that lie outside what 98 % of the training images have.

    Args:
        training: (t, d) numbers of training images.
        images: (n, d).
    """
    low, high = np.percentile(training, (1, 99), axis=0)
    result: Values = ((images < low) | (images > high)).mean(1)
    return result
