"""How often is a synthetic value higher than a real one, and is that more than a margin allows, with few patients too?

The chance is the area under the curve. Its test asks nothing of the values but that patients are independent: both
sides are weighted at random (a Bayesian bootstrap), with one more patient and one more image that speak against the
finding, and p is how often the weighted chance stays within the margin. For yes-or-no values this is Clopper and
Pearson's bound; six patients that all lie on one side give .65^6 = .075 for a margin of .15, and never less.

Source: Learned-Miller and Thomas, 2020, arXiv:1905.06208 (after Gaffke, 2005); here for two samples, and the tail of
the weighted mean by a saddlepoint (Barndorff-Nielsen, 1986) instead of draws.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.metrics.statistics import StatedTest, Values

SHIFT = 0.15  # how far from 1/2 the chance may lie that a synthetic value is higher than a real one
POWER = 0.8
BINS, STEPS, BISECTIONS = 64, 128, 45
FAR = 12  # standard deviations
INTERVAL = "Jeffreys with DeLong's variance"


class Dominance(NamedTuple):
    """How often a synthetic value is higher than a real one.

    Attributes:
        chance: P(synthetic > real), ties half; .5 if alike: the area under the curve.
        interval: 95 %.
        p_value: That the chance lies within .5 +- margin.
    """

    chance: float
    interval: tuple[float, float]
    p_value: float


def dominance(
    real: NDArray[np.floating],
    weights: Values,
    synthetic: NDArray[np.floating],
    margin: float,
    *,
    crowd: float = 1.0,
) -> Dominance:
    """Return how often a synthetic value is higher, with as many independent real values as the weights sum to.

    Args:
        real: (n,) values.
        weights: (n,) of real values, summing to the number of patients.
        synthetic: (m,) values.
        margin: In [0, .5).
        crowd: How many synthetic values count as one, >= 1.
    """
    above = 1 - _places(synthetic, np.ones(len(synthetic)), real)  # (n,)
    below = _places(real, weights, synthetic)  # (m,)
    chance = float(np.average(above, weights=weights))
    sides = (above, below) if chance >= 0.5 else (1 - above, 1 - below)
    image_weights = np.full(len(below), 1 / crowd)
    p_value = _within(sides[0], weights, sides[1], image_weights, 0.5 + margin)
    return Dominance(
        chance, _interval(above, weights, below, image_weights), min(1.0, 2 * p_value) if margin == 0 else p_value
    )


def stated(margin: float) -> StatedTest:
    """Return what the p-value belongs to."""
    often = "as often as below" if margin == 0 else "in half of pairs"
    return StatedTest("weighted bootstrap", f"synthetic values lie above real ones {often}", margin)


@lru_cache(maxsize=256)
def sees(chance: float, patients: int, images: int, margin: float, alpha: float) -> bool:
    """Return whether p would be below alpha four times in five, were normal values higher with that chance."""
    if min(patients, images) < 1:
        return False
    real, synthetic = (stats.norm.ppf((np.arange(n) + 0.5) / n) for n in (patients, images))
    shifted = synthetic + np.sqrt(2) * stats.norm.ppf(chance)
    return noticed(dominance(real, np.ones(patients), shifted, margin).p_value, alpha)


def noticed(p_value: float, alpha: float) -> bool:
    """Return whether a test whose usual p is this is below alpha four times in five."""
    return bool(stats.norm.isf(p_value) >= stats.norm.isf(alpha) + stats.norm.ppf(POWER))


def _within(above: Values, weights: Values, below: Values, image_weights: Values, limit: float) -> float:
    """Return how often the weighted chance is at most the limit.

    The chance is, up to a product of two small terms, a weighted mean over patients and one over images; their sum is
    distributed as the convolution of both.
    """
    patients, images = float(weights.sum()), float(image_weights.sum())
    real_share, synthetic_share = patients / (patients + 1), images / (images + 1)
    left = _binned(np.append(above * synthetic_share, 0), np.append(weights, 1))
    right = _binned(np.append(below * real_share, 0), np.append(image_weights, 1))
    limit += float(np.average(above, weights=weights)) * real_share * synthetic_share
    mean = np.average(right[0], weights=right[1])
    spread = np.sqrt(np.average(np.square(right[0] - mean), weights=right[1]) / (images + 2)) + 1e-12
    reach = max(mean - FAR * spread, right[0].min()), min(mean + FAR * spread, right[0].max())
    edges = np.linspace(*reach, STEPS + 1)
    mass = np.diff(np.concatenate([[0.0], _mean_at_most(*right, edges[1:-1]), [1.0]]))
    return float(min(1.0, (mass * _mean_at_most(*left, limit - (edges[1:] + edges[:-1]) / 2)).sum()))


def _mean_at_most(values: Values, mass: Values, limits: Values) -> Values:
    """Return (k,) the chance that the mean of the values, with Dirichlet weights of that mass, is at most each limit.

    The mean is at most t where a sum of gamma variables times (value - t) is at most 0.
    """
    result: Values = (limits >= values.max()).astype(np.float64)
    inside = (limits > values.min()) & (limits < values.max())
    away = values[None] - limits[inside, None]  # (limit, value)
    low, high = 1 / away.min(1, initial=-1e-300), 1 / away.max(1, initial=1e-300)
    for _ in range(BISECTIONS):
        tilt = (low + high) / 2
        upwards = (mass * away / (1 - tilt[:, None] * away)).sum(1) > 0
        low, high = np.where(upwards, low, tilt), np.where(upwards, tilt, high)
    base = 1 - tilt[:, None] * away
    root = np.sign(tilt) * np.sqrt(np.maximum(2 * (mass * np.log(base)).sum(1), 0))
    slope = tilt * np.sqrt((mass * np.square(away / base)).sum(1))
    far = np.abs(root) > 1e-5
    safe = np.where(far, root, 1.0)
    result[inside] = stats.norm.cdf(np.where(far, root + np.log(np.where(far, slope, 1.0) / safe) / safe, 0.0))
    return result


def _binned(values: Values, mass: Values) -> tuple[Values, Values]:
    """Return the mean and the mass of values in [0, 1] in at most `BINS` bins: as good, and quick."""
    bins = np.minimum((values * BINS).astype(np.intp), BINS - 1)
    total: Values = np.bincount(bins, mass, BINS).astype(np.float64)
    full = total > 0
    return np.bincount(bins, mass * values, BINS)[full] / total[full], total[full]


def _interval(above: Values, weights: Values, below: Values, image_weights: Values) -> tuple[float, float]:
    """Return the 95 % interval of the chance: the beta distribution that has its variance.

    Half a patient and half an image is added at each end, which gives Jeffreys' interval for yes-or-no values. The
    variance is otherwise that of DeLong et al., 1988.
    """
    variance, chance = 0.0, float(np.average(above, weights=weights))
    patients, images = float(weights.sum()), float(image_weights.sum())
    centre = 0.5 + (chance - 0.5) * patients / (patients + 1) * images / (images + 1)
    for values, mass in ((above, weights), (below, image_weights)):
        all_values, all_mass = np.append(values, [0, 1]), np.append(mass, [0.5, 0.5])
        mean = np.average(all_values, weights=all_mass)
        variance += float(np.average(np.square(all_values - mean), weights=all_mass)) / (float(all_mass.sum()) + 1)
    worth = max(centre * (1 - centre) / variance - 1, 1e-3)
    low, high = stats.beta.ppf((0.025, 0.975), centre * worth, (1 - centre) * worth)
    return min(float(low), chance), max(float(high), chance)


def _places(values: NDArray[np.floating], mass: Values, at: NDArray[np.floating]) -> Values:
    """Return (len(at),) the share of the mass of `values` below each point, ties half."""
    order = np.argsort(values)
    ranked = values[order]
    total = np.concatenate([[0.0], np.cumsum(mass[order])])
    total /= total[-1]
    result: Values = (total[np.searchsorted(ranked, at, "left")] + total[np.searchsorted(ranked, at, "right")]) / 2
    return result
