"""The quick measure: which real images have the most alike pixels, for pages that no audit has searched for yet.

One matrix product for a few hundred images; it tries no flips, turns and shifts, so it finds no more than what lies as
it is.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ganaug_core.records import ROLES, Cohort, Floats, Integers
from ganaug_core.storage.workspace import Workspace

COARSE = 32  # images are compared at about this many rows


class Nearest(NamedTuple):
    """Of each image the real one of a role whose pixels correlate most: `rows` (n,) and `distances` (n,) in [0, 2]."""

    rows: Integers
    distances: Floats


def nearest(root: Path, cohort: str, images: Floats, ids: list[str]) -> dict[str, Nearest]:
    """Return the nearest image of each role that the cohort has; an image is never its own nearest.

    Args:
        cohort: Artefact.
        images: (n, channel, row, column) in [-1, 1].
        ids: (n,) of these images.
    """
    references, roles, rows = _references(root, cohort)
    distances = 1 - unit_length(images) @ references.T  # (n, real)
    for place, image_id in enumerate(ids):
        if image_id in rows:
            distances[place, rows[image_id]] = np.inf
    result = {}
    for number, role in enumerate(ROLES):
        of_role = np.flatnonzero(roles == number)
        if len(of_role) > 1:
            closest = of_role[distances[:, of_role].argmin(1)]
            result[role] = Nearest(closest, np.maximum(0, distances[np.arange(len(images)), closest]))
    return result


@lru_cache(maxsize=2)
def _references(root: Path, artefact: str) -> tuple[Floats, Integers, dict[str, int]]:
    """Return all images of a cohort, coarse and of unit length, (n, pixels), their roles, and the row of each id."""
    cohort = Workspace(root).open(Cohort, artefact)
    batches = [
        unit_length(cohort.images(np.arange(start, min(start + 512, len(cohort)))))
        for start in range(0, len(cohort), 512)
    ]
    return np.concatenate(batches), np.asarray(cohort.roles), {str(name): row for row, name in enumerate(cohort.ids)}


def unit_length(images: Floats) -> Floats:
    """Return (n, pixels): mean over channels and blocks, without the mean, of length 1."""
    n, _, rows, columns = images.shape
    block = max(1, round(min(rows, columns) / COARSE))
    grey = images.mean(1)[:, : rows // block * block, : columns // block * block]
    coarse = grey.reshape(n, rows // block, block, columns // block, block).mean((2, 4)).reshape(n, -1)
    centred = coarse - coarse.mean(1, keepdims=True)
    unit: Floats = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    return unit.astype(np.float32)
