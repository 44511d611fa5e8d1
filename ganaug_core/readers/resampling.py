"""Slices on the grid that was chosen: cut around the lesion, brought to square pixels, a common spacing, a size."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganaug_core.config.importing import Choices
from ganaug_core.records import Pixels

Spacing = tuple[float, float]
"""Row and column spacing, mm."""
Box = tuple[int, int, int, int]
"""First row, row after the last, first column, column after the last."""
MARGIN = 0.25
"""Of the lesion's longer side, on each side of the crop."""
EXACT = (2, 4, 8, 16)
"""Sides of blocks that become one pixel: the average of so many 16-bit values is exact in float32, so any order of sums
gives what Pillow does, at a quarter of its time."""
SQUARE = 0.01
"""Pixels whose sides differ by less than this share are square."""


def chosen(masks: NDArray[np.bool_] | None, count: int, choices: Choices) -> list[int]:
    """Return the numbers of the slices to take of `count`; `masks` is (slice, row, column) or None."""
    rows = list(range(count))
    if masks is not None and choices.needs_mask:
        areas = masks.reshape(len(masks), -1).sum(1)
        rows = [row for row in rows if areas[row]]
        if choices.slices == "largest" and rows:
            return [int(areas.argmax())]
    return rows[:: choices.every]


def placed(
    plane: Pixels, spacing: Spacing | None, mask: NDArray[np.bool_] | None, choices: Choices, fill: float | None = None
) -> tuple[Pixels, Spacing | None]:
    """Return one slice (row, column) on the chosen grid, and its spacing there; `fill` as in `fitted`."""
    box = None if mask is None or not choices.crop else around(mask)
    if choices.spacing_mm is not None and spacing is not None:
        return _at_spacing(plane, spacing, choices.spacing_mm, size=choices.size, box=box, fill=fill)
    if box is not None:
        top, bottom, left, right = _square(box, spacing, plane.shape)
        plane = plane[top:bottom, left:right]
    if choices.size is None:
        return plane, spacing
    fitted_plane = fitted(plane[None], choices.size, spacing, fill)[0]
    if spacing is None:
        return fitted_plane, None
    side = max(plane.shape[0] * spacing[0], plane.shape[1] * spacing[1]) / choices.size
    return fitted_plane, (side, side)


def placed_mask(mask: NDArray[np.bool_], spacing: Spacing | None, choices: Choices) -> NDArray[np.uint8]:
    """Return the mask of a slice where `placed` puts the slice: 1 where half of a pixel or more lies inside, else 0."""
    return halved(placed(mask.astype(np.float32), spacing, mask, choices, fill=0.0)[0])


