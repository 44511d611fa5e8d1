"""The classifier that every arm trains, for the same number of steps: it never knows which image is synthetic."""

from dataclasses import asdict, dataclass
from math import cos, pi
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ganaug_core.encoders import networks
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Floats, Integers

WIDTHS = (32, 48, 64)


@dataclass(frozen=True)
class Classifier:
    """A small residual network; no early stopping and no choice by any result, so that arms differ in images alone.

    Settings:
        steps: Optimiser steps, the same for every arm.
        batch: Images a step.
        rate: Peak learning rate of AdamW; linear start, cosine end.
        decay: Weight decay.
        noise, intensity: Of the classical augmentation, in units of the range [-1, 1] and as a share of the gain.
    """

    steps: int = 600  # AUROC of classical augmentation, phantom with 8 % malignant: .89, after 1,200 steps .93
    batch: int = 48
    rate: float = 3e-3
    decay: float = 5e-3
    noise: float = 0.02
    intensity: float = 0.03

    def facts(self) -> dict[str, Any]:
        """Return what the result depends on, besides images and seed."""
        return {**asdict(self), **networks.facts()}

    def fit(
        self,
        images: Floats,
        labels: Integers,
        chance: NDArray[np.float64],
        classes: int,
        *,
        weights: NDArray[np.float64] | None,
        classical: bool,
        seed: int,
        report: Report = silent,
    ) -> nn.Module:
        """Return the network after its steps.

        Args:
            images: (n, channel, row, column) in [-1, 1].
            labels: (n,) from 0.
            chance: (n,) of being drawn; the same seed draws the same for the same chances.
            classes: Number of classes.
            weights: (classes,) of the loss, None for equal ones.
            classical: Move, turn, mirror and scale what is drawn.
            seed: Of the first weights, the draws and the augmentation.
        """
        channels, rows, columns = images.shape[1:]
        with networks.reproducible(seed) as source:
            network = networks.with_weights_of(seed, lambda: _Network((channels, rows, columns), classes))
            optimiser = torch.optim.AdamW(network.parameters(), self.rate, weight_decay=self.decay)
            inputs, targets = networks.shrink(images), torch.from_numpy(np.asarray(labels, np.int64))
            class_weights = None if weights is None else torch.from_numpy(np.asarray(weights, np.float32))
            batches = _draws(chance, (self.steps, self.batch), seed)
            network.train()
            for step, index in enumerate(batches):
                for group in optimiser.param_groups:
                    group["lr"] = self._rate_at(step / self.steps)
                view = inputs[index]
                if classical:
                    view = networks.distort(view, source, noise=self.noise, intensity=self.intensity)
                with networks.autocast():
                    logits = network(view)
                optimiser.zero_grad()
                torch.autograd.backward(functional.cross_entropy(logits.float(), targets[index], weight=class_weights))
                optimiser.step()
                if step % 16 == 0:
                    report(step / self.steps, "")
            return network.eval()

    def tell(self, network: nn.Module, images: Floats) -> Floats:
        """Return (n, classes) probabilities of images."""
        with networks.reproducible(0):
            parts = [networks.run(network, images[start : start + 256]) for start in range(0, len(images), 256)]
        logits = np.concatenate(parts).astype(np.float64)
        power = np.exp(logits - logits.max(1, keepdims=True))
        shares: Floats = (power / power.sum(1, keepdims=True)).astype(np.float32)
        return shares

    def _rate_at(self, share: float) -> float:
        return self.rate * min(1.0, 0.05 + share / 0.1) * (0.02 + 0.49 * (1 + cos(pi * share)))


def as_prevalent(probabilities: Floats, shown: NDArray[np.float64], prevalence: NDArray[np.float64]) -> Floats:
    """Return probabilities as if classes had been drawn as often as they occur.

    A classifier that sees every class equally often overstates rare ones; the correction is exact where only the
    frequencies differ. Source: Saerens et al., Neural Computation, 2002, eq. 4.

    Args:
        shown: (classes,) how often each was drawn in training, weights of the loss included.
        prevalence: (classes,) how often it is in the training share.
    """
    shifted = probabilities * (prevalence / shown)
    shares: Floats = (shifted / shifted.sum(1, keepdims=True)).astype(np.float32)
    return shares


def _draws(chance: NDArray[np.float64], shape: tuple[int, int], seed: int) -> Tensor:
    """Return rows to show; images that cannot be drawn do not change what is drawn of the others."""
    possible = np.flatnonzero(chance)
    quantiles = np.random.default_rng(seed).random(shape)
    rows = np.searchsorted(np.cumsum(chance[possible])[:-1], quantiles, side="right")
    return torch.from_numpy(possible[rows])


class _Network(nn.Module):
    """Images (n, channel, row, column) -> (n, classes) logits; little squares of pixels become channels first, so that
    nothing is computed on more than about 16 x 16 places."""

    def __init__(self, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        channels, rows, columns = shape
        self.square = max(1, min(max(rows, columns), networks.LARGEST) // networks.PLACES)
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(self.square),
            nn.Conv2d(channels * self.square**2, WIDTHS[0], 3, 1, 1, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(networks.Block(WIDTHS[0], WIDTHS[1]), networks.Block(WIDTHS[1], WIDTHS[2]))
        self.head = nn.Linear(WIDTHS[2], classes)

    def forward(self, images: Tensor) -> Tensor:
        down, right = (-side % self.square for side in images.shape[2:])
        padded = functional.pad(images, (0, right, 0, down), mode="replicate") if down or right else images
        maps = self.blocks(self.stem(padded.to(memory_format=torch.channels_last)))
        logits: Tensor = self.head(maps.mean((2, 3)))
        return logits
