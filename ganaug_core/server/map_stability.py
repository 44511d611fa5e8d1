"""How much of a map is chance of its seed: which neighbours stay when it is drawn with another one."""

import numpy as np

from ganaug_core.records import Floats, Integers, Map

NEIGHBOURS = 15  # as many as the map's faithfulness counts


def stability(first: Map, second: Map, *, points: int = 1000) -> float:
    """Return the mean share of a point's 15 neighbours on one map that are its neighbours on the other, in [0, 1].

    Of two maps of the same images that began with other seeds: what changes from seed to seed says nothing.

    Args:
        points: So many are looked at, spread evenly, each against all.
    """
    chosen = np.unique(np.linspace(0, len(first.ids) - 1, min(points, len(first.ids))).astype(np.int64))
    count = min(NEIGHBOURS, len(first.ids) - 1)
    left, right = (_near(np.asarray(map_.positions), chosen, count) for map_ in (first, second))
    return float((left[:, :, None] == right[:, None, :]).any(2).mean())


def _near(positions: Floats, chosen: Integers, count: int) -> Integers:
    """Return (len(chosen), count) the rows of the nearest other points."""
    near = np.empty((len(chosen), count), np.int64)
    for start in range(0, len(chosen), 100):
        part = chosen[start : start + 100]
        squares = ((positions[part][:, None] - positions[None]) ** 2).sum(2)  # (up to 100, n)
        squares[np.arange(len(part)), part] = np.inf
        near[start : start + 100] = np.argpartition(squares, count - 1, axis=1)[:, :count]
    return near
