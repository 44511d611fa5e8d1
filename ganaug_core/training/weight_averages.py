"""The means of all earlier weights, which historical averaging compares the weights with."""

from typing import Any

import torch
from torch import Tensor, nn


class HistoricalAverages:
    """Means of all earlier weights of discriminator and generator.

    Attributes:
        steps: Number of earlier weights.
    """

    def __init__(self, discriminator: nn.Module, generator: nn.Module) -> None:
        self._weights = {
            "discriminator": list(discriminator.parameters()),
            "generator": list(generator.parameters()),
        }
        self._means = {
            network: [weight.detach().clone() for weight in weights] for network, weights in self._weights.items()
        }
        self.steps = 1

    def weights_and_means(self, network: str) -> tuple[list[Tensor], list[Tensor]]:
        """Return the weights of `discriminator` or `generator` as they are, and the means of all earlier ones."""
        return list(self._weights[network]), self._means[network]

    @torch.no_grad()
    def update(self) -> None:
        """Count the weights as they are."""
        self.steps += 1
        for network, means in self._means.items():
            torch._foreach_lerp_(means, [weight.detach() for weight in self._weights[network]], 1 / self.steps)

    def state(self) -> dict[str, Any]:
        return {"steps": self.steps, **self._means}

    def load(self, state: dict[str, Any]) -> None:
        self.steps = int(state["steps"])
        for network, means in self._means.items():
            for mean, saved in zip(means, state[network], strict=True):
                mean.copy_(saved)
