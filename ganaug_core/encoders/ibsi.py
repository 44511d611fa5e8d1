"""Radiomic features as the Image Biomarker Standardisation Initiative defines them, for stacks of 2-D images.

Every function takes grey levels (n, row, column), whole numbers from 1, 0 outside of the region of interest, and
returns (n, features), averaged over the four directions where a matrix has one ("2D, averaged" in the tables). Golden
tests compare all of them with the consensus values of the digital phantom.

Source: Zwanenburg et al., Image biomarker standardisation initiative, arXiv:1612.07003, and Radiology 2020, 295:328.
"""

from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

Levels = NDArray[np.int64]
Columns = NDArray[np.float64]

DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1))
NEIGHBOURS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0))
TINY = 1e-12

_connected: Any = SimpleITK.ScalarConnectedComponent  # untyped


def first_order(levels: Levels) -> Columns:
    """Return mean, variance, skewness, kurtosis (0 for a Gaussian), median, 10th and 90th percentile, interquartile
    range, mean absolute deviation, the same between the two percentiles, energy and root mean square.
    """
    flat = levels.reshape(len(levels), -1)
    if not flat.all():
        return np.concatenate([_first_order(image[image > 0][None]) for image in flat])
    return _first_order(flat)


def _first_order(values: Levels) -> Columns:
    mean, variance = values.mean(1), values.var(1)
    centred = values - mean[:, None]
    low, first, median, third, high = np.percentile(values, [10, 25, 50, 75, 90], axis=1)
    inner = (values >= low[:, None]) & (values <= high[:, None])
    count_inside = inner.sum(1)
    middle = (values * inner).sum(1) / count_inside
    spread = np.maximum(variance, TINY)
    squares = values.astype(np.float64) ** 2
    return np.column_stack(
        [
            *(mean, variance, (centred**3).mean(1) / spread**1.5, (centred**4).mean(1) / spread**2 - 3),
            *(median, low, high, third - first),
            *(np.abs(centred).mean(1), (np.abs(values - middle[:, None]) * inner).sum(1) / count_inside),
            *(squares.sum(1), np.sqrt(squares.mean(1))),
        ]
    )


def textures(levels: Levels, most: int) -> Columns:
    """Return the 79 features of the five families below, in their order; levels are 1 ... most."""
    families = (
        co_occurrence(levels, most),
        run_lengths(levels),
        zones(levels),
        dependence(levels),
        tone_difference(levels, most),
    )
    return np.concatenate(families, axis=1)


def co_occurrence(levels: Levels, most: int) -> Columns:
    """Return the 25 features of the symmetric co-occurrence matrix of pixels side by side; levels are 1 ... most."""
    return np.asarray(np.mean([_co_occurrence(levels, most, *direction) for direction in DIRECTIONS], axis=0))


def _co_occurrence(levels: Levels, most: int, down: int, right: int) -> Columns:
    n = len(levels)
    first, second = levels, _moved(levels, down, right)
    inside = (first > 0) & (second > 0)
    image = np.broadcast_to(np.arange(n)[:, None, None], levels.shape)[inside]
    cell = (image * most + first[inside] - 1) * most + second[inside] - 1
    counts = np.bincount(cell, minlength=n * most * most).reshape(n, most, most).astype(np.float64)
    counts += counts.transpose(0, 2, 1)
    table = counts / np.maximum(counts.sum((1, 2), keepdims=True), TINY)
    level = np.arange(1, most + 1)
    gap, level_sum = np.abs(level[:, None] - level), level[:, None] + level
    margin = table.sum(2)
    mean = margin @ level
    variance = (margin * (level - mean[:, None]) ** 2).sum(1)
    gaps = np.stack([table[:, gap == difference].sum(1) for difference in range(most)], 1)
    sums = np.stack([table[:, level_sum == total].sum(1) for total in range(2, 2 * most + 1)], 1)
    gap_mean, sum_mean = gaps @ np.arange(most), sums @ np.arange(2, 2 * most + 1)
    centred = level_sum - 2 * mean[:, None, None]
    product = margin[:, :, None] * margin[:, None]
    entropy, alone = _entropy(table.reshape(n, -1)), _entropy(margin)
    apart = -(table * np.log2(np.maximum(product, TINY))).sum((1, 2))
    independent = _entropy(product.reshape(n, -1))
    correlation = (table * np.outer(level, level)).sum((1, 2)) - mean**2
    off = np.where(gap > 0, gap, 1)
    return np.column_stack(
        [
            table.max((1, 2)),
            mean,
            variance,
            entropy,
            gap_mean,
            (gaps * (np.arange(most) - gap_mean[:, None]) ** 2).sum(1),
            _entropy(gaps),
            sum_mean,
            (sums * (np.arange(2, 2 * most + 1) - sum_mean[:, None]) ** 2).sum(1),
            _entropy(sums),
            (table**2).sum((1, 2)),
            (table * gap**2).sum((1, 2)),
            (table * gap).sum((1, 2)),
            (table / (1 + gap)).sum((1, 2)),
            (table / (1 + gap / most)).sum((1, 2)),
            (table / (1 + gap**2)).sum((1, 2)),
            (table / (1 + gap**2 / most**2)).sum((1, 2)),
            (table * (gap > 0) / off**2).sum((1, 2)),
            # One grey level only: every pixel predicts its neighbour.
            np.where(variance > TINY, correlation / np.maximum(variance, TINY), 1.0),
            (table * np.outer(level, level)).sum((1, 2)),
            (table * centred**2).sum((1, 2)),
            (table * centred**3).sum((1, 2)),
            (table * centred**4).sum((1, 2)),
            np.where(alone > TINY, (entropy - apart) / np.maximum(alone, TINY), 0.0),
            np.sqrt(np.maximum(0, 1 - np.exp(-2 * (independent - entropy)))),
        ]
    )


