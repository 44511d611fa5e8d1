"""Fully connected networks."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from ganaug_core.architectures.discriminating import ConditionalDiscriminator, trunk_channels
from ganaug_core.architectures.layers import ClassEmbedding, apply_prior
from ganaug_core.architectures.settings import CriticCondition, Prior, check


@dataclass(frozen=True)
class MLP:
    """Three layers on each side that know nothing of neighbouring pixels.

    Settings:
        width: Units of the hidden layers, >= 8.
        latent: Length of the latent vector, >= 1.
        class_features: Length of the class embedding of the generator, >= 1.
        prior: Distribution of the latent, `gaussian`, or `uniform` as in the paper.
        critic_condition: How the discriminator learns the class, `concatenation` or `projection`.

    Source: Goodfellow et al., 2014, arXiv:1406.2661; with classes: Mirza and Osindero, 2014, arXiv:1411.1784. Maxout
    units are leaky ones here.
    """

    says: ClassVar[str] = (
        "The first GANs, and small images such as digits; images are speckled, and at 64 pixels it hardly gets beyond "
        "the mean image."
    )
    shared_batches: ClassVar[bool] = True

    width: int = 256
    latent: int = 64
    class_features: int = 32
    prior: Prior = "gaussian"
    critic_condition: CriticCondition = "concatenation"

    def __post_init__(self) -> None:
        check(self)

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return MLPGenerator(self, shape, classes)

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        pixels = trunk_channels(shape, self.critic_condition) * shape[1] * shape[2]
        trunk = nn.Sequential(nn.Flatten(), *_layers(pixels, self.width, self.width, slope=0.2))
        return ConditionalDiscriminator(trunk, self.width, shape, classes, self.critic_condition)


class MLPGenerator(nn.Module):
    """Latent (n, latent) and labels (n,) -> images (n, channel, row, column) in (-1, 1)."""

    def __init__(self, part: MLP, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.shape, self.prior = shape, part.prior
        self.classes = ClassEmbedding(classes, part.class_features)
        self.layers = nn.Sequential(*_layers(part.latent + part.class_features, part.width, 2 * part.width, slope=0.0))
        self.last = nn.Linear(2 * part.width, shape[0] * shape[1] * shape[2])

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        hidden = self.layers(torch.cat([apply_prior(latent, self.prior), self.classes(labels)], 1))  # (n, 2 * width)
        return torch.tanh(self.last(hidden)).view(-1, *self.shape)


def _layers(*widths: int, slope: float) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(slope)]
    return layers
