"""Radiomics: the standardised texture families of the whole image, a space that radiologists know by name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ganaug_core.encoders import ibsi
from ganaug_core.encoders.fitted import Arrays, Fitted, moments, require_images
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Floats, Images, Integers

PIXELS_AT_ONCE = 500_000


@dataclass(frozen=True)
class Radiomics:
    """First-order, co-occurrence, run, zone, dependence and tone-difference features of IBSI, per channel.

    Logarithms tame their long tails; then every number has mean 0 and deviation 1 in training.

    Settings:
        levels: Grey levels of equal width over [-1, 1], >= 2.
    """

    levels: int = 16

    def fit(self, images: Images, labels: Integers, *, seed: int = 0, report: Report = silent) -> Fitted:
        """Return the encoder standardised on (n, channel, row, column) images in [-1, 1]; no labels, no seed.

        Raises:
            EvidenceError: Fewer than 8 images.
        """
        shape = require_images(images, "radiomics")
        report(0.0, "Measuring radiomic features")
        values = measure(images, self.levels)
        mean, spread = moments(values)
        state = {"mean": mean, "spread": spread, "levels": np.array([self.levels])}
        return self.restore(state, shape, {**asdict(self), "seed": seed})

    def restore(self, state: Arrays, shape: tuple[int, int, int], facts: Mapping[str, Any]) -> Fitted:
        """Return the fitted encoder whose state was kept."""

        def opened(images: Floats) -> Floats:
            values = measure(images, int(state["levels"][0]))
            standard: Floats = ((values - state["mean"]) / state["spread"]).astype(np.float32)
            return standard

        return Fitted("radiomics", shape, state, opened, facts)


def measure(images: Images, levels: int) -> ibsi.Columns:
    """Return (n, channel * features) of images (n, channel, row, column) in [-1, 1], signed logarithms."""
    n, channels, rows, columns = images.shape
    at_once = max(1, PIXELS_AT_ONCE // (rows * columns))
    parts = []
    for start in range(0, n, at_once):
        block = images[start : start + at_once]
        grey = grey_levels(block, levels)
        stacks = [grey[:, channel] for channel in range(channels)]
        families = [part for stack in stacks for part in (ibsi.first_order(stack), ibsi.textures(stack, levels))]
        parts.append(np.concatenate(families, 1))
    values = np.concatenate(parts)
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


def grey_levels(images: Floats, levels: int) -> ibsi.Levels:
    """Return 1 ... levels, each of the same width over [-1, 1], in the shape of the images."""
    grey: ibsi.Levels = np.clip((images + 1) * (levels / 2), 0, levels - 1).astype(np.int64) + 1
    return grey
