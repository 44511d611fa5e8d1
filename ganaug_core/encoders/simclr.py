"""SimCLR: two images are near if one could be a moved, mirrored, brightened or noisy view of the other."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganaug_core.encoders import networks
from ganaug_core.encoders.fitted import Arrays, Fitted, require_images
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Images, Integers


@dataclass(frozen=True)
class SimCLR:
    """A contrastive space of 64 dimensions, fitted without labels: for modes, neighbours and the map.

    Settings:
        steps: Most optimiser steps; a small cohort gets `steps_per_image` for each image instead, but at least 60.
        steps_per_image: Steps for each training image, > 0.
        batch: Images a step, each seen in two views, >= 2.
        temperature: Divides the cosines in the loss, > 0; small values weigh the nearest strangers more.
        noise: Largest standard deviation of the added noise, in units of the range [-1, 1].
        intensity: Largest relative change of the gain.

    Source: Chen et al., A simple framework for contrastive learning of visual representations, 2020,
    arXiv:2002.05709. The network and the views are far smaller; scaling is by 15 %, turning by 12 degrees.
    """

    steps: int = 350
    steps_per_image: float = 1.0
    batch: int = 96
    temperature: float = 0.2
    noise: float = 0.03
    intensity: float = 0.1

    def fit(self, images: Images, labels: Integers, *, seed: int = 0, report: Report = silent) -> Fitted:
        """Return the encoder fitted on (n, channel, row, column) images in [-1, 1]; labels are not looked at.

        Raises:
            EvidenceError: Fewer than 8 images.
        """
        shape = require_images(images, "simclr")
        steps = networks.steps(len(images), self.steps, self.steps_per_image)
        with networks.reproducible(seed) as source:
            backbone, head = networks.with_weights_of(seed, lambda: _networks(shape)).children()
            inputs = networks.shrink(images)

            def loss(index: Tensor) -> Tensor:
                views = [
                    networks.distort(inputs[index], source, noise=self.noise, intensity=self.intensity)
                    for _ in range(2)
                ]
                with networks.autocast():
                    features = backbone(torch.cat(views))
                return contrast(head(features.float()), self.temperature)

            networks.descend(
                nn.ModuleList([backbone, head]),
                loss,
                len(images),
                source,
                steps=steps,
                batch=self.batch,
                decay=1e-4,
                warm_up=0.1,
                report=report,
                doing="Learning which images are alike",
            )
        facts = asdict(self) | networks.facts() | {"seed": seed, "steps": steps}
        return self.restore(networks.arrays(backbone), shape, facts)

    def restore(self, state: Arrays, shape: tuple[int, int, int], facts: Mapping[str, Any]) -> Fitted:
        """Return the fitted encoder whose state was kept."""
        backbone = networks.filled(lambda: networks.Backbone(shape), state)
        return Fitted("simclr", shape, state, lambda images: networks.run(backbone, images), facts)


def contrast(projected: Tensor, temperature: float) -> Tensor:
    """Return the mean cross-entropy of finding, among all other views, the other view of the same image.

    Args:
        projected: (2 n, d); row i and row i + n are two views of one image.
    """
    unit = functional.normalize(projected, dim=1)
    cosines = (unit @ unit.T / temperature).fill_diagonal_(-1e9)
    positive = torch.arange(len(unit)).roll(len(unit) // 2)
    return functional.cross_entropy(cosines, positive)


def _networks(shape: tuple[int, int, int]) -> nn.ModuleList:
    """Return backbone and projection head."""
    backbone = networks.Backbone(shape)
    head = nn.Sequential(nn.Linear(networks.DIMENSION, 128), nn.ReLU(), nn.Linear(128, networks.DIMENSION))
    return nn.ModuleList([backbone, head])
