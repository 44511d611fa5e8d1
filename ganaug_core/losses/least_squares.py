"""Least-squares loss."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor


@dataclass(frozen=True)
class LeastSquares:
    """Half the squared distance of logits to 1 (real) and 0 (generated); the generator wants 1.

    Source: Mao et al., LSGAN, 2017, arXiv:1611.04076, equation 9.
    """

    says: ClassVar[str] = (
        "Gradients that do not vanish on images which are recognised but far off; outliers pull hard, and it collapses "
        "about as easily as the classic game."
    )
    paired: ClassVar[bool] = False

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar >= 0."""
        return ((real_logits - 1).square().mean() + fake_logits.square().mean()) / 2

    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar >= 0; the real logits do not matter."""
        return (fake_logits - 1).square().mean() / 2
