"""Instance noise."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganaug_core.draws import drawn
from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class InstanceNoise:
    """Gaussian noise on every image that the discriminator sees, real or generated; it fades in a straight line.

    Settings:
        deviation: Standard deviation at the beginning, > 0; the range of intensities is 2 long.
        until: Share of the budget after which there is none, in (0, 1].

    Source: Arjovsky and Bottou, 2017, arXiv:1701.04862; Sonderby et al., 2017, arXiv:1610.04490.
    """

    says: ClassVar[str] = (
        "Lets real and generated images overlap at the start, so that the generator has a gradient; while it is "
        "strong, fine texture is not learned."
    )

    deviation: float = 0.1
    until: float = 0.5

    def __post_init__(self) -> None:
        if not (0 < self.deviation < float("inf") and 0 < self.until <= 1):
            raise ConfigurationError(
                f"Noise of {self.deviation} until {self.until} of the budget cannot be.",
                do="Choose a deviation above 0, such as 0.1, and until in (0, 1].",
            )

    def add_noise(self, images: Tensor, share: float) -> Tensor:
        """Return the images with noise of the moment; values may leave [-1, 1]."""
        strength = self.deviation * (1 - share / self.until)
        if strength <= 0:
            return images
        noise = drawn(lambda n: torch.randn(n, *images.shape[1:]), len(images))
        return images + strength * noise.to(images)
