"""The k nearest references of every query, where some pairs do not count: oneself, one's patient, one's twins."""

import numpy as np
import torch
from numpy.typing import NDArray

from ganaug_core.neighbours.registration import hardware
from ganaug_core.records import Integers

CELLS = 1 << 24  # of the distance matrix at once: 128 MiB in float64


def nearest(
    queries: NDArray[np.floating],
    references: NDArray[np.floating],
    k: int,
    *,
    apart: tuple[Integers, Integers] | None = None,
) -> tuple[Integers, NDArray[np.float64]]:
    """Return (n, k) indices of the nearest references and their Euclidean distances, sorted; exact, float64.

    Where fewer than k references count, the index is -1 and the distance infinite.

    Args:
        queries: (n, d).
        references: (m, d).
        apart: A number for each query and for each reference; pairs with equal numbers do not count.
    """
    device = hardware().device
    middle = references.mean(0, dtype=np.float64) if len(references) else 0.0
    left, right = (torch.as_tensor(np.asarray(each, np.float64) - middle).to(device) for each in (queries, references))
    keep = min(k, len(right))
    indices = torch.full((len(left), k), -1, dtype=torch.int64, device=device)
    distances = torch.full((len(left), k), torch.inf, dtype=torch.float64, device=device)
    groups = None if apart is None else [torch.as_tensor(np.array(each, np.int64)).to(device) for each in apart]
    lengths = right.square().sum(1)
    tile = max(1, CELLS // max(1, len(right)))
    for start in range(0, len(left) if keep else 0, tile):
        part = slice(start, start + tile)
        squares = torch.addmm(lengths[None], left[part], right.T, alpha=-2)  # without |query|^2: the order is the same
        if groups is not None:
            squares[groups[0][part, None] == groups[1][None]] = torch.inf
        found = squares.topk(keep, dim=1, largest=False)
        # Differences, not products, so that a copy is at distance 0.
        exact = (right[found.indices] - left[part, None]).norm(dim=2)
        exact[found.values == torch.inf] = torch.inf
        ordered = exact.sort(dim=1, stable=True)
        distances[part, :keep] = ordered.values
        indices[part, :keep] = found.indices.gather(1, ordered.indices)
    indices[distances == torch.inf] = -1
    return indices.cpu().numpy(), distances.cpu().numpy()
