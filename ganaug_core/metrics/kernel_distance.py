"""Kernel distance (KID): a distance between distributions that is unbiased for small sets."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ganaug_core.errors import EvidenceError
from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats


@dataclass(frozen=True)
class KernelDistance:
    """Squared maximum mean discrepancy with the kernel (x . y / d + 1)^3, unbiased: chance gives 0 on average.

    Source: Binkowski et al., 2018, arXiv:1801.01401; over all pairs instead of blocks.
    """

    better: ClassVar[str] = "lower"

    def compare(self, real: Floats, synthetic: Floats) -> float:
        """Return an estimate that may be below 0, of (n, d) and (m, d), n and m >= 2."""
        if min(len(real), len(synthetic)) < 2:
            raise EvidenceError("The kernel distance needs two images on each side.", do="Add images.", code="too_few")
        left, right = real.astype(np.float64), synthetic.astype(np.float64)
        width = left.shape[1]

        def kernel(one: Values, other: Values) -> Values:
            base: Values = one @ other.T / width + 1
            cube: Values = base * base * base  # half the time of a power of 3
            return cube

        def within(values: Values) -> float:
            pairs, count = kernel(values, values), len(values)
            return float((pairs.sum() - np.trace(pairs)) / (count * (count - 1)))

        return within(left) + within(right) - 2 * float(kernel(left, right).mean())

    def null(self, n: int, m: int) -> float:
        """Expectation when both sets are one distribution."""
        return 0.0
