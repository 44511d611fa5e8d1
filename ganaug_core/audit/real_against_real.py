"""Distances between real and synthetic images in multiples of what two real sets of 300 images each show.

A distance between finite sets is never 0, and what it is depends on how many images there are. So both distances are
taken without the part that chance adds (pairs of one patient left out; extrapolated to endless sets), and that part,
for 300 independent images a side, is the unit: 1 is equal, whatever the size of the cohort.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from ganaug_core.audit.comparison import Comparison, random_subset
from ganaug_core.metrics import two_sample
from ganaug_core.metrics.frechet import Frechet
from ganaug_core.metrics.statistics import Values, halves
from ganaug_core.metrics.two_sample import Side
from ganaug_core.records import Floats, Integers, Measurement

SIZE = 300  # images of a side: a fixed unit, since the floor at the cohort's own n shrinks as the cohort grows
LIMIT = 3.0  # fresh real images give .7 to 1.1, a blur of half a pixel 8.7 and more
MOST = 500  # images of a side
DRAWS, HALVES = 8, 30
CLIPPED = 4.0  # standard deviations: one strange image must not make mean and covariance of all


@dataclass(frozen=True, kw_only=True)
class RelativeDistance:
    """A distance in multiples of what 300 real images show.

    Attributes:
        upper: It is below with 95 % confidence.
        floor: The same between training and held-out images.
        p_value: That it is at most `LIMIT`.
        equal: That there is no difference at all, by swapping patients; None where that is not tested.
    """

    name: str
    title: str
    value: float
    interval: tuple[float, float]
    upper: float
    floor: float
    p_value: float
    equal: float | None
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
            p_value=self.equal if self.equal is not None else self.p_value,
        )


def relative_distances(comparison: Comparison, space: str) -> list[RelativeDistance]:
    """Return the mean discrepancy and the Fréchet distance in a space; both sides have at least 24 images.

    With fewer than 8 training patients there is nothing to compare with, and the list is empty; where too few patients
    of each class are on all sides, the Fréchet distance is left out.
    """
    held_labels = comparison.cohort.labels[comparison.holdout]
    shared = np.intersect1d(held_labels, comparison.labels)
    held = random_subset(comparison.holdout[np.isin(held_labels, shared)], MOST, comparison.random(400))
    train = random_subset(
        comparison.train[np.isin(comparison.cohort.labels[comparison.train], shared)], MOST, comparison.random(401)
    )
    generated = random_subset(np.flatnonzero(np.isin(comparison.labels, shared)), MOST, comparison.random(402))
    train_features = comparison.features(space, train).astype(np.float64)
    middle, spread = train_features.mean(0), train_features.std(0)
    spread = np.where(spread > 1e-6, spread, 1.0)

    synthetic = comparison.spaces[space].synthetic.values

    def tamed(values: Floats) -> Floats:
        clipped: Floats = np.clip((values - middle) / spread, -CLIPPED, CLIPPED).astype(np.float32)
        return clipped

    labels = comparison.cohort.labels[train], comparison.cohort.labels[held], comparison.labels[generated]
    groups = comparison.cohort.groups[train], comparison.cohort.groups[held], np.arange(len(generated))
    values = (
        tamed(comparison.features(space, train)),
        tamed(comparison.features(space, held)),
        tamed(synthetic[generated]),
    )
    mass = comparison.weights[train], comparison.weights[held], np.ones(len(generated))
    wanted = {int(label): float(mass[1][labels[1] == label].sum()) for label in shared}
    sides = [
        _Labelled(Side(values[side], _mixed(mass[side], labels[side], wanted), groups[side]), labels[side])
        for side in range(len(values))
    ]
    parts = list(_halves(comparison, sides))
    if not parts:
        return []
    distances = _discrepancy(comparison, sides, parts), _frechet(comparison, sides, parts)
    return [distance for distance in distances if distance is not None]


@dataclass(frozen=True)
class _Labelled:
    """One set, and the class of each of its rows."""

    points: Side
    labels: Integers

    def at(self, rows: Integers) -> "_Labelled":
        values, weights, patients = self.points
        return _Labelled(Side(values[rows], weights[rows], patients[rows]), self.labels[rows])


def _mixed(mass: Values, labels: Integers, wanted: dict[int, float]) -> Values:
    """Return the weights with the wanted sum in each class: both sides then have one class mix."""
    result = np.zeros(len(mass))
    for label, total in wanted.items():
        inside = labels == label
        if inside.any():
            result[inside] = mass[inside] * total / mass[inside].sum()
    return result


def _halves(comparison: Comparison, sides: list[_Labelled]) -> Iterator[list[_Labelled]]:
    """Return random halves of the patients of every side; none where a side has too few."""
    random = comparison.random(403)
    streams = [halves(side.points.patients, HALVES, random) for side in sides]
    for rows in zip(*streams, strict=False):
        yield [side.at(chosen) for side, chosen in zip(sides, rows, strict=True)]


def _discrepancy(comparison: Comparison, sides: list[_Labelled], parts: list[list[_Labelled]]) -> RelativeDistance:
    """Return the mean discrepancy; one kernel width, the median distance of held-out images, serves all."""
    train, held, generated = sides
    squares = two_sample.squared(held.points.values)
    width = max(float(np.median(squares[np.triu_indices(len(squares), 1)])), 1e-9)

    unit = max(2 * two_sample.discrepancy(held.points, generated.points, width)[1] / SIZE, 1e-12)

    def between(real: _Labelled, other: _Labelled) -> float:
        return 1 + two_sample.discrepancy(real.points, other.points, width)[0] / unit

    value, floor = between(held, generated), between(held, train)
    spread = [between(part[1], part[2]) for part in parts]
    blocks = two_sample.paired(held.labels, held.points.patients, generated.labels, comparison.random(404), MOST)
    equal, by_chance = None, 0.0
    if len(blocks.patient):  # no patient fits where each has more images of a class than were drawn of it
        equal, by_chance = two_sample.swapped(
            held.points.values[blocks.real],
            generated.points.values[blocks.synthetic],
            blocks.patient,
            two_sample.gaussian,
            comparison.random(405),
        )
    # Half of the patients show three times the variance that chance alone adds to all of them, and once what the
    # effect adds; swapping tells the former.
    null = (by_chance / unit) ** 2
    deviation = float(np.sqrt(max(float(np.var(spread, ddof=1)) - 2 * null, null)))
    return _relative_distance(
        name="discrepancy_multiple",
        title="mean discrepancy",
        value=value,
        floor=floor,
        deviation=deviation,
        equal=equal,
        sides=sides,
    )


def _frechet(comparison: Comparison, sides: list[_Labelled], parts: list[list[_Labelled]]) -> RelativeDistance | None:
    """Return the Fréchet distance extrapolated to endless sets, over what chance adds between real sets of 300.

    None where there are fewer than 4 patients of the same classes on all sides, in a half of them too.
    """
    random = comparison.random(406)

    def between(chosen: list[_Labelled], draws: int) -> tuple[float, float] | None:
        estimates = [estimate for _ in range(draws) if (estimate := _extrapolated(chosen, random)) is not None]
        if not estimates:
            return None
        endless, floor, slope = np.mean(estimates, axis=0)
        unit = max(slope / SIZE, 1e-9)
        return float(1 + endless / unit), float(1 + floor / unit)

    full = between(sides, DRAWS)
    spread = [half[0] for part in parts if (half := between(part, 2)) is not None]
    if full is None or len(spread) < len(parts):
        return None
    value, floor = full
    deviation = float(np.std(spread, ddof=1))
    return _relative_distance(
        name="frechet_multiple",
        title="Fréchet distance",
        value=value,
        floor=floor,
        deviation=deviation,
        equal=None,
        sides=sides,
    )


def _extrapolated(sides: list[_Labelled], random: np.random.Generator) -> tuple[float, float, float] | None:
    """Return the distance of held-out to synthetic and to training images for endless sets, and the slope in 1 / n.

    One image of each patient, the same number of each class on all sides; None where that is fewer than 4. The line
    goes through the distances of all and of half of them: chance adds a part in proportion to 1 / n.

    Source: Chong and Forsyth, 2020, arXiv:1911.07023; two sizes instead of fifteen, averaged over draws.
    """
    chosen: list[list[Integers]] = [[], [], []]
    for label in np.unique(sides[1].labels):
        pools = [_one_each(side, int(label), random) for side in sides]
        size = min(len(pool) for pool in pools)
        for pick, pool in zip(chosen, pools, strict=True):
            pick.append(pool[:size])
    train, held, generated = (
        side.points.values[np.concatenate(pick)] for side, pick in zip(sides, chosen, strict=True)
    )
    n = len(held)
    if n < 4:
        return None
    half = random.permutation(n)[: n // 2]
    distance = Frechet().compare
    full = distance(held, generated), distance(held, train)
    halved = distance(held[half], generated[half]), distance(held[half], train[half])
    slopes = [(few - many) / (1 / (n // 2) - 1 / n) for few, many in zip(halved, full, strict=True)]
    endless, floor = (many - slope / n for many, slope in zip(full, slopes, strict=True))
    return endless, floor, slopes[1]


def _one_each(side: _Labelled, label: int, random: np.random.Generator) -> Integers:
    """Return one random row of every patient of a class, in random order."""
    rows = random.permutation(np.flatnonzero(side.labels == label))
    _, first = np.unique(side.points.patients[rows], return_index=True)
    return random.permutation(rows[first])


def _relative_distance(
    *,
    name: str,
    title: str,
    value: float,
    floor: float,
    deviation: float,
    equal: float | None,
    sides: list[_Labelled],
) -> RelativeDistance:
    deviation = max(deviation, 0.05)
    reach = float(stats.norm.ppf(0.975)) * deviation
    upper = value + float(stats.norm.ppf(0.95)) * deviation
    p_value = float(stats.norm.sf((value - LIMIT) / deviation))
    return RelativeDistance(
        name=name,
        title=title,
        value=value,
        interval=(value - reach, value + reach),
        upper=upper,
        floor=floor,
        p_value=p_value,
        equal=equal,
        n_real=len(np.unique(sides[1].points.patients)),
        n_synthetic=len(sides[2].labels),
    )
