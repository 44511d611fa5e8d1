"""Truth and generator as densities on a grid, both smoothed by the same kernel: the best possible discriminator."""

import numpy as np
from numpy.typing import NDArray

from ganaug_core.playground.moments import FIELD
from ganaug_core.playground.targets import REACH, Target
from ganaug_core.records import Floats

Values = NDArray[np.float64]

KERNEL = 0.1  # standard deviation of the smoothing, about one place of the grid
_NOTHING = 1e-3  # of the largest density: where both are less, there is nothing to tell apart


class Densities:
    """The truth's smoothed density (a mixture of Gaussians, exact), and what is compared with it.

    A generator has no formula for its density. Smoothed by a Gaussian kernel both sides have one, and what follows
    holds for points to which that noise was added.
    """

    def __init__(self, target: Target) -> None:
        self._line = np.linspace(-REACH, REACH, FIELD)
        self._truth = self._smoothed(target.centres, float(np.hypot(target.deviation, KERNEL)))

    def compare(self, points: Floats) -> tuple[Floats, float]:
        """Return D* = p / (p + q), (f, f) in [0, 1] with rows from below, and the Jensen-Shannon divergence in nats.

        The divergence of two distributions that do not meet is log 2. Source: Goodfellow et al., 2014, arXiv:1406.2661,
        proposition 1 and theorem 1: at D* the value of the game is 2 JS - log 4.
        """
        p, q = self._truth, self._smoothed(points, KERNEL)
        floor = _NOTHING * p.max()
        optimum: Floats = ((p + floor) / (p + q + 2 * floor)).astype(np.float32)
        p, q = p / p.sum(), q / max(q.sum(), 1e-12)
        middle = (p + q) / 2
        divergence = sum(float(np.sum(side[side > 0] * np.log(side[side > 0] / middle[side > 0]))) for side in (p, q))
        return optimum, divergence / 2

    def _smoothed(self, points: Floats, deviation: float) -> Values:
        """Return the mean of Gaussians at points (n, 2) on the grid, (f, f)."""
        across, up = (
            np.exp(-0.5 * ((self._line[:, None] - points[:, axis]) / deviation) ** 2) for axis in (0, 1)
        )  # (f, n) each
        density: Values = up @ across.T / (len(points) * 2 * np.pi * deviation**2)
        return density
