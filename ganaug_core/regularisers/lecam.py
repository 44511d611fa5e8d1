"""LeCam regularisation."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class LeCam:
    """Logits of real images pay for their distance to what generated ones got of late, and the other way round.

    Settings:
        weight: Strength, > 0; the paper's lambda.
        decay: Of the averages of earlier logits, in (0, 1).

    Source: Tseng et al., 2021, arXiv:2104.03310, equations 3 and 4; with the Wasserstein loss it bounds a LeCam
    divergence.
    """

    says: ClassVar[str] = (
        "For small cohorts, whose images the discriminator learns by heart: its answers for real and generated images "
        "stay near each other."
    )

    weight: float = 0.3
    decay: float = 0.99

    def __post_init__(self) -> None:
        if not (0 < self.weight < float("inf") and 0 < self.decay < 1):
            raise ConfigurationError(
                f"LeCam regularisation with weight {self.weight} and decay {self.decay} cannot be.",
                do="Choose a weight above 0 and a decay between 0 and 1.",
            )

    def logit_penalty(self, real_logits: Tensor, fake_logits: Tensor, averages: Tensor) -> Tensor:
        """Return a scalar >= 0 for logits (n,) each and the averages (2,) of earlier real and generated ones."""
        to_fake = (real_logits - averages[1]).square().mean()
        to_real = (fake_logits - averages[0]).square().mean()
        return self.weight * (to_fake + to_real)
