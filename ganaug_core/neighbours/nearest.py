"""The k nearest references of every query, where some pairs do not count: oneself, one's patient, near-duplicates."""

import numpy as np
import torch
from numpy.typing import NDArray

from ganaug_core.neighbours.tiled_distances import Nearest, Points, Values, numbered, tiles
from ganaug_core.records import Integers


def nearest(
    queries: Values,
    references: Values,
    k: int,
    *,
    apart: tuple[Integers, Integers] | None = None,
) -> tuple[Integers, NDArray[np.float64]]:
    """Return (n, k) indices of the nearest references and their Euclidean distances, sorted; exact in float64.

    Where fewer than k references count, the index is -1 and the distance infinite.

    Args:
        queries: (n, d).
        references: (m, d).
        apart: A number for each query and for each reference; pairs with equal numbers do not count.
    """
    indices = np.full((len(queries), k), -1, np.int64)
    distances = np.full((len(queries), k), np.inf)
    if not len(queries) or not len(references):
        return indices, distances
    left, right = Points.of(queries, references), Points.of(references, references)
    candidates = Nearest(left, right, k)
    groups = None if apart is None else (numbered(apart[0]), numbered(apart[1]))
    for tile in tiles(left, right):
        if groups is not None:
            height, width = tile.squares.shape
            query_groups = groups[0][tile.row : tile.row + height]
            reference_groups = groups[1][tile.column : tile.column + width]
            tile.squares.masked_fill_(query_groups[:, None] == reference_groups[None], torch.inf)
        candidates.offer(tile.squares, tile.row, tile.column)
    exact, index = candidates.exact(None if groups is None else lambda rows: groups[0][rows, None] != groups[1][None])
    index[exact == torch.inf] = -1
    indices[:, : candidates.keep], distances[:, : candidates.keep] = index.cpu().numpy(), exact.cpu().numpy()
    return indices, distances
