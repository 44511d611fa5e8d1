"""A mean over repetitions with its interval, and the level at which it would just be told from zero.

Hold-out patients and repetitions (seeds) both vary, and the repetitions read the same patients, as several readers do
in a reading study. The half-widths of both are added in squares, each with its own quantile: normal for the bootstrap
of patients, Student's t for the few repetitions (Zou and Donner, Statistics in Medicine, 2008). One t with
Satterthwaite's degrees of freedom (Obuchowski and Rockette, 1995) is too sure where repetitions happen to agree: with
three of them it fell below p = .001 in up to 1.7 %, with five in .5 % (`tests/benchmarks/benefit_looks.py`). What
varies with patients and repetitions together is counted in both terms: intervals are rather too long than too short.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Values = NDArray[np.float64]

ALPHA = 0.05  # of an interval
FEWEST_REPETITIONS = 3  # two tell so little about their spread that an interval would be useless
_SMALLEST = -300.0  # logarithm of the smallest p that is told from 0
_HALVINGS = 60


class Estimate(NamedTuple):
    """A mean over repetitions with its 95 % interval, and p of its being zero.

    Attributes:
        patients, seeds: Its variance from patients and from repetitions.
        repetitions: How many.
    """

    value: float
    interval: tuple[float, float]
    p_value: float
    patients: float
    seeds: float
    repetitions: int

    def not_worse(self, margin: float) -> float:
        """Return p of a loss of `margin` or more: twice the one-sided one, as a two-sided interval reads."""
        above = self.value + margin
        return float(two_sided_p(above, self.patients, self.seeds, self.repetitions)) if above > 0 else 1.0


def estimate(repetitions: Values, *, least: float = -np.inf, most: float = np.inf) -> Estimate:
    """Return the mean of (s, 1 + b) repetitions; with one or two of them the interval knows the patients alone."""
    count = len(repetitions)
    value = float(repetitions[:, 0].mean())
    patients = float(np.nanvar(repetitions[:, 1:].mean(0), ddof=1))
    seeds = float(repetitions[:, 0].var(ddof=1)) / count if count >= FEWEST_REPETITIONS else 0.0
    reach = float(half_width(ALPHA, patients, seeds, count))
    ends = short(max(least, value - reach)), short(min(most, value + reach))
    chance = short(float(two_sided_p(value, patients, seeds, count)))
    return Estimate(short(value), ends, chance, patients, seeds, count)


def half_width(alpha: ArrayLike, patients: ArrayLike, seeds: ArrayLike, count: ArrayLike) -> Values:
    """Return half the width of the interval that misses with chance `alpha`, in (0, 1]; all arguments broadcast."""
    tail = np.asarray(alpha, np.float64) / 2
    of_patients = special.ndtri(tail)
    of_seeds = special.stdtrit(np.maximum(np.asarray(count) - 1, 1), tail)
    width: Values = np.sqrt(np.asarray(patients) * of_patients**2 + np.asarray(seeds) * of_seeds**2)
    return width


def two_sided_p(value: ArrayLike, patients: ArrayLike, seeds: ArrayLike, count: ArrayLike) -> Values:
    """Return the largest level whose interval around `value` still holds zero; 1 where nothing varies."""
    size = np.abs(np.asarray(value, np.float64))
    varies = np.asarray(patients) + np.asarray(seeds) > 0
    shape = np.broadcast_shapes(size.shape, varies.shape, np.shape(count))
    low, high = np.full(shape, _SMALLEST), np.zeros(shape)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        holds_zero = half_width(np.exp(middle), patients, seeds, count) >= size
        low, high = np.where(holds_zero, middle, low), np.where(holds_zero, high, middle)
    result: Values = np.where(varies, np.exp(high), 1.0)
    return result


def short(value: float) -> float:
    """Return six significant digits: more would only be noise in what is kept."""
    return float(f"{value:.6g}")
