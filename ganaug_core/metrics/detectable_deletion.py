"""Planted deletion: how large must a group of these very real images be, for its absence to be noticed?

A group is an image with its nearest others. It is taken away, as many images as there are synthetic ones are drawn
from what is left, and the cells are tested as in an audit. So the answer knows how the cohort's groups lie across the
cells; it does not know how well an encoder separates groups that nobody has named.
"""

import numpy as np
from scipy import stats

from ganaug_core.metrics.missing_modes import Q_LIMIT, RATIO_LIMIT, Cell
from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats, Integers

SHARES = (0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
GROUPS = 25
NOTICED = 0.8


def smallest_deleted(
    found: list[Cell], label: int, features: Floats, weights: Values, synthetic: int, random: np.random.Generator
) -> float | None:
    """Return the smallest share of a class whose absence is noticed four times in five; None if not even a half is.

    Args:
        found: All cells of the audit, of all classes.
        label: The class.
        features: (n, d) of all real images, `weights` (n,) as the cells had them.
        synthetic: Synthetic images of the class.
    """
    own = [cell for cell in found if cell.label == label]
    if not own:
        return None
    rows = np.concatenate([cell.members for cell in own])
    place = np.repeat(np.arange(len(own)), [len(cell.members) for cell in own])
    values, mass = features[rows].astype(np.float64), weights[rows]
    answer: float | None = None
    for share in reversed(SHARES):
        rate = np.mean([_noticed(values, mass, place, share, len(found), synthetic, random) for _ in range(GROUPS)])
        if rate < NOTICED:
            break
        answer = share
    return answer


def _noticed(
    values: Values, mass: Values, place: Integers, share: float, tests: int, synthetic: int, random: np.random.Generator
) -> bool:
    """Return whether the absence of one random group of that share is noticed in a cell that is mostly this group."""
    total = float(mass.sum())
    first = values[random.choice(len(values), p=mass / total)]
    order = np.argsort(np.square(values - first).sum(1), kind="stable")
    gone = np.zeros(len(values), bool)
    gone[order[: int(np.searchsorted(np.cumsum(mass[order]), share * total)) + 1]] = True
    cells = int(place.max()) + 1
    whole = np.bincount(place, mass, cells)
    left = np.bincount(place[~gone], mass[~gone], cells)
    if not left.sum():
        return True
    hits = random.multinomial(synthetic, left / left.sum())
    patients, real = round(total), np.rint(whole).astype(int)
    p_values = stats.hypergeom.cdf(hits, synthetic + patients, hits + real, synthetic)
    rank = np.argsort(np.argsort(p_values)) + 1
    flagged = (p_values * tests / rank < Q_LIMIT) & (hits / synthetic < RATIO_LIMIT * whole / total)
    return bool((flagged & (left < 0.5 * whole)).any())
