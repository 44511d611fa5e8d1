"""Residual networks at full resolution, with attention and with BigGAN's conditions."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu

from ganaug_core.architectures.discriminating import ConditionalDiscriminator, trunk_channels
from ganaug_core.architectures.grid import doublings
from ganaug_core.architectures.layers import (
    ClassEmbedding,
    ConditionalBatchNorm,
    SelfAttention,
    WarmUpBatchNorm,
    apply_prior,
)
from ganaug_core.architectures.settings import Condition, CriticCondition, Prior, check
from ganaug_core.errors import ConfigurationError

SLOPE = 0.1
_ATTENTION_SIDE = 16  # rows and columns; the cost grows with the fourth power of the side


@dataclass(frozen=True)
class Residual:
    """Two convolutions beside a shortcut per level, no norm in the discriminator.

    Settings:
        width: Channels of the two coarsest grids, >= 8, halved on every finer one down to 8.
        latent: Length of the latent vector, >= 1.
        class_features: Length of the class embedding of the generator, >= 1.
        prior: Distribution of the latent, `gaussian` or `uniform`.
        condition: How the generator learns the class: `concatenation` to the latent, or conditional `batch_norm`.
        critic_condition: How the discriminator learns the class, `projection` or `concatenation`.

    Source: Gulrajani et al., 2017, arXiv:1704.00028; Miyato et al., 2018, arXiv:1802.05957. Leaky units in the
    discriminator are ours.
    """

    says: ClassVar[str] = (
        "The network of WGAN-GP and SNGAN: steady and deep; it computes at full size, so a processor manages only some "
        "hundred images a second."
    )
    shared_batches: ClassVar[bool] = True

    width: int = 64
    latent: int = 64
    class_features: int = 32
    prior: Prior = "gaussian"
    condition: Condition = "batch_norm"
    critic_condition: CriticCondition = "projection"

    def __post_init__(self) -> None:
        check(self)

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        chunks = [self.class_features] * doublings(*shape[1:])[1]
        return ResidualGenerator(self, shape, classes, chunks if self.condition == "batch_norm" else None)

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return residual_discriminator(self, shape, classes)


@dataclass(frozen=True)
class Attention:
    """The residual networks with one layer of self-attention each, on the grid of 16 and more rows.

    Settings:
        width: Channels of the two coarsest grids, >= 8, halved on every finer one down to 8.
        latent: Length of the latent vector, >= 1.
        class_features: Length of the class embedding of the generator, >= 1.
        prior: Distribution of the latent, `gaussian` or `uniform`.
        condition: How the generator learns the class: conditional `batch_norm`, or `concatenation` to the latent.
        critic_condition: How the discriminator learns the class, `projection` or `concatenation`.

    Source: Zhang et al., SAGAN, 2019, arXiv:1805.08318.
    """

    says: ClassVar[str] = (
        "For structures that belong together across the image, such as both lungs; slow, and short runs do not reach "
        "the point where attention pays."
    )
    shared_batches: ClassVar[bool] = True

    width: int = 64
    latent: int = 64
    class_features: int = 32
    prior: Prior = "gaussian"
    condition: Condition = "batch_norm"
    critic_condition: CriticCondition = "projection"

    def __post_init__(self) -> None:
        check(self)

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        chunks = [self.class_features] * doublings(*shape[1:])[1]
        return ResidualGenerator(
            self, shape, classes, chunks if self.condition == "batch_norm" else None, attention=True
        )

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return residual_discriminator(self, shape, classes, attention=True)


@dataclass(frozen=True)
class BigGANLite:
    """A part of the latent and the class steer every norm of the generator; convolutions start orthogonal.

    Truncation, which BigGAN made known, is asked for when images are drawn: latents are scaled there, where the paper
    draws values beyond a threshold again.

    Settings:
        width: Channels of the two coarsest grids, >= 8, halved on every finer one down to 8.
        latent: Length of the latent vector, at least one for every level and the start.
        class_features: Length of the class embedding that all norms share, >= 1.
        prior: Distribution of the latent, `gaussian` or `uniform`.
        attention: Whether both networks have a layer of self-attention.
        critic_condition: How the discriminator learns the class, `projection` or `concatenation`.

    Source: Brock et al., 2019, arXiv:1809.11096, far smaller.
    """

    says: ClassVar[str] = (
        "Many classes and drawing with truncation; conditional batch norm swung between seeds here, and a rare class "
        "is forgotten first."
    )
    shared_batches: ClassVar[bool] = True

    width: int = 64
    latent: int = 60
    class_features: int = 32
    prior: Prior = "gaussian"
    attention: bool = True
    critic_condition: CriticCondition = "projection"

    def __post_init__(self) -> None:
        check(self)

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        levels = doublings(*shape[1:])[1]
        chunk = self.latent // (levels + 1)
        if chunk < 1:
            raise ConfigurationError(
                f"A latent of {self.latent} numbers cannot be shared by {levels} levels and the start.",
                do=f"Choose a latent of at least {levels + 1}.",
            )
        chunks = [self.class_features + chunk] * levels
        network = ResidualGenerator(self, shape, classes, chunks, chunk=chunk, attention=self.attention)
        network.apply(_orthogonal)
        return network

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        network = residual_discriminator(self, shape, classes, attention=self.attention)
        network.apply(_orthogonal)
        return network


def levels_of(width: int, shape: tuple[int, int, int]) -> tuple[tuple[int, int], list[int]]:
    """Return the coarsest grid and the channels of every level, coarse to fine (the last is full resolution)."""
    grid, count = doublings(*shape[1:])
    return grid, [max(8, width >> max(0, level - 1)) for level in range(count + 1)]


class ResidualGenerator(nn.Module):
    """Latent (n, latent) and labels (n,) -> images (n, channel, row, column) in (-1, 1).

    Args:
        conditions: Length of the condition of each level's norms; None for plain norms and the class in the latent.
        chunk: Share of the latent that joins each level's condition; 0 where all of it is at the start.
    """

    def __init__(
        self,
        part: Residual | Attention | BigGANLite,
        shape: tuple[int, int, int],
        classes: int,
        conditions: list[int] | None,
        *,
        chunk: int = 0,
        attention: bool = False,
    ) -> None:
        super().__init__()
        self.grid, widths = levels_of(part.width, shape)
        self.prior, self.chunk, self.conditional = part.prior, chunk, conditions is not None
        self.classes = ClassEmbedding(classes, part.class_features)
        pairs = list(pairwise(widths))
        self.first = part.latent - chunk * len(pairs)
        inputs = self.first + (0 if self.conditional else part.class_features)
        self.start = nn.Linear(inputs, widths[0] * self.grid[0] * self.grid[1])
        lengths = conditions or [0] * len(pairs)
        self.blocks = nn.ModuleList(
            UpBlock(coarse, fine, length) for (coarse, fine), length in zip(pairs, lengths, strict=True)
        )
        self.attend_after = attention_level(self.grid, len(pairs))
        self.attention = SelfAttention(widths[self.attend_after + 1]) if attention else None
        self.norm = WarmUpBatchNorm(widths[-1])
        self.last = nn.Conv2d(widths[-1], shape[0], 3, padding=1)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        latent, condition = apply_prior(latent, self.prior), self.classes(labels)  # (n, latent), (n, class feature)
        first, rest = latent[:, : self.first], latent[:, self.first :]
        hidden = self.start(first if self.conditional else torch.cat([first, condition], 1))
        hidden = hidden.view(len(latent), -1, *self.grid)  # (n, channel, row, column)
        for level, block in enumerate(self.blocks):
            chunk = rest[:, level * self.chunk : (level + 1) * self.chunk]  # (n, chunk)
            hidden = block(hidden, torch.cat([condition, chunk.to(condition.dtype)], 1))
            if self.attention is not None and level == self.attend_after:
                hidden = self.attention(hidden)
        return torch.tanh(self.last(leaky_relu(self.norm(hidden), SLOPE)))


class UpBlock(nn.Module):
    """Double the grid, beside a doubled shortcut; `condition` 0 means plain norms."""

    def __init__(self, coarse: int, fine: int, condition: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(
            ConditionalBatchNorm(channels, condition) if condition else WarmUpBatchNorm(channels)
            for channels in (coarse, fine)
        )
        self.convolutions = nn.ModuleList([nn.Conv2d(coarse, fine, 3, padding=1), nn.Conv2d(fine, fine, 3, padding=1)])
        self.shortcut = nn.Conv2d(coarse, fine, 1)

    def forward(self, hidden: Tensor, condition: Tensor) -> Tensor:
        inner = hidden
        for number, (norm, convolution) in enumerate(zip(self.norms, self.convolutions, strict=True)):
            inner = norm(inner, condition) if isinstance(norm, ConditionalBatchNorm) else norm(inner)
            inner = leaky_relu(inner, SLOPE)
            inner = convolution(interpolate(inner, scale_factor=2.0) if number == 0 else inner)
        return inner + interpolate(self.shortcut(hidden), scale_factor=2.0)


class ResidualTrunk(nn.Module):
    """Images (n, channels, row, column) -> (n, width of the coarsest grid), 4 times the mean over its places.

    SAGAN and BigGAN sum over 4 x 4 places; the mean times 4 is a quarter of that there, and the same for every grid.
    """

    def __init__(self, widths: list[int], grid: tuple[int, int], channels: int, *, attention: bool) -> None:
        super().__init__()
        pairs = list(pairwise([channels, *widths[-2::-1]]))
        self.blocks = nn.ModuleList(
            DownBlock(fine, coarse, first=level == 0) for level, (fine, coarse) in enumerate(pairs)
        )
        # the same grid as in the generator, which is reached from the other side
        self.attend_after = len(pairs) - 2 - attention_level(grid, len(pairs))
        self.attention = SelfAttention(pairs[max(0, self.attend_after)][1]) if attention else None
        self.last = nn.Conv2d(widths[0], widths[0], 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        hidden = images
        for level, block in enumerate(self.blocks):
            hidden = block(hidden)
            if self.attention is not None and level == max(0, self.attend_after):
                hidden = self.attention(hidden)
        hidden = hidden + self.last(leaky_relu(hidden, SLOPE))
        return leaky_relu(hidden, SLOPE).mean((2, 3)) * 4  # (n, channel)


class DownBlock(nn.Module):
    """Halve the grid, beside a halved shortcut; the first one sees the image itself."""

    def __init__(self, fine: int, coarse: int, *, first: bool) -> None:
        super().__init__()
        self.first = first
        self.convolutions = nn.ModuleList(
            [nn.Conv2d(fine, coarse, 3, padding=1), nn.Conv2d(coarse, coarse, 3, padding=1)]
        )
        self.shortcut = nn.Conv2d(fine, coarse, 1)

    def forward(self, hidden: Tensor) -> Tensor:
        first, second = self.convolutions
        inner = first(hidden if self.first else leaky_relu(hidden, SLOPE))
        inner = second(leaky_relu(inner, SLOPE))
        halved: Tensor = avg_pool2d(inner, 2) + self.shortcut(avg_pool2d(hidden, 2))
        return halved


def residual_discriminator(
    part: Residual | Attention | BigGANLite, shape: tuple[int, int, int], classes: int, *, attention: bool = False
) -> ConditionalDiscriminator:
    """Return the discriminator of these networks."""
    grid, widths = levels_of(part.width, shape)
    trunk = ResidualTrunk(widths, grid, trunk_channels(shape, part.critic_condition), attention=attention)
    return ConditionalDiscriminator(trunk, widths[0], shape, classes, part.critic_condition)


def attention_level(grid: tuple[int, int], levels: int) -> int:
    """Return after which doubling attention comes: the first grid of 16 rows and columns, else the last but one."""
    for level in range(levels):
        if min(grid) << (level + 1) >= _ATTENTION_SIDE:
            return min(level, max(0, levels - 2))
    return max(0, levels - 2)


def _orthogonal(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.orthogonal_(module.weight)
