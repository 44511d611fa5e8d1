"""Registered search: for each query the reference that it equals best after turning, scaling and shifting.

The first pass lays every turn of a query on every position of every reference at 16 x 16 and keeps the best
`CANDIDATES` (reference and turn). The second adds rotations and scales and looks at every other pixel at 32 x 32, the
third at all of them for the best `REFINED`, and the last moves the best `FINALISTS` continuously (`alignment`). The
bulk runs in bfloat16 where that is fast; what is returned is computed in float32. A candidate list from pixel or
feature distances would miss flips; `tests/steps/test_neighbours.py` keeps the recall of planted copies.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug_core.errors import EvidenceError
from ganaug_core.interfaces import Report, silent
from ganaug_core.neighbours import alignment, registration
from ganaug_core.records import Floats, Integers

CANDIDATES = 128  # of references times turns, by the plain turns at 16 x 16
# a second pass at 16 x 16 lost up to 13 % of cropped copies; every other pixel at 32 x 32 loses none
REFINED = 12  # of these, by every other pixel at 32 x 32
PAIR_LIKENESS = 0.6  # what is less alike in the first two passes is no near-duplicate
QUERIES, REFERENCES, BLOCK = 1536, 64, 2048  # 1,536 instead of 1,024: 5 % less time for 300 MB more
PAIR_QUERIES = 512  # smaller, because each tile starts at its own first image
FINALISTS = 4  # moved continuously; two would save a tenth of the time
CROWD = 32  # images of one set that are looked at around each
PLACES = 8  # of a pair, computed again in float32
GAIN, MARGIN = 0.25, 0.01  # what the last pass may add to the correlation of a pair, and what bfloat16 may be wrong by


class Registered(NamedTuple):
    """The closest reference of each query.

    Attributes:
        distance: (n,) 1 - registered correlation, in [0, 2]; 0 is the same picture up to brightness and contrast.
        nearest: (n,) index of the reference, -1 where every reference was left out (distance 2).
        movement: (n, 6) what lays the query on the reference, as `records.MOVEMENT` names it.
    """

    distance: Floats
    nearest: Integers
    movement: Floats

    @property
    def transform(self) -> NDArray[np.str_]:
        """(n,) the movements in words: `identity`, `flip`, `quarter turn+shift`, ..."""
        return np.array([registration.name(row) for row in self.movement.tolist()], dtype="<U48")


@dataclass(frozen=True)
class Triples:
    """Candidates: query, reference and one of the eight turns, each (k,)."""

    query: Tensor
    reference: Tensor
    turn: Tensor

    def __len__(self) -> int:
        return len(self.query)

    def chosen(self, which: Tensor) -> "Triples":
        return Triples(self.query[which], self.reference[which], self.turn[which])


class _Best(NamedTuple):
    """Correlations of pairs, (k, best), and the places where they were found: variant times positions + position."""

    values: Tensor
    places: Tensor


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
    search = Search(
        registration.views(queries), registration.views(references), query_groups, reference_groups, QUERIES
    )
    distance = np.full(len(queries), 2, np.float32)
    nearest = np.full(len(queries), -1, np.int64)
    movement = np.tile(np.array([0, 0, 0, 1, 0, 0], np.float32), (len(queries), 1))
    for start in range(0, len(queries), QUERIES):
        triples, correlation = search.candidates(start, 0)
        finalists = triples.chosen(best_of_each(triples.query, correlation, FINALISTS))
        exact, where = search.aligned(finalists, start)
        won = best_of_each(finalists.query, exact, 1)
        winners = finalists.chosen(won)
        rows = winners.query.cpu().numpy()
        distance[rows] = (1 - exact[won]).clamp_min(0).cpu().numpy()
        nearest[rows] = winners.reference.cpu().numpy()
        turn, moved = winners.turn.cpu().numpy(), alignment.described(where[won]).cpu().numpy()
        movement[rows] = np.column_stack([turn // 2, turn % 2, moved])
        report(min(1.0, (start + QUERIES) / len(queries)), "Looking for the closest images")
    return Registered(distance, nearest, movement)


def near_duplicate_pairs(images: Floats, limit: float = 0.03, report: Report = silent) -> tuple[Integers, Floats]:
    """Return all pairs of images that registration shows to be one picture.

    Args:
        images: (n, channel, row, column) in [-1, 1].
        limit: Largest distance of a pair, in [0, 2].

    Returns:
        (k, 2) indices, the smaller first, and (k,) distances, sorted by pair. An image with more than about a
        hundred near-duplicates names only the closest; chains still join them all.
    """
    pictures = registration.views(images)
    own = np.arange(len(images))
    search = Search(pictures, pictures, own, own, PAIR_QUERIES)
    pairs: dict[tuple[int, int], float] = {}
    for start in range(0, len(images), PAIR_QUERIES):
        # earlier images have had their turn as queries
        triples, correlation = search.candidates(start, start, PAIR_LIKENESS)
        close = best_of_each(triples.query, correlation, FINALISTS) & (correlation > 1 - limit - GAIN)
        triples = triples.chosen(close | (correlation > 1 - limit - MARGIN))
        exact, _ = search.aligned(triples, start)
        for query, reference, value in zip(
            triples.query.tolist(), triples.reference.tolist(), (1 - exact).clamp_min(0).tolist(), strict=True
        ):
            if value <= limit:
                pair = (min(query, reference), max(query, reference))
                pairs[pair] = min(value, pairs.get(pair, value))
        report(min(1.0, (start + PAIR_QUERIES) / len(images)), "Looking for images that occur twice")
    ordered = sorted(pairs)
    return (
        np.array(ordered, np.int64).reshape(-1, 2),
        np.array([pairs[pair] for pair in ordered], np.float32),
    )


def crowds(images: Floats, rows: Integers, radius: Floats) -> Integers:
    """Return how many other images of a set each of some images is nearer to than the radius of either.

    Args:
        images: (n, channel, row, column) in [-1, 1].
        rows: (k,) which images are asked for.
        radius: (n,) registered distances in [0, 2].

    Returns:
        (k,) counts; of a crowd larger than about `CROWD` only so many are seen.
    """
    result = np.zeros(len(rows), np.int64)
    views = registration.views(images)
    search = Search(views[rows], views, rows, np.arange(len(images)), QUERIES)
    reach = torch.as_tensor(radius, device=search.device)
    own = reach[torch.as_tensor(rows, device=search.device)]
    for start in range(0, len(rows), QUERIES):
        triples, correlation = search.candidates(start, 0, refined=CROWD)
        edge = torch.minimum(own[triples.query], reach[triples.reference])
        close = 1 - correlation < edge + GAIN / 2
        triples, edge = triples.chosen(close), edge[close]
        exact, _ = search.aligned(triples, start)
        inside = triples.chosen(1 - exact < edge)
        pairs = torch.unique(torch.stack([inside.query, inside.reference]), dim=1)  # several turns may fit
        result += torch.bincount(pairs[0], minlength=len(rows)).cpu().numpy()
    return result


class Search:
    """The views of both sides on the device; memory grows with tiles, not with pairs.

    Ask a tile of queries for its `candidates`, choose among them, and have those `aligned`.
    """

    def __init__(
        self,
        queries: Tensor,
        references: Tensor,
        query_groups: Integers | None,
        reference_groups: Integers | None,
        tile: int,
    ) -> None:
        self.tile = tile
        where = registration.hardware()
        self.device, self.bulk = where.device, where.bulk
        self.queries, self.references = queries.to(self.device), references.to(self.device)
        self.small = registration.coarse(self.references)
        self.smooth = registration.smoothed(self.references)
        self._views = self.queries[:0]
        self.query_groups = None if query_groups is None else torch.as_tensor(query_groups, device=self.device)
        self.reference_groups = (
            None if reference_groups is None else torch.as_tensor(reference_groups, device=self.device)
        )

    @torch.no_grad()
    def candidates(
        self, start: int, first: int, least: float = -1.0, refined: int | None = None
    ) -> tuple[Triples, Tensor]:
        """Return the best pairs of one tile of queries with references from `first` on, and their correlations.

        Args:
            start: First query of the tile.
            first: First reference.
            least: Pairs that look less alike than this without all pixels are dropped.
            refined: How many of each query see all pixels, default `REFINED`.
        """
        triples, likeness = self._shortlist(start, first)
        if least > -1:
            triples = triples.chosen(likeness > least)
        warped = registration.fine(self.queries[start : start + self.tile])
        every = registration.templates(registration.smoothed(warped), registration.COARSE_TEMPLATE, 2)
        likeness = self._correlated(every, self.smooth, triples, start, spacing=2).values[:, 0]
        triples = triples.chosen(best_of_each(triples.query, likeness, refined or REFINED) & (likeness > least))
        self._views = registration.templates(warped, registration.TEMPLATE)
        return triples, self._correlated(self._views, self.references, triples, start).values[:, 0]

    def _shortlist(self, start: int, first: int) -> tuple[Triples, Tensor]:
        """Return the best `CANDIDATES` of each query by the plain turns at 16 x 16, without those left out."""
        queries = registration.coarse(self.queries[start : start + self.tile])
        template = registration.templates(queries, registration.COARSE_TEMPLATE)
        turns = torch.stack([registration.turned(template, turn) for turn in range(registration.DIHEDRAL)])
        turns = turns.flatten(2).to(self.bulk)  # (turn, query, pixel)
        size = len(queries)
        best = torch.full((size, 0), -2.0, device=self.device, dtype=self.bulk)
        pair_codes = torch.zeros((size, 0), device=self.device, dtype=torch.int64)
        for left in range(first, len(self.references), BLOCK):
            right = min(left + BLOCK, len(self.references))
            scores = self._coarse_scores(turns, left, right)  # (query, turn, reference)
            if self.query_groups is not None and self.reference_groups is not None:
                same = self.query_groups[start : start + size, None] == self.reference_groups[None, left:right]
                scores.masked_fill_(same[:, None, :], -2.0)
            block_best = scores.flatten(1).topk(min(CANDIDATES, scores[0].numel()), dim=1)
            turn, reference = block_best.indices // (right - left), block_best.indices % (right - left) + left
            merged = torch.cat([best, block_best.values], 1)
            places = torch.cat([pair_codes, turn * len(self.references) + reference], 1)
            best, order = merged.topk(min(CANDIDATES, merged.shape[1]), dim=1)
            pair_codes = places.gather(1, order)
        query = torch.arange(start, start + size, device=self.device)[:, None].expand_as(pair_codes)
        allowed = best > -1.5
        code = pair_codes[allowed]
        triples = Triples(query[allowed], code % len(self.references), code // len(self.references))
        return triples, best[allowed].float()

    def _coarse_scores(self, turns: Tensor, left: int, right: int) -> Tensor:
        """Return (tile, 8, references): the best correlation over all positions at 16 x 16."""
        size = turns.shape[1]
        scores = torch.empty(size, registration.DIHEDRAL, right - left, device=self.device, dtype=self.bulk)
        for low in range(left, right, REFERENCES):
            high = min(low + REFERENCES, right)
            # positions outside, references inside: the maximum then runs along contiguous memory
            places = registration.patches(self.small[low:high], registration.COARSE_TEMPLATE, self.bulk)
            flat = places.permute(1, 2, 0).flatten(1)  # (pixel, position * reference)
            for turn in range(registration.DIHEDRAL):
                maxima = (turns[turn] @ flat).view(size, -1, high - low).amax(1)
                scores[:, turn, low - left : high - left] = maxima
        return scores

    def _correlated(
        self, views: Tensor, pictures: Tensor, triples: Triples, start: int, *, spacing: int = 1, best: int = 1
    ) -> _Best:
        """Return the `best` correlations of each pair in its turn over all rotations, scales and positions.

        Args:
            views: (9, tile, side, side) templates of the queries from `start` on.
            pictures: (m, 1, wide, wide) of the references.
            spacing: Distance of a template's pixels in the pictures.
        """
        side, tile = views.shape[-1], views.shape[1]
        rows = self._in_turns(views, set(triples.turn.tolist()))
        row = triples.turn * tile + triples.query - start
        values = torch.empty(len(row), best, device=self.device)
        places = torch.empty(len(row), best, dtype=torch.int64, device=self.device)
        order = triples.reference.argsort()
        counts = torch.bincount(triples.reference, minlength=len(pictures)).tolist()
        done = 0
        for left in range(0, len(pictures), REFERENCES):
            here = counts[left : left + REFERENCES]
            if not any(here):
                continue
            patches = registration.patches(pictures[left : left + REFERENCES], side, self.bulk, spacing)
            for offset, count in enumerate(here):
                chosen = order[done : done + count]
                done += count
                if count:
                    template = rows.index_select(0, row[chosen]).view(-1, side * side)
                    scores = (template @ patches[offset]).view(count, -1)  # (pair, variant * position)
                    if best == 1:
                        values[chosen] = scores.amax(1, keepdim=True).float()
                    else:
                        top = scores.float().topk(best, dim=1)
                        values[chosen], places[chosen] = top.values, top.indices
        return _Best(values, places)

    def _in_turns(self, views: Tensor, turns: set[int]) -> Tensor:
        """Return (8 * tile, 9 * side * side): each query's templates in those turns."""
        by_query = views.transpose(0, 1).to(self.bulk, memory_format=torch.contiguous_format)
        rows = torch.empty(registration.DIHEDRAL, *by_query.shape, dtype=self.bulk, device=self.device)
        for turn in turns:
            rows[turn] = registration.turned(by_query, turn)
        return rows.flatten(0, 1).flatten(1)

    @torch.no_grad()
    def aligned(self, triples: Triples, start: int) -> tuple[Tensor, Tensor]:
        """Return (k,) float32 correlations after continuous movements, and (k, 4) the movements (`alignment`)."""
        values, variant, position = self._exact(triples, start)
        templates = self._turned(registration.templates(self.queries[triples.query], registration.TEMPLATE), triples)
        first = alignment.start(triples.turn, variant, position)
        moved, where = alignment.aligned(templates, self.references, triples.reference, first)
        return torch.maximum(values, moved), where

    def _exact(self, triples: Triples, start: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return (k,) float32 correlations, the index into `registration.FINE` and the position of each.

        Bfloat16 names a few places, of which float32 takes the best. The tile is that of the last `candidates`.
        """
        positions = registration.POSITIONS**2
        places = self._correlated(self._views, self.references, triples, start, best=PLACES).places
        variant, position = places // positions, places % positions
        templates = self._turned(self._views[variant, (triples.query - start)[:, None]], triples)
        windows = registration.windows(self.references, registration.TEMPLATE)
        down, right = position // registration.POSITIONS, position % registration.POSITIONS
        patches = registration.unit(windows[triples.reference[:, None], down, right].flatten(2), 2)
        values, best = (templates.flatten(2) * patches).sum(2).max(1)
        return values, variant.gather(1, best[:, None])[:, 0], position.gather(1, best[:, None])[:, 0]

    def _turned(self, templates: Tensor, triples: Triples) -> Tensor:
        """Return templates (k, ..., side, side) of the triples, each in its turn."""
        for turn in set(triples.turn.tolist()):
            here = triples.turn == turn
            templates[here] = registration.turned(templates[here], turn)
        return templates


def best_of_each(query: Tensor, likeness: Tensor, count: int) -> Tensor:
    """Return (k,) whether a pair is among the best `count` of its query."""
    order = torch.argsort(likeness, descending=True, stable=True)
    order = order[torch.argsort(query[order], stable=True)]
    sorted_query = query[order]
    first = torch.searchsorted(sorted_query, sorted_query, right=False)
    is_best = torch.zeros(len(query), dtype=torch.bool, device=query.device)
    is_best[order] = torch.arange(len(query), device=query.device) - first < count
    return is_best
