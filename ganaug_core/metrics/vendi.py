"""Vendi score: the effective number of different images in a set."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ganaug_core.errors import EvidenceError
from ganaug_core.records import Floats


def vendi_score(features: Floats) -> float:
    """Return exp of the entropy of the eigenvalues of the cosine kernel over n, in [1, n].

    1 when all images are the same, n when all are orthogonal. It grows with n: compare sets of one size.

    Source: Friedman and Dieng, 2022, arXiv:2210.02410.
    """
    if len(features) == 0:
        raise EvidenceError("The Vendi score needs an image.", do="Add images.", code="too_few")
    values = features.astype(np.float64)
    values = values / (np.linalg.norm(values, axis=1, keepdims=True) + 1e-12)
    gram = values.T @ values if values.shape[1] < len(values) else values @ values.T  # they share eigenvalues
    weights = np.linalg.eigvalsh(gram / len(values))
    weights = weights[weights > 1e-12]
    return float(np.exp(-(weights * np.log(weights)).sum()))


@dataclass(frozen=True)
class VendiRatio:
    """Vendi score of the synthetic images over that of as many real ones. Noise and blur can raise it: look, never
    decide on it alone.
    """

    better: ClassVar[str] = "higher"

    def compare(self, real: Floats, synthetic: Floats) -> float:
        """Return a ratio > 0 of (n, d) and (n, d); both sets must have one size."""
        if len(real) != len(synthetic):
            raise EvidenceError("The Vendi score compares sets of one size only.", do="Match the sizes first.")
        return vendi_score(synthetic) / vendi_score(real)

    def null(self, n: int, m: int) -> float:
        """Expectation when both sets are one distribution, to first order."""
        return 1.0
