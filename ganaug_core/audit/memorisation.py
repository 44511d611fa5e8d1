"""Beside the verdict on copying: what the literature counts, and what the run's own discriminator has memorised."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.audit.comparison import Comparison
from ganaug_core.errors import EvidenceError
from ganaug_core.metrics import half_sampling, memorisation
from ganaug_core.metrics.dominance import INTERVAL, dominance, stated
from ganaug_core.metrics.statistics import Values, wilson
from ganaug_core.records import Floats, Integers, Measurement

SPACE, DISCRIMINATOR = "simclr", "discriminator"
MOST = 500  # images of each of the three sides
LEAST = 20
HALVES = 10
ALARMS = 0.01  # share of held-out images that an attacker takes for training images

Count = Callable[[Floats, Floats, Floats], float]
COUNTS: dict[str, tuple[Count, str]] = {
    "authentic_share": (lambda train, _, synthetic: memorisation.authentic_share(train, synthetic), "as real"),
    "copying_score": (memorisation.copying_score, "near 0"),
    "likelihood_gap": (memorisation.likelihood_gap, "lower"),
}


def literature_counts(comparison: Comparison) -> tuple[Measurement, ...]:
    """Return the three counts with what held-out images give; the class mix is that of the hold-out everywhere.

    For the floor, one half of the held-out patients plays the synthetic images against the other.
    """
    if SPACE not in comparison.spaces:
        return ()
    held, train, generated = _rows(comparison)
    if min(len(held) // 2, len(train), len(generated)) < LEAST:
        return ()
    values = (
        comparison.features(SPACE, train),
        comparison.features(SPACE, held),
        comparison.spaces[SPACE].synthetic.values[generated],
    )
    held_labels, synthetic_labels = comparison.cohort.labels[held], comparison.labels[generated]
    parts = half_sampling.complements(comparison.cohort.groups[held], held_labels, 3, comparison.random(460))
    if not len(parts):  # too few patients to play against each other
        return ()
    random = comparison.random(461)
    splits = [
        half_sampling.complements(groups, labels, HALVES, random)
        for groups, labels in (
            (comparison.cohort.groups[train], comparison.cohort.labels[train]),
            (comparison.cohort.groups[held], held_labels),
            (np.arange(len(generated)), synthetic_labels),
        )
    ]
    if not all(map(len, splits)):
        return ()
    result = []
    for name, (counted, better) in COUNTS.items():
        try:
            value = counted(*values)
            real_values = [_between_real_halves(counted, values, half) for half in parts]
            reach = _reach(name, counted, values, splits, comparison.patients(held))
        except EvidenceError:  # too few images in every cell
            continue
        floor = float(np.mean(real_values))
        result.append(
            Measurement(
                name=name,
                encoder=SPACE,
                value=value,
                interval=(value - reach, min(value + reach, 1.0 if name == "authentic_share" else np.inf)),
                floor=floor,
                # the others have no scale of their own: they grow with the dimension
                null=floor if name == "authentic_share" else 0.0,
                n_real=comparison.patients(held),
                n_synthetic=len(generated),
                better=better,
                interval_method="normal, deviation 1" if name == "copying_score" else half_sampling.METHOD,
                reference="train+holdout",
            )
        )
    return tuple(result)


def _reach(
    name: str,
    counted: Count,
    values: tuple[Floats, Floats, Floats],
    splits: Sequence[NDArray[np.bool_]],
    patients: int,
) -> float:
    """Return half the width of the 95 % interval; halves of all three sides tell, but C_T, which has deviation 1."""
    if name == "copying_score":
        return float(stats.norm.ppf(0.975))
    halves = [
        [counted(*(side[half == first] for side, half in zip(values, rows, strict=True))) for first in (True, False)]
        for rows in zip(*splits, strict=True)
    ]
    return float(stats.t.ppf(0.975, patients - 1) * np.std(halves))


def _between_real_halves(counted: Count, values: tuple[Floats, Floats, Floats], half: NDArray[np.bool_]) -> float:
    """Return the count with one half of the held-out images in the place of the synthetic ones."""
    return counted(values[0], values[1][~half], values[1][half])


def _rows(comparison: Comparison) -> tuple[Integers, Integers, Integers]:
    """Return rows of the three sides, at most `MOST` each, at the hold-out's shares of the classes that all have."""
    random = comparison.random(462)
    labels = comparison.cohort.labels
    pools = [
        (comparison.holdout[labels[comparison.holdout] == label], comparison.train[labels[comparison.train] == label],
         np.flatnonzero(comparison.labels == label))
        for label in range(len(comparison.cohort.classes))
    ]  # fmt: skip
    pools = [pool for pool in pools if min(map(len, pool))]
    total = sum(len(pool[0]) for pool in pools)
    size = min([MOST, *(len(side) * total / len(pool[0]) for pool in pools for side in pool)])
    picks = [
        [np.sort(random.permutation(side)[: max(1, int(size * len(pool[0]) / total))]) for side in pool]
        for pool in pools
    ]
    held, train, generated = (
        np.concatenate([np.zeros(0, np.int64), *(pick[side] for pick in picks)]) for side in range(3)
    )
    return held, train, generated


