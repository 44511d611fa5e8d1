"""Precision and recall of supports: whose images lie among the other's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ganaug_core.neighbours import Neighbours


@dataclass(frozen=True)
class Precision:
    """Share of synthetic images inside at least one real ball. Blind to lost variety; a lonely real image inflates it.

    Settings:
        k: A ball ends at the k-th nearest image of its own set, >= 1; its boundary is outside.

    Source: Kynkäänniemi et al., 2019, arXiv:1904.06991.
    """

    k: int = 5
    better: ClassVar[str] = "higher"

    def measure(self, near: "Neighbours") -> float:
        """Return a share in [0, 1]."""
        near.require(real=self.k + 1, synthetic=1, k=self.k, what="Precision")
        return float((near.real_balls > 0).mean())


@dataclass(frozen=True)
class Recall:
    """Share of real images inside at least one synthetic ball. Noisy outliers inflate it.

    Settings:
        k: A ball ends at the k-th nearest image of its own set, >= 1; its boundary is outside.

    Source: Kynkäänniemi et al., 2019, arXiv:1904.06991.
    """

    k: int = 5
    better: ClassVar[str] = "higher"

    def measure(self, near: "Neighbours") -> float:
        """Return a share in [0, 1]."""
        near.require(real=1, synthetic=self.k + 1, k=self.k, what="Recall")
        return float((near.synthetic_balls > 0).mean())
