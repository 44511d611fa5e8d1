"""Fréchet distance: how far mean and covariance of two sets of features are apart."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ganaug_core.errors import EvidenceError
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
        mean_real, root_real = _moments(real)
        mean_synthetic, root_synthetic = _moments(synthetic)
        shared = np.linalg.svd(root_real @ root_synthetic.T, compute_uv=False).sum()
        spread = np.square(root_real).sum() + np.square(root_synthetic).sum() - 2 * shared
        return max(0.0, float(np.square(mean_real - mean_synthetic).sum() + spread))


def _moments(features: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean and a matrix R of at most d rows with R^T R = covariance."""
    values = features.astype(np.float64)
    mean = values.mean(0)
    centred = (values - mean) / np.sqrt(len(values) - 1)
    if len(centred) > centred.shape[1]:
        centred = np.linalg.qr(centred, mode="r")
    return mean, centred
