"""Beside the verdict on copying: what the literature counts, and what the run's own discriminator remembers."""

from collections.abc import Callable

import numpy as np

from ganaug_core.audit.comparison import Sides
from ganaug_core.errors import EvidenceError
from ganaug_core.metrics import memorisation
from ganaug_core.metrics.statistics import Values, dominance, halves, spread_interval, wilson
from ganaug_core.records import Floats, Integers, Measurement

SPACE, DISCRIMINATOR = "simclr", "discriminator"
MOST = 500  # images of each of the three sides
LEAST = 20
HALVES = 20
ALARMS = 0.01  # share of held-out images that an attacker takes for training images

Count = Callable[[Floats, Floats, Floats], float]
COUNTS: dict[str, tuple[Count, str]] = {
    "authentic_share": (lambda train, _, synthetic: memorisation.authentic_share(train, synthetic), "as real"),
    "copying_score": (memorisation.copying_score, "near 0"),
    "likelihood_gap": (memorisation.likelihood_gap, "lower"),
}


def described(both: Sides) -> tuple[Measurement, ...]:
    """Return the three counts with what held-out images give; the class mix is that of the hold-out everywhere.

    For the value beside, one half of the held-out patients plays the synthetic images against the other.
    """
    if SPACE not in both.spaces:
        return ()
    held, train, drawn = _rows(both)
    if min(len(held) // 2, len(train), len(drawn)) < LEAST:
        return ()
    values = both.features(SPACE, train), both.features(SPACE, held), both.spaces[SPACE].synthetic.values[drawn]
    parts = [np.asarray(each) for each in halves(both.cohort.groups[held], 3, both.random(460))]
    if not parts:  # too few patients to play against each other
        return ()
    subsets = list(halves(np.arange(len(drawn)), HALVES, both.random(461)))
    result = []
    for name, (counted, better) in COUNTS.items():
        try:
            value = counted(*values)
            beside = [_beside(counted, values, part) for part in parts]
            spread = [counted(values[0], values[1], values[2][half]) for half in subsets]
        except EvidenceError:  # too few images in every cell
            continue
        floor = float(np.mean(beside))
        result.append(
            Measurement(
                name=name,
                encoder=SPACE,
                value=value,
                interval=spread_interval(value, spread, most=1.0 if name == "authentic_share" else np.inf),
                floor=floor,
                # the others have no scale of their own: they grow with the dimension
                null=floor if name == "authentic_share" else 0.0,
                n_real=both.patients(held),
                n_synthetic=len(drawn),
                better=better,
                reference="train+holdout",
            )
        )
    return tuple(result)


def _beside(counted: Count, values: tuple[Floats, Floats, Floats], part: Integers) -> float:
    rest = np.setdiff1d(np.arange(len(values[1])), part)
    return counted(values[0], values[1][rest], values[1][part])


def _rows(both: Sides) -> tuple[Integers, Integers, Integers]:
    """Return rows of the three sides, at most `MOST` each, at the hold-out's shares of the classes that all have."""
    random = both.random(462)
    labels = both.cohort.labels
    pools = [
        (both.holdout[labels[both.holdout] == label], both.train[labels[both.train] == label],
         np.flatnonzero(both.labels == label))
        for label in range(len(both.cohort.classes))
    ]  # fmt: skip
    pools = [each for each in pools if min(map(len, each))]
    total = sum(len(each[0]) for each in pools)
    size = min([MOST, *(len(side) * total / len(each[0]) for each in pools for side in each)])
    picks = [
        [np.sort(random.permutation(side)[: max(1, int(size * len(each[0]) / total))]) for side in each]
        for each in pools
    ]
    held, train, drawn = (np.concatenate([np.zeros(0, np.int64), *(pick[side] for pick in picks)]) for side in range(3))
    return held, train, drawn


def membership(both: Sides, train_logits: Values, holdout_logits: Values) -> tuple[Measurement, ...]:
    """Return how well the run's discriminator tells training images from held-out ones, one image a patient.

    Half of the pairs is chance. The second number is the share of training images that are told while one held-out
    image in a hundred is taken for one: an attack that is sure of a few is worse than one that guesses well.

    Args:
        train_logits: (n_train,) what the discriminator says of each training image, `holdout_logits` (n_holdout,).

    Source: Hayes et al., 2019, arXiv:1705.07663 (LOGAN); Carlini et al., 2022, arXiv:2112.03570.
    """
    if min(both.patients(both.train), both.patients(both.holdout)) < LEAST:
        return ()
    random = both.random(463)
    order = random.permutation(len(both.train))
    _, first = np.unique(both.cohort.groups[both.train[order]], return_index=True)
    known = np.asarray(train_logits, np.float64)[order[first]]
    mass = _mixed(both, both.train[order[first]])
    if not mass.any():  # no class is on both sides
        return ()
    unknown = np.asarray(holdout_logits, np.float64)
    found = dominance(unknown, mass, known, 0)
    sizes = round(float(mass.sum())), len(known)
    limit = float(np.quantile(unknown, 1 - ALARMS))
    told = int((known > limit).sum())
    alarms = float((mass * (unknown > limit)).sum() / mass.sum())
    return (
        Measurement(
            name="membership",
            encoder=DISCRIMINATOR,
            value=found.chance,
            interval=found.interval,
            floor=0.5,
            null=0.5,
            n_real=sizes[0],
            n_synthetic=sizes[1],
            better="near .5",
            reference="train+holdout",
            p_value=found.p_value,
        ),
        Measurement(
            name="membership_sure",
            encoder=DISCRIMINATOR,
            value=told / len(known),
            interval=wilson(told, len(known)),
            floor=alarms,
            null=alarms,
            n_real=sizes[0],
            n_synthetic=sizes[1],
            better="lower",
            reference="train+holdout",
        ),
    )


def _mixed(both: Sides, train: Integers) -> Values:
    """Return the weights of the held-out images at the class mix of these training images, as many patients in sum."""
    mass = both.weights[both.holdout]
    held, known = both.cohort.labels[both.holdout], both.cohort.labels[train]
    size = len(both.cohort.classes)
    have, want = np.bincount(held, mass, size), np.bincount(known, minlength=size).astype(np.float64)
    want[have == 0] = 0
    scale = want / np.maximum(have, 1e-9) * (have.sum() / max(want.sum(), 1e-9))
    result: Values = mass * scale[held]
    return result
