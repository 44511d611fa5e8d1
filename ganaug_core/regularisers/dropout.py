"""Dropout in the discriminator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn

from ganaug_core.draws import drawn
from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import Discriminator


@dataclass(frozen=True)
class Dropout:
    """Features of the discriminator are left out at random.

    Settings:
        share: Share of features that is left out, in (0, 1).
        layers: `last` leaves features out before the logit, `every` after each layer of the trunk.

    Source: Srivastava et al., 2014, jmlr.org/papers/v15/srivastava14a.html; in the discriminator: Goodfellow et al.,
    2014, arXiv:1406.2661. There it is in every layer.
    """

    says: ClassVar[str] = (
        "Keeps the discriminator from leaning on a few features of a small cohort; a noisy one teaches slowly."
    )
    couples_batch: ClassVar[bool] = False

    share: float = 0.3
    layers: Literal["last", "every"] = "last"

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ConfigurationError(
                f"Dropout with a share of {self.share} cannot be.", do="Choose a share between 0 and 1."
            )
        if self.layers not in ("last", "every"):
            raise ConfigurationError(f"Dropout in layers {self.layers!r} cannot be.", do="Choose last or every.")

    def apply_to(self, discriminator: nn.Module) -> None:
        """Put dropout between the last layer and the logit, and after every layer of the trunk where that is asked."""
        conditional = cast(Discriminator, discriminator)
        conditional.dropout = _SeededDropout(self.share)
        if self.layers == "every":
            inner = [layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
            for layer in inner[:-2]:
                layer.register_forward_hook(_dropping(self.share))


class _SeededDropout(nn.Module):
    """Dropout whose randomness comes from torch's CPU generator, like all other randomness of a run."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, features: Tensor) -> Tensor:
        if not self.training:
            return features
        return _dropped(features, self.share)


def _dropping(share: float) -> Callable[[nn.Module, object, Tensor], Tensor]:
    """Return a hook that leaves numbers out of a layer's output while it learns."""

    def drop(layer: nn.Module, _: object, output: Tensor) -> Tensor:
        return _dropped(output, share) if layer.training else output

    return drop


def _dropped(features: Tensor, share: float) -> Tensor:
    numbers = drawn(lambda n: torch.rand(n, *features.shape[1:]), len(features))
    mask = (numbers >= share).to(features.device)  # (n, feature, ...)
    return features * mask.to(features.dtype) / (1 - share)
