"""Classes of which too few images are there, said before anybody trains on them or trusts an audit of them."""

from collections.abc import Sequence

import numpy as np

from ganaug_core.config import MOST_CLASSES
from ganaug_core.records import HOLDOUT, TRAIN, Cohort, Integers
from ganaug_core.wording import count, listing

LEAST_TRAINING = 20
LEAST_HELD_OUT = 10  # below it the audit judges neither labels nor intensities of a class
_NAMED = 10


def sentences(cohort: Cohort) -> list[str]:
    """Return what to know of a cohort's small classes before a training or an audit; nothing where there is none."""
    return of_labels(cohort.classes, cohort.labels, cohort.roles)


def of_labels(classes: Sequence[str], labels: Integers, roles: Integers) -> list[str]:
    """Return the same of (n,) labels and roles."""
    train, held = (np.bincount(labels[roles == role], minlength=len(classes)).tolist() for role in (TRAIN, HOLDOUT))
    said = []
    if any(held):
        none = [f"{name} ({count(train[k], 'image')} to learn from)" for k, name in enumerate(classes) if not held[k]]
        if none:
            said.append(
                f"Nothing is held out of {listing(none, most=_NAMED)}: what a generator makes of it can "
                "hardly be more than copies, of which an audit names the equal ones for certain."
            )
    few = [
        f"{name} ({train[k]:,} to learn from, {held[k]:,} held out)"
        for k, name in enumerate(classes)
        if (held[k] or not any(held)) and (train[k] < LEAST_TRAINING or 0 < held[k] < LEAST_HELD_OUT)
    ]
    if few:
        said.append(
            f"Very few images of {listing(few, most=_NAMED)}: a generator copies so few rather than learn from them, "
            f"and an audit can say little. From {LEAST_TRAINING} to learn from and {LEAST_HELD_OUT} held out it begins "
            "to be worth while."
        )
    if len(classes) > MOST_CLASSES:
        said.append(f"There are {len(classes):,} classes, and a generator can have {MOST_CLASSES} at most.")
    return said
