"""How well an attacker who has only the synthetic images tells training images from held-out ones.

All three take scores by class, one image a patient, higher for what looks more like a training image: members (were
trained on) and non-members (were not). A class is compared with itself, so that an easy class looks like no leak.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from ganaug_core.metrics.dominance import dominance
from ganaug_core.metrics.statistics import Values, clopper_pearson, wilson

LEVEL = 0.95
Scores = Sequence[tuple[Values, Values]]
"""By class the scores of members (m,) and of non-members (n,), each at least one."""


class Area(NamedTuple):
    """Chance that a member scores higher than a non-member of its class; `interval` 95 %; `p_value` that it is 1/2."""

    chance: float
    interval: tuple[float, float]
    p_value: float


class Recognised(NamedTuple):
    """Share of members that are recognised while at most a given share of non-members is taken for members.

    Attributes:
        share: In [0, 1], at the threshold that the non-members name.
        false_alarms: What share of fresh non-members this threshold takes for members, on average.
        interval: 95 % at least, of the share at the true threshold.
        p_value: That members score as non-members do; exact.
        members, nonmembers: How many images of the classes that could be used.
    """

    share: float
    false_alarms: float
    interval: tuple[float, float]
    p_value: float
    members: int
    nonmembers: int


class ExcessRisk(NamedTuple):
    """What the attack names among members beyond what it names among non-members.

    Attributes:
        risk: At most 1; 0 if the attack knows nothing, below by chance.
        interval: 95 %.
        of_members, of_nonmembers: Shares that the attack names, in [0, 1].
    """

    risk: float
    interval: tuple[float, float]
    of_members: float
    of_nonmembers: float


def area(scores: Scores) -> Area:
    """Return the area under the curve within classes, each weighing as its pairs' members and non-members do.

    Source: interval by class as in `dominance`, DeLong et al., 1988; test van Elteren, 1960 (Mann-Whitney by class).
    """
    sizes = np.array([[len(members), len(others)] for members, others in scores], np.float64)
    weights = sizes.sum(1) / sizes.sum()
    parts = [dominance(others, np.ones(len(others)), members, 0) for members, others in scores]
    chance = float(weights @ [part.chance for part in parts])
    reaches = [(part.interval[1] - part.interval[0]) / 2 for part in parts]
    reach = float(np.sqrt(weights**2 @ np.square(reaches)))
    by_chance = np.sqrt(weights**2 @ ((sizes.sum(1) + 1) / (12 * sizes.prod(1))))
    p_value = 2 * float(stats.norm.sf(abs(chance - 0.5) / by_chance))
    return Area(chance, (max(0.0, chance - reach), min(1.0, chance + reach)), min(1.0, p_value))


def least_nonmembers(false_alarms: float) -> int:
    """Return how many non-members of a class a threshold with so few false alarms needs: 99 for 1 %, 999 for .1 %."""
    return round(1 / false_alarms) - 1


def recognised(scores: Scores, false_alarms: float) -> Recognised | None:
    """Return the share of members above the k-th highest non-member, k = floor(false alarms (n + 1)), by class.

    The threshold is an estimate, so the interval joins two exact ones and holds at any distribution. With 97.5 % the
    true threshold of every class lies between two ranks of the non-members; with 97.5 % the share above these is what
    Clopper and Pearson say (of a sum over classes: Hoeffding, 1956). Below 437 non-members for 1 % no rank is certain
    to be high enough, and the interval begins at 0. The p-value counts members above the k-th non-member, which is
    Beta-Binomial by class if both are alike.

    Returns:
        None where no class has `least_nonmembers`; classes with fewer are left out.

    Source: Carlini et al., 2022, arXiv:2112.03570, for the share at few false alarms.
    """
    usable = [(members, others) for members, others in scores if len(others) >= least_nonmembers(false_alarms)]
    if not usable:
        return None
    error = (1 - LEVEL) / 4  # half for the threshold, half for the share, at either side
    named = surely = perhaps = 0
    expected, by_chance = 0.0, np.ones(1)
    for members, others in usable:
        size = len(others)
        rank = int(false_alarms * (size + 1) + 1e-9)
        ordered = np.sort(others)[::-1]
        named += _above(members, ordered, rank)
        expected += len(members) * rank / (size + 1)
        by_chance = np.convolve(
            by_chance, stats.betabinom.pmf(np.arange(len(members) + 1), len(members), rank, size + 1 - rank)
        )
        high, low = _ranks(size, false_alarms, error / len(usable))
        surely += _above(members, ordered, high)
        perhaps += _above(members, ordered, low)
    total = sum(len(members) for members, _ in usable)
    interval = (clopper_pearson(surely, total, 1 - 2 * error)[0], clopper_pearson(perhaps, total, 1 - 2 * error)[1])
    return Recognised(
        share=named / total,
        false_alarms=expected / total,
        interval=interval,
        p_value=min(1.0, float(by_chance[named:].sum())),
        members=total,
        nonmembers=sum(len(others) for _, others in usable),
    )


def _ranks(size: int, share: float, error: float) -> tuple[int, int]:
    """Return two ranks from the top between which the value lies that this share exceeds, each wrong with `error`.

    Rank 0 is above everything, `size` + 1 below everything.
    """
    above = stats.binom.cdf(np.arange(size + 1), size, share)  # P(at most i of the values lie above it)
    high = int(np.searchsorted(above, error, side="right"))  # P(fewer than `high` above it) <= error
    low = int(np.searchsorted(above, 1 - error, side="left")) + 1
    return high, low


def _above(members: Values, ordered: Values, rank: int) -> int:
    """Return how many members score higher than the non-member of that rank from the top."""
    if rank == 0:
        return 0
    return len(members) if rank > len(ordered) else int((members > ordered[rank - 1]).sum())


def excess_risk(named: tuple[int, int], controls: tuple[int, int]) -> ExcessRisk:
    """Return (r - c) / (1 - c), r and c the shares of members and of non-members that one attack names.

    The attack must not have been chosen by either. If it surely names a share of the members and the rest as
    it does strangers, this is that share.

    Args:
        named, controls: Images named, and images asked about (> 0), of members and of non-members.

    Source: Giomi et al., 2023, arXiv:2211.10459 (Anonymeter): Wilson's centre and reach of both shares, errors
    propagated; there the value is the centre's, here that of the shares themselves, and it may lie below 0.
    """
    of_members, of_nonmembers = named[0] / named[1], controls[0] / controls[1]
    ends = np.array([wilson(*named, LEVEL), wilson(*controls, LEVEL)])
    (hit, chance), (reach, chance_reach) = ends.mean(1), np.ptp(ends, axis=1) / 2
    middle = _corrected(hit, chance)
    error = float(np.hypot(reach / (1 - chance), chance_reach * (1 - hit) / (1 - chance) ** 2))
    risk = _corrected(of_members, of_nonmembers) if of_nonmembers < 1 else middle
    return ExcessRisk(risk, (min(risk, middle - error), min(1.0, max(risk, middle + error))), of_members, of_nonmembers)


def _corrected(hit: float, chance: float) -> float:
    return float((hit - chance) / (1 - chance))
