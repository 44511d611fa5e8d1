"""Feature matching."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from ganaug_core.losses.weights import check_weights, linear_weight


@dataclass(frozen=True)
class FeatureMatching:
    """The generator must give the discriminator's last layer the mean that real images give it.

    Settings:
        weight: Weight at the beginning, in [0, 10].
        end: Weight at the end, in [0, 10], reached in a straight line.

    Source: Salimans et al., 2016, arXiv:1606.03498, 3.1; there it replaces the generator's loss, here it is added, and
    the squared distance is a mean over features, so that the weight does not depend on their number.
    """

    says: ClassVar[str] = (
        "Steadies a game that swings, because batches are compared and not images; means alone do not see a lost mode."
    )
    compares: ClassVar[Literal["labels", "features"]] = "features"

    weight: float = 1.0
    end: float = 1.0

    def __post_init__(self) -> None:
        check_weights(self.weight, self.end)

    def weight_at(self, share: float) -> float:
        """Return the weight when `share` of the budget is spent."""
        return linear_weight(self.weight, self.end, share)

    def value(self, real_features: Tensor, fake_features: Tensor) -> Tensor:
        """Return a scalar >= 0, the mean squared difference of the two means."""
        difference = real_features.mean(0) - fake_features.mean(0)  # (feature,)
        return difference.square().mean()
