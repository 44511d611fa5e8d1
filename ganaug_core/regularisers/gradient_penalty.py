"""The gradient penalty of WGAN-GP."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganaug_core.draws import drawn
from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class UnitGradient:
    """Weight times the mean squared difference of the gradient's norm to 1, between real and generated images.

    Settings:
        weight: Strength, >= 0; the paper's lambda. It falls over the second half of a run to `final_penalty` times
            that: in the recommended recipe from 10 to 1, in recipes of the literature it stays.
        every: Steps between two penalties, >= 1; the penalty is multiplied by it.

    Source: Gulrajani et al., 2017, arXiv:1704.00028.
    """

    says: ClassVar[str] = (
        "Makes the Wasserstein loss trainable; needs a critic without batch norm and costs a second backward pass."
    )

    weight: float = 10.0
    every: int = 1

    def __post_init__(self) -> None:
        if not (self.weight >= 0 and self.every >= 1 and self.every == int(self.every)):
            raise ConfigurationError(
                f"A gradient penalty with weight {self.weight} every {self.every} steps cannot be.",
                do="Choose weight >= 0 and every >= 1, a whole number.",
            )

    def interpolate(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return images (n, channel, row, column), each somewhere on the line between a real and a generated one."""
        share = drawn(lambda n: torch.rand(n, 1, 1, 1), len(real)).to(real.device)
        return share * real + (1 - share) * fake

    def interpolated_penalty(self, gradient: Tensor, strength: float) -> Tensor:
        """Return a scalar >= 0."""
        norm = torch.linalg.vector_norm(gradient.float().flatten(1), dim=1)  # (n,)
        penalty: Tensor = (norm - 1).square().mean() * (self.weight * strength * self.every)
        return penalty
