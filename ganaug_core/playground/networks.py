"""The two networks of a game, as an architecture of the training, and the points as its images."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ganaug_core.architectures.discriminating import ConditionalDiscriminator
from ganaug_core.architectures.layers import apply_prior
from ganaug_core.config import TrainingConfig
from ganaug_core.interfaces import Architecture, look_up
from ganaug_core.losses import LOSSES
from ganaug_core.playground.settings import Game
from ganaug_core.playground.targets import Target
from ganaug_core.regularisers import REGULARISERS
from ganaug_core.training.adversarial_step import AdversarialNetworks
from ganaug_core.training.devices import Compute
from ganaug_core.training.parts import Parts

SHAPE = (2, 1, 1)  # a point is an image of one pixel with two channels
LATENT, LAYERS, CLOUDS = 2, 3, 8


@dataclass(frozen=True)
class Plane:
    """Three hidden layers on each side, for points in the plane."""

    says: ClassVar[str] = "Points in the plane, where every mode can be counted."
    shared_batches: ClassVar[bool] = True

    width: int = 48
    latent: int = LATENT
    prior: str = "gaussian"

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return PlaneGenerator(self.width, self.prior)

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        trunk = nn.Sequential(nn.Flatten(), *hidden(2, self.width))
        return ConditionalDiscriminator(trunk, self.width, shape, classes, None)


class PlaneGenerator(nn.Module):
    """Latents (n, 2) -> points (n, 2, 1, 1)."""

    def __init__(self, width: int, prior: str) -> None:
        super().__init__()
        self.prior = prior
        self.layers = nn.Sequential(*hidden(LATENT, width), nn.Linear(width, 2))

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        return self.layers(from_gaussian(latent, self.prior)).view(-1, *SHAPE)  # type: ignore[no-any-return]


def from_gaussian(latent: Tensor, prior: str) -> Tensor:
    """Return latents (n, 2) of the prior, made of Gaussian ones.

    `clouds`: the direction says which of eight clouds on a ring a point belongs to, so neighbours at a border are torn
    apart, which a continuous network cannot do.
    """
    if prior != "clouds":
        return apply_prior(latent, "uniform" if prior == "uniform" else "gaussian")
    sector = torch.atan2(latent[:, 1], latent[:, 0]) * (CLOUDS / (2 * math.pi))  # (n,), in [-4, 4]
    angle = torch.round(sector) * (2 * math.pi / CLOUDS)
    return 2 * torch.stack([angle.cos(), angle.sin()], 1) + 0.15 * latent


@dataclass(frozen=True)
class Dirac:
    """A generator that is one point, and a discriminator whose logit is linear: the smallest game that can circle.

    Source: Mescheder et al., 2018, arXiv:1801.04406, section 2.
    """

    says: ClassVar[str] = "One vector on each side."
    shared_batches: ClassVar[bool] = True

    latent: int = LATENT

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return DiracGenerator()

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        discriminator = ConditionalDiscriminator(nn.Flatten(), 2, shape, classes, None)
        discriminator.logit = nn.Linear(2, 1, bias=False)
        nn.init.zeros_(discriminator.logit.weight)
        return discriminator


class DiracGenerator(nn.Module):
    """Latents (n, 2) -> the same point n times, (n, 2, 1, 1); it begins on the unit circle."""

    def __init__(self) -> None:
        super().__init__()
        angle = 2 * math.pi * torch.rand(())
        self.point = nn.Parameter(torch.stack([angle.cos(), angle.sin()]))

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        return (self.point + torch.zeros_like(latent)).view(-1, *SHAPE)


class TruePoints:
    """The truth as training images: batches are drawn from torch's generator.

    Attributes:
        counts: Images of the one class; they are drawn anew, so this is only a number above 0.
    """

    def __init__(self, target: Target) -> None:
        self.counts = np.ones(1, np.int64)
        self.centres, self.deviation = torch.from_numpy(target.centres), target.deviation

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Return points (size, 2, 1, 1) and labels (size,)."""
        index = torch.randint(len(self.centres), (size,))
        points = self.centres[index] + self.deviation * torch.randn(size, 2)
        return points.view(size, *SHAPE), torch.zeros(size, dtype=torch.int64)


def build(game: Game) -> AdversarialNetworks:
    """Return the networks of a game with the losses, regularisers and optimisers of every training run.

    Raises:
        ConfigurationError: Parts exclude each other.
    """
    architecture: Architecture = Dirac() if game.target == "dirac" else Plane(game.width, prior=game.prior)
    return assemble(game.configuration(), architecture, game.truth())


def assemble(config: TrainingConfig, architecture: Architecture, target: Target) -> AdversarialNetworks:
    """Return the networks of an architecture for points, and one step of their training."""
    parts = Parts(
        architecture=architecture,
        loss=look_up(LOSSES, config.loss.name, "loss"),
        terms=(),
        regularisers=tuple(
            look_up(REGULARISERS, part.name, "regulariser", part.settings) for part in config.regularisers
        ),
        augmentations=(),
        transforms=(),
    )
    compute = Compute(torch.device("cpu"), torch.float32)
    return AdversarialNetworks(parts, config, TruePoints(target), SHAPE, compute)


def hidden(inputs: int, width: int) -> list[nn.Module]:
    """Return the hidden layers of every network in the plane, (n, inputs) -> (n, width)."""
    widths = pairwise((inputs, *[width] * LAYERS))
    return [layer for before, after in widths for layer in (nn.Linear(before, after), nn.LeakyReLU(0.2))]
