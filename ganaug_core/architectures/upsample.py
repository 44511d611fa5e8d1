"""Upsampling and convolution, as generators of medical patches are often built."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from ganaug_core.architectures.discriminating import ConditionalDiscriminator, trunk_channels
from ganaug_core.architectures.grid import doublings
from ganaug_core.architectures.layers import ClassEmbedding, ConditionalBatchNorm, WarmUpBatchNorm, apply_prior
from ganaug_core.architectures.settings import Condition, CriticCondition, Prior, check


@dataclass(frozen=True)
class Upsample:
    """Bilinear doubling and two convolutions per level; strided convolutions without a norm judge.

    Bilinear doubling leaves no checkerboard, which in a CT patch looks like a reconstruction kernel.

    Settings:
        width: Channels on the coarsest grid, >= 8, halved on every finer one down to 8.
        latent: Length of the latent vector, >= 1.
        class_features: Length of the class embedding of the generator, >= 1.
        features: Length of the discriminator's last layer, >= 1.
        prior: Distribution of the latent, `gaussian` or `uniform`.
        condition: How the generator learns the class: `concatenation` to the latent, or conditional `batch_norm`.
        critic_condition: How the discriminator learns the class, `concatenation` or `projection`.

    Source: after Frid-Adar et al., 2018, arXiv:1803.01229 (liver lesions of 64 pixels), with the doubling of Odena et
    al., 2016, distill.pub/2016/deconv-checkerboard, in the place of transposed convolutions.
    """

    says: ClassVar[str] = (
        "Smooth patches without checkerboard, as lesion generators are often built; it computes at full size, so it is "
        "slower, and blurs fine texture."
    )
    shared_batches: ClassVar[bool] = True

    width: int = 64
    latent: int = 64
    class_features: int = 32
    features: int = 128
    prior: Prior = "gaussian"
    condition: Condition = "concatenation"
    critic_condition: CriticCondition = "concatenation"

    def __post_init__(self) -> None:
        check(self)

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return UpsampleGenerator(self, shape, classes)

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        grid, widths = self.widths(shape)
        layers: list[nn.Module] = [
            nn.Conv2d(trunk_channels(shape, self.critic_condition), widths[-1], 5, padding=2),
            nn.LeakyReLU(0.2),
        ]
        for fine, coarse in pairwise(widths[::-1]):
            layers += [nn.Conv2d(fine, coarse, 5, 2, 2), nn.LeakyReLU(0.2)]
        layers += [nn.Flatten(), nn.Linear(widths[0] * grid[0] * grid[1], self.features), nn.LeakyReLU(0.2)]
        return ConditionalDiscriminator(nn.Sequential(*layers), self.features, shape, classes, self.critic_condition)

    def widths(self, shape: tuple[int, int, int]) -> tuple[tuple[int, int], list[int]]:
        """Return the coarsest grid and the channels of every level, coarse to fine (the last is full resolution)."""
        grid, count = doublings(*shape[1:])
        return grid, [max(8, self.width >> level) for level in range(count + 1)]


class UpsampleGenerator(nn.Module):
    """Latent (n, latent) and labels (n,) -> images (n, channel, row, column) in (-1, 1)."""

    def __init__(self, part: Upsample, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.grid, widths = part.widths(shape)
        self.prior = part.prior
        self.classes = ClassEmbedding(classes, part.class_features)
        self.start = nn.Linear(part.latent + part.class_features, widths[0] * self.grid[0] * self.grid[1])

        def norm(channels: int) -> nn.Module:
            if part.condition == "batch_norm":
                return ConditionalBatchNorm(channels, part.class_features)
            return WarmUpBatchNorm(channels)

        pairs = list(pairwise(widths))
        self.up = nn.ModuleList(nn.Conv2d(coarse, fine, 3, padding=1, bias=False) for coarse, fine in pairs)
        self.refine = nn.ModuleList(nn.Conv2d(fine, fine, 3, padding=1, bias=False) for _, fine in pairs)
        self.norms = nn.ModuleList(norm(fine) for _, fine in pairs for _ in range(2))
        self.last = nn.Conv2d(widths[-1], shape[0], 3, padding=1)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        condition = self.classes(labels)  # (n, class feature)
        hidden = leaky_relu(self.start(torch.cat([apply_prior(latent, self.prior), condition], 1)), 0.2)
        hidden = hidden.view(len(latent), -1, *self.grid)  # (n, channel, row, column)
        norms = iter(self.norms)
        for up, refine in zip(self.up, self.refine, strict=True):
            hidden = interpolate(hidden, scale_factor=2.0, mode="bilinear", align_corners=False)
            for layer in (up, refine):
                norm = next(norms)
                hidden = layer(hidden)
                hidden = norm(hidden, condition) if isinstance(norm, ConditionalBatchNorm) else norm(hidden)
                hidden = leaky_relu(hidden, 0.2)
        return torch.tanh(self.last(hidden))
