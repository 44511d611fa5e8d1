"""A style-based generator with style mixing."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import instance_norm, interpolate, leaky_relu, pixel_shuffle

from ganaug_core.architectures.discriminating import ConditionalDiscriminator, trunk_channels
from ganaug_core.architectures.layers import ClassEmbedding, apply_prior
from ganaug_core.architectures.lite import GAIN, SLOPE, Lite, LiteTrunk, convolution
from ganaug_core.architectures.settings import CriticCondition, Prior, check


@dataclass(frozen=True)
class StyleLite:
    """A latent becomes a style; each layer is normalised and takes mean and spread of every channel from its style.

    There is no noise beside the latent, so an image is a function of its latent and class. The latent is not
    normalised, so that truncation, which scales it, has an effect. The discriminator is that of the lite networks.

    Settings:
        width: Channels on the coarsest grid, >= 8; finer grids have 3/4, 1/2, 1/4 and 1/4 of it.
        latent: Length of the latent vector, >= 1.
        class_features: Length of the class embedding of the generator, >= 1.
        styles: Length of a style, >= 1.
        features: Length of the discriminator's last layer, >= 1.
        mixing: Share of training images whose finer layers take the style of another latent, in [0, 1].
        prior: Distribution of the latent, `gaussian` or `uniform`.
        critic_condition: How the discriminator learns the class, `projection` or `concatenation`.

    Source: Karras et al., StyleGAN, 2019, arXiv:1812.04948; AdaIN: Huang and Belongie, 2017, arXiv:1703.06868.
    """

    says: ClassVar[str] = (
        "Coarse shape and fine texture can be mixed from two images; instance norm can draw blobs, and it needs a "
        "longer run than the lite networks."
    )
    shared_batches: ClassVar[bool] = True

    width: int = 64
    latent: int = 64
    class_features: int = 32
    styles: int = 64
    features: int = 128
    mixing: float = 0.5
    prior: Prior = "gaussian"
    critic_condition: CriticCondition = "projection"

    def __post_init__(self) -> None:
        check(self)

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return StyleGenerator(self, shape, classes)

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        levels = Lite(width=self.width).widths(shape)
        trunk = LiteTrunk(levels, trunk_channels(shape, self.critic_condition), self.features)
        return ConditionalDiscriminator(trunk, self.features, shape, classes, self.critic_condition)


class StyleGenerator(nn.Module):
    """Latent (n, latent) and labels (n,) -> images (n, channel, row, column), linear output, about [-1, 1]."""

    def __init__(self, part: StyleLite, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.grid, widths = Lite(width=part.width).widths(shape)
        self.prior, self.mixing = part.prior, part.mixing
        self.classes = ClassEmbedding(classes, part.class_features)
        lengths = [part.latent + part.class_features, part.styles, part.styles]
        self.mapping = nn.ModuleList(_linear(inputs, outputs, GAIN) for inputs, outputs in pairwise(lengths))
        self.constant = nn.Parameter(torch.randn(1, widths[0], *self.grid))
        pairs = list(pairwise(widths))
        channels = [(widths[0], widths[0])]
        for coarse, fine in pairs:
            channels += [(coarse, fine), (fine, fine)]
        self.convolutions = nn.ModuleList(convolution(inputs, outputs, GAIN) for inputs, outputs in channels)
        self.affine = nn.ModuleList(_linear(part.styles, 2 * outputs, 0.5) for _, outputs in channels)
        self.last = convolution(widths[-1], 4 * shape[0], 0.5)

    @property
    def layers(self) -> int:
        """Number of styles of an image, coarse to fine."""
        return len(self.convolutions)

    def styles(self, latent: Tensor, labels: Tensor) -> Tensor:
        """Return (n, layer, style), the same style for every layer."""
        hidden = torch.cat([apply_prior(latent, self.prior), self.classes(labels)], 1)  # (n, latent + class feature)
        for layer in self.mapping:
            hidden = leaky_relu(layer(hidden), SLOPE)
        return hidden[:, None].expand(-1, self.layers, -1)

    def paint(self, styles: Tensor) -> Tensor:
        """Return the images (n, channel, row, column) of styles (n, layer, style)."""
        hidden = self.constant.expand(len(styles), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        for number, (layer, affine) in enumerate(zip(self.convolutions, self.affine, strict=True)):
            if number % 2:  # every other layer begins a finer grid
                hidden = interpolate(hidden, scale_factor=2.0)
            spread, mean = affine(styles[:, number])[:, :, None, None].chunk(2, 1)  # (n, channel, 1, 1) each
            hidden = instance_norm(leaky_relu(layer(hidden), SLOPE)) * (1 + spread) + mean
        return pixel_shuffle(self.last(hidden), 2)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        styles = self.styles(latent, labels)
        if self.training and self.mixing:
            other = self.styles(latent.roll(1, 0), labels)
            n = len(latent)
            # first layer that takes the other style, (n, 1)
            crossover = (
                torch.randint(1, self.layers, (n, 1)) if self.layers > 1 else torch.ones(n, 1, dtype=torch.int64)
            )
            crossover = torch.where(torch.rand(n, 1) < self.mixing, crossover, self.layers)
            is_other = (torch.arange(self.layers) >= crossover).to(styles.device)  # (n, layer)
            styles = torch.where(is_other[:, :, None], other, styles)
        return self.paint(styles)


def _linear(inputs: int, outputs: int, gain: float) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, 0.0, gain / inputs**0.5)
    nn.init.zeros_(layer.bias)
    return layer
