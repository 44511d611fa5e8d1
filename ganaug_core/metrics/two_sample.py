"""Two-sample tests of whole distributions, by permutation of patients: KID and MMD with a p-value.

Each real patient is paired with as many synthetic images of the same class; under the hypothesis that both sets are
one, every such pair may be swapped. So the class mix and the sizes stay, and what a patient's images share is no
difference. (Exact for one image a patient; with several, synthetic ones share less, and the test is a little careful.)
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganaug_core.metrics import half_sampling
from ganaug_core.metrics.statistics import StatedTest, Values
from ganaug_core.records import Floats, Integers

SWAPS = 499
TEST = StatedTest("swaps of patients", "both sets are one distribution", 0)
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


def swapped(real: Floats, synthetic: Floats, patient: Integers, kernel: Kernel, random: np.random.Generator) -> float:
    """Return the p-value of the squared mean discrepancy by swaps of patients.

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
    return float((1 + (values[1:] >= values[0] - 1e-9 * abs(values[0])).sum()) / (SWAPS + 1))


def cubic(values: Values) -> Values:
    """Return the kernel of KID, (x . y / d + 1)^3."""
    result: Values = (values @ values.T / values.shape[1] + 1) ** 3
    return result


def gaussian(width: float) -> Kernel:
    """Return the Gaussian kernel of a squared width, in squared feature units (Gretton et al., 2012)."""

    def kernel(values: Values) -> Values:
        result: Values = np.exp(-squared(values) / width)
        return result

    return kernel


def squared(one: NDArray[np.floating], other: NDArray[np.floating] | None = None) -> Values:
    """Return (n, m) squared distances in float64, of a set to itself where no other is given."""
    left = one.astype(np.float64)
    right = left if other is None else other.astype(np.float64)
    result: Values = np.maximum(np.square(left).sum(1)[:, None] + np.square(right).sum(1) - 2 * left @ right.T, 0)
    return result


class Side(NamedTuple):
    """One set: features (n, d), weights (n,), the patient and the class of each row, (n,)."""

    values: Floats
    weights: Values
    patients: Integers
    labels: Integers

    def at(self, rows: NDArray[np.generic]) -> "Side":
        """Return some rows of it."""
        return Side(*(column[rows] for column in self))


def mixed(side: Side, wanted: Mapping[int, float]) -> Side:
    """Return the set with the wanted sum of weights in each class: where all sides are so, they have one class mix."""
    weights = np.zeros(len(side.weights))
    for label, total in wanted.items():
        inside = side.labels == label
        if inside.any():
            weights[inside] = side.weights[inside] * total / side.weights[inside].sum()
    return side._replace(weights=weights)


class Discrepancy(NamedTuple):
    """How far apart two sets are.

    Attributes:
        value: The squared mean discrepancy, 0 on average if both are one.
        unit: What one independent image adds to it where all pairs are counted, as it is usually done: two sets of n
            images are then 2 / n of this apart by chance.
        halves: (repeats, 2) the value in both halves of each split.
    """

    value: float
    unit: float
    halves: Values


def discrepancy(
    real: Side, synthetic: Side, kernel: Kernel, repeats: int = 0, random: np.random.Generator | None = None
) -> Discrepancy:
    """Return the squared mean discrepancy and its values in halves of both sides, at one class mix everywhere.

    Pairs of images of one patient are left out, so what a patient's images share is no difference.

    Args:
        real, synthetic: The weights of a class should have one sum on both sides.
        kernel: From (n + m, d) to (n + m, n + m), of a mean of its diagonal.
        repeats: Splits into halves; none with fewer than 8 patients on a side.
    """
    n = len(real.values)
    matrix = kernel(np.concatenate([real.values, synthetic.values]).astype(np.float64))
    whole = [side.weights[None] for side in (real, synthetic)]
    value, within = _discrepancies(matrix, (real, synthetic), whole)
    self_likeness = float(np.average(np.diag(matrix)[:n], weights=real.weights))
    halves = np.zeros((0, 2))
    if repeats and random is not None:
        masks = [half_sampling.complements(side.patients, side.labels, repeats, random) for side in (real, synthetic)]
        if min(map(len, masks)):
            values = [
                _discrepancies(
                    matrix,
                    (real, synthetic),
                    [remixed(side, mask == first) for side, mask in zip((real, synthetic), masks, strict=True)],
                )[0]
                for first in (True, False)
            ]
            halves = np.stack(values, axis=1)
    return Discrepancy(float(value[0]), self_likeness - float(within[0]), halves)


def remixed(side: Side, masks: NDArray[np.bool_]) -> Values:
    """Return (r, n) the weights of the rows in each mask, with the sum that the whole side has in each class."""
    result: Values = masks * side.weights
    for label in np.unique(side.labels):
        inside = side.labels == label
        sums = result[:, inside].sum(1, keepdims=True)
        result[:, inside] *= side.weights[inside].sum() / np.maximum(sums, 1e-300)
    return result


def _discrepancies(matrix: Values, sides: tuple[Side, Side], weights: list[Values]) -> tuple[Values, Values]:
    """Return (r,) discrepancies and (r,) means within the real side, for (r, n) and (r, m) weights."""
    n = len(sides[0].values)
    blocks = matrix[:n, :n], matrix[n:, n:]
    within = [_means(block, side.patients, mass) for block, side, mass in zip(blocks, sides, weights, strict=True)]
    between = ((weights[0] @ matrix[:n, n:]) * weights[1]).sum(1) / (weights[0].sum(1) * weights[1].sum(1))
    return within[0] + within[1] - 2 * between, within[0]


def _means(matrix: Values, patients: Integers, weights: Values) -> Values:
    """Return (r,) weighted means over pairs of different patients."""
    apart = (patients[:, None] != patients[None]).astype(np.float64)
    result: Values = ((weights @ (matrix * apart)) * weights).sum(1) / np.maximum(
        ((weights @ apart) * weights).sum(1), 1e-300
    )
    return result
