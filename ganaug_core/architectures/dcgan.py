"""The classic DCGAN."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from ganaug_core.architectures.discriminating import ConditionalDiscriminator, trunk_channels
from ganaug_core.architectures.grid import doublings
from ganaug_core.architectures.layers import ClassEmbedding, ConditionalBatchNorm, WarmUpBatchNorm, apply_prior
from ganaug_core.architectures.settings import LATER, Condition, CriticCondition, Prior, check

Doubling = Literal["transposed", "nearest"]


@dataclass(frozen=True)
class DCGAN:
    """Strided convolutions with batch norm; the class enters as an embedding (generator) and a plane (discriminator).

    Batch norm in the discriminator sees a whole batch at once, so an image's logit depends on its neighbours, and real
    and generated images go through it one after the other; mixed in one batch they would tell it what they are.

    Settings:
        width: Channels on the coarsest grid, >= 8, halved on every finer one down to 8.
        latent: Length of the latent vector, >= 1.
        class_features: Length of the class embedding of the generator, >= 1.
        prior: Distribution of the latent, `gaussian`, or `uniform` as in the paper.
        doubling: How the generator doubles a grid: `transposed` convolutions, or `nearest` pixels and a convolution,
            which leave no checkerboard (Odena et al., 2016, distill.pub/2016/deconv-checkerboard).
        critic_batch_norm: Whether the discriminator has batch norm; without it gradient penalties are possible.
        condition: How the generator learns the class: `concatenation` to the latent, or conditional `batch_norm`.
        critic_condition: How the discriminator learns the class, `concatenation` or `projection`.

    Source: Radford et al., 2016, arXiv:1511.06434; conditions: Mirza and Osindero, 2014, arXiv:1411.1784.
    """

    says: ClassVar[str] = (
        "The network that everybody compares with: quick, grainy; batch norm couples the images of a batch, and "
        "without a penalty it often collapses."
    )

    width: int = 64
    latent: int = 64
    class_features: int = 32
    prior: Prior = field(default="gaussian", metadata=LATER)
    doubling: Doubling = field(default="transposed", metadata=LATER)
    critic_batch_norm: bool = field(default=True, metadata=LATER)
    condition: Condition = field(default="concatenation", metadata=LATER)
    critic_condition: CriticCondition = field(default="concatenation", metadata=LATER)

    def __post_init__(self) -> None:
        check(self)

    @property
    def shared_batches(self) -> bool:
        return not self.critic_batch_norm

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return DCGANGenerator(self, shape, classes)

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        grid, widths = self.widths(shape)
        trunk = DCGANTrunk(
            widths[::-1], trunk_channels(shape, self.critic_condition), batch_norm=self.critic_batch_norm
        )
        return ConditionalDiscriminator(trunk, widths[0] * grid[0] * grid[1], shape, classes, self.critic_condition)

    def widths(self, shape: tuple[int, int, int]) -> tuple[tuple[int, int], list[int]]:
        """Return the coarsest grid and the channels of every level, coarse to fine (the last is full resolution)."""
        grid, count = doublings(*shape[1:])
        return grid, [max(8, self.width >> level) for level in range(count + 1)]


class DCGANGenerator(nn.Module):
    """Latent (n, latent) and labels (n,) -> images (n, channel, row, column) in (-1, 1)."""

    def __init__(self, part: DCGAN, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.grid, widths = part.widths(shape)
        self.prior = part.prior
        self.classes = ClassEmbedding(classes, part.class_features)
        inputs = part.latent + part.class_features
        self.start = nn.Linear(inputs, widths[0] * self.grid[0] * self.grid[1], bias=False)

        def norm(channels: int) -> nn.Module:
            if part.condition == "batch_norm":
                return ConditionalBatchNorm(channels, part.class_features)
            return WarmUpBatchNorm(channels)

        layers: list[nn.Module] = [norm(widths[0]), nn.ReLU()]
        for coarse, fine in pairwise(widths):
            layers += [_doubling_layer(coarse, fine, part.doubling), norm(fine), nn.ReLU()]
        self.layers = nn.ModuleList([*layers, nn.Conv2d(widths[-1], shape[0], 3, padding=1), nn.Tanh()])
        self.apply(initialise_as_dcgan)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        condition = self.classes(labels)  # (n, class feature)
        hidden: Tensor = self.start(torch.cat([apply_prior(latent, self.prior), condition], 1))
        hidden = hidden.view(len(latent), -1, *self.grid)  # (n, channel, row, column)
        for layer in self.layers:
            hidden = layer(hidden, condition) if isinstance(layer, ConditionalBatchNorm) else layer(hidden)
        return hidden


class DCGANTrunk(nn.Sequential):
    """Images (n, channels, row, column) -> (n, features); `widths` from fine to coarse."""

    def __init__(self, widths: list[int], channels: int, *, batch_norm: bool) -> None:
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 3, padding=1), nn.LeakyReLU(0.2)]
        for fine, coarse in pairwise(widths):
            norm = [WarmUpBatchNorm(coarse)] if batch_norm else []
            layers += [nn.Conv2d(fine, coarse, 4, 2, 1, bias=not batch_norm), *norm, nn.LeakyReLU(0.2)]
        super().__init__(*layers, nn.Flatten())
        # without batch norm N(0, 0.02) would let the signal die out
        if batch_norm:
            self.apply(initialise_as_dcgan)


def initialise_as_dcgan(module: nn.Module) -> None:
    """Convolutions start at N(0, 0.02), as in the paper."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)


def _doubling_layer(coarse: int, fine: int, doubling: Doubling) -> nn.Module:
    if doubling == "transposed":
        return nn.ConvTranspose2d(coarse, fine, 4, 2, 1, bias=False)
    return nn.Sequential(nn.Upsample(scale_factor=2.0), nn.Conv2d(coarse, fine, 3, padding=1, bias=False))
