"""Adaptive pseudo augmentation."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganaug_core.draws import drawn
from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class PseudoReal:
    """Generated images are shown as real ones, more of them while the discriminator is too sure of real images.

    Settings:
        target: Mean sign of the logits of what is shown as real, in (0, 1); above it the share rises, below it falls.
        images: Images over which the share may rise from none to all, >= 1.

    Source: Jiang et al., APA, 2021, arXiv:2111.06849; in a paired loss the sign is that of the difference of a pair.
    """

    says: ClassVar[str] = (
        "For small cohorts where no augmentation fits: it holds the discriminator back by deceiving it, and changes no "
        "image."
    )

    target: float = 0.6
    images: int = 500_000

    def __post_init__(self) -> None:
        if not (0 < self.target < 1 and self.images >= 1):
            raise ConfigurationError(
                f"A target of {self.target} over {self.images} images cannot be.",
                do="Choose a target between 0 and 1 and at least one image.",
            )

    def deceive(self, real: Tensor, generated: Tensor, share: Tensor) -> Tensor:
        """Return the real images (n, channel, row, column), each exchanged for a generated one with that chance."""
        exchanged = drawn(lambda n: torch.rand(n, 1, 1, 1), len(real)).to(real.device) < share
        return torch.where(exchanged, generated, real)

    def moved(self, share: Tensor, certainty: Tensor, batch: int) -> Tensor:
        """Return the share in [0, 1] after a batch in which the mean sign of real logits was `certainty`."""
        return (share + (certainty - self.target).sign() * batch / self.images).clamp(0, 1)
