"""A cohort in which one class is rarer: what an experiment on imbalance starts from."""

import numpy as np

from ganaug_core.cohort.subset import subset
from ganaug_core.errors import CohortError
from ganaug_core.records import TRAIN, TUNING, Cohort, Integers

FEWEST = 4


def reduce_class(cohort: Cohort, class_name: str, keep: int, *, name: str, seed: int = 0) -> Cohort:
    """Return the cohort with at most `keep` training images of one class; the hold-out stays as it is.

    Whole patients leave, at random; the tuning share of the class shrinks by the same factor, since a generator may be
    chosen by it. It is a cohort of its own, so that a generator can be trained on exactly this share.

    Args:
        keep: Training images that stay; fewer where whole patients do not add up to it.
        name: Name of the new cohort.
        seed: Of the choice of patients.

    Raises:
        CohortError: No such class, fewer than 4 images to keep, not more there than are to be kept, or only patients
            with more images than that.
    """
    if class_name not in cohort.classes:
        raise CohortError(
            f"The cohort {cohort.name} has no class named {class_name}.",
            do=f"Choose one of: {', '.join(cohort.classes)}.",
            code="unknown_class",
        )
    label = cohort.classes.index(class_name)
    count = len(cohort.where(TRAIN, label=label))
    if not FEWEST <= keep < count:
        raise CohortError(
            f"{keep} training images of {class_name} cannot be kept: there are {count}.",
            do=f"Choose a number from {FEWEST} to {count - 1}.",
            code="keep",
        )
    random = np.random.default_rng(seed)
    most = {TRAIN: keep, TUNING: round(keep / count * len(cohort.where(TUNING, label=label)))}
    stay = np.ones(len(cohort), bool)
    for role, limit in most.items():
        rows = cohort.where(role, label=label)
        stay[rows] = np.isin(rows, _whole_groups(rows, cohort.groups, limit, random))
    if not stay[cohort.where(TRAIN, label=label)].any():
        raise CohortError(
            f"No patient has as few as {keep} training images of {class_name}, so none of them can stay.",
            do="Keep more images.",
            code="keep",
        )
    settings = {"class": class_name, "keep": keep, "seed": seed}
    provenance = {**cohort.provenance, "rarer": {"of": cohort.digest, **settings}}
    return subset(cohort, np.flatnonzero(stay), name=name, provenance=provenance)


def _whole_groups(rows: Integers, groups: Integers, most: int, random: np.random.Generator) -> Integers:
    """Return up to `most` of the rows, all of a group or none."""
    whole: list[Integers] = []
    left = most
    for group in random.permutation(np.unique(groups[rows])):
        members = rows[groups[rows] == group]
        if len(members) <= left:
            whole.append(members)
            left -= len(members)
    return np.concatenate([np.zeros(0, np.int64), *whole])