def membership(comparison: Comparison, train_logits: Values, holdout_logits: Values) -> tuple[Measurement, ...]:
    """Return how well the run's discriminator tells training images from held-out ones, one image a patient.

    Half of the pairs is chance. The second number is the share of training images that are told while one held-out
    image in a hundred is taken for one: an attack that is sure of a few is worse than one that guesses well.

    Args:
        train_logits: (n_train,) what the discriminator says of each training image, `holdout_logits` (n_holdout,).

    Source: Hayes et al., 2019, arXiv:1705.07663 (LOGAN); Carlini et al., 2022, arXiv:2112.03570.
    """
    if min(comparison.patients(comparison.train), comparison.patients(comparison.holdout)) < LEAST:
        return ()
    random = comparison.random(463)
    order = random.permutation(len(comparison.train))
    _, first = np.unique(comparison.cohort.groups[comparison.train[order]], return_index=True)
    member_logits = np.asarray(train_logits, np.float64)[order[first]]
    mass = _mixed(comparison, comparison.train[order[first]])
    if not mass.any():  # no class is on both sides
        return ()
    nonmember_logits = np.asarray(holdout_logits, np.float64)
    separation = dominance(nonmember_logits, mass, member_logits, 0)
    sizes = round(float(mass.sum())), len(member_logits)
    limit = float(np.quantile(nonmember_logits, 1 - ALARMS))
    detected = int((member_logits > limit).sum())
    alarms = float((mass * (nonmember_logits > limit)).sum() / mass.sum())
    return (
        Measurement(
            name="membership",
            encoder=DISCRIMINATOR,
            value=separation.chance,
            interval=separation.interval,
            floor=0.5,
            null=0.5,
            n_real=sizes[0],
            n_synthetic=sizes[1],
            better="near .5",
            reference="train+holdout",
            p_value=separation.p_value,
            test=stated(0).phrase,
            interval_method=INTERVAL,
        ),
        Measurement(
            name="membership_sure",
            encoder=DISCRIMINATOR,
            value=detected / len(member_logits),
            interval=wilson(detected, len(member_logits)),
            interval_method="Wilson",
            floor=alarms,
            null=alarms,
            n_real=sizes[0],
            n_synthetic=sizes[1],
            better="lower",
            reference="train+holdout",
        ),
    )


def _mixed(comparison: Comparison, train: Integers) -> Values:
    """Return the weights of the held-out images at the class mix of these training images, as many patients in sum."""
    mass = comparison.weights[comparison.holdout]
    held, train_labels = comparison.cohort.labels[comparison.holdout], comparison.cohort.labels[train]
    size = len(comparison.cohort.classes)
    have, want = np.bincount(held, mass, size), np.bincount(train_labels, minlength=size).astype(np.float64)
    want[have == 0] = 0
    scale = want / np.maximum(have, 1e-9) * (have.sum() / max(want.sum(), 1e-9))
    result: Values = mass * scale[held]
    return result
