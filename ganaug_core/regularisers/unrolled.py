"""The unrolled discriminator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import LogitFunction


@dataclass(frozen=True)
class Unrolled:
    """The generator is judged by the discriminator after some more steps against it, and learns through those steps.

    Settings:
        steps: Steps ahead, from 1 to 20.
        rate: Length of a step, > 0.

    Source: Metz et al., 2017, arXiv:1611.02163. The steps ahead are plain gradient steps, as in its equations.
    """

    says: ClassVar[str] = (
        "Against hopping from mode to mode, because the generator sees the answer coming; every step ahead costs about "
        "as much as a step."
    )

    steps: int = 3
    rate: float = 1e-3

    def __post_init__(self) -> None:
        if type(self.steps) is not int or not (1 <= self.steps <= 20 and 0 < self.rate <= 1):
            raise ConfigurationError(
                f"A discriminator cannot be unrolled for {self.steps} steps of {self.rate}.",
                do="Choose 1 to 20 steps and a rate above 0, up to 1.",
            )

    def unroll(self, discriminator: nn.Module, loss: Callable[[LogitFunction], Tensor]) -> LogitFunction:
        """Return the discriminator `steps` steps ahead; the one that was given does not change."""
        weights: dict[str, Tensor] = dict(discriminator.named_parameters())
        buffers = {name: buffer.clone() for name, buffer in discriminator.named_buffers()}
        for _ in range(self.steps):
            gradients = torch.autograd.grad(
                loss(_with(discriminator, weights, buffers)),
                list(weights.values()),
                create_graph=True,
                allow_unused=True,
            )
            weights = {
                name: weight if gradient is None else weight - self.rate * gradient
                for (name, weight), gradient in zip(weights.items(), gradients, strict=True)
            }
        return _with(discriminator, weights, buffers)


def _with(module: nn.Module, weights: dict[str, Tensor], buffers: dict[str, Tensor]) -> LogitFunction:
    def discriminate(images: Tensor, labels: Tensor) -> Tensor:
        logits: Tensor = functional_call(module, (weights, buffers), (images, labels))
        return logits

    return discriminate
