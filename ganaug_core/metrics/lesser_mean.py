"""Is one mean of values in [0, 1] lower than another, by more than a margin allows, with few patients too?

Both sides are weighted at random (a Bayesian bootstrap), with one more value on each side that speaks against the
finding, and p is how often the weighted means then do not show it. It asks nothing of the values but that they lie in
[0, 1] and are independent, and errs on the side of no finding.

Source: Learned-Miller and Thomas, 2020, arXiv:1905.06208 (after Gaffke, 2005); here for two samples, by draws.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug_core.metrics.statistics import Values

DRAWS = 20_000  # the smallest p is one in so many
INTERVAL = "weighted bootstrap, half a patient at either end"


class Side(NamedTuple):
    """Values in [0, 1] and by how much each counts; the masses sum to the number of independent values."""

    values: Values
    mass: Values

    @property
    def mean(self) -> float:
        return float(np.average(self.values, weights=self.mass))


class Lesser(NamedTuple):
    """`p_value` that the mean is not lower by so much; 95 % `interval` of low - high."""

    p_value: float
    interval: tuple[float, float]


def lesser(low: Side, high: Side, *, factor: float = 1.0, margin: float = 0.0, random: np.random.Generator) -> Lesser:
    """Return whether the mean of `low` is below `factor` times that of `high`, less the margin."""
    against = _means(low, random, above=1.0) >= factor * _means(high, random, below=1.0) - margin
    p_value = (1 + int(against.sum())) / (DRAWS + 1)
    difference = _means(low, random, above=0.5, below=0.5) - _means(high, random, above=0.5, below=0.5)
    ends = np.quantile(difference, (0.025, 0.975))
    return Lesser(p_value, (float(ends[0]), float(ends[1])))


def weighted(values: NDArray[np.floating], weights: Values) -> Side:
    """Return values with masses in these proportions that sum to the number of independent values they are worth."""
    return Side(values.astype(np.float64), weights * float(weights.sum() / np.square(weights).sum()))


def _means(side: Side, random: np.random.Generator, *, above: float = 0.0, below: float = 0.0) -> Values:
    """Return means with Dirichlet weights, with so much more mass at 1 (`above`) and at 0 (`below`)."""
    distinct, place = np.unique(np.append(side.values, [0.0, 1.0]), return_inverse=True)
    mass = np.bincount(place, np.append(side.mass, [below, above]), len(distinct))
    shares = random.standard_gamma(mass, (DRAWS, len(distinct)))
    result: Values = shares @ distinct / shares.sum(1)
    return result
