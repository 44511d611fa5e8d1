"""Fidelity: how much more do synthetic images differ from real ones than real ones do among themselves?

No finite generator equals its data, so the verdict asks for the size of the difference, not for its existence: the
mean discrepancy and the Fréchet distance in multiples of what two real sets of the same size show, and the spectrum
by how often a synthetic image has more or less detail than a real one. A classifier that tells the two apart asks for
a second look only: it tells every generator of today. Tests of exact equality stand beside, in the measurements.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from ganaug_core.audit import detail
from ganaug_core.audit.measuring import LABEL_SPACE, matched
from ganaug_core.audit.sides import Sides
from ganaug_core.audit.words import FAIL, Finding, count, percent
from ganaug_core.interfaces import Report
from ganaug_core.metrics import give_aways, two_sample
from ganaug_core.metrics.frechet import Frechet
from ganaug_core.metrics.statistics import dominance_spread, halves
from ganaug_core.records import Floats, Integers, Measurement

SPACE, IMAGES = "texture", "images"
MOST = 300  # images a side: a multiple of the floor means the same whatever the size of the cohort
LEAST = 24
DRAWS, HALVES = 5, 30
MULTIPLE = 4.0
TOLD = 0.25  # area under the curve above .5 at which a classifier is worth a warning
CLIPPED = 4.0  # standard deviations: one strange image must not make mean and covariance of all
PARTS = 3  # mean discrepancy, Fréchet distance, detail
SHOWN = 24
NAMES = {"discrepancy_multiple": "mean discrepancy", "frechet_multiple": "Fréchet distance"}

Distance = Callable[[Floats, Floats], float]


@dataclass(frozen=True)
class Realism:
    """The finding, the synthetic images that are told most surely, and what gives them away."""

    finding: Finding
    give_aways: tuple[str, ...] = ()
    drawings: dict[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class _Multiple:
    """A distance in multiples of the floor, and the p-value that it is at most `MULTIPLE`."""

    name: str
    value: float
    interval: tuple[float, float]
    p_value: float


@dataclass(frozen=True)
class _Told:
    """How well a classifier tells the two: area under the curve in a space, p-value that it is at most .5 + `TOLD`."""

    area: float
    interval: tuple[float, float]
    p_value: float


def realism(both: Sides, report: Report) -> Realism:
    """Return what speaks against the realism of the set as a whole."""
    classes = tuple(range(len(both.cohort.classes)))
    held, _, _ = matched(both, classes, 0, MOST)
    if len(held) < LEAST or both.patients(held) < 8:
        return Realism(
            Finding(
                None,
                unable=(
                    f"Realism cannot be judged with {count(len(held), 'image')} of "
                    f"{count(both.patients(held), 'held-out patient')} on each side.",
                    f"Audit with at least {LEAST} held-out and {LEAST} synthetic images, and as many for training.",
                ),
            )
        )
    fine = detail.detail(both)
    measurements = list(fine.measurements)
    found: list[_Multiple] = []
    told: dict[str, _Told] = {}
    spaces = [name for name in both.spaces if name != LABEL_SPACE]
    for place, space in enumerate(spaces):
        report(place / (len(spaces) + 1), f"Comparing the sets in the space {space}")
        multiples, p_value = _multiples(both, space, classes)
        measurements += [_of_multiple(each, space, len(held), p_value) for each in multiples]
        if space == SPACE:
            found = multiples
            told[space], _ = _classified(both, both.features(space, both.holdout), both.spaces[space].synthetic.values)
    report(len(spaces) / (len(spaces) + 1), "Looking for what gives images away")
    told[IMAGES], (ids, pictures) = _by_pictures(both)
    measurements += [_of_told(each, space, both) for space, each in told.items()]
    finding = _finding(both, len(held), fine, found, told, tuple(measurements))
    return Realism(finding, ids, {**fine.drawings, **pictures})


def _multiples(both: Sides, space: str, classes: tuple[int, ...]) -> tuple[list[_Multiple], float]:
    """Return both distances of a space, and the p-value of no difference at all (patients swapped)."""
    draws = [matched(both, classes, draw, MOST) for draw in range(DRAWS)]
    seen = both.features(space, draws[0][1]).astype(np.float64)
    middle, spread = seen.mean(0), seen.std(0)
    spread = np.where(spread > 1e-6, spread, 1.0)

    def tamed(values: Floats) -> Floats:
        clipped: Floats = np.clip((values - middle) / spread, -CLIPPED, CLIPPED).astype(np.float32)
        return clipped

    def real(rows: Integers) -> Floats:
        return tamed(both.features(space, rows))

    synthetic = tamed(both.spaces[space].synthetic.values)
    squares = two_sample.squared(real(draws[0][0]).astype(np.float64))
    width = max(float(np.median(squares[np.triu_indices(len(squares), 1)])), 1e-9)
    distances: dict[str, Distance] = {
        "discrepancy_multiple": lambda one, other: two_sample.mean_discrepancy(one, other, width),
        "frechet_multiple": Frechet().compare,
    }
    found = [_multiple(both, name, draws, real, synthetic, each) for name, each in distances.items()]
    held = both.holdout
    blocks = two_sample.paired(both.cohort.labels[held], both.cohort.groups[held], both.labels, both.random(400), MOST)
    sides = real(held[blocks.real]), synthetic[blocks.synthetic]
    return found, two_sample.swapped(*sides, blocks.patient, two_sample.gaussian, both.random(401))


def _multiple(
    both: Sides,
    name: str,
    draws: list[tuple[Integers, Integers, Integers]],
    real: Callable[[Integers], Floats],
    synthetic: Floats,
    distance: Distance,
) -> _Multiple:
    """Return the mean over draws against the mean floor; its spread comes from halves of the patients."""
    values = [distance(real(held), synthetic[drawn]) for held, _, drawn in draws]
    floors = [distance(real(held), real(train)) for held, train, _ in draws]
    value = float(np.mean(values) / max(float(np.mean(floors)), 1e-12))
    held, train, drawn = draws[0]
    random = both.random(402)
    logs = []
    for left in halves(both.cohort.groups[held], HALVES, random):
        picks = [random.permutation(len(each))[: len(left)] for each in (train, drawn)]
        top = distance(real(held[left]), synthetic[drawn[picks[1]]])
        logs.append(np.log(max(top, 1e-12) / max(distance(real(held[left]), real(train[picks[0]])), 1e-12)))
    spread = max(float(np.std(logs, ddof=1)), 0.02)
    reach = float(stats.norm.ppf(0.975)) * spread
    p_value = float(stats.norm.sf((np.log(max(value, 1e-12)) - np.log(MULTIPLE)) / spread))
    return _Multiple(name, value, (float(value * np.exp(-reach)), float(value * np.exp(reach))), p_value)


def _classified(both: Sides, real: Floats, synthetic: Floats) -> tuple[_Told, give_aways.Discriminant]:
    """Return how well a classifier tells held-out and synthetic images apart, at the cohort's class mix."""
    rows = _balanced(both)
    held, drawn = rows
    found = give_aways.discriminant(
        real[held],
        synthetic[drawn],
        both.cohort.labels[both.holdout[held]],
        both.labels[drawn],
        both.cohort.groups[both.holdout[held]],
        both.random(410),
    )
    mass = both.weights[both.holdout[held]]
    area, spread = dominance_spread(found.real, mass, found.synthetic)
    reach = float(stats.norm.ppf(0.975)) * spread
    p_value = float(stats.norm.sf((area - 0.5 - TOLD) / spread))
    return _Told(area, (max(0.0, area - reach), min(1.0, area + reach)), p_value), found


