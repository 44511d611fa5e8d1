"""Distances between real and synthetic images in multiples of what two real sets of 300 images each show.

A distance between finite sets is never 0, and what it is depends on how many images there are. So both distances are
taken without the part that chance adds (pairs of one patient left out; extrapolated to endless sets), and that part,
for 300 independent images a side, is the unit: 1 is equal, whatever the size of the cohort.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.weighted_sides import weighted_sides
from ganaug_core.metrics import half_sampling, two_sample
from ganaug_core.metrics.frechet import weighted_frechet
from ganaug_core.metrics.statistics import StatedTest, Values
from ganaug_core.metrics.two_sample import Side
from ganaug_core.records import Measurement

SIZE = 300  # images of a side: a fixed unit, since the floor at the cohort's own n shrinks as the cohort grows
LIMIT = 3.0  # fresh real images give .7 to 1.1, a blur of half a pixel 8.7 and more
MOST = 500  # images of a side
KERNEL_HALVES, HALVES = 200, 20
CLIPPED = 4.0  # standard deviations: one strange image must not make mean and covariance of all
LEAST_SPREAD = 0.05
TEST = StatedTest("half-sampling, t", f"at most so many times the distance of two sets of {SIZE} real images", LIMIT)


@dataclass(frozen=True, kw_only=True)
class RelativeDistance:
    """A distance in multiples of what 300 real images show.

    Attributes:
        upper: It is below with 95 % confidence.
        floor: The same between training and held-out images.
        p_value: That it is at most `LIMIT`.
        n_real: Patients.
    """

    name: str
    title: str
    value: float
    interval: tuple[float, float]
    upper: float
    floor: float
    p_value: float
    n_real: int
    n_synthetic: int

    def measurement(self, space: str) -> Measurement:
        return Measurement(
            name=self.name,
            encoder=space,
            value=self.value,
            interval=self.interval,
            floor=self.floor,
            null=1.0,
            n_real=self.n_real,
            n_synthetic=self.n_synthetic,
            better="lower",
            p_value=self.p_value,
            test=TEST.phrase,
            interval_method=half_sampling.WITHOUT_CHANCE,
        )


def relative_distances(comparison: Comparison, space: str) -> list[RelativeDistance]:
    """Return the mean discrepancy and the Fréchet distance in a space; both sides have at least 24 images.

    With fewer than 8 patients on a side there is nothing to compare with, and the list is empty; where a side has fewer
    than 8 patients of the classes that all have, the Fréchet distance is left out.
    """
    sides = weighted_sides(comparison, space, MOST, 400)
    if min(len(np.unique(side.patients)) for side in sides) < half_sampling.LEAST:
        return []
    train = sides[1].values.astype(np.float64)
    middle, spread = train.mean(0), train.std(0)
    spread = np.where(spread > 1e-6, spread, 1.0)
    tamed = [
        side._replace(values=np.clip((side.values - middle) / spread, -CLIPPED, CLIPPED).astype(np.float32))
        for side in sides
    ]
    distances = _discrepancy(comparison, *tamed), _frechet(comparison, *tamed)
    return [distance for distance in distances if distance is not None]


def _discrepancy(comparison: Comparison, held: Side, train: Side, generated: Side) -> RelativeDistance:
    """Return the mean discrepancy; one kernel width, the median distance of held-out images, serves all."""
    squares = two_sample.squared(held.values)
    width = max(float(np.median(squares[np.triu_indices(len(squares), 1)])), 1e-9)
    kernel = two_sample.gaussian(width)
    apart = two_sample.discrepancy(held, generated, kernel, KERNEL_HALVES, comparison.random(403))
    unit = max(2 * apart.unit / SIZE, 1e-12)
    return _relative_distance(
        name="discrepancy_multiple",
        title="mean discrepancy",
        value=1 + apart.value / unit,
        floor=1 + two_sample.discrepancy(held, train, kernel).value / unit,
        halves=apart.halves / unit,
        sides=(held, generated),
    )


def _frechet(comparison: Comparison, held: Side, train: Side, generated: Side) -> RelativeDistance | None:
    """Return the Fréchet distance extrapolated to endless sets, over what chance adds between real sets of 300.

    Chance adds a part in proportion to 1 / n, twice as much in halves: twice the distance of all images less the mean
    of the halves is that of endless sets. None where a side has fewer than 8 patients of the classes that all have.

    Source: Chong and Forsyth, 2020, arXiv:1911.07023; two sizes instead of fifteen, averaged over splits.
    """
    shared = np.intersect1d(np.intersect1d(held.labels, train.labels), generated.labels)
    held, train, generated = (side.at(np.isin(side.labels, shared)) for side in (held, train, generated))
    patients = [len(np.unique(side.patients)) for side in (held, train, generated)]
    if min(patients) < half_sampling.LEAST:
        return None
    random = comparison.random(406)
    masks = [half_sampling.complements(side.patients, side.labels, HALVES, random) for side in (held, train, generated)]
    whole, halves = _distances(held, masks[0], generated, masks[2])
    among_real, real_halves = _distances(held, masks[0], train, masks[1])
    by_chance = real_halves.mean() - among_real  # of so many patients
    unit = max(float(by_chance) * 2 / (1 / patients[0] + 1 / patients[1]) / SIZE, 1e-9)
    return _relative_distance(
        name="frechet_multiple",
        title="Fréchet distance",
        value=1 + (2 * whole - float(halves.mean())) / unit,
        floor=1 + (among_real - float(by_chance)) / unit,
        halves=halves / unit,
        sides=(held, generated),
    )


def _distances(
    real: Side, real_masks: NDArray[np.bool_], other: Side, masks: NDArray[np.bool_]
) -> tuple[float, Values]:
    """Return the Fréchet distance of two sets, and (repeats, 2) of both halves of each split."""

    def between(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
        weights = two_sample.remixed(real, one[None])[0], two_sample.remixed(other, two[None])[0]
        return weighted_frechet(real.values, weights[0], other.values, weights[1])

    whole = between(np.ones(len(real.values), bool), np.ones(len(other.values), bool))
    halves = [[between(one, two), between(~one, ~two)] for one, two in zip(real_masks, masks, strict=True)]
    return whole, np.array(halves)


def _relative_distance(
    *, name: str, title: str, value: float, floor: float, halves: Values, sides: tuple[Side, Side]
) -> RelativeDistance:
    held, generated = sides
    patients = len(np.unique(held.patients))
    spread = half_sampling.spread(halves)
    spread = spread._replace(variance=max(spread.variance, LEAST_SPREAD**2))
    smaller = min(patients, len(generated.values))
    low, high = half_sampling.distance_interval(value - 1, spread, smaller)
    return RelativeDistance(
        name=name,
        title=title,
        value=value,
        interval=(1 + low, 1 + high),
        upper=1 + half_sampling.distance_interval(value - 1, spread, smaller, level=0.9)[1],
        floor=floor,
        p_value=half_sampling.distance_p(value - 1, LIMIT - 1, spread, smaller),
        n_real=patients,
        n_synthetic=len(generated.values),
    )
