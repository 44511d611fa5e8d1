"""Planted deletion: how large must a group of these very real images be, for its absence to be noticed?

A group is an image with its nearest others. It is taken away, as many images as there are synthetic ones are drawn
from what is left, and the clusters are tested as in an audit. So the answer knows how the cohort's groups lie across
the clusters; it does not know how well an encoder separates groups that nobody has named.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ganaug_core.metrics.missing_modes import Q_LIMIT, RATIO_LIMIT, Cluster
from ganaug_core.metrics.statistics import Values, wilson
from ganaug_core.records import Floats, Integers

SHARES = (0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
GROUPS = 25
METHOD = "Wilson, planted groups"
NOTICED = 0.8


class Smallest(NamedTuple):
    """The smallest share of a class whose absence is noticed four times in five.

    Attributes:
        share: None if not even a half is.
        interval: The shares at which as many as were tried cannot be told from four in five; ends at 1 if all.
    """

    share: float | None
    interval: tuple[float, float]


def smallest_deleted(
    clusters: list[Cluster],
    label: int,
    features: Floats,
    weights: Values,
    *,
    synthetic: int,
    random: np.random.Generator,
) -> Smallest:
    """Return the smallest share of a class whose absence is noticed four times in five.

    Args:
        clusters: All clusters of the audit, of all classes.
        label: The class.
        features: (n, d) of all real images, `weights` (n,) as the clusters had them.
        synthetic: Number of synthetic images of the class.
    """
    own = [cluster for cluster in clusters if cluster.label == label]
    if not own:
        return Smallest(None, (0.0, 1.0))
    rows = np.concatenate([cluster.members for cluster in own])
    cluster_of = np.repeat(np.arange(len(own)), [len(cluster.members) for cluster in own])  # (row,)
    values, mass = features[rows].astype(np.float64), weights[rows]
    smallest, low, high, noticed = None, 0.0, 1.0, True
    for share in reversed(SHARES):
        hits = 0
        for _ in range(GROUPS):
            deleted = _random_group(values, mass, share, random)
            hits += _noticed(deleted, mass, cluster_of, tests=len(clusters), synthetic=synthetic, random=random)
        least, most = wilson(hits, GROUPS)
        if most < NOTICED:
            low = share
            break
        noticed = noticed and hits / GROUPS >= NOTICED
        smallest = share if noticed else smallest
        high = share if least >= NOTICED else high
    return Smallest(smallest, (low, max(high, smallest or 1.0)))


def _random_group(values: Values, mass: Values, share: float, random: np.random.Generator) -> NDArray[np.bool_]:
    """Return (n,) a random image and its nearest others, together that share of the mass."""
    total = float(mass.sum())
    middle = values[random.choice(len(values), p=mass / total)]
    order = np.argsort(np.square(values - middle).sum(1), kind="stable")
    deleted = np.zeros(len(values), bool)
    deleted[order[: int(np.searchsorted(np.cumsum(mass[order]), share * total)) + 1]] = True
    return deleted


def _noticed(
    deleted: NDArray[np.bool_],
    mass: Values,
    cluster_of: Integers,
    *,
    tests: int,
    synthetic: int,
    random: np.random.Generator,
) -> bool:
    """Return whether the absence of this group is noticed in a cluster that is mostly this group."""
    total = float(mass.sum())
    count = int(cluster_of.max()) + 1
    all_mass = np.bincount(cluster_of, mass, count)  # (cluster,)
    rest = np.bincount(cluster_of[~deleted], mass[~deleted], count)  # (cluster,)
    if not rest.sum():
        return True
    hits = random.multinomial(synthetic, rest / rest.sum())
    patients, real = round(total), np.rint(all_mass).astype(int)
    p_values = stats.hypergeom.cdf(hits, synthetic + patients, hits + real, synthetic)
    rank = np.argsort(np.argsort(p_values)) + 1
    flagged = (p_values * tests / rank < Q_LIMIT) & (hits / synthetic < RATIO_LIMIT * all_mass / total)
    return bool((flagged & (rest < 0.5 * all_mass)).any())
