"""Two-sample tests of whole distributions, by permutation of patients: KID and MMD with a p-value.

Each real patient is paired with as many synthetic images of the same class; under the hypothesis that both sets are
one, every such pair may be swapped. So the class mix and the sizes stay, and what a patient's images share is no
difference. (Exact for one image a patient; with several, synthetic ones share less, and the test is a little careful.)
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug_core.metrics.statistics import Values
from ganaug_core.records import Floats, Integers

SWAPS = 499
Kernel = Callable[[Values], Values]


class Blocks(NamedTuple):
    """Rows of real and of synthetic images, paired, and the number of the patient of each pair of rows."""

    real: Integers
    synthetic: Integers
    patient: Integers


def paired(
    real_labels: Integers, real_groups: Integers, synthetic_labels: Integers, random: np.random.Generator, most: int
) -> Blocks:
    """Return as many rows of both sides in each class, patients kept whole, about `most` rows at the real mix."""
    pools = {int(label): random.permutation(np.flatnonzero(synthetic_labels == label)) for label in set(real_labels)}
    share = min(1.0, most / max(1, sum(min(len(pool), int((real_labels == k).sum())) for k, pool in pools.items())))
    left: list[Integers] = []
    right: list[Integers] = []
    patients: list[Integers] = []
    number = 0
    for label, pool in pools.items():
        rows = np.flatnonzero(real_labels == label)
        room = int(np.ceil(share * min(len(pool), len(rows))))
        used = 0
        for group in random.permutation(np.unique(real_groups[rows])):
            members = rows[real_groups[rows] == group]
            if used + len(members) > room:
                continue
            left.append(members)
            right.append(pool[used : used + len(members)])
            patients.append(np.full(len(members), number))
            used, number = used + len(members), number + 1
    nothing = [np.zeros(0, np.int64)]
    return Blocks(*(np.concatenate(rows or nothing) for rows in (left, right, patients)))


class Swapped(NamedTuple):
    """What swaps of patients say: the p-value, and the spread of the squared discrepancy if both are one."""

    p_value: float
    spread: float


def swapped(real: Floats, synthetic: Floats, patient: Integers, kernel: Kernel, random: np.random.Generator) -> Swapped:
    """Return the test of the squared mean discrepancy by swaps of patients.

    Args:
        real: (n, d), `synthetic` (n, d): row i of both belongs to one pair.
        patient: (n,) number of the pair that row i belongs to, 0 to the number of patients - 1.
        kernel: From (2 n, d) to (2 n, 2 n).
    """
    n = len(real)
    matrix = kernel(np.concatenate([real, synthetic]).astype(np.float64))
    np.fill_diagonal(matrix, 0)
    signs = random.choice([-1.0, 1.0], (SWAPS, int(patient.max()) + 1))[:, patient]
    signs = np.concatenate([np.ones((1, n)), signs])
    side = np.concatenate([signs, -signs], axis=1)  # 1 where a row stands on the real side
    # with sides of one size, within - between is s' K s; pairs inside a swapped block never change
    values = np.einsum("ij,ij->i", side @ matrix, side)
    p_value = (1 + (values[1:] >= values[0] - 1e-9 * abs(values[0])).sum()) / (SWAPS + 1)
    return Swapped(float(p_value), float(values[1:].std() / n**2))


def cubic(values: Values) -> Values:
    """Return the kernel of KID, (x . y / d + 1)^3."""
    result: Values = (values @ values.T / values.shape[1] + 1) ** 3
    return result


def gaussian(values: Values) -> Values:
    """Return the Gaussian kernel whose width is the median distance (Gretton et al., 2012)."""
    squares = squared(values)
    above = squares[np.triu_indices(len(squares), 1)]
    result: Values = np.exp(-squares / max(float(np.median(above)), 1e-12))
    return result


def squared(one: NDArray[np.floating], other: NDArray[np.floating] | None = None) -> Values:
    """Return (n, m) squared distances in float64, of a set to itself where no other is given."""
    left = one.astype(np.float64)
    right = left if other is None else other.astype(np.float64)
    result: Values = np.maximum(np.square(left).sum(1)[:, None] + np.square(right).sum(1) - 2 * left @ right.T, 0)
    return result


class Side(NamedTuple):
    """One set: features (n, d), weights (n,) and the patient of each row, (n,)."""

    values: Floats
    weights: Values
    patients: Integers


def discrepancy(real: Side, synthetic: Side, width: float) -> tuple[float, float]:
    """Return the squared mean discrepancy, 0 on average if both are one, and what one independent image adds to it.

    Pairs of images of one patient are left out, so what a patient's images share is no difference. Two sets of n
    independent images each are 2 / n of the second number apart if all pairs are counted, as it is usually done.

    Args:
        real, synthetic: The weights of a class should have one sum on both sides.
        width: Squared width of the Gaussian kernel, in squared feature units.
    """
    n = len(real.values)
    matrix = np.exp(-squared(np.concatenate([real.values, synthetic.values]).astype(np.float64)) / width)
    within = _mean(matrix[:n, :n], real), _mean(matrix[n:, n:], synthetic)
    mass = np.outer(real.weights, synthetic.weights)
    between = float((matrix[:n, n:] * mass).sum() / mass.sum())
    return within[0] + within[1] - 2 * between, 1 - within[0]


def _mean(matrix: Values, side: Side) -> float:
    """Return the weighted mean over pairs of different patients."""
    mass = np.outer(side.weights, side.weights) * (side.patients[:, None] != side.patients[None])
    return float((matrix * mass).sum() / max(float(mass.sum()), 1e-300))
