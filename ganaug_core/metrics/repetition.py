"""Repetition: does a class show the same image again and again? Two tests, both against as many real images."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.metrics.statistics import StatedTest, exceeds, wilson
from ganaug_core.metrics.vendi import vendi_score
from ganaug_core.records import Floats

CLOSE, ALLOWED = 0.5, 0.25
LEAST_VARIETY = 0.5
HALVES = 40
NEAR_DUPLICATES = StatedTest("exact test of two shares", "near-duplicates are as frequent as in real images", ALLOWED)
VARIETY = StatedTest("half-sampling, normal", "variety is that of real images", 1 - LEAST_VARIETY)


class NearDuplicates(NamedTuple):
    """How many images of a set have a near-duplicate in it.

    Attributes:
        share: Of synthetic images, `interval` its Wilson interval; `usual` of real ones.
        p_value: That the share is at most `ALLOWED` more than the usual one.
        p_more: That it is at most the usual one.
    """

    share: float
    interval: tuple[float, float]
    usual: float
    p_value: float
    p_more: float


def near_duplicates(
    synthetic: NDArray[np.floating], real: NDArray[np.floating], patients: float | None = None
) -> NearDuplicates:
    """Return how many synthetic images repeat each other, beside as many real ones.

    An image repeats another if its nearest neighbour in its own set is closer than half of what is usual among real
    images: a scale, not a rank, so that a little smoothness is no repetition. Neighbours come in mutual pairs, so half
    the images count, and no more real ones than there are patients.

    Args:
        synthetic: (n,) distance of each synthetic image to its nearest other one.
        real: (n,) the same within as many real images of the class.
        patients: Of the real images, if fewer than images.
    """
    limit = CLOSE * float(np.median(real))
    share, usual = float((synthetic < limit).mean()), float((real < limit).mean())
    pairs, real_pairs = max(1, len(synthetic) // 2), max(1.0, min(len(real) // 2, patients or len(real)))
    p_value, p_more = (
        float(exceeds(share * pairs, pairs, usual * real_pairs, real_pairs, margin)) for margin in (ALLOWED, 0.0)
    )
    return NearDuplicates(share, wilson(share * pairs, pairs), usual, p_value, p_more)


def variety(synthetic: Floats, real: Floats, *, seed: int = 0) -> tuple[float, tuple[float, float], float]:
    """Return the ratio of Vendi scores, its 95 % interval, and the p-value of having lost half of the variety.

    Variety is the Vendi score above 1, what one repeated image has. The spread comes from halves without
    replacement.

    Args:
        synthetic: (n, d) features of one class.
        real: (n, d) features of as many real images, n >= 8.
    """
    random = np.random.default_rng(seed)
    synthetic_score, real_score = vendi_score(synthetic), vendi_score(real)
    ratio = synthetic_score / real_score
    logs, excess = [], []
    for _ in range(HALVES):
        half = len(real) // 2
        left = vendi_score(synthetic[random.permutation(len(synthetic))[:half]])
        right = vendi_score(real[random.permutation(len(real))[:half]])
        logs.append(np.log(left / right))
        excess.append(_loss(left, right))
    reach = float(stats.norm.ppf(0.975) * np.std(logs, ddof=1))
    spread = max(float(np.std(excess, ddof=1)), 1e-6)
    p_value = float(stats.norm.cdf((_loss(synthetic_score, real_score) - np.log(LEAST_VARIETY)) / spread))
    return ratio, (float(ratio * np.exp(-reach)), float(ratio * np.exp(reach))), p_value


def _loss(synthetic: float, real: float) -> float:
    """Return the log of the variety that is left; both scores above 1."""
    return float(np.log(max(synthetic - 1, 1e-3) / max(real - 1, 1e-3)))
