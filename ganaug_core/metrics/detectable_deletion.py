"""Planted deletion: how large must a group of these very real images be, for its absence to be noticed?

A group is an image with its nearest others. It is taken away, as many images as there are synthetic ones are drawn
from what is left, and the regions are tested as in an audit. So the answer knows how the cohort's groups lie in the
feature space; it does not know how well an encoder separates groups that nobody has named.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug_core.metrics.missing_modes import OfClass, lack
from ganaug_core.metrics.statistics import Values, wilson
from ganaug_core.records import Floats

SHARES = (0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
GROUPS = 25
METHOD = "Wilson, planted groups"
NOTICED = 0.8


class Smallest(NamedTuple):
    """The smallest share of a class whose absence is noticed four times in five.

    Attributes:
        share: None if not even a half is.
        interval: The shares at which as many as were tried cannot be told from four in five; ends at 1 if all.
    """

    share: float | None
    interval: tuple[float, float]


def smallest_deleted(of_class: OfClass, features: Floats, critical: float, random: np.random.Generator) -> Smallest:
    """Return the smallest share of a class whose absence is noticed four times in five.

    Args:
        of_class: Its regions in the audit.
        features: (n, d) of the real images that the scan looked at, in its order.
        critical: What a region must lack to be named.
    """
    values = features.astype(np.float64)
    smallest, low, high, noticed = None, 0.0, 1.0, True
    for share in reversed(SHARES):
        hits = _noticed(values, of_class, share, critical, random)
        least, most = wilson(hits, GROUPS)
        if most < NOTICED:
            low = share
            break
        noticed = noticed and hits / GROUPS >= NOTICED
        smallest = share if noticed else smallest
        high = share if least >= NOTICED else high
    return Smallest(smallest, (low, max(high, smallest or 1.0)))


def _random_group(values: Values, mass: Values, share: float, random: np.random.Generator) -> NDArray[np.bool_]:
    """Return (n,) a random image and its nearest others, together that share of the mass."""
    total = float(mass.sum())
    middle = values[random.choice(len(values), p=mass / total)]
    order = np.argsort(np.square(values - middle).sum(1), kind="stable")
    deleted = np.zeros(len(values), bool)
    deleted[order[: int(np.searchsorted(np.cumsum(mass[order]), share * total)) + 1]] = True
    return deleted


def _noticed(values: Values, of_class: OfClass, share: float, critical: float, random: np.random.Generator) -> int:
    """Return of how many groups of this share the absence is noticed, in a region that is mostly the group."""
    synthetic = max(1, round(of_class.synthetic))
    left, resampled = (np.zeros((GROUPS, len(values)), np.float32) for _ in range(2))
    for group in range(GROUPS):
        mass = np.where(_random_group(values, of_class.mass, share, random), 0, of_class.mass)
        left[group], resampled[group] = mass, random.multinomial(synthetic, mass / max(mass.sum(), 1e-9))
    remaining, hits = (part.astype(np.float64) for part in (left @ of_class.inside, resampled @ of_class.inside))
    beyond = lack(of_class.real_hits, of_class.patients, hits, synthetic) > critical
    return int((beyond & (remaining < 0.5 * of_class.real_hits)).any(1).sum())
