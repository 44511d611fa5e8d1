"""Linear discriminant of several classes: a classifier that few images fit, without steps and without luck."""

from dataclasses import dataclass

import numpy as np

from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats, Integers

RIDGE = 0.1  # of the mean variance of a direction


@dataclass(frozen=True)
class LinearDiscriminant:
    """`weights` (d, class) and `offsets` (class,): the class with the highest score is seen."""

    weights: Values
    offsets: Values

    def sees(self, features: Floats) -> Integers:
        """Return (n,) class numbers."""
        scores = features.astype(np.float64) @ self.weights + self.offsets  # (n, class)
        seen: Integers = scores.argmax(1).astype(np.int64)
        return seen


def fitted(features: Floats, labels: Integers, classes: int) -> LinearDiscriminant:
    """Return the discriminant of (n, d) features; each class counts the same, one without images is never seen.

    Source: Friedman, 1989 (regularised discriminant analysis), with a ridge towards equal variances.
    """
    values = features.astype(np.float64)
    present = np.unique(labels)
    means = np.zeros((classes, values.shape[1]))
    for label in present:
        means[label] = values[labels == label].mean(0)
    within = values - means[labels]
    covariance = within.T @ within / len(values)
    ridge = RIDGE * float(np.trace(covariance)) / len(covariance) + 1e-12
    weights = np.linalg.solve(covariance + ridge * np.eye(len(covariance)), means.T).astype(np.float64)  # (d, class)
    offsets = np.full(classes, -np.inf)
    offsets[present] = -0.5 * (means * weights.T).sum(1)[present]
    return LinearDiscriminant(weights, offsets)
