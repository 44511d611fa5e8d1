"""The weight clipping of the first WGAN."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class WeightClipping:
    """Cut every weight of the discriminator to [-limit, limit] after each of its steps.

    Settings:
        limit: Largest weight, > 0.

    Source: Arjovsky et al., 2017, arXiv:1701.07875, who call it a terrible way to bound the slope.
    """

    says: ClassVar[str] = (
        "The first WGAN, to compare with: it bounds the critic's slope; weights pile up at the limit and the images "
        "stay simple and soft."
    )

    limit: float = 0.01

    def __post_init__(self) -> None:
        if not 0 < self.limit < float("inf"):
            raise ConfigurationError(
                f"Weights cannot be clipped at {self.limit}.", do="Choose a limit above 0, such as 0.01."
            )

    @torch.no_grad()
    def constrain(self, discriminator: nn.Module) -> None:
        """Clip the weights in place."""
        weights = [parameter.data for parameter in discriminator.parameters()]
        torch._foreach_clamp_min_(weights, -self.limit)
        torch._foreach_clamp_max_(weights, self.limit)
