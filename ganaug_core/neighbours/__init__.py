"""Who is close to whom: the pair-wise work of the evidence, on torch, by the same code on CPU and GPU.

`registered_search` finds the closest reference after registration (copies, near-duplicates); `feature_distances` makes
one tiled pass for every neighbour statistic.
"""

from ganaug_core.neighbours.feature_distances import Neighbours, neighbours
from ganaug_core.neighbours.registered_search import Registered, crowds, near_duplicate_pairs, registered

__all__ = ["Neighbours", "Registered", "crowds", "near_duplicate_pairs", "neighbours", "registered"]
