"""The gradient penalty of DRAGAN."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class AroundReal:
    """Weight times the mean squared difference of the gradient's norm to 1, at real images with noise on them.

    Settings:
        weight: Strength, >= 0; the paper's lambda.
        spread: Standard deviation of the noise as a share of that of the batch's pixels, > 0.
        every: Steps between two penalties, >= 1; the penalty is multiplied by it.

    Source: Kodali et al., DRAGAN, 2017, arXiv:1705.07215; the noise is Gaussian as in its formula, and as large as in
    its code.
    """

    says: ClassVar[str] = (
        "Against sharp slopes near real images, where some think that collapse begins; it says nothing of places where "
        "only generated images are."
    )

    weight: float = 10.0
    spread: float = 0.5
    every: int = 1

    def __post_init__(self) -> None:
        whole = self.every >= 1 and self.every == int(self.every)
        if not (self.weight >= 0 and 0 < self.spread < float("inf") and whole):
            raise ConfigurationError(
                f"A penalty with weight {self.weight} and spread {self.spread} every {self.every} steps cannot be.",
                do="Choose weight >= 0, spread > 0 and every >= 1, a whole number.",
            )

    def interpolate(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the real images (n, channel, row, column) with noise on every pixel."""
        noise = torch.randn(real.shape).to(real)
        return real + self.spread * real.std() * noise

    def interpolated_penalty(self, gradient: Tensor, strength: float) -> Tensor:
        """Return a scalar >= 0."""
        norm = torch.linalg.vector_norm(gradient.float().flatten(1), dim=1)  # (n,)
        penalty: Tensor = (norm - 1).square().mean() * (self.weight * strength * self.every)
        return penalty
