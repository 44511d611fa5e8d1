"""Minimax (saturating) loss."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus


@dataclass(frozen=True)
class Minimax:
    """The game of the theory: the generator minimises log(1 - D(fake)), what the discriminator maximises.

    Its gradient vanishes as soon as the discriminator recognises every generated image; here to show that.

    Source: Goodfellow et al., 2014, arXiv:1406.2661, equation 1.
    """

    paired: ClassVar[bool] = False

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar > 0."""
        return softplus(-real_logits).mean() + softplus(fake_logits).mean()

    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar < 0; the real logits do not matter."""
        return -softplus(fake_logits).mean()
