"""Texture: about sixty numbers a radiologist's toolbox would compute, standardised on the training images.

First-order statistics, gradients, power spectrum, grey-level co-occurrence, local binary patterns and the step between
the middle and its surroundings. They see what learned spaces are trained to ignore: blur, noise and intensity.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.encoders.fitted import Arrays, Fitted, moments, require_images
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Floats, Images, Integers

GREY_LEVELS = 16
PERCENTILES = (5, 25, 50, 75, 95)
SPECTRUM_EDGES = (0.03, 0.06, 0.10, 0.15, 0.20, 0.27, 0.35, 0.50, 0.75)  # cycles a pixel; the last reaches the corners
CO_OCCURRENCE_STEPS = (1, 3)
STEP_RADII = (0.08, 0.16, 0.24)  # of the image side
MIDDLE_RADIUS = 0.3  # of the image side
TINY = 1e-6

Stack = NDArray[np.float32]  # (n, row, column), one channel
Columns = NDArray[np.float64]  # (n, numbers)


@dataclass(frozen=True)
class Texture:
    """Standardised hand-made numbers, per channel; for fidelity.

    Settings:
        pixels_at_once: Images are worked on in stacks of about this many pixels, so that memory stays bounded.
    """

    pixels_at_once: int = 1_000_000

    def fit(self, images: Images, labels: Integers, *, seed: int = 0, report: Report = silent) -> Fitted:
        """Return the encoder standardised on (n, channel, row, column) images in [-1, 1]; no labels, no seed.

        Raises:
            EvidenceError: Fewer than 8 images.
        """
        shape = require_images(images, "texture")
        report(0.0, "Measuring texture")
        values = measure(images, self.pixels_at_once)
        mean, spread = moments(values)
        return self.restore({"mean": mean, "spread": spread}, shape, {**asdict(self), "seed": seed})

    def restore(self, state: Arrays, shape: tuple[int, int, int], facts: Mapping[str, Any]) -> Fitted:
        """Return the fitted encoder whose state was kept."""

        def opened(images: Floats) -> Floats:
            standard: Floats = ((measure(images, self.pixels_at_once) - state["mean"]) / state["spread"]).astype(
                np.float32
            )
            return standard

        return Fitted("texture", shape, state, opened, facts)


def measure(images: Images, pixels_at_once: int = 1_000_000) -> Columns:
    """Return (n, channel * numbers) of images (n, channel, row, column) in [-1, 1], not standardised.

    How many numbers there are depends on the size only: rings and bands without a pixel are left out.
    """
    n, channels, rows, columns = images.shape
    at_once = max(1, pixels_at_once // (rows * columns))
    stacked = [
        np.concatenate([_numbers(block[:, channel]) for channel in range(channels)], axis=1)
        for block in (images[start : start + at_once] for start in range(0, n, at_once))
    ]
    return np.concatenate(stacked)


def _numbers(stack: Stack) -> Columns:
    radius = from_middle(stack.shape[1:])
    middle = radius < MIDDLE_RADIUS
    parts = [
        first_order(stack.reshape(len(stack), -1)),
        first_order(stack[:, middle]),
        gradients(stack, middle),
        spectrum(stack),
        co_occurrence(stack),
        binary_patterns(stack, middle),
        steps(stack, radius),
    ]
    return np.concatenate(parts, axis=1)


def first_order(values: NDArray[np.float32]) -> Columns:
    """Return mean, log standard deviation, skewness, kurtosis and five percentiles of (n, pixels)."""
    mean = values.mean(1, dtype=np.float64)
    centred = values - mean.astype(np.float32)[:, None]
    squares = centred * centred
    deviation = np.sqrt(squares.mean(1, dtype=np.float64)) + TINY
    skewness = (squares * centred).mean(1, dtype=np.float64) / deviation**3
    kurtosis = (squares * squares).mean(1, dtype=np.float64) / deviation**4
    ordered = np.sort(values, axis=1)
    rank = np.asarray(PERCENTILES) / 100 * (values.shape[1] - 1)
    low = np.floor(rank).astype(int)
    high = np.minimum(low + 1, values.shape[1] - 1)
    percentiles = ordered[:, low] * (1 - (rank - low)) + ordered[:, high] * (rank - low)
    return np.column_stack([mean, np.log(deviation), skewness, kurtosis, percentiles])


def gradients(stack: Stack, middle: NDArray[np.bool_]) -> Columns:
    """Return logs of: mean and spread of the slope, spread of the Laplacian, and the same in the middle and around."""
    slope = np.hypot(*(np.gradient(stack, axis=axis) for axis in (1, 2)))
    framed = np.pad(stack, ((0, 0), (1, 1), (1, 1)), mode="edge")
    laplacian = framed[:, 2:, 1:-1] + framed[:, :-2, 1:-1] + framed[:, 1:-1, 2:] + framed[:, 1:-1, :-2] - 4 * stack
    parts = [
        slope.mean((1, 2)),
        slope.std((1, 2)),
        laplacian.std((1, 2)),
        slope[:, middle].mean(1),
        laplacian[:, middle].std(1),
        laplacian[:, ~middle].std(1),
    ]
    return np.log(np.column_stack(parts).astype(np.float64) + TINY)


def spectrum(stack: Stack) -> Columns:
    """Return the log mean power in rings of spatial frequency, mean removed."""
    rows, columns = stack.shape[1:]
    frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns))
    power = np.abs(np.fft.rfft2(stack - stack.mean((1, 2), keepdims=True))) ** 2 / (rows * columns)
    ring = np.digitize(frequency, SPECTRUM_EDGES)
    bands = [power[:, ring == number].mean(1) for number in range(1, len(SPECTRUM_EDGES)) if (ring == number).any()]
    return np.log(np.column_stack(bands) + TINY)


def co_occurrence(stack: Stack) -> Columns:
    """Return contrast, homogeneity, energy and correlation of grey-level pairs 1 and 3 pixels apart, right and down.

    Sixteen levels over [-1, 1], symmetric, without the outer sixth of the image.

    Source: Haralick et al., 1973, Textural features for image classification; energy is the root of his f1.
    """
    n, rows, columns = stack.shape
    top, left = rows // 6, columns // 6
    levels = np.clip((stack[:, top : rows - top, left : columns - left] + 1) * (GREY_LEVELS / 2), 0, GREY_LEVELS - 1)
    grey = levels.astype(np.int32)
    offset = (np.arange(n, dtype=np.int32) * GREY_LEVELS**2)[:, None, None]
    columns_of: dict[str, list[NDArray[np.float64]]] = {
        "contrast": [],
        "homogeneity": [],
        "energy": [],
        "correlation": [],
    }
    for step in CO_OCCURRENCE_STEPS:
        tables = []
        for first, second in ((grey[:, :, :-step], grey[:, :, step:]), (grey[:, :-step], grey[:, step:])):
            pairs = (offset + first * GREY_LEVELS + second).ravel()
            counts = np.bincount(pairs, minlength=n * GREY_LEVELS**2).reshape(n, GREY_LEVELS, GREY_LEVELS)
            tables.append((counts + counts.transpose(0, 2, 1)) / (2 * first[0].size))
        described = [_haralick(table) for table in tables]
        for key, values in columns_of.items():
            values.append(np.mean([table_features[key] for table_features in described], axis=0))
    return np.column_stack([values for key in columns_of for values in columns_of[key]])


def _haralick(table: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return Haralick's numbers of symmetric tables (n, level, level) that sum to 1."""
    level = np.arange(table.shape[1])
    gap = (level[:, None] - level) ** 2
    margin = table.sum(2)
    mean = margin @ level
    variance = margin @ level**2 - mean**2
    joint = np.einsum("nij,i,j->n", table, level, level) - mean**2
    # One grey level only: every pixel predicts its neighbour, as in the other toolboxes.
    correlation = np.where(variance > 1e-12, joint / np.maximum(variance, 1e-12), 1.0)
    return {
        "contrast": (table * gap).sum((1, 2)),
        "homogeneity": (table / (1 + gap)).sum((1, 2)),
        "energy": np.sqrt((table**2).sum((1, 2))),
        "correlation": correlation,
    }


