"""Experiments in which nothing helps, by simulation: how often do looks at them claim something all the same?

Nothing is trained: what varies with the hold-out is one draw for all repetitions, what varies with a training is drawn
anew in each, both normal, and classical augmentation is the common other side of all shares. The analysis is ganaug's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.benefit import looks
from ganaug_core.benefit.correction import corrected
from ganaug_core.benefit.estimate import FEWEST_REPETITIONS, half_width, two_sided_p

Values = NDArray[np.float64]
RESAMPLES = 500


@dataclass(frozen=True)
class World:
    """How areas vary.

    Attributes:
        effects: True change by each share, in standard deviations of one repetition's change.
        of_patients: Share of the variance of one repetition's change that comes from the hold-out, in [0, 1].
        margin: In the unit of `effects`.
    """

    effects: tuple[float, ...] = (0.0, 0.0, 0.0)
    of_patients: float = 0.0
    margin: float = 1.0


class Means(NamedTuple):
    """Mean change and its two variances after each repetition: (experiment, share, repetition) each."""

    value: Values
    patients: Values
    seeds: Values


def experiments(world: World, count: int, repetitions: int, random: np.random.Generator) -> Means:
    """Return what so many independent experiments have measured after 1, 2, ... repetitions."""
    shares = len(world.effects)
    hold_out = random.normal(size=(count, shares, 1)) - random.normal(size=(count, 1, 1))
    training = random.normal(size=(count, shares, repetitions)) - random.normal(size=(count, 1, repetitions))
    changes = np.sqrt(world.of_patients / 2) * hold_out + np.sqrt((1 - world.of_patients) / 2) * training
    changes += np.array(world.effects)[:, None]
    done = np.arange(1, repetitions + 1)
    value = np.cumsum(changes, -1) / done
    squares = np.maximum(np.cumsum(changes**2, -1) - done * value**2, 0)
    seeds = squares / np.maximum(done - 1, 1) / done
    spread = random.chisquare(RESAMPLES - 1, (count, shares, 1)) / (RESAMPLES - 1)
    return Means(value, np.broadcast_to(world.of_patients * spread, value.shape), seeds)


def satterthwaite(means: Means, done: int) -> Values:
    """Return (experiment, share) p after `done` repetitions as ganaug computed it until 2026-12."""
    value, patients, seeds = (part[..., done - 1] for part in means)
    freedom = np.minimum((patients + seeds) ** 2 / np.maximum(seeds**2 / (done - 1), 1e-30), 1e6)
    result: Values = 2 * stats.t.sf(np.abs(value) / np.sqrt(patients + seeds), freedom)
    return result


def watched(means: Means, places: Sequence[int]) -> float:
    """Return how often the old rule claims something at any of these numbers of repetitions: Holm below .05 at each."""
    shares = means.value.shape[1]
    claims = [satterthwaite(means, done).min(1) * shares < looks.ALPHA for done in places]
    return float(np.mean(np.any(claims, axis=0)))


def planned(means: Means, world: World, plans: Sequence[int]) -> float:
    """Return how often any wrong claim is made when an experiment was planned with each of these numbers in turn."""
    wrong = np.zeros(len(means.value), bool)
    for number, done in enumerate(plans, 1):
        wrong |= _wrong(means, world, done, looks.level(number))
    return float(wrong.mean())


def opportunist(means: Means, world: World, most: int) -> float:
    """Return how often a user gets a wrong claim who watches a long plan and stops where a look would now claim one.

    The stopped plan counts twice: that look is the third one.
    """
    places = range(FEWEST_REPETITIONS, most)
    return float(np.mean(np.any([_wrong(means, world, done, looks.level(3)) for done in places], axis=0)))


def _wrong(means: Means, world: World, done: int, alpha: float) -> NDArray[np.bool_]:
    """Return (experiment,) whether a look at `done` repetitions says something of a share that is not so."""
    value, patients, seeds = (part[..., done - 1] for part in means)
    effects = np.array(world.effects)
    reach = half_width(alpha, patients, seeds, done)
    never_changed = (np.abs(value) > reach) & (value * effects <= 0)  # (experiment, share)
    never_safe = (value + world.margin > reach) & (effects <= -world.margin)
    result = (never_changed | never_safe).any(1)  # before correction; nothing else can be wrong
    rows = np.flatnonzero(result)
    varies = patients[rows], seeds[rows], done
    differs = two_sided_p(value[rows], *varies)
    worse = np.where(value[rows] > -world.margin, two_sided_p(value[rows] + world.margin, *varies), 1.0)
    for place, row in enumerate(rows):
        changed, lost = (
            np.array(list(chances.values())) for chances in corrected(_named(differs[place]), _named(worse[place]))
        )
        result[row] = (never_changed[row] & (changed < alpha) | never_safe[row] & (lost < alpha)).any()
    return result


def _named(chances: Values) -> dict[str, float]:
    return {f"share {share}": float(chance) for share, chance in enumerate(chances)}
