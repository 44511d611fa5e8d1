"""Non-saturating loss."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus


@dataclass(frozen=True)
class NonSaturating:
    """The classic game: cross-entropy for the discriminator, -log D(fake) for the generator.

    The generator's gradient does not vanish while the discriminator wins. At logits of 0 the discriminator pays
    2 log 2 and the generator log 2.

    Source: Goodfellow et al., 2014, arXiv:1406.2661, section 3.
    """

    paired: ClassVar[bool] = False

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar > 0."""
        return softplus(-real_logits).mean() + softplus(fake_logits).mean()

    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar > 0; the real logits do not matter."""
        return softplus(-fake_logits).mean()
