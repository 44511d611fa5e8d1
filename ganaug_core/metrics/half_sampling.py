"""The spread of a number from halves of its patients, whatever the number is made of.

All groups are split into two halves, again and again. With a part a / n of the variance of what is linear in the images
and a part b / n^2 of what only pairs of images show (all of it where two sets are one distribution), the values of two
complementary halves vary by a / n + 3 b / n^2, and their covariance is -(a / n + b / n^2): the variance of the whole.
So a half alone is right for a mean, and 1.7 times too wide for a distance that is 0. The covariance counts as at least
half of the variance of a half: a third would be right where all lies in pairs, and luck of the splits may show less.

What is linear also grows with a squared distance, so its interval and its test know the variance at each distance.

Source: half-sampling without replacement as in Politis and Romano, 1994; the covariance is ours (Hoeffding's
decomposition of order 2), its coverage is measured.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.metrics.statistics import Values, wilson
from ganaug_core.records import Integers

LEAST = 8  # groups
LEAST_SHARE = 0.5  # of the variance of a half
METHOD = "half-sampling of patients, t"
SHARES = "half-sampling of patients, Wilson"
WITHOUT_CHANCE = f"{METHOD}; without what chance adds"


def complements(groups: Integers, labels: Integers, repeats: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Return (repeats, n): which rows lie in one of two random halves of the groups, of the groups of each class.

    Unlike the bootstrap a half makes no ties, which nearest neighbours cannot stand. No repeats with fewer than 8
    groups.

    Args:
        groups: (n,), `labels` (n,): a group belongs to the class of its first row.
    """
    unique, first, places = np.unique(groups, return_index=True, return_inverse=True)
    if len(unique) < LEAST:
        return np.zeros((0, len(groups)), bool)
    result = np.zeros((repeats, len(unique)), bool)
    for half in result:
        order = np.lexsort((random.random(len(unique)), labels[first]))
        half[order[random.integers(2) :: 2]] = True
    return result[:, places.ravel()]


class Spread(NamedTuple):
    """The variance of a number of all images, and the part of it that pairs of images show."""

    variance: float
    pairs: float

    @property
    def deviation(self) -> float:
        """The standard deviation."""
        return float(np.sqrt(self.variance))


def spread(halves: Values) -> Spread:
    """Return how the number of all images varies.

    Args:
        halves: (repeats, 2) the number in both halves of each split.
    """
    away = halves - halves.mean()
    of_half = float(np.square(away).mean())
    variance = float(np.clip(-(away[:, 0] * away[:, 1]).mean(), LEAST_SHARE * of_half, of_half))
    return Spread(variance, (of_half - variance) / 2)


def distance_interval(distance: float, spread: Spread, groups: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a squared distance that is 0 on average where both sets are one.

    Args:
        distance: May be below 0 by chance.
        groups: Of the smaller side.
    """
    reach, slope = float(stats.t.ppf(0.5 + level / 2, groups - 1)), _slope(distance, spread)
    shift = reach**2 * slope / 4
    return distance - reach * spread.deviation + shift, distance + reach * spread.deviation + shift


def distance_p(distance: float, limit: float, spread: Spread, groups: int) -> float:
    """Return the p-value that a squared distance is at most the limit, with the variance that it has between both."""
    slope = _slope(distance, spread)
    if slope * abs(distance - limit) < 1e-9 * spread.variance:
        away = (distance - limit) / spread.deviation
    else:
        at_limit = np.sqrt(max(spread.variance + slope * (limit - distance), 0.0))
        away = 2 / slope * (spread.deviation - at_limit)
    return float(stats.t.sf(away, groups - 1))


def _slope(distance: float, spread: Spread) -> float:
    """Return by how much the variance grows with the squared distance; one near 0 would say anything."""
    return (spread.variance - spread.pairs) / max(distance, 2 * spread.deviation, 1e-300)


def interval(
    value: float, halves: Values, groups: int, *, least: float = -np.inf, most: float = np.inf
) -> tuple[float, float] | None:
    """Return the 95 % interval of a number that is no distance, within [least, most]; None with fewer than 8 splits.

    A half varies as much around all as all do around the truth.

    Args:
        halves: (repeats, 2) the number in both halves of each split.
        groups: Of the smaller side.
    """
    if len(halves) < LEAST:
        return None
    reach = float(stats.t.ppf(0.975, groups - 1) * halves.std())
    return max(least, value - reach), min(most, value + reach)


def share_interval(value: float, halves: Values, groups: int) -> tuple[float, float] | None:
    """Return the same of a share: Wilson's, of as many independent trials as have its variance."""
    if len(halves) < LEAST:
        return None
    variance = float(halves.var())
    trials = max(1.0, value * (1 - value) / variance) if variance > 0 and 0 < value < 1 else float(groups)
    low, high = wilson(value * trials, trials)
    return low, high
