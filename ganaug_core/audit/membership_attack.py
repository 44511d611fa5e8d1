"""On request: do the synthetic images tell who was in the training share?

An attacker has the synthetic images of anybody's generator and a real image, and guesses that it was trained on if one
of them lies near (registered distance). The same is asked of as many held-out images, one image a patient: what the
attack finds there is chance. It describes one attack and decides nothing; better attacks may find more.
"""

from dataclasses import dataclass

import numpy as np

from ganaug_core.audit import registered_distances, source_split
from ganaug_core.audit.comparison import Comparison
from ganaug_core.interfaces import Report, silent
from ganaug_core.metrics import membership
from ganaug_core.metrics.membership import Recognised, Scores
from ganaug_core.metrics.statistics import Values
from ganaug_core.neighbours import registered
from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Integers, Measurement
from ganaug_core.wording import chance, count, percent

SPACE = "registered"
LEAST = 20  # patients on either side
# share of tuning images that the attack of the risk would name; of a tenth all may have natural near-duplicates
NAMED = 0.25
FALSE_ALARMS = {"membership_sure_1_percent": 0.01, "membership_sure_01_percent": 0.001}
CANNOT = "Membership cannot be judged: "
UNTRUSTED = (
    f"{CANNOT}we chose the held-out images, and this generator may have been trained on them. If you know that it was "
    "not, say so (--trust-split).",
)
SIDES = f"{CANNOT}the cohort came with its own split, and its training and held-out images differ in other ways too."


@dataclass(frozen=True)
class Attacked:
    """What the attack found, in numbers and in sentences."""

    measurements: tuple[Measurement, ...] = ()
    sentences: tuple[str, ...] = ()


NOT_ASKED = Attacked()


@dataclass(frozen=True)
class _Asked:
    """Real images that the attacker is asked about: rows of members, of as many non-members a class, and of tuning."""

    members: Integers
    nonmembers: Integers
    tuning: Integers

    @property
    def rows(self) -> Integers:
        return np.concatenate([self.members, self.nonmembers, self.tuning])


def attack(comparison: Comparison, *, trusted: bool, report: Report) -> Attacked:
    """Return whether training images lie nearer to the synthetic ones than as many held-out ones.

    Args:
        comparison: Cohort and samples.
        trusted: The generator certainly never saw the hold-out.
        report: Progress.
    """
    if not trusted:
        return Attacked(sentences=UNTRUSTED)
    asked = _asked(comparison)
    if len(asked.members) < LEAST:
        return Attacked(sentences=(_too_few(len(asked.members)),))
    if comparison.cohort.own_split:
        real = registered_distances.references(comparison, silent)
        if source_split.sides_differ(comparison, real) or source_split.looks_differ(comparison):
            return Attacked(sentences=(SIDES,))
    cohort = comparison.cohort
    scores = -registered(cohort.reading(asked.rows), comparison.samples.images, report=report).distance
    members, nonmembers, tuning = np.split(
        scores.astype(np.float64), np.cumsum([len(asked.members), len(asked.nonmembers)])
    )
    by_class = [
        (members[cohort.labels[asked.members] == label], nonmembers[cohort.labels[asked.nonmembers] == label])
        for label in np.unique(cohort.labels[asked.members])
    ]
    told = membership.area(by_class)
    measurements = [
        _measurement(
            comparison,
            "membership_auc",
            told.chance,
            told.interval,
            2 * len(members),
            null=0.5,
            better="near .5",
            p_value=told.p_value,
            test="Mann-Whitney by class (van Elteren): training images are as far from the synthetic ones as held-out "
            "ones; margin 0",
            interval_method="DeLong by class; covers patients, not other draws or trainings",
        )
    ]
    sentences = [
        f"Membership: the training image is nearer to the synthetic ones in {percent(told.chance)} of "
        f"pairs (95 % interval {percent(told.interval[0])} to {percent(told.interval[1])}; half is chance; "
        f"{chance(told.p_value)}; {count(len(members), 'training patient')} and as many held-out ones, one "
        "image each). Another attack may find more."
    ]
    for name, false_alarms in FALSE_ALARMS.items():
        recognised = membership.recognised(by_class, false_alarms)
        if recognised is not None:
            measurements.append(_of_recognised(comparison, name, recognised))
        sentences.append(_recognised_in_words(by_class, recognised, false_alarms))
    risk = _risk(comparison, asked, members, nonmembers, tuning)
    return Attacked((*measurements, *risk.measurements), (*sentences, *risk.sentences))


