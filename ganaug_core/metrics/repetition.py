"""Repetition: does a class show the same image again and again? Two tests, both against as many real images."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.metrics.vendi import vendi_score
from ganaug_core.records import Floats

QUANTILE, TOLERANCE = 0.05, 5.0
LEAST_VARIETY = 0.5
HALVES = 40


def self_similarity(synthetic: NDArray[np.floating], real: NDArray[np.floating]) -> tuple[float, float]:
    """Return the share of synthetic images that repeat each other, and its p-value.

    An image repeats another if its nearest synthetic neighbour is closer than 95 % of real images are to theirs. A
    generator is allowed five times the real share: imperfect ones are a little too smooth. Neighbours come in
    mutual pairs, so half the images count.

    Args:
        synthetic: (n,) distance of each synthetic image to its nearest other one.
        real: (n,) the same within as many real images of the class.
    """
    count = len(real)
    rank = max(1, int(np.ceil(QUANTILE * count)))
    threshold = np.sort(real)[rank - 1]
    hits = int((synthetic < threshold).sum())
    share = hits / len(synthetic)
    # the share of real images below their own rank-th smallest is Beta(rank, count + 1 - rank)
    level = stats.beta.ppf((np.arange(2000) + 0.5) / 2000, rank, count + 1 - rank)
    allowed = np.minimum(1, TOLERANCE * level)
    trials = max(1, len(synthetic) // 2)
    return share, float(stats.binom.sf(np.floor(share * trials) - 1, trials, allowed).mean())


def variety(synthetic: Floats, real: Floats, *, seed: int = 0) -> tuple[float, tuple[float, float], float]:
    """Return the ratio of Vendi scores, its 95 % interval, and the p-value of having lost half of the variety.

    Variety is the Vendi score above 1, what one repeated image has. The spread comes from halves without
    replacement.

    Args:
        synthetic: (n, d) features of one class.
        real: (n, d) features of as many real images, n >= 8.
    """
    random = np.random.default_rng(seed)
    drawn, scores = vendi_score(synthetic), vendi_score(real)
    ratio = drawn / scores
    logs, excess = [], []
    for _ in range(HALVES):
        half = len(real) // 2
        left = vendi_score(synthetic[random.permutation(len(synthetic))[:half]])
        right = vendi_score(real[random.permutation(len(real))[:half]])
        logs.append(np.log(left / right))
        excess.append(_loss(left, right))
    reach = float(stats.norm.ppf(0.975) * np.std(logs, ddof=1))
    spread = max(float(np.std(excess, ddof=1)), 1e-6)
    p_value = float(stats.norm.cdf((_loss(drawn, scores) - np.log(LEAST_VARIETY)) / spread))
    return ratio, (float(ratio * np.exp(-reach)), float(ratio * np.exp(reach))), p_value


def _loss(synthetic: float, real: float) -> float:
    """Return the log of the variety that is left; both scores above 1."""
    return float(np.log(max(synthetic - 1, 1e-3) / max(real - 1, 1e-3)))
