"""What the weights of a run have been."""

from typing import Any

import torch
from torch import Tensor, nn


class Past:
    """Means of all earlier weights of both networks.

    Attributes:
        steps: Number of earlier weights.
    """

    def __init__(self, discriminator: nn.Module, generator: nn.Module) -> None:
        self._weights = {
            "discriminator": list(discriminator.parameters()),
            "generator": list(generator.parameters()),
        }
        self._means = {side: [each.detach().clone() for each in weights] for side, weights in self._weights.items()}
        self.steps = 1

    def of(self, side: str) -> tuple[list[Tensor], list[Tensor]]:
        """Return the weights of `discriminator` or `generator` and the means of their past."""
        return list(self._weights[side]), self._means[side]

    @torch.no_grad()
    def remember(self) -> None:
        """Count the weights of now."""
        self.steps += 1
        for side, means in self._means.items():
            torch._foreach_lerp_(means, [each.detach() for each in self._weights[side]], 1 / self.steps)

    def state(self) -> dict[str, Any]:
        return {"steps": self.steps, **self._means}

    def load(self, state: dict[str, Any]) -> None:
        self.steps = int(state["steps"])
        for side, means in self._means.items():
            for mean, kept in zip(means, state[side], strict=True):
                mean.copy_(kept)