def run_lengths(levels: Levels) -> Columns:
    """Return the 16 features of runs of equal pixels along a line."""
    by_direction = []
    for down, right in DIRECTIONS:
        stack, shift = (levels.transpose(0, 2, 1), 0) if down == 0 else (levels, right)
        length = np.zeros(stack.shape, np.int64)
        for row in range(stack.shape[1]):
            before = _moved(stack[:, row - 1 : row], 0, -shift)[:, 0] if row else np.zeros_like(stack[:, 0])
            so_far = _moved(length[:, row - 1 : row], 0, -shift)[:, 0] if row else 0
            length[:, row] = np.where(stack[:, row] == before, so_far, 0) + 1
        last = (stack > 0) & (_moved(stack, 1, shift) != stack)
        image = np.broadcast_to(np.arange(len(stack))[:, None, None], stack.shape)
        by_direction.append(_emphases(image[last], stack[last], length[last], levels)[:, :16])
    return np.asarray(np.mean(by_direction, axis=0))


def zones(levels: Levels) -> Columns:
    """Return the 16 features of connected zones of equal pixels (corners connect)."""
    n, rows, columns = levels.shape
    sheet = np.zeros((n * (rows + 1), columns), np.int32)  # one below the other, an empty line between
    sheet.reshape(n, rows + 1, columns)[:, :rows] = levels
    picture, inside = SimpleITK.GetImageFromArray(sheet), SimpleITK.GetImageFromArray((sheet > 0).astype(np.uint8))
    label = SimpleITK.GetArrayFromImage(_connected(picture, inside, 0.0, True))
    label = np.where(sheet > 0, label, 0).ravel()
    _, first, size = np.unique(label[label > 0], return_index=True, return_counts=True)
    first_pixel = np.flatnonzero(label > 0)[first]
    image = first_pixel // ((rows + 1) * columns)
    return _emphases(image, sheet.ravel()[first_pixel].astype(np.int64), size, levels)[:, :16]


def dependence(levels: Levels) -> Columns:
    """Return the 17 features of how many of the eight neighbours equal a pixel (itself counts)."""
    count = np.ones(levels.shape, np.int64)
    for down, right in NEIGHBOURS:
        count += _moved(levels, down, right) == levels
    inside = levels > 0
    image = np.broadcast_to(np.arange(len(levels))[:, None, None], levels.shape)
    return _emphases(image[inside], levels[inside], count[inside], levels)


