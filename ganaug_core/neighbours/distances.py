"""One tiled pass over feature distances: sorted nearest neighbours within and between two sets, and ball counts."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ganaug_core.errors import EvidenceError
from ganaug_core.neighbours.registration import hardware
from ganaug_core.records import Floats, Integers

TILE = 1024
SPARE = 4  # float32 may swap the last places: so many more candidates are ordered in float64
CLOSE = 1e-5


@dataclass(frozen=True)
class Neighbours:
    """Euclidean distances to the nearest points, sorted, without self; K = `k`, or fewer in smaller sets.

    A ball reaches from a point to its k-th nearest neighbour in its own set; its boundary does not belong to it.

    Attributes:
        k: The neighbour that ends a ball.
        real_real: (n, K) from each real point to its nearest other real points.
        real_synthetic: (n, K) from each real point to its nearest synthetic points.
        synthetic_real: (m, K) from each synthetic point to its nearest real points.
        synthetic_synthetic: (m, K) from each synthetic point to its nearest other synthetic points.
        real_synthetic_index: (n, K) which synthetic points those are.
        synthetic_real_index: (m, K) which real points those are.
        real_balls: (m,) how many real balls hold each synthetic point.
        synthetic_balls: (n,) how many synthetic balls hold each real point.
    """

    k: int
    real_real: Floats
    real_synthetic: Floats
    synthetic_real: Floats
    synthetic_synthetic: Floats
    real_synthetic_index: Integers
    synthetic_real_index: Integers
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

    Distances come from float32 products in tiles; the nearest ones, and every pair closer to the edge of a ball than
    float32 can tell, are computed again in float64. Memory is bounded by tiles, not by n * m.

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
    left, right = _Points.of(real, real), _Points.of(synthetic, real)
    real_real, _ = _nearest(left, left, k, leave_self=True)
    synthetic_synthetic, _ = _nearest(right, right, k, leave_self=True)
    real_radius, synthetic_radius = _radius(real_real, k), _radius(synthetic_synthetic, k)
    real_synthetic, real_synthetic_index = _nearest(left, right, k)
    synthetic_real, synthetic_real_index = _nearest(right, left, k)
    real_balls, synthetic_balls = _ball_counts(left, right, real_radius, synthetic_radius)
    return Neighbours(
        k,
        _floats(real_real),
        _floats(real_synthetic),
        _floats(synthetic_real),
        _floats(synthetic_synthetic),
        real_synthetic_index.cpu().numpy(),
        synthetic_real_index.cpu().numpy(),
        real_balls.cpu().numpy(),
        synthetic_balls.cpu().numpy(),
    )


@dataclass(frozen=True)
class _Points:
    """Points around the mean of the real ones: `exact` float64, `fast` float32, `square` their squared lengths."""

    exact: Tensor
    fast: Tensor
    square: Tensor

    @classmethod
    def of(cls, values: Floats, around: Floats) -> "_Points":
        device = hardware().device
        exact = torch.as_tensor(values.astype(np.float64) - around.astype(np.float64).mean(0)).to(device)
        fast = exact.float()
        return cls(exact, fast, fast.square().sum(1))

    def __len__(self) -> int:
        return len(self.square)


def _squares(left: _Points, right: _Points, start: int) -> Tensor:
    """Return (tile, m) squared distances in float32; wrong by less than CLOSE times the squared lengths."""
    part = slice(start, start + TILE)
    return torch.addmm(
        left.square[part, None] + right.square[None], left.fast[part], right.fast.T, alpha=-2
    ).clamp_min_(0)


def _nearest(left: _Points, right: _Points, k: int, *, leave_self: bool = False) -> tuple[Tensor, Tensor]:
    """Return (n, K) float64 distances and indices, sorted."""
    usable = len(right) - leave_self
    keep, wide = min(k, usable), min(k + SPARE, usable)
    distances, indices = [], []
    for start in range(0, len(left), TILE):
        squares = _squares(left, right, start)
        size = len(squares)
        if leave_self:
            rows = torch.arange(size, device=squares.device)
            squares[rows, rows + start] = torch.inf
        found = squares.topk(wide, dim=1, largest=False).indices
        exact = (right.exact[found] - left.exact[start : start + size, None]).norm(dim=2)
        ordered = exact.sort(dim=1, stable=True)
        distances.append(ordered.values[:, :keep])
        indices.append(found.gather(1, ordered.indices)[:, :keep])
    return torch.cat(distances), torch.cat(indices)


def _radius(within: Tensor, k: int) -> Tensor:
    """Return (n,) radii, 0 where the set is too small for a k-th neighbour: such a ball holds nothing."""
    return within[:, k - 1] if within.shape[1] >= k else torch.zeros(len(within), device=within.device).double()


def _ball_counts(
    real: _Points, synthetic: _Points, real_radius: Tensor, synthetic_radius: Tensor
) -> tuple[Tensor, Tensor]:
    """Return how many real balls hold each synthetic point, and how many synthetic balls each real one."""
    real_balls = torch.zeros(len(synthetic), dtype=torch.int64, device=real.square.device)
    synthetic_balls = torch.zeros(len(real), dtype=torch.int64, device=real.square.device)
    reach = CLOSE * (float(real.square.max()) + float(synthetic.square.max()))
    for start in range(0, len(real), TILE):
        part = slice(start, start + TILE)
        squares = _squares(real, synthetic, start)
        inside = _inside(squares, real_radius[part, None], real, synthetic, start, reach)
        real_balls += inside.sum(0)
        inside = _inside(squares, synthetic_radius[None], real, synthetic, start, reach)
        synthetic_balls[part] = inside.sum(1)
    return real_balls, synthetic_balls


def _inside(squares: Tensor, radius: Tensor, real: _Points, synthetic: _Points, start: int, reach: float) -> Tensor:
    """Return (tile, m): distance < radius, in float64 wherever float32 cannot tell."""
    edge = radius.square().float()
    inside = squares < edge
    rows, columns = ((squares - edge).abs() <= reach).nonzero(as_tuple=True)
    radii = radius.expand_as(squares)
    for low in range(0, len(rows), TILE * TILE // 16):
        row, column = rows[low : low + TILE * TILE // 16], columns[low : low + TILE * TILE // 16]
        exact = (real.exact[row + start] - synthetic.exact[column]).norm(dim=1)
        inside[row, column] = exact < radii[row, column]
    return inside


def _floats(values: Tensor) -> Floats:
    return values.cpu().numpy().astype(np.float32)
