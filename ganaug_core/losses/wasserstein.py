"""Wasserstein loss."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor


@dataclass(frozen=True)
class Wasserstein:
    """The critic estimates the distance that generated images have to travel to become real ones.

    Minus the critic's loss is that estimate, if the critic is held to a slope of 1: it needs weight clipping, the
    gradient penalty or spectral normalisation, and several critic steps to one of the generator.

    Source: Arjovsky et al., 2017, arXiv:1701.07875.
    """

    says: ClassVar[str] = (
        "A loss that falls as images get better, also where real and generated images do not overlap; slow, and "
        "meaningless without a bound on the critic's slope."
    )
    paired: ClassVar[bool] = False

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar of any sign."""
        return fake_logits.mean() - real_logits.mean()

    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar of any sign; the real logits do not matter."""
        return -fake_logits.mean()
