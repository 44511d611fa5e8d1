"""Measurements of two sets in each feature space, at one class mix and one size, beside real against real."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ganaug_core.audit.comparison import Comparison
from ganaug_core.interfaces import ChanceFormula, MomentMetric, NeighbourMetric, Report
from ganaug_core.metrics import METRICS, two_sample
from ganaug_core.metrics.statistics import Values, halves, spread_interval
from ganaug_core.neighbours import Neighbours, neighbours
from ganaug_core.records import Floats, Integers, Measurement
from ganaug_core.storage.workspace import digest_of

LABEL_SPACE = "classifier"
K = 5
LEAST = 2 * (K + 1)
DRAWS, HALVES = 3, 30
MOST = 2000  # images of a side; time grows with the square
SWAPPED = 500  # images of a side in the test by swaps
SHARES = ("precision", "recall", "coverage")
LOWEST = {"kernel_distance": -np.inf}


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
    synthetic = comparison.spaces[space].synthetic.values
    names = tuple(METRICS) if class_name is None else ("coverage",)
    picks = [matched(comparison, labels, draw) for draw in range(DRAWS)]
    held, _, generated = picks[-1]
    count = len(held)
    if count < LEAST:
        return []
    values = [_measure(names, comparison.features(space, rows), synthetic[others]) for rows, _, others in picks]
    floors, nulls = _among_real(comparison, space, names, [(held, train) for held, train, _ in picks])
    spread = _spread(
        names, comparison.cohort.groups[held], comparison.features(space, held), synthetic[generated], comparison
    )
    result = []
    for name in names:
        value = float(np.mean([metrics[name] for metrics in values]))
        result.append(
            Measurement(
                name=name,
                encoder=space,
                value=value,
                interval=spread_interval(
                    value, [metrics[name] for metrics in spread], least=LOWEST.get(name, 0.0), most=_most(name)
                ),
                floor=floors[name],
                null=nulls[name] if name in nulls else _null(name, count),
                n_real=count,
                n_synthetic=count,
                better=METRICS[name].better,
                class_name=class_name,
                p_value=_swapped(comparison, space) if name == "kernel_distance" else None,
            )
        )
    return result


def _among_real(
    comparison: Comparison, space: str, names: Sequence[str], picks: Sequence[tuple[Integers, Integers]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return by metric what hold-out against training gives, and what chance gives where no formula tells.

    Synthetic images decide no more than how many there are, so this is kept with the cohort.
    """
    unknown = [name for name in names if not issubclass(METRICS[name], ChanceFormula)]

    def measure() -> tuple[Values, Values]:
        floors, nulls = [], []
        for draw, (held, train) in enumerate(picks):
            floors.append(
                [*_measure(names, comparison.features(space, held), comparison.features(space, train)).values()]
            )
            left, right = (comparison.features(space, rows) for rows in _exchanged(comparison, held, train, draw))
            nulls.append([*_measure(unknown, left, right).values()])
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


def _swapped(comparison: Comparison, space: str) -> float | None:
    """Return the p-value of the kernel distance by swaps of patients within their class; None with too few."""
    labels, groups = comparison.cohort.labels[comparison.holdout], comparison.cohort.groups[comparison.holdout]
    blocks = two_sample.paired(labels, groups, comparison.labels, comparison.random(160), SWAPPED)
    if not len(blocks.patient) or blocks.patient[-1] < LEAST:
        return None
    real = comparison.features(space, comparison.holdout[blocks.real])
    synthetic = comparison.spaces[space].synthetic.values[blocks.synthetic]
    return two_sample.swapped(real, synthetic, blocks.patient, two_sample.cubic, comparison.random(161)).p_value


def _spread(
    names: Sequence[str], groups: Integers, real: Floats, synthetic: Floats, comparison: Comparison
) -> list[Mapping[str, float]]:
    """Return the metrics on random halves of both sides: half of the patients, as many synthetic images.

    All distances are computed once; a half looks at its own rows and columns.
    """
    random = comparison.random(200)
    within, across, generated = _distances(real, real), _distances(real, synthetic), _distances(synthetic, synthetic)
    result: list[Mapping[str, float]] = []
    for left in halves(groups, HALVES, random):
        right = np.sort(random.permutation(len(synthetic))[: len(left)])
        if len(left) > K:
            near = _among(within[np.ix_(left, left)], across[np.ix_(left, right)], generated[np.ix_(right, right)])
            result.append(_measure(names, real[left], synthetic[right], near))
    return result


def _distances(left: Floats, right: Floats) -> Floats:
    """Return (n, m) distances, infinite where both are the same set and the same row."""
    squares = two_sample.squared(left, right)
    if left is right:
        np.fill_diagonal(squares, np.inf)
    distances: Floats = np.sqrt(squares).astype(np.float32)
    return distances


def _among(within: Floats, across: Floats, generated: Floats) -> Neighbours:
    """Return the neighbours in matrices of distances: real to real, real to synthetic, synthetic to synthetic."""

    def nearest(matrix: Floats) -> Floats:
        return np.sort(np.partition(matrix, K, axis=1)[:, :K], axis=1)

    real, synthetic = nearest(within), nearest(generated)
    in_real, in_synthetic = across < real[:, -1:], across < synthetic[:, -1]
    return Neighbours(
        k=K,
        real_real=real,
        real_synthetic=nearest(across),
        synthetic_real=nearest(across.T),
        synthetic_synthetic=synthetic,
        real_balls=in_real.sum(0),
        synthetic_balls=in_synthetic.sum(1),
    )


def _measure(names: Sequence[str], real: Floats, synthetic: Floats, near: Neighbours | None = None) -> dict[str, float]:
    result = {}
    for name in names:
        metric = METRICS[name]()
        if isinstance(metric, NeighbourMetric):
            near = near or neighbours(real, synthetic, K)
            result[name] = metric.measure(near)
        elif isinstance(metric, MomentMetric):
            result[name] = metric.compare(real, synthetic)
    return result


def _null(name: str, count: int) -> float:
    metric = METRICS[name]()
    assert isinstance(metric, ChanceFormula)
    return metric.null(count, count)


def _most(name: str) -> float:
    return 1.0 if name in SHARES else np.inf
