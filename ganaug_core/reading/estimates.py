"""Numbers of one reader with their intervals: shares, d', and the area under the ROC curve of the confidence."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

LEVEL = 0.95
EXACT = "Clopper and Pearson, each patient or group of images once"
BOX = "Clopper and Pearson of both shares together"
NEWCOMBE = "Newcombe's method 5, each patient or group of images once"
_NORMAL = NormalDist()


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number that never goes alone.

    Attributes:
        value: None where nothing could be counted.
        interval: 95 % unless `method` says another level; an end without a limit is infinite.
        n: How many images it stands on.
        method: How the interval was made, and what it covers.
    """

    value: float | None
    interval: tuple[float, float] | None
    n: int
    method: str


def exact_share(count: float, total: float, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact interval of a share; the count may be a fraction. Source: Clopper and Pearson, 1934."""
    if total <= 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = float(special.betaincinv(count, total - count + 1, tail)) if count > 0 else 0.0
    high = float(special.betaincinv(count + 1, total - count, 1 - tail)) if count < total else 1.0
    return low, high


def share(hits: NDArray[np.bool_], independent: int) -> Estimate:
    """Return the share of true values.

    Args:
        hits: (n,).
        independent: How many patients (and synthetic images) they come from, at most n: what the interval counts.
    """
    if not len(hits):
        return Estimate(value=None, interval=None, n=0, method=EXACT)
    value = float(hits.mean())
    return Estimate(value=value, interval=exact_share(value * independent, independent), n=len(hits), method=EXACT)


def d_prime(sensitivity: Estimate, false_alarms: Estimate, independent: tuple[int, int]) -> Estimate:
    """Return how far synthetic and real images lie apart for a reader, in standard deviations; 0 is chance.

    The value is corrected by half a count, so that it exists where all or none were found (Hautus, 1995). Its interval
    holds the differences of all pairs of shares inside their exact intervals, each at the level sqrt(0.95), so it
    covers at least 95 %; an end has no limit where a share of 0 or 1 is inside.

    Args:
        sensitivity, false_alarms: Shares called synthetic, of synthetic and of real images.
        independent: What their intervals count, synthetic and real.
    """
    n = sensitivity.n + false_alarms.n
    if sensitivity.value is None or false_alarms.value is None:
        return Estimate(value=None, interval=None, n=n, method=BOX)
    corrected = [
        (estimate.value * estimate.n + 0.5) / (estimate.n + 1)  # type: ignore[operator]
        for estimate in (sensitivity, false_alarms)
    ]
    ends = [
        exact_share(value * size, size, LEVEL**0.5)
        for value, size in zip((sensitivity.value, false_alarms.value), independent, strict=True)
    ]
    low = _quantile(ends[0][0]) - _quantile(ends[1][1])
    high = _quantile(ends[0][1]) - _quantile(ends[1][0])
    return Estimate(value=_quantile(corrected[0]) - _quantile(corrected[1]), interval=(low, high), n=n, method=BOX)


def auc(real: ArrayLike, synthetic: ArrayLike) -> float:
    """Return the share of pairs in which the synthetic image has the higher score, half of each tie; in [0, 1]."""
    scores = np.asarray(synthetic, float)[:, None] - np.asarray(real, float)[None]
    return float((np.sign(scores).mean() + 1) / 2)


def auc_estimate(real: ArrayLike, synthetic: ArrayLike, independent: tuple[int, int]) -> Estimate:
    """Return the area with an interval that also exists at 0 and 1.

    Args:
        independent: Patients behind the real, and number of the synthetic images.

    Source: Newcombe, Stat Med 2006, 25: 559-573, method 5; the variance is that of Hanley and McNeil, 1982.
    """
    n = np.size(real) + np.size(synthetic)
    if not np.size(real) or not np.size(synthetic):
        return Estimate(value=None, interval=None, n=n, method=NEWCOMBE)
    value = auc(real, synthetic)
    return Estimate(value=value, interval=_newcombe(value, *independent), n=n, method=NEWCOMBE)


def _newcombe(value: float, real: int, synthetic: int) -> tuple[float, float]:
    z, mean_less_one = _quantile(0.5 + LEVEL / 2), (real + synthetic) / 2 - 1

    def excess(area: float, sign: int) -> float:
        terms = 1 + mean_less_one * ((1 - area) / (2 - area) + area / (1 + area))
        return float(area + sign * z * np.sqrt(area * (1 - area) * terms / (real * synthetic)) - value)

    # at 0 and 1 the variance vanishes and the area itself is a root, but not the one that is sought
    low = float(optimize.brentq(excess, 0.0, value - 1e-9, args=(1,))) if value > 0 else 0.0
    high = float(optimize.brentq(excess, value + 1e-9, 1.0, args=(-1,))) if value < 1 else 1.0
    return low, high


def _quantile(share_below: float) -> float:
    if share_below <= 0:
        return -np.inf
    return np.inf if share_below >= 1 else _NORMAL.inv_cdf(share_below)
