"""Measurements of two sets in each feature space, at one class mix and one size, beside real against real."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.weighted_sides import weighted_sides
from ganaug_core.interfaces import ChanceFormula, MomentMetric, NeighbourMetric, Report
from ganaug_core.metrics import METRICS, half_sampling, two_sample
from ganaug_core.metrics.statistics import Values
from ganaug_core.neighbours import Neighbours
from ganaug_core.records import Floats, Integers, Measurement
from ganaug_core.storage.workspace import digest_of

LABEL_SPACE = "classifier"
K = 5
LEAST = 2 * (K + 1)
DRAWS, HALVES, KERNEL_HALVES = 3, 15, 200
MOST = 1000  # images of a side; time grows with the square
SWAPPED = 500  # images of a side in the test by swaps
KERNEL = "kernel_distance"
SHARES = ("precision", "recall", "coverage")
METHODS = {
    "frechet": f"{half_sampling.METHOD}; about its mean at these numbers of images",
    **dict.fromkeys(SHARES, half_sampling.SHARES),
}


def measurements(comparison: Comparison, report: Report) -> tuple[Measurement, ...]:
    """Return every metric of the family in every space, then coverage class by class.

    Hold-out, training and synthetic images are drawn at the same number per class, the smallest of the three, so no
    number depends on the class mix. The value is the mean of `DRAWS` draws; the floor is training against hold-out.
    Without a hold-out both are halves of the training patients: that tells whether synthetic images lie where real ones
    do, not whether they are new.
    """
    if not len(comparison.holdout):
        comparison, reference = comparison.halved(), "train"
    else:
        reference = "holdout"
    result: list[Measurement] = []
    spaces = [name for name in comparison.spaces if name != LABEL_SPACE]
    for number, space in enumerate(spaces):
        report(number / len(spaces), f"Measuring in the space {space}")
        result += _kernel_distance(comparison, space)
        result += _of_space(comparison, space, tuple(range(len(comparison.cohort.classes))), None)
        for label, name in enumerate(comparison.cohort.classes):
            result += _of_space(comparison, space, (label,), name)
    return tuple(replace(measurement, reference=reference) for measurement in result)


def matched(
    comparison: Comparison, labels: Sequence[int], draw: int, most: int = MOST
) -> tuple[Integers, Integers, Integers]:
    """Return rows of hold-out, training and synthetic images, the same number of each class, at most `most` a side."""
    random = comparison.random(100 + draw)
    picks: tuple[list[Integers], ...] = ([], [], [])
    pools = [
        [rows[values[rows] == label] for label in labels]
        for rows, values in (
            (comparison.holdout, comparison.cohort.labels),
            (comparison.train, comparison.cohort.labels),
            (np.arange(len(comparison.samples)), comparison.labels),
        )
    ]
    total = sum(min(len(pool[index]) for pool in pools) for index in range(len(labels)))
    for index in range(len(labels)):
        size = min(len(pool[index]) for pool in pools)
        size = int(size * min(1, most / max(total, 1)))
        for pick, pool in zip(picks, pools, strict=True):
            pick.append(np.sort(random.permutation(pool[index])[:size]))
    held, train, generated = (np.concatenate(pick) if pick else np.zeros(0, np.int64) for pick in picks)
    return held, train, generated


def _of_space(comparison: Comparison, space: str, labels: Sequence[int], class_name: str | None) -> list[Measurement]:
    names = tuple(name for name in METRICS if name != KERNEL) if class_name is None else ("coverage",)
    picks = [matched(comparison, labels, draw) for draw in range(DRAWS)]
    held = picks[-1][0]
    count, patients = len(held), comparison.patients(held)
    if count < LEAST or patients < half_sampling.LEAST:
        return []
    synthetic = comparison.spaces[space].synthetic.values
    sets = [
        _Pair(comparison.features(space, rows), comparison.cohort.groups[rows], synthetic[others], others)
        for rows, _, others in picks
    ]
    values = [one_pair.measure(names) for one_pair in sets]
    floors, nulls = _among_real(comparison, space, names, [(rows, train) for rows, train, _ in picks])
    halves = _in_halves(names, comparison, labels, picks, sets)
    result = []
    for number, name in enumerate(names):
        value = float(np.mean([metrics[number] for metrics in values]))
        result.append(
            Measurement(
                name=name,
                encoder=space,
                value=value,
                interval=_interval(name, value, halves[..., number], patients, floors[name]),
                floor=floors[name],
                null=nulls[name] if name in nulls else _null(name, count),
                n_real=patients,
                n_synthetic=count,
                better=METRICS[name].better,
                class_name=class_name,
                interval_method=METHODS.get(name, half_sampling.METHOD),
            )
        )
    return result


def _interval(name: str, value: float, halves: Values, patients: int, floor: float) -> tuple[float, float] | None:
    if name in SHARES:
        return half_sampling.share_interval(value, halves, patients)
    if name != "frechet" or not len(halves):
        return half_sampling.interval(value, halves, patients, least=0.0)
    low, high = half_sampling.distance_interval(value - floor, half_sampling.spread(halves), patients)
    return max(0.0, min(value, floor + low)), max(value, floor + high)


def _kernel_distance(comparison: Comparison, space: str) -> list[Measurement]:
    """Return the kernel distance at the hold-out's class mix, without pairs of one patient: 0 by chance."""
    held, train, generated = weighted_sides(comparison, space, MOST, 162)
    patients = len(np.unique(held.patients))
    if min(patients, len(train.values), len(generated.values)) < LEAST:
        return []
    distance = two_sample.discrepancy(held, generated, two_sample.cubic, KERNEL_HALVES, comparison.random(200))
    p_value = _swapped(comparison, space)
    return [
        Measurement(
            name=KERNEL,
            encoder=space,
            value=distance.value,
            interval=half_sampling.distance_interval(
                distance.value, half_sampling.spread(distance.halves), min(patients, len(generated.values))
            ),
            floor=two_sample.discrepancy(held, train, two_sample.cubic).value,
            null=0.0,
            n_real=patients,
            n_synthetic=len(generated.values),
            better=METRICS[KERNEL].better,
            p_value=p_value,
            test="" if p_value is None else two_sample.TEST.phrase,
            interval_method=half_sampling.METHOD,
        )
    ]