def halved(share: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return 1 where at least half of a pixel lies inside, else 0."""
    return (share >= 0.5).astype(np.uint8)


def around(mask: NDArray[np.bool_]) -> Box | None:
    """Return the smallest box around what is set, None where nothing is."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def fitted(pixels: Pixels, size: int, spacing: Spacing | None = None, fill: float | None = None) -> Pixels:
    """Return (channel, size, size) in the same type.

    The aspect ratio in mm is kept (in pixels, where the spacing is unknown): the longer side becomes `size`, and both
    ends of the shorter one are filled with `fill`, by default with the median of the two edges that they continue.
    Shrinking averages areas, so nothing aliases; growing is bicubic, clipped to the image's range.
    """
    channels, rows, columns = pixels.shape
    height, width = float(rows), float(columns)
    if spacing is not None and abs(spacing[0] / spacing[1] - 1) > SQUARE:
        height, width = rows * spacing[0], columns * spacing[1]
    if (rows, columns) == (size, size) and height == width:
        return pixels
    scale = size / max(height, width)
    shape = max(1, round(height * scale)), max(1, round(width * scale))
    low, high = pixels.min(), pixels.max()
    if fill is not None:
        low, high = min(low, fill), max(high, fill)
    grid = np.empty((channels, size, size), np.float32)
    top, left = (size - shape[0]) // 2, (size - shape[1]) // 2
    for channel in range(channels):
        small = _resized(pixels[channel], shape)
        if shape != (size, size):
            edges = small[:, [0, -1]] if shape[1] < size else small[[0, -1]]
            grid[channel] = np.median(edges) if fill is None else fill
        grid[channel, top : top + shape[0], left : left + shape[1]] = small
    return _like(grid, pixels.dtype, low, high)


def _resized(plane: NDArray[Any], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return (row, column) float32; areas are averaged where both sides shrink."""
    side = plane.shape[0] // shape[0]
    divides = plane.shape == (shape[0] * side, shape[1] * side)
    if side in EXACT and divides and plane.dtype in (np.uint8, np.int16, np.uint16):
        rows = plane.reshape(shape[0], side, -1).astype(np.float32).sum(1)
        blocks: NDArray[np.float32] = rows.reshape(*shape, side).sum(2) / np.float32(side * side)
        return blocks
    shrinks = shape[0] <= plane.shape[0] and shape[1] <= plane.shape[1]
    method = Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(plane.astype(np.float32)).resize(shape[::-1], method))


def _like(grid: NDArray[np.float32], kind: np.dtype[Any], low: Any, high: Any) -> Pixels:
    clipped = np.clip(grid, np.float32(low), np.float32(high))
    return np.rint(clipped).astype(kind) if kind.kind in "iu" else clipped


def _at_spacing(
    plane: Pixels, spacing: Spacing, target_mm: float, *, size: int | None, box: Box | None, fill: float | None
) -> tuple[Pixels, Spacing]:
    """Return the slice with pixels of `target_mm`; with a size, that many of them around the middle (of the box)."""
    shape = tuple(
        max(1, round(count * width_mm / target_mm)) for count, width_mm in zip(plane.shape, spacing, strict=True)
    )
    low, high = plane.min(), plane.max()
    fine = _like(_resized(plane, (shape[0], shape[1])), plane.dtype, low, high)
    if size is None and box is None:
        return fine, (target_mm, target_mm)
    box = box or (0, plane.shape[0], 0, plane.shape[1])
    scales = fine.shape[0] / plane.shape[0], fine.shape[1] / plane.shape[1]
    middle = (box[0] + box[1]) / 2 * scales[0], (box[2] + box[3]) / 2 * scales[1]
    side = size or round((1 + 2 * MARGIN) * max((box[1] - box[0]) * scales[0], (box[3] - box[2]) * scales[1]))
    first = [round(centre - side / 2) for centre in middle]
    before = [max(0, -start) for start in first]
    after = [max(0, start + side - length) for start, length in zip(first, fine.shape, strict=True)]
    if fill is None:
        fill = np.median(np.concatenate([fine[0], fine[-1], fine[:, 0], fine[:, -1]]))
    wide = np.pad(fine, list(zip(before, after, strict=True)), constant_values=fine.dtype.type(fill))
    top, left = (max(0, start) for start in first)
    return wide[top : top + side, left : left + side], (target_mm, target_mm)


def _square(box: Box, spacing: Spacing | None, shape: tuple[int, ...]) -> Box:
    """Return a box, square in mm, with the margin around it, moved into the image; as large as the image at most."""
    rows_mm, columns_mm = spacing or (1.0, 1.0)
    side = (1 + 2 * MARGIN) * max((box[1] - box[0]) * rows_mm, (box[3] - box[2]) * columns_mm)
    ends: list[int] = []
    for first, last, length, width_mm in ((box[0], box[1], shape[0], rows_mm), (box[2], box[3], shape[1], columns_mm)):
        span = min(length, max(1, round(side / width_mm)))
        start = min(max(0, round((first + last - span) / 2)), length - span)
        ends += [start, start + span]
    return ends[0], ends[1], ends[2], ends[3]