def _balanced(both: Sides) -> tuple[Integers, Integers]:
    """Return places in the hold-out and among the synthetic images, as many of each class, 2 * `MOST` at most."""
    random = both.random(411)
    labels = both.cohort.labels[both.holdout]
    pools = [(np.flatnonzero(labels == label), np.flatnonzero(both.labels == label)) for label in np.unique(labels)]
    total = sum(min(len(left), len(right)) for left, right in pools)
    share = min(1.0, 2 * MOST / max(total, 1))
    picks = [
        [np.sort(random.permutation(pool)[: int(share * min(len(left), len(right)))]) for pool in (left, right)]
        for left, right in pools
    ]
    held, drawn = (np.concatenate(each) for each in zip(*picks, strict=True))
    return held, drawn


def _by_pictures(both: Sides) -> tuple[_Told, tuple[tuple[str, ...], dict[str, Floats]]]:
    """Return the same for the images themselves, the images that are told most surely, and the pattern as pictures."""
    real = give_aways.brightness_and_detail(both.cohort.images(both.holdout))
    told, found = _classified(both, real, give_aways.brightness_and_detail(both.samples.images))
    _, drawn = _balanced(both)
    order = np.argsort(-found.synthetic, kind="stable")[:SHOWN]
    brightness, fine = give_aways.as_pictures(found.pattern)
    pictures = {"give_away.brightness": brightness, "give_away.detail": fine}
    return told, (tuple(str(each) for each in both.samples.ids[drawn[order]]), pictures)


