"""How far readers agree beyond chance: Gwet's AC1.

Kappa and alpha take the chance agreement from how often each category is used, and fall to nothing where one category
is rare though readers agree; at chance-level reading, or where nearly everything is called real, they say little. AC1
stays near the raw agreement there.

Source: Gwet, Br J Math Stat Psychol 2008, 61: 29-48; for several readers and missing answers Gwet, Handbook of
Inter-Rater Reliability, 4th ed., 2014, chapters 2 and 5 (also its variance).
"""

import numpy as np
from numpy.typing import NDArray

from ganaug_core.reading.estimates import Estimate
from ganaug_core.reading.multi_reader import quantile
from ganaug_core.records import Integers

METHOD = "Gwet's AC1; its variance holds for these readers and other images"
MISSING = -1


def ac1(ratings: Integers, categories: int) -> Estimate:
    """Return AC1, at most 1; 0 is what chance gives.

    Args:
        ratings: (image, reader) category from 0, `MISSING` where a reader did not answer.
        categories: How many there are, at least 2, whether or not they were used.
    """
    counts = np.stack([(ratings == category).sum(1) for category in range(categories)], 1).astype(np.float64)
    counts = counts[counts.sum(1) > 0]  # (image, category)
    raters = counts.sum(1)
    several = raters >= 2
    if not several.any():
        return Estimate(value=None, interval=None, n=len(counts), method=METHOD)
    pairs = np.where(several, raters * (raters - 1), 1)
    agreeing: NDArray[np.float64] = (counts * (counts - 1)).sum(1) / pairs * several
    observed = agreeing[several].mean()
    used = (counts / raters[:, None]).mean(0)
    expected = float((used * (1 - used)).sum() / (categories - 1))
    value = float((observed - expected) / (1 - expected))
    n = len(counts)
    of_image = n / several.sum() * (agreeing - expected * several) / (1 - expected)
    chance = (counts @ (1 - used)) / raters / (categories - 1)
    of_image = of_image - 2 * (1 - value) * (chance - expected) / (1 - expected)
    error = np.sqrt(((of_image - value) ** 2).sum() / (n * (n - 1))) if n > 1 else np.inf
    reach = quantile(0.975, max(n - 1, 1)) * float(error)
    return Estimate(value=value, interval=(max(-1.0, value - reach), min(1.0, value + reach)), n=n, method=METHOD)
