"""The pixels themselves, small: the yardstick that every learned space has to beat."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from scipy.linalg import eigh
from torch.nn import functional

from ganaug_core.encoders.fitted import Arrays, Fitted, require_images
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Floats, Images, Integers

AT_ONCE = 512  # images made smaller at once


@dataclass(frozen=True)
class Pixels:
    """Principal components of the images at low resolution; finds exact and noisy copies, misses moved ones.

    Settings:
        size: The longer side is resampled by area to this many pixels, >= 8.
        components: Most components to keep, >= 1; never more than images - 1.
    """

    size: int = 32
    components: int = 50

    def fit(self, images: Images, labels: Integers, *, seed: int = 0, report: Report = silent) -> Fitted:
        """Return the encoder fitted on (n, channel, row, column) images in [-1, 1]; labels and seed are not used.

        Raises:
            EvidenceError: Fewer than 8 images.
        """
        shape = require_images(images, "pixels")
        report(0.0, "Finding the principal components")
        flat = small(images, self.size)
        mean = flat.mean(0)
        axes = principal_axes(flat - mean, min(self.components, len(images) - 1, flat.shape[1]))
        state = {"mean": mean.astype(np.float32), "axes": axes.astype(np.float32), "size": np.array([self.size])}
        return self.restore(state, shape, {**asdict(self), "seed": seed})

    def restore(self, state: Arrays, shape: tuple[int, int, int], facts: Mapping[str, Any]) -> Fitted:
        """Return the fitted encoder whose state was kept."""
        mean, axes, size = state["mean"], state["axes"], int(state["size"][0])

        def opened(images: Floats) -> Floats:
            projected: Floats = (small(images, size) - mean) @ axes.T
            return projected

        return Fitted("pixels", shape, state, opened, facts)


def small(images: Images, size: int) -> Floats:
    """Return (n, channel * row * column) of images whose longer side is at most `size`."""
    rows, columns = images.shape[2:]
    scale = size / max(rows, columns)
    if scale >= 1:
        whole: Floats = images[:].reshape(len(images), -1)
        return whole
    wanted = (max(1, round(rows * scale)), max(1, round(columns * scale)))
    blocks = (images[start : start + AT_ONCE] for start in range(0, max(1, len(images)), AT_ONCE))
    pooled = [
        functional.interpolate(torch.from_numpy(np.require(block, np.float32, ["C", "W"])), wanted, mode="area")
        for block in blocks
    ]
    flat: Floats = torch.cat(pooled).flatten(1).numpy()
    return flat


def principal_axes(centred: Floats, components: int) -> Floats:
    """Return (components, d) unit vectors, largest variance first, from the smaller of the two product matrices."""
    n, d = centred.shape
    exact = centred.astype(np.float64)
    product = exact.T @ exact if d <= n else exact @ exact.T
    side = len(product)
    variances, vectors = eigh(product, subset_by_index=[side - components, side - 1])
    axes = vectors.T if d <= n else vectors.T @ exact
    axes = axes[::-1] / np.maximum(np.linalg.norm(axes[::-1], axis=1, keepdims=True), 1e-12)
    strongest = np.take_along_axis(axes, np.abs(axes).argmax(1)[:, None], axis=1)
    signed: Floats = (axes * np.where(strongest < 0, -1, 1)).astype(np.float32)  # an axis has no sign of its own
    signed[variances[::-1] <= 1e-12 * max(float(variances.max()), 1e-12)] = 0
    return signed
