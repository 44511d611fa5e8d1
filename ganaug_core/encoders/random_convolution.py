"""Random convolution: what edges, blobs and their combinations say without anybody having learned anything."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ganaug_core.encoders import networks
from ganaug_core.encoders.fitted import Arrays, Fitted, require_images
from ganaug_core.encoders.pixels import principal_axes
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Floats, Images, Integers

BATCH = 128


@dataclass(frozen=True)
class RandomConvolution:
    """Two layers of random filters, pooled and reduced: a space that cannot have learned the training images by heart.

    Settings:
        filters: Filters of the first layer, 7 x 7 without mean, >= 1; the second has twice as many, 3 x 3.
        components: Most principal components to keep, >= 1; never more than images - 1.

    Source: after Saxe et al., 2011, On random weights and unsupervised feature learning; rectified by absolute value.
    """

    filters: int = 48
    components: int = 64

    def fit(self, images: Images, labels: Integers, *, seed: int = 0, report: Report = silent) -> Fitted:
        """Return the encoder of (n, channel, row, column) images in [-1, 1]; the seed draws the filters.

        Raises:
            EvidenceError: Fewer than 8 images.
        """
        shape = require_images(images, "random_convolution")
        report(0.0, "Looking through random filters")
        source = torch.Generator().manual_seed(seed)
        state = {
            "first": _unit(torch.randn(self.filters, shape[0], 7, 7, generator=source), centred=True).numpy(),
            "second": _unit(torch.randn(2 * self.filters, self.filters, 3, 3, generator=source)).numpy(),
        }
        pooled = _pooled(images, state)
        mean, spread = pooled.mean(0), pooled.std(0)
        spread = np.where(spread > 1e-6, spread, 1).astype(np.float32)
        standard = (pooled - mean) / spread
        axes = principal_axes(standard, min(self.components, len(images) - 1, pooled.shape[1]))
        state |= {"mean": mean, "spread": spread, "axes": axes}
        return self.restore(state, shape, {**asdict(self), "seed": seed})

    def restore(self, state: Arrays, shape: tuple[int, int, int], facts: Mapping[str, Any]) -> Fitted:
        """Return the fitted encoder whose state was kept."""

        def opened(images: Floats) -> Floats:
            standard = (_pooled(images, state) - state["mean"]) / state["spread"]
            projected: Floats = (standard @ state["axes"].T).astype(np.float32)
            return projected

        return Fitted("random_convolution", shape, state, opened, facts)


@torch.inference_mode()
def _pooled(images: Images, state: Arrays) -> Floats:
    """Return mean and deviation of every filter's answer, and the second layer's mean in each quarter of the image."""
    first, second = (torch.from_numpy(np.array(state[name])) for name in ("first", "second"))
    parts: list[Tensor] = []
    for start in range(0, len(images), BATCH):
        inputs = networks.shrink(images[start : start + BATCH])
        edges = functional.conv2d(inputs, first, padding=3).abs()
        shapes = functional.conv2d(functional.avg_pool2d(edges, 2), second, padding=1).relu()
        quarters = functional.adaptive_avg_pool2d(shapes, 2).flatten(1)
        moments = [statistic for maps in (edges, shapes) for statistic in (maps.mean((2, 3)), maps.std((2, 3)))]
        parts.append(torch.cat([*moments, quarters], 1))
    pooled: Floats = torch.cat(parts).numpy()
    return pooled


def _unit(filters: Tensor, *, centred: bool = False) -> Tensor:
    """Return the filters at length 1, without their mean if asked: they then ignore brightness."""
    values = filters - filters.mean((1, 2, 3), keepdim=True) if centred else filters
    unit: Tensor = values / torch.linalg.vector_norm(values, dim=(1, 2, 3), keepdim=True)
    return unit