def _swapped(comparison: Comparison, space: str) -> float | None:
    """Return the p-value of the kernel distance by swaps of patients within their class; None with too few."""
    labels, groups = comparison.cohort.labels[comparison.holdout], comparison.cohort.groups[comparison.holdout]
    blocks = two_sample.paired(labels, groups, comparison.labels, comparison.random(160), SWAPPED)
    if not len(blocks.patient) or blocks.patient[-1] < LEAST:
        return None
    real = comparison.features(space, comparison.holdout[blocks.real])
    synthetic = comparison.spaces[space].synthetic.values[blocks.synthetic]
    return two_sample.swapped(real, synthetic, blocks.patient, two_sample.cubic, comparison.random(161))


def _among_real(
    comparison: Comparison, space: str, names: Sequence[str], picks: Sequence[tuple[Integers, Integers]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return by metric what hold-out against training gives, and what chance gives where no formula tells.

    A formula is for independent images: there is none where a patient has several. Synthetic images decide no more
    than how many there are, so this is kept with the cohort.
    """
    once = all(comparison.patients(held) == len(held) for held, _ in picks)
    unknown = [name for name in names if not (once and issubclass(METRICS[name], ChanceFormula))]

    def measure() -> tuple[Values, Values]:
        floors, nulls = [], []
        for draw, (held, train) in enumerate(picks):
            floors.append(_real_and(comparison, space, held, train).measure(names))
            nulls.append(_real_and(comparison, space, *_exchanged(comparison, held, train, draw)).measure(unknown))
        return np.mean(floors, axis=0), np.mean(nulls, axis=0)

    made_of = digest_of(
        comparison.spaces[space].real.digest, comparison.seed, names, *(rows for pick in picks for rows in pick)
    )
    floors, nulls = comparison.memoise(f"floors-{space}-{made_of}", measure)
    return dict(zip(names, floors.tolist(), strict=True)), dict(zip(unknown, nulls.tolist(), strict=True))


def _exchanged(comparison: Comparison, held: Integers, train: Integers, draw: int) -> tuple[Integers, Integers]:
    """Return two sets of real images of the sizes of these, mixed anew by patient within each class.

    What a measure gives between them is what it gives by chance, where no formula tells.
    """
    rows = np.concatenate([held, train])
    groups, places = np.unique(comparison.cohort.groups[rows], return_inverse=True)
    turn = comparison.random(150 + draw).permutation(len(groups))[places.ravel()]
    ordered = rows[np.lexsort((turn, comparison.cohort.labels[rows]))]
    first = np.zeros(len(rows), bool)
    for label in np.unique(comparison.cohort.labels[rows]):
        inside = np.flatnonzero(comparison.cohort.labels[ordered] == label)
        first[inside[: len(inside) // 2]] = True
    return ordered[first], ordered[~first]


def _in_halves(
    names: Sequence[str],
    comparison: Comparison,
    labels: Sequence[int],
    picks: Sequence[tuple[Integers, Integers, Integers]],
    sets: Sequence["_Pair"],
) -> Values:
    """Return (splits, 2, names) the metrics in complementary halves of both sides, averaged over draws as the value is.

    A draw looks at its own rows of the half.
    """
    cohort, random = comparison.cohort, comparison.random(200)
    pools = comparison.holdout[np.isin(cohort.labels[comparison.holdout], labels)], np.arange(len(comparison.labels))
    halves = np.zeros((2, HALVES, max(len(cohort), len(comparison.labels))), bool)
    halves[0][:, pools[0]] = half_sampling.complements(cohort.groups[pools[0]], cohort.labels[pools[0]], HALVES, random)
    halves[1][:, pools[1]] = half_sampling.complements(pools[1], comparison.labels, HALVES, random)
    result = []
    for one, two in zip(*halves, strict=True):
        for side in (True, False):
            rows = [(one[held] == side, two[generated] == side) for held, _, generated in picks]
            if min(half.sum() for pair in rows for half in pair) <= K:
                return np.zeros((0, 2, len(names)))
            result.append(
                np.mean([pair.measure(names, *chosen) for pair, chosen in zip(sets, rows, strict=True)], axis=0)
            )
    return np.array(result).reshape(HALVES, 2, len(names))


def _real_and(comparison: Comparison, space: str, rows: Integers, others: Integers) -> "_Pair":
    """Return two sets of real images; the second stands where synthetic images do."""
    groups = comparison.cohort.groups
    return _Pair(comparison.features(space, rows), groups[rows], comparison.features(space, others), groups[others])


@dataclass(frozen=True)
class _Pair:
    """Real and synthetic features, (n, d) and (m, d), and the patients of both, (n,) and (m,); each synthetic image is
    its own. A ball holds no image of its own patient, whose slices would make it as small as their differences are.
    """

    real: Floats
    patients: Integers
    synthetic: Floats
    others: Integers

    @cached_property
    def _distances(self) -> tuple[Floats, Floats, Floats]:
        """Distances among real, from real to synthetic, among synthetic images; infinite within a patient."""
        within, generated = two_sample.squared(self.real), two_sample.squared(self.synthetic)
        within[self.patients[:, None] == self.patients[None]] = np.inf
        generated[self.others[:, None] == self.others[None]] = np.inf
        across = two_sample.squared(self.real, self.synthetic)
        return tuple(np.sqrt(squares).astype(np.float32) for squares in (within, across, generated))  # type: ignore[return-value]

    def measure(
        self, names: Sequence[str], left: NDArray[np.bool_] | None = None, right: NDArray[np.bool_] | None = None
    ) -> list[float]:
        """Return the metrics, of all images or of some rows of both sides."""
        left, right = (
            np.ones(len(side), bool) if rows is None else rows
            for side, rows in ((self.real, left), (self.synthetic, right))
        )
        size = min(left.sum(), right.sum())
        rows, others = (_thinned(np.flatnonzero(side), size) for side in (left, right))
        near = self._near(rows, others)
        result = []
        for name in names:
            metric = METRICS[name]()
            if isinstance(metric, NeighbourMetric):
                result.append(metric.measure(near))
            elif isinstance(metric, MomentMetric):
                result.append(metric.compare(self.real[rows], self.synthetic[others]))
        return result

    def _near(self, left: Integers, right: Integers) -> Neighbours:
        within, across, generated = self._distances
        across = across[np.ix_(left, right)]
        real, synthetic = _nearest(within[np.ix_(left, left)]), _nearest(generated[np.ix_(right, right)])
        return Neighbours(
            k=K,
            real_real=real,
            real_synthetic=_nearest(across),
            synthetic_real=_nearest(across.T),
            synthetic_synthetic=synthetic,
            real_balls=(across < real[:, -1:]).sum(0),
            synthetic_balls=(across < synthetic[:, -1]).sum(1),
        )


def _thinned(rows: Integers, size: int) -> Integers:
    """Return so many of the rows, evenly: halves differ where patients have different numbers of images."""
    return rows[np.linspace(0, len(rows) - 1, size).round().astype(np.intp)]


def _nearest(distances: Floats) -> Floats:
    return np.sort(np.partition(distances, K, axis=1)[:, :K], axis=1)


def _null(name: str, count: int) -> float:
    metric = METRICS[name]()
    assert isinstance(metric, ChanceFormula)
    return metric.null(count, count)
