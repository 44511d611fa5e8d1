"""The outline of where points crowd: a level line of their smoothed density."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import Floats

Point = tuple[float, float]
Segment = tuple[Point, Point]
COLUMNS, ROWS = 72, 48  # of the grid on which density is counted
BLUR = 1.4  # cells
INSIDE = 0.85  # share of the points that the outline holds
_REACH = 4
_CORNERS = ((0, 0), (0, 1), (1, 1), (1, 0))


def crowded(positions: Floats, area: tuple[float, float, float, float]) -> tuple[list[Segment], Point]:
    """Return the pieces of the outline, and the densest place.

    Args:
        positions: (n, 2), n > 0.
        area: Smallest and largest x, then y.
    """
    left, right, low, high = area
    counts, _, _ = np.histogram2d(
        positions[:, 1], positions[:, 0], bins=(ROWS, COLUMNS), range=((low, high), (left, right))
    )
    density = np.pad(_smoothed(counts), 1)  # so that every outline closes inside
    xs = left + (np.arange(-1, COLUMNS + 1) + 0.5) * (right - left) / COLUMNS
    ys = low + (np.arange(-1, ROWS + 1) + 0.5) * (high - low) / ROWS
    row, column = np.unravel_index(int(density.argmax()), density.shape)
    return list(_level_lines(density, _level(positions, density, area), xs, ys)), (float(xs[column]), float(ys[row]))


def _smoothed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    kernel = np.exp(-0.5 * (np.arange(-_REACH, _REACH + 1) / BLUR) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        counts = np.apply_along_axis(lambda line: np.convolve(line, kernel, mode="same"), axis, counts)
    return counts


def _level(positions: Floats, density: NDArray[np.float64], area: tuple[float, float, float, float]) -> float:
    """Return the density above which `INSIDE` of the points lie."""
    left, right, low, high = area
    columns = np.clip(((positions[:, 0] - left) / (right - left) * COLUMNS).astype(int), 0, COLUMNS - 1)
    rows = np.clip(((positions[:, 1] - low) / (high - low) * ROWS).astype(int), 0, ROWS - 1)
    return float(np.quantile(density[rows + 1, columns + 1], 1 - INSIDE)) * 0.999


def _level_lines(
    density: NDArray[np.float64], level: float, xs: NDArray[np.float64], ys: NDArray[np.float64]
) -> Iterator[Segment]:
    """Yield the level line cell by cell (marching squares): it crosses an edge where one end only lies above."""

    def crossing(one: tuple[int, int], other: tuple[int, int]) -> Point:
        share = (level - density[one]) / (density[other] - density[one])
        (row, column), (other_row, other_column) = one, other
        x = xs[column] + share * (xs[other_column] - xs[column])
        y = ys[row] + share * (ys[other_row] - ys[row])
        return float(x), float(y)

    above = density > level
    cells = sum(above[down : len(ys) - 1 + down, right : len(xs) - 1 + right].astype(int) for down, right in _CORNERS)
    for row, column in np.argwhere((cells > 0) & (cells < 4)):
        corners = [(row + down, column + right) for down, right in _CORNERS]
        sides = zip(corners, corners[1:] + corners[:1], strict=True)
        crossings = [crossing(one, other) for one, other in sides if above[one] != above[other]]
        for number in range(0, len(crossings) - 1, 2):
            yield crossings[number], crossings[number + 1]