def _asked(comparison: Comparison) -> _Asked:
    """Return one image of each patient or group: of each class as many training as held-out ones, all of tuning."""
    random = comparison.random(470)
    labels = comparison.cohort.labels
    train, held, tuning = (_one_of_each(comparison, role, random) for role in (TRAIN, HOLDOUT, TUNING))
    members, nonmembers = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for label in np.intersect1d(labels[train], labels[held]):
        pools = train[labels[train] == label], held[labels[held] == label]
        size = min(map(len, pools))
        members.append(pools[0][:size])
        nonmembers.append(pools[1][:size])
    return _Asked(np.concatenate(members), np.concatenate(nonmembers), tuning)


def _one_of_each(comparison: Comparison, role: int, random: np.random.Generator) -> Integers:
    """Return one random image of each group of a role, in random order."""
    rows = random.permutation(comparison.cohort.where(role))
    _, first = np.unique(comparison.cohort.groups[rows], return_index=True)
    return rows[np.sort(first)]


def _of_recognised(comparison: Comparison, name: str, recognised: Recognised) -> Measurement:
    return _measurement(
        comparison,
        name,
        recognised.share,
        recognised.interval,
        recognised.members + recognised.nonmembers,
        null=recognised.false_alarms,
        better="lower",
        p_value=recognised.p_value,
        test="count above the threshold (Beta-Binomial by class): training images are as far from the synthetic ones "
        "as held-out ones; margin 0",
        interval_method="exact: Clopper-Pearson (97.5 %) at ranks of the hold-out between which the true threshold "
        "lies (97.5 %), by class",
    )


def _recognised_in_words(by_class: Scores, recognised: Recognised | None, false_alarms: float) -> str:
    one_in = f"{round(1 / false_alarms):,}"
    if recognised is None:
        most = max(len(others) for _, others in by_class)
        return (
            f"How many are told while one held-out image in {one_in} is taken for a training image cannot be said: a "
            f"class needs {membership.least_nonmembers(false_alarms):,} held-out patients, and no class has "
            f"more than {most:,} here."
        )
    low, high = recognised.interval
    left_out = " Smaller classes are left out." if recognised.members < sum(len(own) for own, _ in by_class) else ""
    return (
        f"While at most one held-out image in {one_in} is taken for a training image, {percent(recognised.share)} of "
        f"{recognised.members:,} training images are told (95 % interval {percent(low)} to {percent(high)}; chance "
        f"gives {percent(recognised.false_alarms)}; {chance(recognised.p_value)}).{left_out}"
    )


def _risk(comparison: Comparison, asked: _Asked, members: Values, nonmembers: Values, tuning: Values) -> Attacked:
    """Return the control-corrected risk of an attack whose threshold tuning images set, who are on neither side."""
    labels = comparison.cohort.labels
    named, controls = np.zeros(2, np.int64), np.zeros(2, np.int64)
    for label in np.unique(labels[asked.members]):
        own = np.sort(tuning[labels[asked.tuning] == label])[::-1]
        rank = int(NAMED * (len(own) + 1) + 1e-9)
        if rank:
            for counts, scores, rows in ((named, members, asked.members), (controls, nonmembers, asked.nonmembers)):
                inside = scores[labels[rows] == label]
                counts += [int((inside > own[rank - 1]).sum()), len(inside)]
    if named[1] < LEAST:
        return Attacked(
            sentences=("The control-corrected risk cannot be said: its attack needs 3 tuning patients of a class.",)
        )
    excess = membership.excess_risk((int(named[0]), int(named[1])), (int(controls[0]), int(controls[1])))
    measurement = _measurement(
        comparison,
        "membership_excess_risk",
        excess.risk,
        excess.interval,
        int(named[1] + controls[1]),
        null=0.0,
        better="lower",
        interval_method="Wilson of both shares, errors propagated (Giomi et al., 2023); threshold given",
    )
    sentence = (
        f"An attack that takes for a training image what is nearer than three in four tuning images names "
        f"{percent(excess.of_members)} of the training and {percent(excess.of_nonmembers)} of the held-out images: a "
        f"control-corrected risk of {percent(excess.risk)} (95 % interval {percent(excess.interval[0])} to "
        f"{percent(excess.interval[1])}; 0 is chance)."
    )
    return Attacked((measurement,), (sentence,))


def _measurement(
    comparison: Comparison,
    name: str,
    value: float,
    interval: tuple[float, float],
    real: int,
    *,
    null: float,
    better: str,
    p_value: float | None = None,
    test: str = "",
    interval_method: str,
) -> Measurement:
    return Measurement(
        name=name,
        encoder=SPACE,
        value=value,
        interval=interval,
        floor=null,
        null=null,
        n_real=real,
        n_synthetic=len(comparison.samples),
        better=better,
        reference="train+holdout",
        p_value=p_value,
        test=test,
        interval_method=interval_method,
    )


def _too_few(size: int) -> str:
    return (
        f"{CANNOT}it needs {LEAST} training patients and as many held-out ones of the same class; there are "
        f"{size} of each."
    )
