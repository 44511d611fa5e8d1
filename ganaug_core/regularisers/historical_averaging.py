"""Historical averaging."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class HistoricalAveraging:
    """Both players pay for the squared distance of their weights to the mean of all their earlier weights.

    Settings:
        weight: Strength, > 0.

    Source: Salimans et al., 2016, arXiv:1606.03498, 3.3.
    """

    says: ClassVar[str] = "Damps games that circle around a solution; long runs are held back by their own beginnings."

    weight: float = 1e-3

    def __post_init__(self) -> None:
        if not 0 < self.weight < float("inf"):
            raise ConfigurationError(
                f"Historical averaging with weight {self.weight} cannot be.", do="Choose a weight above 0."
            )

    def historical_penalty(self, weights: Sequence[Tensor], averages: Sequence[Tensor]) -> Tensor:
        """Return the weighted squared distance, a scalar >= 0."""
        distances = [(weight - average).square().sum() for weight, average in zip(weights, averages, strict=True)]
        return self.weight * torch.stack(distances).sum()
