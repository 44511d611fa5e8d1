"""A cohort of sixteen-pixel squares, small enough to train on in a test."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Cohort, Intensity
from ganaug_core.storage.workspace import digest_of


def squares(counts: Sequence[int] = (40, 40), *, size: int = 16, seed: int = 0, **changes: Any) -> Cohort:
    """Return a cohort with `counts` training images per class, and 6 tuning and 6 hold-out images of each.

    Class k is a bright square of side 4 + 2 k at a random place on noise; pixels are float32 in [0, 255].
    """
    chooser = np.random.default_rng(seed)
    roles = [np.repeat([TRAIN, TUNING, HOLDOUT], [count, 6, 6]) for count in counts]
    labels = np.repeat(np.arange(len(counts)), [len(of_class) for of_class in roles])
    pixels = chooser.uniform(0, 60, (len(labels), 1, size, size)).astype(np.float32)
    for image, label in zip(pixels[:, 0], labels, strict=True):
        side = 4 + 2 * label
        row, column = chooser.integers(0, size - side + 1, 2)
        image[row : row + side, column : column + side] = 220
    content: dict[str, Any] = {
        "name": "squares",
        "pixels": pixels,
        "labels": labels.astype(np.int64),
        "roles": np.concatenate(roles).astype(np.int64),
        "ids": np.array([f"{number:012x}" for number in range(len(labels))]),
        "patients": np.arange(len(labels)) // 2,
        "groups": np.arange(len(labels)) // 2,
        "classes": tuple(f"side {4 + 2 * label}" for label in range(len(counts))),
        "intensity": Intensity("intensity", 0.0, 255.0),
        "near_duplicates": np.zeros((0, 2), np.int64),
        "near_duplicate_distances": np.zeros(0, np.float32),
        "own_split": False,
        **changes,
    }
    content["digest"] = digest_of(content["pixels"], content["labels"], content["roles"])
    return Cohort(**content)
