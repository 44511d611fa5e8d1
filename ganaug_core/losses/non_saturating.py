"""Non-saturating loss."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

from ganaug_core.losses.smoothing import check_targets, smoothed_loss


@dataclass(frozen=True)
class NonSaturating:
    """The classic game: cross-entropy for the discriminator, -log D(fake) for the generator.

    At logits of 0 the discriminator pays 2 log 2 and the generator log 2.

    Settings:
        real_target: Label of real images for the discriminator, in (0, 1]; below 1 is one-sided smoothing.
        fake_target: Label of generated images, in [0, 1); above 0 as well is two-sided smoothing.

    Source: Goodfellow et al., 2014, arXiv:1406.2661, section 3.
    """

    says: ClassVar[str] = (
        "The game of most classics: the generator keeps its gradient while the discriminator wins; without a penalty "
        "it loses modes and may collapse."
    )
    paired: ClassVar[bool] = False

    real_target: float = 1.0
    fake_target: float = 0.0

    def __post_init__(self) -> None:
        check_targets(self.real_target, self.fake_target)

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar > 0."""
        return smoothed_loss(real_logits, fake_logits, self.real_target, self.fake_target)

    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar > 0; the real logits do not matter."""
        return softplus(-fake_logits).mean()
