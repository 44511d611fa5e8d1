"""Groups that must not be torn apart, and the split into train, tuning and hold-out."""

import numpy as np

from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Integers


def united(n: int, *keys: Integers, pairs: Integers) -> Integers:
    """Return (n,) numbers of groups: images that share a key (>= 0) or are a pair, directly or by a chain.

    Args:
        keys: Each (n,), negative where unknown: patients, volumes.
        pairs: (k, 2) rows of exact duplicates and near-duplicates.
    """
    parent = list(range(n))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for key in keys:
        first: dict[int, int] = {}
        for row, value in enumerate(key.tolist()):
            if value >= 0:
                parent[root(row)] = root(first.setdefault(value, row))
    for one, other in pairs.tolist():
        parent[root(one)] = root(other)
    return np.unique([root(row) for row in range(n)], return_inverse=True)[1].astype(np.int64)


def twins(near_duplicates: Integers) -> tuple[int, int]:
    """Return how many images are in a pair of (k, 2) near-duplicates, and how many groups the pairs join them to."""
    rows, pairs = np.unique(near_duplicates, return_inverse=True)
    groups = united(len(rows), pairs=pairs.reshape(-1, 2))
    return len(rows), len(np.unique(groups))


def split(labels: Integers, groups: Integers, tuning: float, holdout: float, seed: int) -> Integers:
    """Return (n,) roles: whole groups, drawn class by class until each class has its shares.

    A group counts for the class of most of its images. Shares are of images; groups are drawn in random order, and one
    that would overshoot a share by more than half of itself is left to the next role.
    """
    random = np.random.default_rng(seed)
    roles = np.full(len(labels), TRAIN, np.int64)
    members = _members(groups)
    classes = np.array([np.bincount(labels[rows]).argmax() for rows in members])
    for label in np.unique(classes):
        shuffled = random.permutation(np.flatnonzero(classes == label))
        total = sum(len(members[group]) for group in shuffled)
        taken = {HOLDOUT: 0, TUNING: 0}
        for group in shuffled:
            rows = members[group]
            for role, share in ((HOLDOUT, holdout), (TUNING, tuning)):
                if taken[role] + len(rows) / 2 <= share * total:
                    roles[rows] = role
                    taken[role] += len(rows)
                    break
    return roles


def with_tuning(roles: Integers, labels: Integers, groups: Integers, tuning: float, seed: int) -> Integers:
    """Return a source's own roles; where it names no tuning share, that is taken from train. Hold-out stays."""
    if (roles == TUNING).any() or tuning <= 0:
        return roles
    train = np.flatnonzero(roles == TRAIN)
    share = min(0.5, tuning * len(roles) / max(1, len(train)))
    taken = split(labels[train], groups[train], share, 0.0, seed)
    completed = roles.copy()
    completed[train[taken == TUNING]] = TUNING
    return completed


def _members(groups: Integers) -> list[Integers]:
    order = np.argsort(groups, kind="stable")
    borders = np.flatnonzero(np.diff(groups[order])) + 1
    return list(np.split(order, borders))
