"""A source's own split: can its sides be exchanged? A split that we drew by patient needs no such test."""

import numpy as np

from ganaug_core.audit.comparison import Comparison
from ganaug_core.audit.registered_distances import References
from ganaug_core.audit.sentences import FAIL
from ganaug_core.metrics import dominance, statistics
from ganaug_core.records import HOLDOUT, TRAIN
from ganaug_core.wording import percent

APART = 0.1  # how far from 1/2 the chance may lie that a training image scores higher than a held-out one


def sides_differ(comparison: Comparison, real: References) -> tuple[str, str] | None:
    """Return why training and held-out images cannot be exchanged and what to do, None where nothing speaks against it.

    Copy scores of training images, each without its own group, are compared with those of held-out ones.
    """
    if not comparison.cohort.own_split:
        return None
    roles, groups = comparison.cohort.roles[real.rows], comparison.cohort.groups[real.rows]
    held, train = roles == HOLDOUT, roles == TRAIN
    if min(len(np.unique(groups[held])), len(np.unique(groups[train]))) < 2:
        return None
    first = np.unique(groups[train], return_index=True)[1]
    own = groups[held]
    higher = dominance.dominance(
        real.side.scores[held],
        statistics.weights(own, np.zeros_like(own)),
        real.side.scores[train][first],
        APART,
    )
    if higher.p_value >= FAIL:
        return None
    return (
        "Copying cannot be judged: the cohort came with its own split, and its training and held-out images differ. "
        f"The training image has the smaller copy score in {percent(1 - higher.chance)} of pairs (in half of them if a "
        "split is made by chance). Another site or scanner does that.",
        "Find out where the images of both are from, or import them without their split.",
    )
