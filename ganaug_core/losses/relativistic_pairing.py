"""Relativistic pairing loss."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus


@dataclass(frozen=True)
class RelativisticPairing:
    """Only the difference between a real and a generated logit of the same class counts.

    No minimum lies where one side has dropped to a single mode, but the game needs a zero-centred gradient penalty on
    both sides (R1 and R2) to converge. At equal logits both losses are log 2.

    Source: Jolicoeur-Martineau, 2019, arXiv:1807.00734; Huang et al., R3GAN, 2024, arXiv:2501.05441.
    """

    says: ClassVar[str] = (
        "The recommended game: covers modes and converges with R1 and R2 on both sides; without them it swings or "
        "diverges."
    )
    paired: ClassVar[bool] = True

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar > 0."""
        return softplus(fake_logits - real_logits).mean()

    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar > 0."""
        return softplus(real_logits - fake_logits).mean()
