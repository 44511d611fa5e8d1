"""A classifier of the cohort's labels: says whether a synthetic image shows what its label claims."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ganaug_core.encoders import networks
from ganaug_core.encoders.fitted import Arrays, Fitted, require_images
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Images, Integers


@dataclass(frozen=True)
class Classifier:
    """Log-probabilities of the classes. It is blind to copies and to lost modes: for label fidelity only.

    Settings:
        classes: Number of classes, 0 for as many as the labels show.
        steps: Most optimiser steps; a small cohort gets `steps_per_image` for each image instead, but at least 60.
        steps_per_image: Steps for each training image, > 0.
        batch: Images a step, >= 2.
        smoothing: Share of the target that is spread over all classes, in [0, 1); keeps the probabilities calibrated.
        noise: Largest standard deviation of the added noise, in units of the range [-1, 1].
        intensity: Largest relative change of the gain.
    """

    classes: int = 0
    steps: int = 600
    steps_per_image: float = 1.0
    batch: int = 64
    smoothing: float = 0.05
    noise: float = 0.02
    intensity: float = 0.03

    def fit(self, images: Images, labels: Integers, *, seed: int = 0, report: Report = silent) -> Fitted:
        """Return the encoder fitted on (n, channel, row, column) images in [-1, 1] and (n,) labels from 0.

        Raises:
            EvidenceError: Fewer than 8 images.
        """
        shape = require_images(images, "classifier")
        classes = self.classes or int(labels.max()) + 1
        steps = networks.steps(len(images), self.steps, self.steps_per_image) if classes > 1 else 0
        with networks.reproducible(seed) as source:
            network = networks.with_weights_of(seed, lambda: _network(shape, classes))
            inputs = networks.shrink(images)
            wanted = torch.from_numpy(np.asarray(labels, np.int64))

            def loss(index: Tensor) -> Tensor:
                view = networks.distort(inputs[index], source, noise=self.noise, intensity=self.intensity)
                with networks.autocast():
                    logits = network(view)
                return functional.cross_entropy(logits.float(), wanted[index], label_smoothing=self.smoothing)

            networks.descend(
                nn.ModuleList([network]),
                loss,
                len(images),
                source,
                steps=steps,
                batch=self.batch,
                decay=5e-3,
                warm_up=0.05,
                report=report,
                doing="Learning the labels",
            )
        facts = asdict(self) | networks.facts() | {"seed": seed, "steps": steps}
        return self.restore(networks.arrays(network), shape, facts)

    def restore(self, state: Arrays, shape: tuple[int, int, int], facts: Mapping[str, Any]) -> Fitted:
        """Return the fitted encoder whose state was kept."""
        network = networks.filled(lambda: _network(shape, len(state["2.bias"])), state)
        judge = nn.Sequential(network, nn.LogSoftmax(dim=1)).eval()
        return Fitted("classifier", shape, state, lambda images: networks.run(judge, images), facts)


def _network(shape: tuple[int, int, int], classes: int) -> nn.Sequential:
    return nn.Sequential(networks.Backbone(shape), nn.ReLU(), nn.Linear(networks.DIMENSION, classes))
