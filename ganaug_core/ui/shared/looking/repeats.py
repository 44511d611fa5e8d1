"""Which synthetic images repeat each other: the audit counts them, the quick measure shows them."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import Audit, Floats, Measurement
from ganaug_core.server.quick_nearest import unit_length
from ganaug_core.ui.shared import caches, words
from ganaug_core.ui.shared.looking.findings import THUMBNAILS, Finding, Group

MOST = 1000  # images of a class that are compared with each other
SURE = 0.05  # of all classes together


def of_audit(audit: Audit) -> list[Finding]:
    """Return a finding for each class that the audit finds to repeat itself, with the groups of images that do."""
    measured = [one for one in audit.measurements if one.name == "self_similarity" and one.class_name is not None]
    sure = [one for one in measured if one.p_value is not None and one.p_value < SURE / len(measured)]
    classes, found = list(audit.cohort["classes"]), []
    for label, name in enumerate(classes):
        of_class = [one for one in sure if one.class_name == name and one.value > (one.floor or 0)]
        if not of_class:
            continue
        one = max(of_class, key=lambda one: one.value - (one.floor or 0))
        cohort, samples = str(audit.cohort["name"]), str(audit.synthetic["name"])
        groups = _groups(
            caches.artefact("cohorts", cohort), caches.artefact("samples", samples), (cohort, samples), label
        )
        if groups:
            found.append(_finding(audit, label, one, groups))
    return found


def _finding(audit: Audit, label: int, measured: Measurement, groups: tuple[Group, ...]) -> Finding:
    name, usual = words.clean(audit.cohort["classes"][label]), words.percent(measured.floor or 0)
    return Finding(
        key=f"repeats-{label}",
        title=f"{name} repeats itself: {words.percent(measured.value)}, real images {usual}",
        state=audit.verdicts["mode_coverage"].state,
        says="So many have a near-duplicate among the synthetic images. Below are groups that are alike by the quick "
        "measure, the largest first.",
        grounds=words.clean(audit.verdicts["mode_coverage"].statement),
        thumbs=(groups[0].real, *groups[0].images)[:THUMBNAILS],
        groups=groups,
    )


@lru_cache(maxsize=16)
def _groups(cohort: str, samples: str, names: tuple[str, str], label: int) -> tuple[Group, ...]:
    """Return groups of synthetic images that are nearer than half of what is usual among real images of the class.

    Args:
        cohort, samples: Artefacts, so that other images under the same names are looked at anew.
    """
    real, made = caches.cohort(names[0]), caches.samples(names[1])
    usual = np.median(_distances(real.images(real.where(label=label)[:MOST])).min(1))
    rows = np.flatnonzero(made.labels == label)[:MOST]
    if len(rows) < 2:
        return ()
    alike = _distances(np.asarray(made.images[rows])) < usual / 2
    groups, left = [], np.ones(len(rows), bool)
    while left.any():
        counts = np.where(left, (alike & left).sum(1), -1)
        middle = int(counts.argmax())
        if counts[middle] < 1:
            break
        members = np.flatnonzero(alike[middle] & left)
        groups.append(Group(str(made.ids[rows[middle]]), tuple(str(made.ids[rows[member]]) for member in members)))
        left[[middle, *members]] = False
    return tuple(groups)


def _distances(images: Floats) -> NDArray[np.float32]:
    """Return (n, n) quick distances, an image infinitely far from itself."""
    units = unit_length(images)
    distances: NDArray[np.float32] = 1 - units @ units.T
    np.fill_diagonal(distances, np.inf)
    return distances
