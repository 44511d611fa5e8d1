"""The lite generator with learned noise: what is random in every pixel need not be drawn from the latent."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu, pixel_shuffle

from ganaug_core.architectures.discriminating import ConditionalDiscriminator, trunk_channels
from ganaug_core.architectures.layers import ClassEmbedding, apply_prior
from ganaug_core.architectures.lite import GAIN, SLOPE, Lite, LiteTrunk, convolution
from ganaug_core.architectures.settings import CriticCondition, Prior, check


@dataclass(frozen=True)
class NoiseLite:
    """The lite networks; each finer grid of the generator takes planes of noise, and a style that says how much.

    The style, of latent and class, also scales each channel. The noise follows the latent in what an image is drawn
    from, so a seed keeps its images, and truncation, which scales the latent, leaves the noise alone. The
    discriminator is that of the lite networks.

    Settings:
        width: Channels on the coarsest grid, >= 8; finer grids have 3/4, 1/2, 1/4 and 1/4 of it.
        latent: Length of the latent vector, >= 1.
        class_features: Length of the class embedding of the generator, >= 1.
        styles: Length of the style, >= 1.
        planes: Planes of noise that each finer grid takes, >= 1; the finest has half of the image's rows.
        features: Length of the discriminator's last layer, >= 1.
        prior: Distribution of the latent, `gaussian` or `uniform`; the noise is Gaussian.
        critic_condition: How the discriminator learns the class, `projection` or `concatenation`.

    Source: noise and styles of Karras et al., StyleGAN, 2019, arXiv:1812.04948, without its normalisation; what the
    style does to the noise is ours.
    """

    says: ClassVar[str] = (
        "The lite networks with grain: they can draw noise and fine texture that differ from image to image; nothing "
        "more is known of them at sizes other than 32 and 64 pixels."
    )
    shared_batches: ClassVar[bool] = True

    width: int = 64
    latent: int = 64
    class_features: int = 32
    styles: int = 64
    planes: int = 4
    features: int = 128
    prior: Prior = "gaussian"
    critic_condition: CriticCondition = "projection"

    def __post_init__(self) -> None:
        check(self)

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return NoiseGenerator(self, shape, classes)

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        levels = Lite(width=self.width).widths(shape)
        trunk = LiteTrunk(levels, trunk_channels(shape, self.critic_condition), self.features)
        return ConditionalDiscriminator(trunk, self.features, shape, classes, self.critic_condition)


class NoiseGenerator(nn.Module):
    """Latent and noise (n, latent + noise_length), labels (n,) -> images (n, channel, row, column), about [-1, 1].

    Attributes:
        noise_length: How many numbers of noise follow the latent: those of every plane, coarse to fine.
    """

    def __init__(self, part: NoiseLite, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.grid, widths = Lite(width=part.width).widths(shape)
        self.prior, self.latent = part.prior, part.latent
        self.planes = [(part.planes, self.grid[0] << level, self.grid[1] << level) for level in range(1, len(widths))]
        self.noise_length = sum(planes * rows * columns for planes, rows, columns in self.planes)
        self.classes = ClassEmbedding(classes, part.class_features)
        inputs = part.latent + part.class_features
        self.style = nn.Linear(inputs, part.styles)
        self.start = nn.Linear(inputs, widths[0] * self.grid[0] * self.grid[1])
        pairs = list(pairwise(widths))
        self.up = nn.ModuleList(convolution(coarse, fine, GAIN) for coarse, fine in pairs)
        self.scale = nn.ModuleList(_scale(part.styles, fine) for _, fine in pairs)
        self.noise = nn.ModuleList(_silent(part.planes, fine) for _, fine in pairs)
        self.loudness = nn.ModuleList(_scale(part.styles, fine) for _, fine in pairs)
        self.residual = nn.ModuleList(convolution(fine, fine, 0.0) for _, fine in pairs)
        self.last = convolution(widths[-1], 4 * shape[0], 0.5)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        latent, numbers = torch.split(latent, [self.latent, self.noise_length], 1)
        condition = torch.cat([apply_prior(latent, self.prior), self.classes(labels)], 1)
        style = leaky_relu(self.style(condition), SLOPE)  # (n, style)
        hidden = self.start(condition).view(len(latent), -1, *self.grid)  # (n, channel, row, column)
        hidden = hidden.contiguous(memory_format=torch.channels_last)
        levels = zip(self.up, self.scale, self.noise, self.loudness, self.residual, strict=True)
        for planes, (up, scale, noise, loudness, residual) in zip(self._planes(numbers), levels, strict=True):
            hidden = up(interpolate(leaky_relu(hidden, SLOPE), scale_factor=2.0))
            grain = noise(planes)  # (n, channel, row, column)
            hidden = hidden * scale(style)[:, :, None, None] + grain * loudness(style)[:, :, None, None]
            hidden = hidden + residual(leaky_relu(hidden, SLOPE))
        return pixel_shuffle(self.last(leaky_relu(hidden, SLOPE)), 2)

    def _planes(self, numbers: Tensor) -> Sequence[Tensor]:
        """Return the noise (n, plane, row, column) of each finer grid."""
        lengths = [planes * rows * columns for planes, rows, columns in self.planes]
        return [
            part.view(-1, *size).contiguous(memory_format=torch.channels_last)
            for part, size in zip(torch.split(numbers, lengths, 1), self.planes, strict=True)
        ]


def _scale(styles: int, channels: int) -> nn.Linear:
    """Return a linear layer from a style to one factor a channel, near 1 at first."""
    layer = nn.Linear(styles, channels)
    nn.init.normal_(layer.weight, 0.0, 0.5 / styles**0.5)
    nn.init.ones_(layer.bias)
    return layer


def _silent(planes: int, channels: int) -> nn.Conv2d:
    """Return how noise enters each channel: not at all at first."""
    layer = nn.Conv2d(planes, channels, 1, bias=False)
    nn.init.zeros_(layer.weight)
    return layer
