"""What several tests share: corrections for many tests, intervals, and counting patients instead of images."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ganaug_core.records import Integers

Values = NDArray[np.float64]
SHARE_NODES = 200


class StatedTest(NamedTuple):
    """What a p-value belongs to: the test's name, what is rejected where p is small, and up to which margin."""

    name: str
    null: str
    margin: float | None = None

    @property
    def phrase(self) -> str:
        """All of it in one line."""
        margin = "" if self.margin is None else f"; margin {self.margin:g}"
        return f"{self.name}; null: {self.null}{margin}"

    def corrected(self, tests: int) -> str:
        """Return the name with the correction for so many tests."""
        return f"{self.name}, Bonferroni over {tests}" if tests > 1 else self.name


def wilson(count: float, total: float, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share; (0, 1) for an empty set. Source: Wilson, 1927."""
    if total <= 0:
        return 0.0, 1.0
    z = float(stats.norm.ppf(0.5 + level / 2))
    share = count / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    reach = z / (1 + z * z / total) * float(np.sqrt(share * (1 - share) / total + z * z / (4 * total * total)))
    return max(0.0, min(share, centre - reach)), min(1.0, max(share, centre + reach))


def exceeds(
    hits: ArrayLike, total: ArrayLike, other_hits: ArrayLike, other_total: ArrayLike, margin: float
) -> NDArray[np.float64]:
    """Return p-values that a share is at most another one plus a margin in [0, 1), of counts of any one shape.

    The chance that a share drawn from its lower bound of Clopper and Pearson is so small beside one drawn from the
    other's upper bound. Without a margin it is Fisher's exact test of one side. Hits may be fractions.

    Source: Altham, 1969 (the equality); the margin is ours, its size is measured.
    """
    hits, total, other_hits, other_total = (
        array.astype(np.float64)[..., None] for array in np.broadcast_arrays(hits, total, other_hits, other_total)
    )
    some, room = np.maximum(hits, 1e-9), np.maximum(other_total - other_hits, 1e-9)
    own = stats.beta(some, total - hits + 1)
    other = stats.beta(other_hits + 1, room)
    low, high = other.ppf(1e-15), other.isf(1e-15)
    nodes, mass = _nodes()
    at = low + (high - low) * (nodes + 1) / 2
    p_values = (own.cdf(at + margin) * other.pdf(at) * mass).sum(-1) * (high - low)[..., 0] / 2
    certain = (hits <= 0) | (other_hits >= other_total)
    return np.where(certain[..., 0], 1.0, np.clip(p_values, 0, 1))


@cache
def _nodes() -> tuple[Values, Values]:
    """Return places in [-1, 1] and weights of Gauss and Legendre's rule."""
    nodes, mass = np.polynomial.legendre.leggauss(SHARE_NODES)
    return nodes, mass


def clopper_pearson(count: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share. Source: Clopper and Pearson, 1934."""
    result = stats.binomtest(count, total).proportion_ci(level, method="exact")
    return float(result.low), float(result.high)


def benjamini_hochberg(p_values: Values) -> Values:
    """Return q-values: the smallest false discovery rate at which each would be listed."""
    count = len(p_values)
    order = np.argsort(p_values)
    ranked = np.asarray(p_values, np.float64)[order] * count / np.arange(1, count + 1)
    result = np.empty(count)
    result[order] = np.minimum.accumulate(ranked[::-1])[::-1]
    return np.minimum(result, 1)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return adjusted p-values of a family of named tests. Source: Holm, 1979."""
    ordered = sorted(p_values, key=lambda name: p_values[name])
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - rank) * p_values[name]))
        adjusted[name] = largest
    return adjusted


def conformal(synthetic: NDArray[np.floating], references: NDArray[np.floating], mass: Values | None = None) -> Values:
    """Return (m,) p-values: (1 + references at most as large) / (n + 1); never below 1 / (n + 1).

    Args:
        synthetic: (m,) scores.
        references: (n,) scores.
        mass: (n,) by how much each counts, as 1 / images of its patient; 1 without it. n is then their sum.
    """
    order = np.argsort(references)
    masses = np.ones(len(references)) if mass is None else mass[order]
    below = np.concatenate([[0.0], np.cumsum(masses)])[np.searchsorted(references[order], synthetic, side="right")]
    result: Values = np.minimum((1 + below) / (masses.sum() + 1), 1)
    return result


def weights(groups: Integers, labels: Integers) -> Values:
    """Return (n,) 1 / images of the same group and class: sums then count patients, not images."""
    _, inverse, counts = np.unique(np.stack([groups, labels]), axis=1, return_inverse=True, return_counts=True)
    result: Values = 1 / counts[inverse.ravel()].astype(np.float64)
    return result


def spread_interval(
    value: float, spread: Sequence[float], *, least: float = -np.inf, most: float = np.inf
) -> tuple[float, float] | None:
    """Return the 95 % interval around a value whose halves gave `spread`, within [least, most]; None without them."""
    if len(spread) < 8:
        return None
    reach = float(stats.norm.ppf(0.975)) * float(np.std(spread, ddof=1))
    return max(least, value - reach), min(most, value + reach)


def median_interval(values: NDArray[np.floating]) -> tuple[float, float]:
    """Return the 95 % interval of the median of (n,) independent values, by their ranks."""
    ordered = np.sort(values)
    low, high = stats.binom.ppf((0.025, 0.975), len(ordered), 0.5).astype(int)
    return float(ordered[max(0, low - 1)]), float(ordered[min(high, len(ordered) - 1)])


def weighted_median(values: NDArray[np.floating], weights: Values) -> float:
    """Return the smallest value at which half of the weight is reached."""
    return float(np.quantile(values, 0.5, weights=weights, method="inverted_cdf"))
