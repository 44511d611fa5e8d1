"""Hinge loss."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import relu

from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class Hinge:
    """A sample beyond the margin costs the discriminator nothing.

    Settings:
        margin: Logit that satisfies the discriminator, > 0.

    Source: Lim and Ye, Geometric GAN, 2017, arXiv:1705.02894.
    """

    says: ClassVar[str] = (
        "With spectral normalisation the workhorse of SAGAN and BigGAN; collapsed here at high learning rates and "
        "together with the label term."
    )
    paired: ClassVar[bool] = False

    margin: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.margin < float("inf"):
            raise ConfigurationError(f"A margin of {self.margin} cannot be.", do="Choose a margin above 0, such as 1.")

    def discriminator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar >= 0."""
        return relu(self.margin - real_logits).mean() + relu(self.margin + fake_logits).mean()

    def generator_loss(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Return a scalar, unbounded below; the real logits do not matter."""
        return -fake_logits.mean()
