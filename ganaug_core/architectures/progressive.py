"""Networks that grow while they learn."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu

from ganaug_core.architectures.discriminating import ConditionalDiscriminator, trunk_channels
from ganaug_core.architectures.grid import doublings
from ganaug_core.architectures.layers import ClassEmbedding, apply_prior
from ganaug_core.architectures.lite import GAIN, SLOPE, convolution
from ganaug_core.architectures.settings import LATER, CriticCondition, Prior, check

_COARSEST = 8  # rows; beginning with 4, as the paper does, cost more in minutes than it gave


@dataclass(frozen=True)
class Progressive:
    """Both networks begin on the coarsest grid; finer grids fade in one after the other.

    Between two grids the networks first learn on the coarser one, then the finer one fades in for as long. Every grid
    adds its detail to the doubled image of the coarser one, beginning with nothing, so a new grid disturbs neither what
    was learned nor the averaged weights. Real images reach the discriminator at full size, and it averages them down to
    the grid of the moment; every grid looks at the image itself, too.

    Settings:
        width: Channels on the coarsest grid, >= 8, halved on every finer one down to 8.
        latent: Length of the latent vector, >= 1.
        class_features: Length of the class embedding of the generator, >= 1.
        features: Length of the discriminator's last layer, >= 1.
        growth: Share of the budget after which the networks are grown, in [0, 1].
        prior: Distribution of the latent, `gaussian` or `uniform`.
        critic_condition: How the discriminator learns the class, `projection` or `concatenation`.
        fade: `added` lets a finer grid add its detail; `blended` is as published: (1 - alpha) times the doubled image
            of the coarser grid plus alpha times the finer grid's own, alpha from 0 to 1, in both networks.

    Source: Karras et al., 2018, arXiv:1710.10196, figure 2 for `blended`; without its pixel norm and equalised learning
    rate, and from 8 rows on, where it begins with 4: in minutes, every grid costs more than it gives. Adding the grids
    up is the skip of StyleGAN2, Karras et al., 2020, arXiv:1912.04958; with a last layer for each grid, every growth
    lost the contrast.
    """

    says: ClassVar[str] = (
        "Large images from coarse to fine, with quick first steps; a run that is stopped early stays coarse, and "
        "places of details may stick."
    )
    shared_batches: ClassVar[bool] = True

    width: int = 64
    latent: int = 64
    class_features: int = 32
    features: int = 128
    growth: float = 0.4
    prior: Prior = "gaussian"
    critic_condition: CriticCondition = "projection"
    fade: Literal["added", "blended"] = field(default="added", metadata=LATER)

    def __post_init__(self) -> None:
        check(self)

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return GrowingGenerator(self, shape, classes)

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        trunk = GrowingTrunk(self, self.widths(shape), trunk_channels(shape, self.critic_condition))
        return ConditionalDiscriminator(trunk, self.features, shape, classes, self.critic_condition)

    def widths(self, shape: tuple[int, int, int]) -> tuple[tuple[int, int], list[int]]:
        """Return the coarsest grid and the channels of every level, coarse to fine (the last is full resolution)."""
        grid, count = doublings(*shape[1:], smallest=_COARSEST)
        return grid, [max(8, self.width >> level) for level in range(count + 1)]


class Growing(nn.Module):
    """How far a network is grown: a number of levels, whose fraction is the weight of the one that fades in."""

    grown: Tensor

    def __init__(self, levels: int, growth: float) -> None:
        super().__init__()
        self.levels, self.growth = levels, growth
        # float and kept with the weights, because a generator file of a run that was stopped early is half grown
        self.register_buffer("grown", torch.zeros(1))

    def grow(self, share: float) -> None:
        """Set the size for the moment when `share` of the budget is spent."""
        level = (self.levels - 1) * (min(1.0, share / self.growth) if self.growth else 1.0)
        whole = min(int(level), self.levels - 1)
        # half of the time the coarser grid learns alone, then the finer one fades in
        self.grown.fill_(whole + max(0.0, 2 * (level - whole) - 1))

    def level(self) -> tuple[int, float]:
        """Return the finest level in use, 0 for the coarsest grid, and its weight in (0, 1]."""
        grown = float(self.grown)
        whole = min(int(grown), self.levels - 1)
        fading = grown - whole
        return (whole + 1, fading) if fading > 0 else (whole, 1.0)


class GrowingGenerator(Growing):
    """Latent (n, latent) and labels (n,) -> images (n, channel, row, column), linear output, about [-1, 1]."""

    def __init__(self, part: Progressive, shape: tuple[int, int, int], classes: int) -> None:
        grid, widths = part.widths(shape)
        super().__init__(len(widths), part.growth)
        self.grid, self.prior, self.is_blended = grid, part.prior, part.fade == "blended"
        self.classes = ClassEmbedding(classes, part.class_features)
        self.start = nn.Linear(part.latent + part.class_features, widths[0] * self.grid[0] * self.grid[1])
        self.up = nn.ModuleList(convolution(coarse, fine, GAIN) for coarse, fine in pairwise(widths))
        self.refine = nn.ModuleList(convolution(fine, fine, GAIN) for fine in widths)
        # a finer grid begins by adding nothing: what the coarser one has learned is not drawn anew
        self.add = nn.ModuleList(
            convolution(width, shape[0], 0.0 if level and not self.is_blended else 0.5)
            for level, width in enumerate(widths)
        )

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        finest, weight = self.level()
        hidden = self.start(torch.cat([apply_prior(latent, self.prior), self.classes(labels)], 1))
        hidden = leaky_relu(hidden, SLOPE).view(len(latent), -1, *self.grid)  # (n, channel, row, column)
        hidden = leaky_relu(self.refine[0](hidden.contiguous(memory_format=torch.channels_last)), SLOPE)
        images: Tensor = self.add[0](hidden)  # (n, image channel, row, column) of the coarsest grid
        for level in range(1, finest + 1):
            hidden = leaky_relu(self.up[level - 1](interpolate(hidden, scale_factor=2.0)), SLOPE)
            hidden = leaky_relu(self.refine[level](hidden), SLOPE)
            detail = self.add[level](hidden)
            share = weight if level == finest else 1.0
            images = interpolate(images, scale_factor=2.0)
            images = torch.lerp(images, detail, share) if self.is_blended else images + share * detail
        missing = self.levels - 1 - finest
        return interpolate(images, scale_factor=2.0**missing) if missing else images


class GrowingTrunk(Growing):
    """Images (n, channels, row, column) -> (n, features); levels are counted from the coarsest grid."""

    def __init__(self, part: Progressive, levels: tuple[tuple[int, int], list[int]], channels: int) -> None:
        grid, widths = levels
        super().__init__(len(widths), part.growth)
        self.is_blended = part.fade == "blended"
        self.from_image = nn.ModuleList(nn.Conv2d(channels, width, 1) for width in widths)
        self.refine = nn.ModuleList(convolution(width, width, GAIN) for width in widths)
        self.down = nn.ModuleList(convolution(fine, coarse, GAIN) for coarse, fine in pairwise(widths))
        self.flat = nn.Linear(widths[0] * grid[0] * grid[1], part.features)

    def forward(self, images: Tensor) -> Tensor:
        finest, weight = self.level()
        missing = self.levels - 1 - finest
        images = avg_pool2d(images, 2**missing) if missing else images
        hidden = self.from_image[finest](images)  # (n, channel, row, column) of the finest grid in use
        for level in range(finest, 0, -1):
            hidden = self.refine[level](leaky_relu(hidden, SLOPE))
            hidden = self.down[level - 1](avg_pool2d(leaky_relu(hidden, SLOPE), 2))
            images = avg_pool2d(images, 2)
            share = weight if level == finest else 1.0
            coarser = self.from_image[level - 1](images)
            hidden = torch.lerp(coarser, hidden, share) if self.is_blended else coarser + share * hidden
        hidden = leaky_relu(self.refine[0](leaky_relu(hidden, SLOPE)), SLOPE)
        return leaky_relu(self.flat(hidden.flatten(1)), SLOPE)