def _finding(
    both: Sides,
    size: int,
    fine: detail.Detail,
    found: list[_Multiple],
    told: dict[str, _Told],
    measurements: tuple[Measurement, ...],
) -> Finding:
    sizes = f"{count(size, 'image')} a side, {count(both.patients(both.holdout), 'held-out patient')}"
    p_value = min(1.0, PARTS * min([fine.p_value, *(each.p_value for each in found)]))
    do = "Look at the images that give themselves away; train longer, or with another recipe."
    worst = min(found, key=lambda each: each.p_value, default=None)
    if worst is not None and worst.p_value <= fine.p_value:
        trouble = (
            f"As a set the synthetic images differ from real ones {_times(worst)} ({sizes}; {MULTIPLE:g} is allowed)"
        )
    else:
        trouble = f"{fine.sentence} ({sizes})"
    surest = max(told, key=lambda space: told[space].area)
    caution = None
    if len(told) * told[surest].p_value < FAIL:
        low, high = told[surest].interval
        caution = (
            f"A simple classifier tells a synthetic from a real image in {percent(told[surest].area)} of pairs, where "
            f"chance gives 50 % (95 % interval {percent(low)} to {percent(high)}; {sizes})."
            + (f" Their texture differs {_times(worst)}." if worst is not None else ""),
            "Look at what gives them away. For a study of texture or small detail do not rely on these images.",
        )
    calm = bool(found) and all(each.interval[1] < MULTIPLE for each in found)
    clear = None
    if calm and fine.visible is not None and fine.visible <= detail.VISIBLE_BLUR and worst is not None:
        largest = max(found, key=lambda each: each.value)
        clear = (
            f"As a set the synthetic images differ from real ones about as real ones do among themselves "
            f"({_times(largest)}; {sizes}). A blur of {fine.visible:g} pixels would have been noticed.",
            "Look at what gives single images away all the same.",
        )
    return Finding(
        p_value, (f"{trouble}.", do), clear, _unable(found, fine, sizes), caution=caution, measurements=measurements
    )


def _unable(found: list[_Multiple], fine: detail.Detail, sizes: str) -> tuple[str, str]:
    more = "Audit with more held-out and more synthetic images."
    if not found:
        return f"Realism cannot be judged: the features {SPACE} are missing.", "Audit in this space too."
    if wide := [each for each in found if each.interval[1] >= MULTIPLE]:
        return f"The images may differ from real ones too much or not: {_times(wide[0])} ({sizes}).", more
    seen = "no blur" if fine.visible is None else f"only a blur of {fine.visible:g} pixels or more"
    return f"No difference found, but at these numbers {seen} would be noticed ({sizes}).", more


def _times(each: _Multiple) -> str:
    low, high = each.interval
    return (
        f"{each.value:.1f} times as much as two sets of real images do ({NAMES[each.name]}, 95 % interval {low:.1f} to "
        f"{high:.1f})"
    )


def _of_multiple(each: _Multiple, space: str, size: int, equal: float) -> Measurement:
    p_value = equal if each.name == "discrepancy_multiple" else each.p_value
    return Measurement(each.name, space, each.value, each.interval, 1.0, 1.0, size, size, "lower", p_value=p_value)


def _of_told(each: _Told, space: str, both: Sides) -> Measurement:
    held, drawn = _balanced(both)
    return Measurement(
        "told_apart", space, each.area, each.interval, 0.5, 0.5, len(held), len(drawn), "lower", p_value=each.p_value
    )
