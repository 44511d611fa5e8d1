"""What several tests share: corrections for many tests, intervals, and counting patients instead of images."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.records import Integers

Values = NDArray[np.float64]
SHIFT = 0.15  # how far from 1/2 the chance may lie that a synthetic value is higher than a real one (`dominance`)


def wilson(count: float, total: float, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share; (0, 1) for an empty set. Source: Wilson, 1927."""
    if total <= 0:
        return 0.0, 1.0
    z = float(stats.norm.ppf(0.5 + level / 2))
    share = count / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    reach = z / (1 + z * z / total) * float(np.sqrt(share * (1 - share) / total + z * z / (4 * total * total)))
    return max(0.0, min(share, centre - reach)), min(1.0, max(share, centre + reach))


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
    result: Values = (1 + below) / (masses.sum() + 1)
    return result


def weights(groups: Integers, labels: Integers) -> Values:
    """Return (n,) 1 / images of the same group and class: sums then count patients, not images."""
    _, inverse, counts = np.unique(np.stack([groups, labels]), axis=1, return_inverse=True, return_counts=True)
    result: Values = 1 / counts[inverse.ravel()].astype(np.float64)
    return result


def halves(groups: Integers, repeats: int, random: np.random.Generator) -> Iterator[Integers]:
    """Return rows of random halves of the groups, without replacement; none with fewer than 8 groups.

    A half drawn without replacement spreads as much around its own mean as the whole does around the truth; unlike the
    bootstrap it makes no ties, which nearest neighbours cannot stand.
    """
    unique = np.unique(groups)
    if len(unique) < 8:
        return
    for _ in range(repeats):
        chosen = random.permutation(unique)[: len(unique) // 2]
        yield np.flatnonzero(np.isin(groups, chosen))


def spread_interval(
    value: float, spread: Sequence[float], *, least: float = -np.inf, most: float = np.inf
) -> tuple[float, float] | None:
    """Return the 95 % interval around a value whose halves gave `spread`, within [least, most]; None without them."""
    if len(spread) < 8:
        return None
    reach = float(stats.norm.ppf(0.975)) * float(np.std(spread, ddof=1))
    return max(least, value - reach), min(most, value + reach)


class Dominance(NamedTuple):
    """How often a synthetic value is higher than a real one.

    Attributes:
        chance: P(synthetic > real), ties half; .5 if alike: the area under the curve.
        spread: Its standard error, never 0.
        interval: 95 %.
        p_value: That the chance lies within .5 +- margin.
    """

    chance: float
    spread: float
    interval: tuple[float, float]
    p_value: float


def dominance(real: NDArray[np.floating], weights: Values, synthetic: NDArray[np.floating], margin: float) -> Dominance:
    """Return how often a synthetic value is higher, with as many independent real values as the weights sum to.

    The standard error is that of DeLong et al., 1988, for the interval; the test takes at least that of Hanley and
    McNeil, 1982, at the margin, since a few values that all lie on one side show no spread of their own.

    Args:
        real: (n,) values.
        weights: (n,) of real values, summing to the number of patients.
        synthetic: (m,) values.
        margin: In [0, .5).
    """
    above = 1 - _places(synthetic, np.full(len(synthetic), 1 / len(synthetic)), real)
    below = _places(real, weights / weights.sum(), synthetic)
    chance = float(np.average(above, weights=weights))
    patients, images = float(weights.sum()), len(synthetic)
    variance = float(np.average(np.square(above - chance), weights=weights)) / patients
    variance += float(np.var(below)) / images
    variance += 0.25 / (patients * images)  # never certain, even when all are on one side
    spread = float(np.sqrt(variance))
    reach = float(stats.norm.ppf(0.975)) * spread
    wide = max(spread, _hanley_mcneil(0.5 + margin, patients, images))
    p_value = float(stats.norm.sf((abs(chance - 0.5) - margin) / wide))
    interval = max(0.0, chance - reach), min(1.0, chance + reach)
    return Dominance(chance, spread, interval, min(1.0, 2 * p_value) if margin == 0 else p_value)


def _hanley_mcneil(area: float, n: float, m: float) -> float:
    """Return the standard error of an area under the curve between exponential values."""
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    rest = area * (1 - area) + (m - 1) * (q1 - area * area) + (n - 1) * (q2 - area * area)
    return float(np.sqrt(max(rest, 0.0) / (n * m)))


def _places(values: NDArray[np.floating], mass: Values, at: NDArray[np.floating]) -> Values:
    """Return (len(at),) the mass of `values` below each point, ties half."""
    order = np.argsort(values)
    ranked = values[order]
    total = np.concatenate([[0.0], np.cumsum(mass[order])])
    result: Values = (total[np.searchsorted(ranked, at, "left")] + total[np.searchsorted(ranked, at, "right")]) / 2
    return result


def median_interval(values: NDArray[np.floating]) -> tuple[float, float]:
    """Return the 95 % interval of the median of (n,) independent values, by their ranks."""
    ordered = np.sort(values)
    low, high = stats.binom.ppf((0.025, 0.975), len(ordered), 0.5).astype(int)
    return float(ordered[max(0, low - 1)]), float(ordered[min(high, len(ordered) - 1)])


def weighted_median(values: NDArray[np.floating], weights: Values) -> float:
    """Return the smallest value at which half of the weight is reached."""
    return float(np.quantile(values, 0.5, weights=weights, method="inverted_cdf"))
