"""Dropout in the discriminator."""

from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import Discriminator


@dataclass(frozen=True)
class Dropout:
    """Features of the discriminator's last layer are left out at random.

    Settings:
        share: Share of features that is left out, in (0, 1).

    Source: Srivastava et al., 2014, jmlr.org/papers/v15/srivastava14a.html; in the discriminator: Goodfellow et al.,
    2014, arXiv:1406.2661. There it is in every layer, here before the logit.
    """

    says: ClassVar[str] = (
        "Keeps the discriminator from leaning on a few features of a small cohort; a noisy one teaches slowly."
    )
    couples_batch: ClassVar[bool] = False

    share: float = 0.3

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ConfigurationError(
                f"Dropout with a share of {self.share} cannot be.", do="Choose a share between 0 and 1."
            )

    def apply_to(self, discriminator: nn.Module) -> None:
        """Put dropout between the last layer and the logit."""
        cast(Discriminator, discriminator).dropout = _SeededDropout(self.share)


class _SeededDropout(nn.Module):
    """Dropout whose randomness comes from torch's CPU generator, like all other randomness of a run."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, features: Tensor) -> Tensor:
        if not self.training:
            return features
        mask = (torch.rand(features.shape) >= self.share).to(features.device)  # (n, feature)
        return features * mask.to(features.dtype) / (1 - self.share)