def binary_patterns(stack: Stack, middle: NDArray[np.bool_]) -> Columns:
    """Return the shares of ten patterns in the image and in its middle.

    A pixel's eight neighbours are at least as bright or darker (compared at 1/127 of the half range, so that rounding
    makes no pattern). Around the circle, patterns with at most two changes count by their bright neighbours (0 to 8);
    all others are pattern 9.

    Source: Ojala, Pietikäinen and Mäenpää, 2002; neighbours on the pixel grid, not interpolated on the circle.
    """
    n, rows, columns = stack.shape
    grey = np.trunc(stack * 127).astype(np.int16)
    framed = np.pad(grey, ((0, 0), (1, 1), (1, 1)), mode="edge")
    code = np.zeros(stack.shape, np.uint8)
    for bit, (down, right) in enumerate(_CIRCLE):
        neighbour = framed[:, 1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
        code |= (neighbour >= grey).astype(np.uint8) << np.uint8(bit)
    pattern = _PATTERN[code]
    return np.concatenate([_shares(pattern.reshape(n, -1)), _shares(pattern[:, middle])], axis=1)


def steps(stack: Stack, radius: NDArray[np.float64]) -> Columns:
    """Return the mean inside a disc minus the mean of the ring around it, for discs of three radii."""
    differences = []
    for edge in STEP_RADII:
        disc, ring = radius < edge, (radius >= edge) & (radius < edge + 0.12)
        if disc.any() and ring.any():
            differences.append(stack[:, disc].mean(1, dtype=np.float64) - stack[:, ring].mean(1, dtype=np.float64))
    return np.column_stack(differences)


def _shares(pattern: NDArray[np.uint8]) -> Columns:
    n, pixels = pattern.shape
    offset = (np.arange(n) * 10)[:, None]
    counts = np.bincount((pattern + offset).ravel(), minlength=10 * n).reshape(n, 10)
    return np.asarray(counts / pixels)


def from_middle(size: tuple[int, ...]) -> NDArray[np.float64]:
    """Return each pixel's distance from the middle, in units of the image side, (row, column)."""
    rows, columns = size
    down = (np.arange(rows) - (rows - 1) / 2) / rows
    right = (np.arange(columns) - (columns - 1) / 2) / columns
    return np.asarray(np.hypot(down[:, None], right))


_CIRCLE = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
_BITS = (np.arange(256)[:, None] >> np.arange(8)) & 1
_PATTERN = np.where((np.roll(_BITS, 1, axis=1) != _BITS).sum(1) <= 2, _BITS.sum(1), 9).astype(np.uint8)
