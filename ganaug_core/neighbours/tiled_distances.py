"""The distance matrix in tiles: whoever is nearest is collected for rows and columns of a tile at once.

Tiles are float32 products. Float32 only chooses candidates, a few more than are wanted; their distances are computed
again as float64 differences, and where float32 could not tell the last candidate from the first one that was left out,
the whole row is looked at again in float64. So the answer is that of a plain float64 computation, and memory grows with
tiles, not with pairs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug_core.neighbours.registration import hardware
from ganaug_core.records import Integers

ROWS, COLUMNS = 1024, 2048
SPARE = 4  # candidates beyond those that are wanted
CLOSE = 1e-5  # what a float32 square may be wrong by, in units of the summed squared lengths
PAIRS = 1 << 11  # re-evaluated at once: few enough to stay in the cache

Values = NDArray[np.floating]


@dataclass(frozen=True)
class Points:
    """Points as they were given, and in float32 around a common middle.

    Attributes:
        exact: (n, d) as given.
        fast: (n, d + 2): around the middle, then the squared length, then 1, so that one product gives squared
            distances.
        square: (n,) squared lengths around the middle.
    """

    exact: Tensor
    fast: Tensor
    square: Tensor

    @classmethod
    def of(cls, values: Values, around: Values) -> "Points":
        device = hardware().device
        middle = torch.as_tensor(around.mean(0, dtype=np.float64)).to(device)
        exact = torch.as_tensor(np.ascontiguousarray(values)).to(device)
        n, d = exact.shape
        fast = torch.ones(n, d + 2, device=device)
        for start in range(0, n, COLUMNS):  # in parts: a float64 copy of everything is never needed
            rows = slice(start, start + COLUMNS)
            fast[rows, :d] = exact[rows].double() - middle
        square = fast[:, :d].square().sum(1)
        fast[:, d] = square
        return cls(exact, fast, square)

    def __len__(self) -> int:
        return len(self.square)

    @property
    def longest(self) -> float:
        return float(self.square.max()) if len(self) else 0.0

    def turned(self, rows: slice) -> Tensor:
        """Return (d + 2, some): what `fast` is multiplied with."""
        chosen = self.fast[rows]
        return torch.cat([-2 * chosen[:, :-2], chosen[:, -1:], chosen[:, -2:-1]], 1).T


@dataclass(frozen=True)
class Tile:
    """Squared distances (rows, columns) in float32, and where its first row and column lie."""

    squares: Tensor
    row: int
    column: int


def tiles(left: Points, right: Points, *, symmetric: bool = False) -> Iterator[Tile]:
    """Return all tiles, column after column; of a symmetric matrix those on and above the diagonal, without itself."""
    width = ROWS if symmetric else COLUMNS
    for column in range(0, len(right), width):
        others = right.turned(slice(column, column + width))
        for row in range(0, column + 1 if symmetric else len(left), ROWS):
            squares = left.fast[row : row + ROWS] @ others
            if symmetric and row == column:
                squares.fill_diagonal_(torch.inf)
            yield Tile(squares, row, column)


class Nearest:
    """The best candidates so far of every point on one side, sorted."""

    def __init__(self, points: Points, others: Points, k: int, *, leave_self: bool = False) -> None:
        usable = len(others) - leave_self
        self.points, self.others, self.leave_self = points, others, leave_self
        self.keep = min(k, usable)
        self.wide = min(k + SPARE, usable)
        shape, device = (len(points), self.wide), points.square.device
        self.squares = torch.full(shape, torch.inf, device=device)
        self.index = torch.zeros(shape, dtype=torch.int64, device=device)

    def offer(self, squares: Tensor, first: int, offset: int) -> tuple[Tensor, Tensor]:
        """Take squared distances (some, others) of the points from `first` on to the others from `offset` on.

        Returns:
            The smallest of them, sorted, and their columns, for whoever counts.
        """
        tile_best = squares.topk(min(self.wide, squares.shape[1]), dim=1, largest=False)
        rows = slice(first, first + len(squares))
        merged = torch.cat([self.squares[rows], tile_best.values], 1)
        index = torch.cat([self.index[rows], tile_best.indices + offset], 1)
        best = merged.topk(self.wide, dim=1, largest=False)
        self.squares[rows], self.index[rows] = best.values, index.gather(1, best.indices)
        return tile_best.values, tile_best.indices

    def exact(self, allowed: Callable[[Tensor], Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Return (n, keep) float64 distances, sorted, and indices.

        Args:
            allowed: From rows to (rows, others) of pairs that count, where not all do; the others are infinitely far.
        """
        self._look_again(allowed)
        distances = torch.full((len(self.points), self.wide), torch.inf, dtype=torch.float64, device=self.index.device)
        step = max(1, PAIRS // max(1, self.wide))
        for start in range(0, len(self.points), step):
            rows = slice(start, start + step)
            difference = self.others.exact[self.index[rows]].double() - self.points.exact[rows, None].double()
            distances[rows] = torch.linalg.vector_norm(difference, dim=2)
        distances[self.squares == torch.inf] = torch.inf
        ordered = distances.sort(dim=1, stable=True)
        return ordered.values[:, : self.keep], self.index.gather(1, ordered.indices)[:, : self.keep]

    def _look_again(self, allowed: Callable[[Tensor], Tensor] | None) -> None:
        """Choose the candidates in float64 where the last of them is as near as float32 can tell to the last wanted."""
        if not 0 < self.keep < self.wide or self.wide == len(self.others) - self.leave_self:
            return
        reach = 2 * CLOSE * (self.points.square + self.others.longest)
        gap = self.squares[:, -1] - self.squares[:, self.keep - 1]
        doubtful = (gap <= reach).nonzero().flatten()
        step = max(1, ROWS * COLUMNS // (4 * len(self.others)))
        middle = self.others.exact.mean(0, dtype=torch.float64)
        for start in range(0, len(doubtful), step):
            rows = doubtful[start : start + step]
            points = self.points.exact[rows].double() - middle
            squares = torch.full((len(rows), len(self.others)), torch.inf, dtype=torch.float64, device=rows.device)
            for column in range(0, len(self.others), COLUMNS):
                others = self.others.exact[column : column + COLUMNS].double() - middle
                squares[:, column : column + COLUMNS] = torch.addmm(
                    others.square().sum(1)[None], points, others.T, alpha=-2
                )
            squares += points.square().sum(1, keepdim=True)
            if self.leave_self:
                squares[torch.arange(len(rows)), rows] = torch.inf
            if allowed is not None:
                squares.masked_fill_(~allowed(rows), torch.inf)
            best = squares.topk(self.wide, dim=1, largest=False)
            self.squares[rows], self.index[rows] = best.values.float(), best.indices


def within(points: Points, k: int) -> tuple[Tensor, Tensor]:
    """Return distances and indices of each point's k nearest other points; half of the matrix is computed."""
    nearest = Nearest(points, points, k, leave_self=True)
    for tile in tiles(points, points, symmetric=True) if nearest.wide else ():
        nearest.offer(tile.squares, tile.row, tile.column)
        if tile.row != tile.column:
            nearest.offer(tile.squares.T.contiguous(), tile.column, tile.row)
    return nearest.exact()


def pairs_inside(
    near: tuple[Tensor, Tensor], squares: Tensor, edge: Tensor, reach: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return rows and columns of all pairs of a tile that may lie inside the row's ball, and which are certain.

    Args:
        near: What `Nearest.offer` returned for the tile: most balls end within it.
        squares: (rows, columns) of the tile.
        edge: (rows,) squared radii.
        reach: (rows,) what a square may be wrong by.
    """
    values, columns = near
    outer = (edge + reach)[:, None]
    inside = values < outer
    inside[edge <= 0] = False
    full = inside[:, -1] & (values.shape[1] < squares.shape[1])
    inside[full] = False
    positions = inside.nonzero()
    row, column, value = positions[:, 0], columns[inside], values[inside]
    if full.any():
        crowded = full.nonzero().flatten()
        more = (squares[crowded] < outer[crowded]).nonzero()
        row = torch.cat([row, crowded[more[:, 0]]])
        column = torch.cat([column, more[:, 1]])
        value = torch.cat([value, squares[crowded[more[:, 0]], more[:, 1]]])
    return row, column, value < (edge - reach)[row]


def counted(left: Points, right: Points, row: Tensor, column: Tensor, *, certain: Tensor, radius: Tensor) -> Tensor:
    """Return which pairs are nearer than the radius of the pair, in float64 wherever float32 is not certain."""
    inside = certain.clone()
    doubtful = (~certain).nonzero().flatten()
    for start in range(0, len(doubtful), PAIRS):
        batch = doubtful[start : start + PAIRS]
        difference = left.exact[row[batch]].double() - right.exact[column[batch]].double()
        inside[batch] = torch.linalg.vector_norm(difference, dim=1) < radius[batch]
    return inside


def numbered(groups: Integers) -> Tensor:
    return torch.as_tensor(np.array(groups, np.int64)).to(hardware().device)
