"""Layers with which the discriminator sees a whole batch, so that a generator cannot send it one image many times."""

from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import Discriminator


@dataclass(frozen=True)
class MinibatchDiscrimination:
    """The logit also depends on how close an image's features are to those of the rest of its batch.

    Features go through `kernels` learned matrices; each gives the sum of exp(-L1 distance) to the other images. Their
    weighted sum joins the logit, which is the same as appending them to the last layer.

    Settings:
        kernels: Number of similarities, from 1 to 512.
        dimensions: Length of the vectors that are compared, from 1 to 64.

    Source: Salimans et al., 2016, arXiv:1606.03498, 3.2.
    """

    says: ClassVar[str] = (
        "Against collapse: a batch of near-equal images is recognised at once; it makes every judgement depend on the "
        "batch and can swing."
    )
    couples_batch: ClassVar[bool] = True

    kernels: int = 16
    dimensions: int = 8

    def __post_init__(self) -> None:
        sizes = ((self.kernels, 512), (self.dimensions, 64))
        if any(type(size) is not int or not 1 <= size <= most for size, most in sizes):
            raise ConfigurationError(
                f"Minibatch discrimination with {self.kernels} kernels of {self.dimensions} dimensions cannot be.",
                do="Choose 1 to 512 kernels and 1 to 64 dimensions.",
            )

    def apply_to(self, discriminator: nn.Module) -> None:
        """Add the similarities to the logit."""
        network = cast(Discriminator, discriminator)
        network.minibatch_layers.append(Similarities(network.features, self.kernels, self.dimensions))


class Similarities(nn.Module):
    """Features (n, features) -> (n,), the weighted similarities to the rest of the batch."""

    def __init__(self, features: int, kernels: int, dimensions: int) -> None:
        super().__init__()
        self.shape = (kernels, dimensions)
        self.compare = nn.Linear(features, kernels * dimensions, bias=False)
        self.weigh = nn.Linear(kernels, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        vectors = self.compare(features).float().view(-1, *self.shape)  # (n, kernel, dimension)
        distances = (vectors[:, None] - vectors[None]).abs().sum(3)  # (n, n, kernel)
        # without the image itself, whose distance is 0
        similarities = torch.exp(-distances).sum(1) - 1  # (n, kernel)
        logits: Tensor = self.weigh(similarities)[:, 0]
        return logits


@dataclass(frozen=True)
class MinibatchDeviation:
    """The logit also depends on how much features vary in groups of a batch.

    Settings:
        group: Images in a group, from 2 to 64; a batch that it does not divide is one group.

    Source: Karras et al., 2018, arXiv:1710.10196, section 3; there it is a feature map before the last convolution,
    here a feature of the last layer.
    """

    says: ClassVar[str] = (
        "Against a narrow generator, nearly free: groups of images that vary too little are recognised; it does not "
        "say which mode is lost."
    )
    couples_batch: ClassVar[bool] = True

    group: int = 4

    def __post_init__(self) -> None:
        if type(self.group) is not int or not 2 <= self.group <= 64:
            raise ConfigurationError(
                f"Groups of {self.group} images cannot be compared.", do="Choose a whole number from 2 to 64."
            )

    def apply_to(self, discriminator: nn.Module) -> None:
        """Add the deviation to the logit."""
        cast(Discriminator, discriminator).minibatch_layers.append(Deviation(self.group))


class Deviation(nn.Module):
    """Features (n, features) -> (n,), a learned multiple of the mean standard deviation in the image's group."""

    def __init__(self, group: int) -> None:
        super().__init__()
        self.group = group
        self.weigh = nn.Linear(1, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        n = len(features)
        size = self.group if n % self.group == 0 else n
        groups = features.float().view(size, n // size, -1)  # (image of a group, group, feature)
        deviation = (groups.var(0, correction=0) + 1e-8).sqrt().mean(1)  # (group,)
        logits: Tensor = self.weigh(deviation.repeat(size)[:, None])[:, 0]
        return logits