def tone_difference(levels: Levels, most: int) -> Columns:
    """Return coarseness, contrast, busyness, complexity and strength of the difference from the eight neighbours."""
    n = len(levels)
    total, count = np.zeros(levels.shape), np.zeros(levels.shape)
    for down, right in NEIGHBOURS:
        moved = _moved(levels, down, right)
        total += moved
        count += moved > 0
    inside = (levels > 0) & (count > 0)
    image = np.broadcast_to(np.arange(n)[:, None, None], levels.shape)[inside]
    cell = image * most + levels[inside] - 1
    away = np.abs(levels[inside] - total[inside] / count[inside])
    pixels = np.bincount(cell, minlength=n * most).reshape(n, most)
    away = np.bincount(cell, away, n * most).reshape(n, most)
    counted = np.maximum(pixels.sum(1), 1)
    share = pixels / counted[:, None]
    occurs = share > 0
    kinds = occurs.sum(1)
    level = np.arange(1, most + 1)
    gap = np.abs(level[:, None] - level)
    pair = occurs[:, :, None] & occurs[:, None]
    weighted = (share * away).sum(1)
    masses = share[:, :, None] + share[:, None]
    shift = np.abs((level * share)[:, :, None] - (level * share)[:, None])
    flow = ((share * away)[:, :, None] + (share * away)[:, None]) / np.maximum(masses, TINY)
    contrast = (share[:, :, None] * share[:, None] * gap**2).sum((1, 2)) / np.maximum(kinds * (kinds - 1), 1)
    busyness = (shift * pair).sum((1, 2))
    return np.column_stack(
        [
            np.where(weighted > TINY, 1 / np.maximum(weighted, TINY), 1e6),
            contrast * away.sum(1) / counted,
            np.where(busyness > TINY, weighted / np.maximum(busyness, TINY), 0.0),
            (gap * flow * pair).sum((1, 2)) / counted,
            (masses * gap**2 * pair).sum((1, 2)) / np.maximum(away.sum(1), TINY) * (away.sum(1) > TINY),
        ]
    )


def _emphases(image: Levels, level: Levels, extent: Levels, levels: Levels) -> Columns:
    """Return what the matrices of runs, zones and dependences have in common, from one entry for each run or zone.

    Emphasis of short, long, low, high, and of their four pairs; non-uniformity of levels and of extents, plain and
    normalised; entries over pixels; variance of levels and of extents; entropy; energy.
    """
    n = len(levels)
    entries = np.bincount(image, minlength=n).astype(np.float64)
    safe = np.maximum(entries, 1)

    def mean(weight: NDArray[np.floating]) -> Columns:
        return np.asarray(np.bincount(image, weight, n) / safe)

    i, j = level.astype(np.float64), extent.astype(np.float64)
    top, wide = int(level.max(initial=1)) + 1, int(extent.max(initial=1)) + 1

    def tally(key: Levels, size: int) -> tuple[Levels, NDArray[np.float64]]:
        entry = image * size + key
        if n * size > 4 * len(entry):  # few entries in a large matrix: sort them instead of counting every cell
            cells, counts = np.unique(entry, return_counts=True)
        else:
            full = np.bincount(entry, minlength=n * size)
            cells = np.flatnonzero(full)
            counts = full[cells]
        return cells // size, counts.astype(np.float64)

    def non_uniformity(key: Levels, size: int) -> Columns:
        owner, counts = tally(key, size)
        return np.asarray(np.bincount(owner, counts**2, n) / safe)

    owner, counts = tally(level * wide + extent, top * wide)
    share = counts / safe[owner]
    by_level, by_extent = non_uniformity(level, top), non_uniformity(extent, wide)
    pixels = (levels > 0).sum((1, 2))
    return np.column_stack(
        [
            *(mean(j**-2), mean(j**2), mean(i**-2), mean(i**2)),
            *(mean(j**-2 * i**-2), mean(j**-2 * i**2), mean(j**2 * i**-2), mean(j**2 * i**2)),
            *(by_level, by_level / safe, by_extent, by_extent / safe),
            entries / np.maximum(pixels, 1),
            mean(i**2) - mean(i) ** 2,
            mean(j**2) - mean(j) ** 2,
            np.bincount(owner, -share * np.log2(share), n),
            np.bincount(owner, share**2, n),
        ]
    )


def _entropy(shares: NDArray[np.floating]) -> Columns:
    return np.asarray(-(shares * np.log2(np.maximum(shares, TINY))).sum(1))


def _moved(levels: Levels, down: int, right: int) -> Levels:
    """Return what lies so far down and right of each pixel, 0 beyond the border."""
    rows, columns = levels.shape[1:]
    result = np.zeros_like(levels)
    to = (slice(max(0, -down), rows - max(0, down)), slice(max(0, -right), columns - max(0, right)))
    source = (slice(max(0, down), rows - max(0, -down)), slice(max(0, right), columns - max(0, -right)))
    result[:, to[0], to[1]] = levels[:, source[0], source[1]]
    return result
