"""One tiled pass over feature distances: sorted nearest neighbours within and between two sets, and ball counts."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ganaug_core.errors import EvidenceError
from ganaug_core.neighbours.tiled_distances import CLOSE, Nearest, Points, Tile, counted, pairs_inside, tiles, within
from ganaug_core.records import Floats, Integers


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Euclidean distances to the nearest points, sorted, without self; K = `k`, or fewer in smaller sets.

    A ball reaches from a point to its k-th nearest neighbour in its own set; its boundary does not belong to it.

    Attributes:
        k: The neighbour that ends a ball.
        real_real: (n, K) from each real point to its nearest other real points.
        real_synthetic: (n, K) from each real point to its nearest synthetic points.
        synthetic_real: (m, K) from each synthetic point to its nearest real points.
        synthetic_synthetic: (m, K) from each synthetic point to its nearest other synthetic points.
        real_balls: (m,) how many real balls hold each synthetic point.
        synthetic_balls: (n,) how many synthetic balls hold each real point.
    """

    k: int
    real_real: Floats
    real_synthetic: Floats
    synthetic_real: Floats
    synthetic_synthetic: Floats
    real_balls: Integers
    synthetic_balls: Integers

    def require(self, *, real: int, synthetic: int, k: int, what: str) -> None:
        """Raise EvidenceError unless there are so many points and the balls end at the k-th neighbour."""
        have = len(self.real_real), len(self.synthetic_real)
        if have[0] < real or have[1] < synthetic:
            raise EvidenceError(
                f"{what} needs {real} real and {synthetic} synthetic images at least, not {have[0]} and {have[1]}.",
                do="Add images, or leave this measurement out.",
                code="too_few",
            )
        if k != self.k:
            raise EvidenceError(
                f"{what} wants balls that end at neighbour {k}; these end at neighbour {self.k}.",
                do=f"Compute the neighbours with k={k}.",
            )


def neighbours(real: Floats, synthetic: Floats, k: int = 5) -> Neighbours:
    """Return who is close to whom.

    Three passes over tiles: half of each set's own matrix, and the one between them once for nearest points of both
    sides and for balls. All that is returned is computed in float64 where float32 cannot tell (see `tiles`).

    Args:
        real: (n, d), n >= 1.
        synthetic: (m, d), m >= 1.
        k: The neighbour that ends a ball, >= 1. In a set of at most k points no ball has an end: its count is 0.

    Raises:
        EvidenceError: An empty set, different dimensions, or values that are no numbers.
    """
    if real.ndim != 2 or synthetic.ndim != 2 or real.shape[1] != synthetic.shape[1]:
        raise EvidenceError(
            f"Features of the shapes {real.shape} and {synthetic.shape} cannot be compared.",
            do="Encode both with one encoder.",
        )
    if min(len(real), len(synthetic)) < 1 or k < 1:
        raise EvidenceError("Neighbours need at least one image on each side and k >= 1.", do="Add images.")
    if not (np.isfinite(real).all() and np.isfinite(synthetic).all()):
        raise EvidenceError("The features hold values that are no numbers.", do="Encode the images again.")
    left, right = Points.of(real, real), Points.of(synthetic, real)
    real_real, _ = within(left, k)
    synthetic_synthetic, _ = within(right, k)
    between = _Between(left, right, k, _radius(real_real, k), _radius(synthetic_synthetic, k))
    for tile in tiles(left, right):
        between.take(tile)
    real_synthetic, _ = between.of_real.exact()
    synthetic_real, _ = between.of_synthetic.exact()
    return Neighbours(
        k=k,
        real_real=_floats(real_real),
        real_synthetic=_floats(real_synthetic),
        synthetic_real=_floats(synthetic_real),
        synthetic_synthetic=_floats(synthetic_synthetic),
        real_balls=between.real_balls.cpu().numpy(),
        synthetic_balls=between.synthetic_balls.cpu().numpy(),
    )


class _Between:
    """What the tiles between the two sets are looked through for: nearest points of both sides, and who is in a ball.

    Attributes:
        real_balls: (m,) how many real balls hold each synthetic point; `synthetic_balls` (n,) the other way round.
    """

    def __init__(self, real: Points, synthetic: Points, k: int, real_radius: Tensor, synthetic_radius: Tensor) -> None:
        self._real, self._synthetic = real, synthetic
        self._radii = real_radius, synthetic_radius
        self._reach = (
            CLOSE * (real.square + synthetic.longest),
            CLOSE * (synthetic.square + real.longest),
        )
        self.of_real, self.of_synthetic = Nearest(real, synthetic, k), Nearest(synthetic, real, k)
        self.real_balls = torch.zeros(len(synthetic), dtype=torch.int64, device=real.square.device)
        self.synthetic_balls = torch.zeros(len(real), dtype=torch.int64, device=real.square.device)

    def take(self, tile: Tile) -> None:
        squares, turned = tile.squares, tile.squares.T.contiguous()
        rows, columns = slice(tile.row, tile.row + len(squares)), slice(tile.column, tile.column + len(turned))
        near = self.of_real.offer(squares, tile.row, tile.column)
        real, synthetic, certain = pairs_inside(near, squares, *self._edges(0, rows))
        self._count(real + tile.row, synthetic + tile.column, certain, 0)
        near = self.of_synthetic.offer(turned, tile.column, tile.row)
        synthetic, real, certain = pairs_inside(near, turned, *self._edges(1, columns))
        self._count(real + tile.row, synthetic + tile.column, certain, 1)

    def _edges(self, side: int, rows: slice) -> tuple[Tensor, Tensor]:
        return self._radii[side][rows].square().float(), self._reach[side][rows]

    def _count(self, real: Tensor, synthetic: Tensor, certain: Tensor, side: int) -> None:
        """Count the pairs inside the balls of one side: 0 the real ones, 1 the synthetic ones."""
        radius = self._radii[side][synthetic if side else real]
        inside = counted(self._real, self._synthetic, real, synthetic, certain=certain, radius=radius)
        if side:
            self.synthetic_balls += torch.bincount(real[inside], minlength=len(self.synthetic_balls))
        else:
            self.real_balls += torch.bincount(synthetic[inside], minlength=len(self.real_balls))


def _radius(sorted_distances: Tensor, k: int) -> Tensor:
    """Return (n,) radii, 0 where the set is too small for a k-th neighbour: such a ball holds nothing."""
    if sorted_distances.shape[1] < k:
        return sorted_distances.new_zeros(len(sorted_distances))
    return sorted_distances[:, k - 1].contiguous()


def _floats(values: Tensor) -> Floats:
    return values.cpu().numpy().astype(np.float32)
