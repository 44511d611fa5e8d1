"""The classic DCGAN."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from ganaug_core.architectures.grid import doublings
from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class DCGAN:
    """Strided convolutions with batch norm; the class enters as an embedding (generator) and a plane (discriminator).

    Batch norm sees a whole batch at once, so real and generated images go through the discriminator one after the
    other; mixed in one batch they would tell it what they are.

    Settings:
        width: Channels on the coarsest grid, >= 8, halved on every finer one down to 8.
        latent: Length of the latent vector, >= 1.
        class_features: Length of the class embedding of the generator, >= 1.

    Source: Radford et al., 2016, arXiv:1511.06434; conditions: Mirza and Osindero, 2014, arXiv:1411.1784.
    """

    shared_batches: ClassVar[bool] = False

    width: int = 64
    latent: int = 64
    class_features: int = 32

    def __post_init__(self) -> None:
        sizes = (self.width, self.latent, self.class_features)
        if any(type(size) is not int or not 1 <= size <= 4096 for size in sizes) or self.width < 8:
            raise ConfigurationError(
                f"Networks of width {self.width}, latent {self.latent} and class_features {self.class_features} "
                "cannot be built.",
                do="Choose whole numbers from 1 to 4096, and a width of at least 8.",
            )

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return DCGANGenerator(self, shape, classes)

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return DCGANDiscriminator(self, shape, classes)

    def widths(self, shape: tuple[int, int, int]) -> tuple[tuple[int, int], list[int]]:
        """Return the coarsest grid and the channels of every level, coarse to fine (the last is full resolution)."""
        grid, times = doublings(*shape[1:])
        return grid, [max(8, self.width >> level) for level in range(times + 1)]


class DCGANGenerator(nn.Module):
    """Latent (n, latent) and labels (n,) -> images (n, channel, row, column) in (-1, 1)."""

    def __init__(self, part: DCGAN, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.grid, widths = part.widths(shape)
        self.classes = nn.Embedding(classes, part.class_features)
        inputs = part.latent + part.class_features
        self.start = nn.Linear(inputs, widths[0] * self.grid[0] * self.grid[1], bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(widths[0]), nn.ReLU()]
        for coarse, fine in pairwise(widths):
            layers += [nn.ConvTranspose2d(coarse, fine, 4, 2, 1, bias=False), nn.BatchNorm2d(fine), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], shape[0], 3, padding=1), nn.Tanh())
        self.apply(_classic_start)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        hidden = self.start(torch.cat([latent, self.classes(labels)], 1))
        images: Tensor = self.layers(hidden.view(len(latent), -1, *self.grid))
        return images


class DCGANDiscriminator(nn.Module):
    """Images (n, channel, row, column) and labels (n,) or (n, k) -> logits of the labels' shape."""

    def __init__(self, part: DCGAN, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        grid, widths = part.widths(shape)
        widths = widths[::-1]
        self.size = shape[1:]
        self.classes = nn.Embedding(classes, shape[1] * shape[2])
        layers: list[nn.Module] = [nn.Conv2d(shape[0] + 1, widths[0], 3, padding=1), nn.LeakyReLU(0.2)]
        for fine, coarse in pairwise(widths):
            layers += [nn.Conv2d(fine, coarse, 4, 2, 1, bias=False), nn.BatchNorm2d(coarse), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * grid[0] * grid[1], 1))
        self.apply(_classic_start)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        if labels.ndim == 2:
            return torch.stack([self(images, column) for column in labels.unbind(1)], 1)
        plane = self.classes(labels).view(len(labels), 1, *self.size)
        logits: Tensor = self.layers(torch.cat([images, plane.to(images.dtype)], 1))
        return logits.squeeze(1)


def _classic_start(module: nn.Module) -> None:
    """Convolutions start at N(0, 0.02), as in the paper."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
