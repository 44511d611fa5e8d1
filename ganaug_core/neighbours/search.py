"""Registered search: for each query the reference that it equals best after turning, scaling and shifting.

Two passes. The first lays every turn of a query on every position of every reference at 16 x 16 and keeps the best
`CANDIDATES` (reference and turn); the second adds rotations and scales at 32 x 32 on those alone. The bulk runs in
bfloat16 where that is fast; the values that are returned are computed in float32. A candidate list from pixel or
feature distances would miss flips; `tests/steps/test_neighbours.py` keeps the recall of planted copies.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug_core.errors import EvidenceError
from ganaug_core.interfaces import Report, silent
from ganaug_core.neighbours import registration
from ganaug_core.records import Floats, Integers

CANDIDATES = 128  # of references times turns
QUERIES, REFERENCES, BLOCK = 1024, 64, 2048
FINALISTS = 2
MARGIN = 0.01  # what bfloat16 may be wrong by


@dataclass(frozen=True)
class Registered:
    """The closest reference of each query.

    Attributes:
        distance: (n,) 1 - registered correlation, in [0, 2]; 0 is the same picture up to brightness and contrast.
        nearest: (n,) index of the reference, -1 where every reference was left out (distance 2).
        transform: (n,) what maps the reference on the query: `identity`, `flip`, `quarter turn+shift`, ...
    """

    distance: Floats
    nearest: Integers
    transform: NDArray[np.str_]


@dataclass(frozen=True)
class _Triples:
    """Candidates: query, reference and one of the eight turns, each (k,)."""

    query: Tensor
    reference: Tensor
    turn: Tensor


def registered(
    queries: Floats,
    references: Floats,
    *,
    query_groups: Integers | None = None,
    reference_groups: Integers | None = None,
    report: Report = silent,
) -> Registered:
    """Return the closest reference of each query.

    Args:
        queries: (n, channel, row, column) in [-1, 1], any size.
        references: (m, channel, row, column), m >= 1.
        query_groups: (n,) number of the group that a query must not be compared with.
        reference_groups: (m,) group of each reference; needed with `query_groups`.

    Raises:
        EvidenceError: No references, or only one of the two groups.
    """
    if len(references) == 0:
        raise EvidenceError("There is nothing to search in: no reference images.", do="Give at least one image.")
    if (query_groups is None) != (reference_groups is None):
        raise EvidenceError("Leaving groups out needs groups on both sides.", do="Pass both or none.")
    search = _Search(registration.views(queries), registration.views(references), query_groups, reference_groups)
    distance = np.full(len(queries), 2, np.float32)
    nearest = np.full(len(queries), -1, np.int64)
    transform = np.full(len(queries), "identity", dtype="<U48")
    for start in range(0, len(queries), QUERIES):
        found, correlation = search.candidates(start, 0)
        order = correlation.topk(min(FINALISTS, correlation.shape[1]), dim=1)
        finalists = _picked(found, order.indices)
        exact, variant, position = search.exact(finalists)
        usable = order.values.flatten() > -2
        exact = torch.where(usable, exact, -2).view_as(order.values)
        best = exact.argmax(1)
        for row in range(len(best)):
            column = int(best[row])
            if exact[row, column] > -2:
                flat = row * exact.shape[1] + column
                distance[start + row] = max(0.0, 1 - float(exact[row, column]))
                nearest[start + row] = int(finalists.reference[flat])
                transform[start + row] = registration.name(
                    int(finalists.turn[flat]), int(variant[flat]), int(position[flat])
                )
        report(min(1.0, (start + QUERIES) / len(queries)), "Looking for the closest images")
    return Registered(distance, nearest, transform)


def twin_pairs(images: Floats, limit: float = 0.05, report: Report = silent) -> tuple[Integers, Floats]:
    """Return all pairs of images that registration shows to be one picture.

    Args:
        images: (n, channel, row, column) in [-1, 1].
        limit: Largest distance of a pair, in [0, 2].

    Returns:
        (k, 2) indices, the smaller first, and (k,) distances, sorted by pair. An image with more than about a
        hundred twins names only the closest; chains still join them all.
    """
    pictures = registration.views(images)
    own = np.arange(len(images))
    search = _Search(pictures, pictures, own, own)
    pairs: dict[tuple[int, int], float] = {}
    for start in range(0, len(images), QUERIES):
        found, correlation = search.candidates(start, start)  # earlier images have had their turn as queries
        close = correlation > 1 - limit - MARGIN
        triples = _picked(found, close.nonzero(as_tuple=True)[1], close.nonzero(as_tuple=True)[0])
        exact, _, _ = search.exact(triples)
        for query, reference, value in zip(
            triples.query.tolist(), triples.reference.tolist(), (1 - exact).clamp_min(0).tolist(), strict=True
        ):
            if value <= limit:
                pair = (min(query, reference), max(query, reference))
                pairs[pair] = min(value, pairs.get(pair, value))
        report(min(1.0, (start + QUERIES) / len(images)), "Looking for images that occur twice")
    ordered = sorted(pairs)
    return (
        np.array(ordered, np.int64).reshape(-1, 2),
        np.array([pairs[pair] for pair in ordered], np.float32),
    )


class _Search:
    """The views of both sides on the device; memory grows with tiles, not with pairs."""

    def __init__(
        self, queries: Tensor, references: Tensor, query_groups: Integers | None, reference_groups: Integers | None
    ) -> None:
        where = registration.hardware()
        self.device, self.bulk = where.device, where.bulk
        self.queries, self.references = queries.to(self.device), references.to(self.device)
        self.query_groups = None if query_groups is None else torch.as_tensor(query_groups, device=self.device)
        self.reference_groups = (
            None if reference_groups is None else torch.as_tensor(reference_groups, device=self.device)
        )

    @torch.no_grad()
    def candidates(self, start: int, first: int) -> tuple[_Triples, Tensor]:
        """Return candidates of one tile of queries among the references from `first` on, and their correlation.

        The correlation is (tile, candidates) in [-1, 1], -2 for those left out.
        """
        triples, allowed = self._shortlist(start, first)
        correlation = self._refined(triples, start)
        return triples, torch.where(allowed, correlation.view_as(allowed), -2.0)

    def _shortlist(self, start: int, first: int) -> tuple[_Triples, Tensor]:
        queries = registration.coarse(self.queries[start : start + QUERIES])
        turns = registration.templates(registration.turned(queries), registration.COARSE_TEMPLATE).to(self.bulk)
        size = turns.shape[1]
        best = torch.full((size, 0), -2.0, device=self.device, dtype=self.bulk)
        place = torch.zeros((size, 0), device=self.device, dtype=torch.int64)
        for left in range(first, len(self.references), BLOCK):
            right = min(left + BLOCK, len(self.references))
            scores = self._coarse_scores(turns, left, right)
            if self.query_groups is not None and self.reference_groups is not None:
                same = self.query_groups[start : start + size, None] == self.reference_groups[None, left:right]
                scores.masked_fill_(same[:, None, :], -2.0)
            codes = torch.arange(left, right, device=self.device)[None] + torch.arange(
                registration.DIHEDRAL, device=self.device
            )[:, None] * len(self.references)
            merged = torch.cat([best, scores.flatten(1)], 1)
            places = torch.cat([place, codes.flatten()[None].expand(size, -1)], 1)
            best, order = merged.topk(min(CANDIDATES, merged.shape[1]), dim=1)
            place = places.gather(1, order)
        turn, reference = place // len(self.references), place % len(self.references)
        query = torch.arange(start, start + size, device=self.device)[:, None].expand_as(place)
        return _Triples(query.flatten(), reference.flatten(), turn.flatten()), best > -1.5

    def _coarse_scores(self, turns: Tensor, left: int, right: int) -> Tensor:
        """Return (tile, 8, references): the best correlation over all positions at 16 x 16."""
        size = turns.shape[1]
        scores = torch.empty(size, registration.DIHEDRAL, right - left, device=self.device, dtype=self.bulk)
        small = registration.coarse(self.references[left:right])
        for low in range(0, right - left, REFERENCES):
            places = registration.patches(small[low : low + REFERENCES], registration.COARSE_TEMPLATE).to(self.bulk)
            count = len(places)
            # positions outside, references inside: the maximum then runs along contiguous memory
            flat = places.permute(1, 2, 0).reshape(places.shape[1], -1)
            for turn in range(registration.DIHEDRAL):
                scores[:, turn, low : low + count] = (turns[turn] @ flat).view(size, -1, count).amax(1)
        return scores

    def _refined(self, triples: _Triples, start: int) -> Tensor:
        """Return (k,) correlations over all positions, rotations and scales at 32 x 32."""
        views = self._fine_templates(self.queries[start : start + QUERIES]).to(self.bulk)
        result = torch.empty(len(triples.query), device=self.device)
        order = triples.reference.argsort()
        counts = torch.bincount(triples.reference, minlength=len(self.references)).tolist()
        done = 0
        for left in range(0, len(self.references), REFERENCES):
            here = counts[left : left + REFERENCES]
            if not any(here):
                continue
            places = registration.patches(self.references[left : left + REFERENCES], registration.TEMPLATE)
            places = places.to(self.bulk)
            for offset, count in enumerate(here):
                chosen = order[done : done + count]
                done += count
                if count:
                    rows = views[triples.query[chosen] - start, triples.turn[chosen]].flatten(0, 1)
                    result[chosen] = (rows @ places[offset]).view(count, -1).amax(1).float()
        return result

    @torch.no_grad()
    def exact(self, triples: _Triples) -> tuple[Tensor, Tensor, Tensor]:
        """Return (k,) float32 correlations, the index into `registration.FINE` and the position of each."""
        values, variants, positions = [], [], []
        for low in range(0, len(triples.query), REFERENCES):
            part = slice(low, low + REFERENCES)
            pictures = self.queries[triples.query[part]]
            rows = self._turned_templates(pictures, triples.turn[part])
            places = registration.patches(self.references[triples.reference[part]], registration.TEMPLATE)
            best, where = torch.bmm(rows, places).flatten(1).max(1)
            values.append(best)
            variants.append(where // places.shape[2])
            positions.append(where % places.shape[2])
        if not values:
            nothing = torch.zeros(0, device=self.device)
            return nothing, nothing.long(), nothing.long()
        return torch.cat(values), torch.cat(variants), torch.cat(positions)

    def _fine_templates(self, pictures: Tensor) -> Tensor:
        """Return (n, 8, 9, 484)."""
        warped = registration.fine(pictures)
        turns = torch.stack([registration.turned(each) for each in warped])
        return registration.templates(turns, registration.TEMPLATE).permute(2, 1, 0, 3)

    def _turned_templates(self, pictures: Tensor, turns: Tensor) -> Tensor:
        """Return (n, 9, 484): each picture in its one turn."""
        warped = registration.fine(pictures)
        for turn in sorted(set(turns.tolist())):
            rows = turns == turn
            chosen = warped[:, rows]
            warped[:, rows] = registration.turned(chosen.flatten(0, 1))[turn].view_as(chosen)
        return registration.templates(warped, registration.TEMPLATE).transpose(0, 1)


def _picked(triples: _Triples, columns: Tensor, rows: Tensor | None = None) -> _Triples:
    """Return the candidates at (row, column) of the (tile, candidates) table; all rows where none are named."""
    tile = int(triples.query.max() - triples.query.min()) + 1 if len(triples.query) else 1
    width = len(triples.query) // tile
    if rows is None:
        rows = torch.arange(tile, device=columns.device)[:, None].expand_as(columns)
    flat = (rows * width + columns).flatten()
    return _Triples(triples.query[flat], triples.reference[flat], triples.turn[flat])
