"""Means over readers whose interval holds for other readers and other images like these.

Obuchowski and Rockette's model of one test: a reader's figure is the mean, the reader's own deviation, and an error
that readers share because they read the same images. Variances come from leaving out one patient (or synthetic image)
at a time. It can be carried by two readers and then says so by its width: the degrees of freedom are few. Where readers
happen to be alike, the model's interval can be narrower than images alone make it; then that one is given.

Source: Obuchowski and Rockette, 1995; degrees of freedom by Hillis, Stat Med 2007, 26: 596-619 (one test alone).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ganaug_core.records import Integers
from ganaug_core.records.reading import REAL, SYNTHETIC

METHOD = (
    "Obuchowski and Rockette with Hillis's degrees of freedom, never narrower than for these very readers: it holds "
    "for other readers and other images like these"
)
Values = NDArray[np.float64]
Figure = Callable[[Integers, Values], float]
"""From the truth (image,) and one reader's scores (image,) to the figure of merit."""


@dataclass(frozen=True, kw_only=True)
class Mean:
    """The mean over readers.

    Attributes:
        error: Standard error for other readers and images; `of_images` for these readers and other images.
        between: Variance of the readers' figures (MS(R)); `shared` covariance of two readers' errors (Cov2).
        freedom: Degrees of freedom of `error`, infinite where readers do not differ.
    """

    value: float
    error: float
    of_images: float
    freedom: float
    between: float
    shared: float

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """Return the interval; None where readers and images vary in nothing, so that it would have no width."""
        share = 0.5 + level / 2
        reach = max(quantile(share, self.freedom) * self.error, quantile(share, np.inf) * self.of_images)
        if reach == 0:
            return None
        return self.value - reach, self.value + reach


def mean(figure: Figure, truth: Integers, scores: Values, clusters: Integers) -> Mean:
    """Return the mean of a figure of merit over readers.

    Args:
        truth: (image,) 0 or 1.
        scores: (reader, image), two readers or more.
        clusters: (image,) what is left out together.
    """
    readers = len(scores)
    figures = np.array([figure(truth, of_reader) for of_reader in scores])
    units = np.unique(clusters)
    without = []
    for unit in units:
        left = clusters != unit
        if {REAL, SYNTHETIC} <= set(truth[left].tolist()):
            without.append([figure(truth[left], of_reader[left]) for of_reader in scores])
    spread = np.array(without) - np.mean(without, axis=0)  # (unit, reader)
    covariance = spread.T @ spread * (len(spread) - 1) / len(spread)
    shared = float((covariance.sum() - np.trace(covariance)) / (readers * (readers - 1)))
    between = float(figures.var(ddof=1))
    total = between + max(readers * shared, 0.0)
    freedom = total**2 / (between**2 / (readers - 1)) if between > 0 else np.inf
    return Mean(
        value=float(figures.mean()),
        error=float(np.sqrt(total / readers)),
        of_images=float(np.sqrt(covariance.mean().clip(0))),
        freedom=float(freedom),
        between=between,
        shared=shared,
    )


def quantile(share: float, freedom: float) -> float:
    """Return the quantile of Student's t."""
    return float(special.ndtri(share) if np.isinf(freedom) else special.stdtrit(freedom, share))
