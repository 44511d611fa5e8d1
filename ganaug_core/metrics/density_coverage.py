"""Density and coverage: how many real neighbourhoods hold synthetic images, and how many are empty."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from ganaug_core.neighbours import Neighbours


@dataclass(frozen=True)
class Density:
    """Mean number of real balls that hold a synthetic image, over k. Not bounded by 1; blind to lost variety.

    Settings:
        k: A ball ends at the k-th nearest real image, >= 1; its boundary is outside.

    Source: Naeem et al., 2020, arXiv:2002.09797.
    """

    k: int = 5
    better: ClassVar[str] = "higher"

    def measure(self, near: "Neighbours") -> float:
        """Return a number >= 0."""
        near.require(real=self.k + 1, synthetic=1, k=self.k, what="Density")
        return float(near.real_balls.mean() / self.k)

    def null(self, n: int, m: int) -> float:
        """Expectation when both sets are one distribution: each of n balls holds a new image with chance k / n."""
        return 1.0


@dataclass(frozen=True)
class Coverage:
    """Share of real neighbourhoods that a synthetic image reaches. Grows with the number of synthetic images.

    Settings:
        k: A neighbourhood ends at the k-th nearest real image, >= 1; its boundary is outside.

    Source: Naeem et al., 2020, arXiv:2002.09797.
    """

    k: int = 5
    better: ClassVar[str] = "higher"

    def measure(self, near: "Neighbours") -> float:
        """Return a share in [0, 1]."""
        near.require(real=self.k + 1, synthetic=1, k=self.k, what="Coverage")
        return float((near.real_synthetic[:, 0] < near.real_real[:, self.k - 1]).mean())

    def null(self, n: int, m: int) -> float:
        """Expectation when both sets are one distribution: 1 - prod (n - i) / (n + m - i), i = 1 ... k."""
        steps = np.arange(1, self.k + 1)
        return float(1 - np.prod((n - steps) / (n + m - steps)))
