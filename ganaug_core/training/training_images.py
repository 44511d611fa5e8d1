"""The training images, resident on the device, and how batches are drawn from them."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ganaug_core.config import TrainingConfig
from ganaug_core.draws import drawn
from ganaug_core.errors import TrainingError
from ganaug_core.records import TRAIN, Cohort, Integers


class ImageBatches(Protocol):
    """Where a step takes its real images from; `counts` has one number for each class."""

    counts: Integers

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Return images (size, channel, row, column) and labels (size,)."""


class TrainingImages:
    """All images of the training share. Batches are drawn with replacement from torch's generator."""

    def __init__(self, cohort: Cohort, config: TrainingConfig, device: torch.device) -> None:
        """Read the training share of `cohort`; the other roles are not opened.

        Raises:
            TrainingError: No training image of a class, or a pixel that is not a number.
        """
        index = cohort.where(TRAIN)
        labels = cohort.labels[index]
        self.counts = np.bincount(labels, minlength=len(cohort.classes))
        for name, count in zip(cohort.classes, self.counts, strict=True):
            if count == 0:
                raise TrainingError(
                    f"The class {name} of {cohort.name} has no training image.",
                    do="Import the cohort with more images of it, or without the class.",
                    code="empty_class",
                )
        images = cohort.images(index)
        broken = ~np.isfinite(images).all((1, 2, 3))
        if broken.any():
            raise TrainingError(
                f"{broken.sum()} training images hold pixels that are not numbers, the first is "
                f"{cohort.ids[index[broken.argmax()]]}.",
                do="Import the cohort again without them.",
                code="nonfinite_image",
            )
        self.images = torch.from_numpy(images).to(device)  # (n, channel, row, column)
        self.labels = torch.from_numpy(np.asarray(labels, np.int64)).to(device)  # (n,)
        weights = _weights(self.counts, config.class_sampling)
        self._cumulative_shares: Tensor | None = None
        if weights is not None:
            shares = weights[labels] / weights[labels].sum()
            self._cumulative_shares = torch.from_numpy(np.cumsum(shares)).to(device)  # (n,)

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Return images (size, channel, row, column) and labels (size,)."""
        if self._cumulative_shares is None:
            index = drawn(lambda n: torch.randint(len(self), (n,)), size)
        else:
            numbers = drawn(lambda n: torch.rand(n, dtype=torch.float64), size).to(self._cumulative_shares.device)
            index = torch.searchsorted(self._cumulative_shares, numbers, right=True).clamp_(max=len(self) - 1)
        index = index.to(self.labels.device)
        return self.images[index], self.labels[index]


def _weights(counts: Integers, sampling: str) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    """Return the weight of one image of each class, None where all are equal."""
    if sampling == "auto":
        sampling = "tempered" if counts.max() > 5 * counts.min() else "natural"
    if sampling == "natural":
        return None
    power = -0.5 if sampling == "tempered" else -1.0
    return counts.astype(np.float64) ** power
