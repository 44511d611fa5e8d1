"""Fréchet distance: how far mean and covariance of two sets of features are apart."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ganaug_core.errors import EvidenceError
from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats


@dataclass(frozen=True)
class Frechet:
    """Squared 2-Wasserstein distance between the normal distributions fitted to both sets.

    Biased upwards by about 1 / n, so it only means something beside the same number of real-against-real. Blind to
    copying.

    Source: Heusel et al., 2017, arXiv:1706.08500.
    """

    better: ClassVar[str] = "lower"

    def compare(self, real: Floats, synthetic: Floats) -> float:
        """Return a distance >= 0 in squared feature units, of (n, d) and (m, d), n and m >= 2.

        The trace of the root of the product of covariances is the sum of the singular values of A B^T, where A and B
        are the centred features over sqrt(n - 1): no root of a singular matrix is taken, whatever n and d.
        """
        if min(len(real), len(synthetic)) < 2:
            raise EvidenceError("The Fréchet distance needs two images on each side.", do="Add images.", code="too_few")
        return _between(_moments(real), _moments(synthetic))


def weighted_frechet(real: Floats, weights: Values, synthetic: Floats, synthetic_weights: Values) -> float:
    """Return the distance of weighted sets, with the covariance over the sum of weights; rows may weigh nothing.

    Args:
        real: (n, d), `weights` (n,), `synthetic` (m, d), `synthetic_weights` (m,).
    """
    return _between(_weighted_moments(real, weights), _weighted_moments(synthetic, synthetic_weights))


Moments = tuple[Values, Values]


def _between(real: Moments, synthetic: Moments) -> float:
    shared = np.linalg.svd(real[1] @ synthetic[1].T, compute_uv=False).sum()
    spread = np.square(real[1]).sum() + np.square(synthetic[1]).sum() - 2 * shared
    return max(0.0, float(np.square(real[0] - synthetic[0]).sum() + spread))


def _weighted_moments(features: Floats, weights: Values) -> Moments:
    inside = weights > 0
    values, mass = features[inside].astype(np.float64), weights[inside] / weights[inside].sum()
    mean = mass @ values
    root = (values - mean) * np.sqrt(mass)[:, None]
    if len(root) > root.shape[1]:
        root = np.linalg.qr(root, mode="r")
    return mean, root


def _moments(features: Floats) -> Moments:
    """Return the mean and a matrix R of at most d rows with R^T R = covariance."""
    values = features.astype(np.float64)
    mean = values.mean(0)
    centred = (values - mean) / np.sqrt(len(values) - 1)
    if len(centred) > centred.shape[1]:
        centred = np.linalg.qr(centred, mode="r")
    return mean, centred
