"""Both sides of a small benefit experiment: squares with a hold-out, and mirrored ones as synthetic images."""

from dataclasses import replace
from typing import Any

import numpy as np
from small_cohort import squares

from ganaug_core.records import HOLDOUT, Cohort, Samples
from ganaug_core.storage.workspace import digest_of


def made_of(cohort: Cohort, per_class: int = 12, **changes: Any) -> Samples:
    """Return mirrored training images as samples of a generator that saw this cohort."""
    rows = np.concatenate([cohort.where(0, label=label)[:per_class] for label in range(len(cohort.classes))])
    images = cohort.images(rows)[..., ::-1].copy()
    content: dict[str, Any] = {
        "name": "made",
        "digest": digest_of(images, cohort.labels[rows]),
        "images": images,
        "labels": cohort.labels[rows],
        "ids": np.array([f"{row + 4096:012x}" for row in range(len(rows))]),
        "classes": cohort.classes,
        "source": "generator",
        "provenance": {"cohort": cohort.digest},
        **changes,
    }
    return Samples(**content)


def with_holdout(counts: tuple[int, ...] = (40, 16)) -> Cohort:
    """Return squares whose hold-out is large enough to test on: 20 images of 10 patients a class."""
    cohort = squares((counts[0] + 20, counts[1] + 20))
    roles = cohort.roles.copy()
    for label in range(2):
        roles[cohort.where(0, label=label)[:20]] = HOLDOUT
    return replace(cohort, roles=roles, digest=digest_of(cohort.pixels, roles))
