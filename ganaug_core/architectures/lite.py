"""Small norm-free residual networks that never compute at full resolution."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu, pixel_shuffle, pixel_unshuffle

from ganaug_core.architectures.discriminating import ConditionalDiscriminator, trunk_channels
from ganaug_core.architectures.grid import doublings
from ganaug_core.architectures.layers import ClassEmbedding, apply_prior
from ganaug_core.architectures.settings import LATER, CriticCondition, Prior, check

SLOPE = 0.2
GAIN = math.sqrt(2 / (1 + SLOPE**2))
_WIDTH_SHARES = (1.0, 0.75, 0.5, 0.25)  # coarse to fine: the finest grids cost most and need least


@dataclass(frozen=True)
class Lite:
    """One convolution and one residual convolution per level; two-by-two pixels enter and leave as channels.

    Three to four times as many images a second at 64 pixels as residual networks at full resolution. Neither network
    normalises: conditional batch norm in the generator looked better for one seed and worse for the next.

    Settings:
        width: Channels on the coarsest grid, >= 8; finer grids have 3/4, 1/2, 1/4 and 1/4 of it.
        latent: Length of the latent vector, >= 1.
        class_features: Length of the class embedding of the generator, >= 1.
        features: Length of the discriminator's last layer, >= 1.
        prior: Distribution of the latent, `gaussian` or `uniform`.
        critic_condition: How the discriminator learns the class, `projection` or `concatenation`.

    Source: after R3GAN, Huang et al., 2024, arXiv:2501.05441; pixel (un)shuffle, narrow levels and the projection of
    Miyato and Koyama, 2018, arXiv:1802.05637, are where we differ.
    """

    says: ClassVar[str] = (
        "The recommended networks: recognisable images in minutes on a processor; narrow, so fine texture needs a "
        "longer run or more width."
    )
    shared_batches: ClassVar[bool] = True

    width: int = 64
    latent: int = 64
    class_features: int = 32
    features: int = 128
    prior: Prior = field(default="gaussian", metadata=LATER)
    critic_condition: CriticCondition = field(default="projection", metadata=LATER)

    def __post_init__(self) -> None:
        check(self)

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return LiteGenerator(self, shape, classes)

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        trunk = LiteTrunk(self.widths(shape), trunk_channels(shape, self.critic_condition), self.features)
        return ConditionalDiscriminator(trunk, self.features, shape, classes, self.critic_condition)

    def widths(self, shape: tuple[int, int, int]) -> tuple[tuple[int, int], list[int]]:
        """Return the coarsest grid and the channels of every level, coarse to fine (the last is at half resolution)."""
        grid, count = doublings(*shape[1:])
        shares = [_WIDTH_SHARES[min(level, len(_WIDTH_SHARES) - 1)] for level in range(count)]
        return grid, [max(8, int(self.width * share)) for share in shares]


def convolution(inputs: int, outputs: int, gain: float) -> nn.Conv2d:
    """Return a 3 x 3 convolution whose output has `gain` times the input's standard deviation."""
    layer = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(9 * inputs))
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


class LiteGenerator(nn.Module):
    """Latent (n, latent) and labels (n,) -> images (n, channel, row, column), linear output, about [-1, 1]."""

    def __init__(self, part: Lite, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.grid, widths = part.widths(shape)
        self.prior = part.prior
        self.classes = ClassEmbedding(classes, part.class_features)
        self.start = nn.Linear(part.latent + part.class_features, widths[0] * self.grid[0] * self.grid[1])
        pairs = list(pairwise(widths))
        self.up = nn.ModuleList(convolution(coarse, fine, GAIN) for coarse, fine in pairs)
        self.residual = nn.ModuleList(convolution(fine, fine, 0.0) for _, fine in pairs)
        self.last = convolution(widths[-1], 4 * shape[0], 0.5)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        hidden = self.start(torch.cat([apply_prior(latent, self.prior), self.classes(labels)], 1))
        # (n, channel, row, column)
        hidden = hidden.view(len(latent), -1, *self.grid).contiguous(memory_format=torch.channels_last)
        for up, residual in zip(self.up, self.residual, strict=True):
            # the slope before doubling: the same numbers on a quarter of the pixels
            hidden = up(interpolate(leaky_relu(hidden, SLOPE), scale_factor=2.0))
            hidden = hidden + residual(leaky_relu(hidden, SLOPE))
        return pixel_shuffle(self.last(leaky_relu(hidden, SLOPE)), 2)


class LiteTrunk(nn.Module):
    """Images (n, channels, row, column) -> (n, features).

    Args:
        levels: Coarsest grid, and the channels of every level, coarse to fine.
    """

    def __init__(self, levels: tuple[tuple[int, int], list[int]], channels: int, features: int) -> None:
        super().__init__()
        grid, widths = levels[0], levels[1][::-1]
        self.first = convolution(4 * channels, widths[0], GAIN)
        pairs = list(pairwise(widths))
        self.residual = nn.ModuleList(convolution(fine, fine, 0.0) for fine, _ in pairs)
        self.down = nn.ModuleList(convolution(fine, coarse, GAIN) for fine, coarse in pairs)
        self.flat = nn.Linear(widths[-1] * grid[0] * grid[1], features)

    def forward(self, images: Tensor) -> Tensor:
        # (n, 4 * channels, row / 2, column / 2)
        hidden = pixel_unshuffle(images, 2).contiguous(memory_format=torch.channels_last)
        hidden = leaky_relu(self.first(hidden), SLOPE)
        for residual, down in zip(self.residual, self.down, strict=True):
            hidden = hidden + residual(leaky_relu(hidden, SLOPE))
            hidden = leaky_relu(down(avg_pool2d(hidden, 2)), SLOPE)  # half of the rows and columns
        return leaky_relu(self.flat(hidden.flatten(1)), SLOPE)
