"""Registered search: for each query the reference that it equals best after turning, scaling and shifting.

The first pass lays every turn of a query on every position of every reference at 16 x 16 and keeps the best
`CANDIDATES` (reference and turn). The second adds rotations and scales and looks at every other pixel at 32 x 32; both
compare leading components of the patches (`principal`). The third looks at all pixels for the best `REFINED`, and the
last moves the best `FINALISTS` continuously (`alignment`) and asks whether their colours agree too (`colour`). The bulk
runs in bfloat16 where that is fast; what is returned is computed in float32. A candidate list from pixel or feature
distances would miss flips; `tests/steps/test_neighbours.py` keeps the recall of planted copies.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganaug_core.errors import EvidenceError
from ganaug_core.interfaces import Report, silent
from ganaug_core.neighbours import alignment, colour, principal, registration
from ganaug_core.records import Floats, Images, Integers

CANDIDATES = 192  # of references times turns, by the plain turns at 16 x 16
# a second pass at 16 x 16 lost up to 13 % of cropped copies; every other pixel at 32 x 32 loses none
REFINED = 12  # of these, by every other pixel at 32 x 32
PAIR_LIKENESS, PAIR_GAIN = 0.6, 0.1  # least likeness of a near-duplicate in the first pass; what passes after add
QUERIES, REFERENCES, BLOCK = 2048, 64, 2048
PAIR_QUERIES = 512  # smaller, because in a search for pairs each begins at its own first image
FINALISTS = 4  # moved continuously; two would save a tenth of the time
CROWD = 32  # images of one set that are looked at around each
PLACES, EXACT = 8, 1024  # places of a pair that are computed again in float32; pairs at once
GAIN, MARGIN = 0.25, 0.01  # what the last pass may add to the correlation of a pair, and what bfloat16 may be wrong by
LATER_PASS = 1300  # comparisons of the first pass that each of the three others takes the time of, for a query
TRIAL, TRIAL_FLATTERS = 256, 1.1  # images; a search of thousands takes longer for the same work, more is out of cache

Worked = Callable[[int], None]
"""Called now and then by a search: how much was done since, in comparisons of the first pass."""


class Least(NamedTuple):
    """Likeness in [-1, 1] that a pair needs to go on, after the first and after the second pass."""

    first: float
    second: float


ANYTHING = Least(-1.0, -1.0)


class Registered(NamedTuple):
    """The closest reference of each query.

    Attributes:
        distance: (n,) 1 - registered correlation, in [0, 2]; 0 is the same picture up to brightness and contrast. In
            colour it is the correlation of structure or of colours, whichever is lower.
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
    """Candidates: query, reference and one of the eight turns, each (k,).

    `places` (k, some) is where the third pass found them most alike, best first: variant times positions + position.
    """

    query: Tensor
    reference: Tensor
    turn: Tensor
    places: Tensor

    def __len__(self) -> int:
        return len(self.query)

    def chosen(self, which: Tensor | slice) -> "Triples":
        return Triples(self.query[which], self.reference[which], self.turn[which], self.places[which])


class _Rows(NamedTuple):
    """Templates of a tile's queries in the turns that are asked for.

    Attributes:
        values: (row, 9, numbers), numbers are pixels or components.
        keys: (row,) ascending: turn times `tile` + query of the tile.
    """

    values: Tensor
    keys: Tensor

    def of(self, keys: Tensor) -> Tensor:
        return torch.searchsorted(self.keys, keys)


class _Best(NamedTuple):
    """Correlations of pairs, (k, best), and the places where they were found: variant times positions + position."""

    values: Tensor
    places: Tensor


def registered(
    queries: Images,
    references: Images,
    *,
    query_groups: Integers | None = None,
    reference_groups: Integers | None = None,
    report: Report = silent,
) -> Registered:
    """Return the closest reference of each query.

    Args:
        queries: (n, channel, row, column) in [-1, 1], any size; both are looked at in blocks, once.
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
        registration.views(queries),
        registration.views(references),
        query_groups,
        reference_groups,
        QUERIES,
        colours=_colours(queries, references),
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
    colours = _colours(images, images)
    search = Search(pictures, pictures, own, own, QUERIES, colours=colours, worked=_telling(len(images), report))
    pairs: dict[tuple[int, int], float] = {}
    for start in range(0, len(images), QUERIES):
        triples, correlation = search.candidates(start, None, Least(PAIR_LIKENESS, 1 - limit - PAIR_GAIN))
        close = best_of_each(triples.query, correlation, FINALISTS) & (correlation > 1 - limit - GAIN)
        triples = triples.chosen(close | (correlation > 1 - limit - MARGIN))
        exact, _ = search.aligned(triples, start, 1 - limit)
        for query, reference, value in zip(
            triples.query.tolist(), triples.reference.tolist(), (1 - exact).clamp_min(0).tolist(), strict=True
        ):
            if value <= limit:
                pair = (min(query, reference), max(query, reference))
                pairs[pair] = min(value, pairs.get(pair, value))
    ordered = sorted(pairs)
    return (
        np.array(ordered, np.int64).reshape(-1, 2),
        np.array([pairs[pair] for pair in ordered], np.float32),
    )


def expected_seconds(images: int) -> float:
    """Return about how long `near_duplicate_pairs` takes here and now, after a trial with `TRIAL` made-up images."""
    random = np.random.default_rng(0)
    alike = np.repeat(random.uniform(-1, 1, (TRIAL // 16, 1, 8, 8)), 16, 0) + random.normal(0, 0.3, (TRIAL, 1, 8, 8))
    pictures = np.kron(alike, np.ones((4, 4))).astype(np.float32)
    begun = time.perf_counter()
    near_duplicate_pairs(pictures)
    return TRIAL_FLATTERS * (time.perf_counter() - begun) * _pair_work(images) / _pair_work(TRIAL)


def _pair_work(images: int) -> int:
    """Return the work for pairs in comparisons of the first pass: later images have fewer left to look at."""
    parts = range(0, images, PAIR_QUERIES)
    first_pass = sum(min(PAIR_QUERIES, images - start) * (images - start) for start in parts)
    return first_pass + 3 * images * LATER_PASS


def _telling(images: int, report: Report) -> Worked:
    """Return what tells the share of the work for pairs that is done."""
    total, done = _pair_work(images), 0

    def worked(amount: int) -> None:
        nonlocal done
        done += amount
        report(min(1.0, done / total), "Looking for images that occur twice")

    return worked


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
    colours = colour.differences(images)
    search = Search(
        views[rows],
        views,
        rows,
        np.arange(len(images)),
        QUERIES,
        colours=None if colours is None else (colours[rows], colours),
    )
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


def _colours(queries: Images, references: Images) -> tuple[Tensor, Tensor] | None:
    """Return what `colour` compares of both sides, None where one of them has a single channel."""
    of_queries = colour.differences(queries)
    of_references = of_queries if references is queries else colour.differences(references)
    return None if of_queries is None or of_references is None else (of_queries, of_references)


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
        *,
        colours: tuple[Tensor, Tensor] | None = None,
        worked: Worked | None = None,
    ) -> None:
        self.tile = tile
        where = registration.hardware()
        self.device, self.bulk = where.device, where.bulk
        self.queries, self.references = queries.to(self.device), references.to(self.device)
        self._colours = None if colours is None else tuple(side.to(self.device) for side in colours)
        self.small = registration.coarse(self.references)
        self.smooth = registration.smoothed(self.references)
        self._small_directions = principal.components(self.small, registration.COARSE_TEMPLATE)
        self._places = self._small_places()
        self._smooth_directions = principal.components(self.smooth, registration.COARSE_TEMPLATE, 2)
        self._views = self.queries[:0]
        self.query_groups = None if query_groups is None else torch.as_tensor(query_groups, device=self.device)
        self.reference_groups = (
            None if reference_groups is None else torch.as_tensor(reference_groups, device=self.device)
        )
        self._worked = worked or (lambda amount: None)

    @torch.no_grad()
    def candidates(
        self, start: int, first: int | None, least: Least = ANYTHING, refined: int | None = None
    ) -> tuple[Triples, Tensor]:
        """Return the best pairs of one tile of queries with references from `first` on, and their correlations.

        Args:
            start: First query of the tile.
            first: First reference; None where queries are the references, each pair is wanted once, and earlier
                images have had their turn.
            least: Pairs that look less alike in the first or second pass are dropped.
            refined: How many of each query see all pixels, default `REFINED`.
        """
        tile = self.queries[start : start + self.tile]
        triples = self._shortlists(start, first, least.first)
        warped = registration.fine(tile)
        every = registration.templates(registration.smoothed(warped), registration.COARSE_TEMPLATE, 2)
        rows = self._in_turns(every, triples, start, self._smooth_directions)
        likeness = self._correlated(
            rows, self.smooth, triples, start, self._smooth_directions, spacing=2, best=0
        ).values[:, 0]
        kept = best_of_each(triples.query, likeness, refined or REFINED) & (likeness > least.second)
        triples = triples.chosen(kept)
        self._worked(len(tile) * LATER_PASS)
        self._views = registration.templates(warped, registration.TEMPLATE)
        rows = self._in_turns(self._views, triples, start)
        # float32 has to choose among a few places that bfloat16 names
        best = self._correlated(
            rows, self.references, triples, start, best=PLACES if self.bulk == torch.bfloat16 else 1
        )
        self._worked(len(tile) * LATER_PASS)
        return replace(triples, places=best.places), best.values[:, 0]

    def _shortlists(self, start: int, first: int | None, least: float) -> Triples:
        """Return the best `CANDIDATES` of each query of the tile by the plain turns at 16 x 16, without those left out.

        Where each pair is wanted once, parts of the tile begin at their own first image.
        """
        stop = min(start + self.tile, len(self.queries))
        parts = []
        for left in range(start, stop, PAIR_QUERIES):
            triples, likeness = self._shortlist(left, min(left + PAIR_QUERIES, stop), left if first is None else first)
            parts.append(triples.chosen(likeness > least))
        return Triples(
            torch.cat([part.query for part in parts]),
            torch.cat([part.reference for part in parts]),
            torch.cat([part.turn for part in parts]),
            torch.cat([part.places for part in parts]),
        )

    def _shortlist(self, start: int, stop: int, first: int) -> tuple[Triples, Tensor]:
        template = registration.templates(registration.coarse(self.queries[start:stop]), registration.COARSE_TEMPLATE)
        turns = torch.stack([registration.turned(template, turn) for turn in range(registration.DIHEDRAL)])
        turns = principal.compressed(turns.flatten(2), self._small_directions).to(self.bulk)  # (turn, query, component)
        size = stop - start
        best = torch.full((size, 0), -2.0, device=self.device, dtype=self.bulk)
        pair_codes = torch.zeros((size, 0), device=self.device, dtype=torch.int64)
        for left in range(first, len(self.references), BLOCK):
            right = min(left + BLOCK, len(self.references))
            scores = self._coarse_scores(turns, left, right)  # (query, turn, reference)
            if self.query_groups is not None and self.reference_groups is not None:
                same = self.query_groups[start:stop, None] == self.reference_groups[None, left:right]
                scores.masked_fill_(same[:, None, :], -2.0)
            # whoever is among the best has a reference that is among the best by its best turn
            references = scores.amax(1).topk(min(CANDIDATES, right - left), dim=1).indices  # (query, chosen)
            chosen = scores.gather(2, references[:, None].expand(-1, registration.DIHEDRAL, -1)).flatten(1)
            block_best = chosen.topk(min(CANDIDATES, chosen.shape[1]), dim=1)
            turn, column = block_best.indices // references.shape[1], block_best.indices % references.shape[1]
            reference = references.gather(1, column) + left
            merged = torch.cat([best, block_best.values], 1)
            places = torch.cat([pair_codes, turn * len(self.references) + reference], 1)
            best, order = merged.topk(min(CANDIDATES, merged.shape[1]), dim=1)
            pair_codes = places.gather(1, order)
            self._worked(size * (right - left))
        query = torch.arange(start, stop, device=self.device)[:, None].expand_as(pair_codes)
        allowed = best > -1.5
        code = pair_codes[allowed]
        unknown = torch.zeros(len(code), 0, dtype=torch.int64, device=self.device)
        triples = Triples(query[allowed], code % len(self.references), code // len(self.references), unknown)
        return triples, best[allowed].float()

    def _small_places(self) -> Tensor:
        """Return (component, down, right, reference): all places of the references at 16 x 16.

        Positions lie outside and references inside: the maximum over positions then runs along contiguous memory.
        """
        across = registration.COARSE_SIDE - registration.COARSE_TEMPLATE + 1
        places = torch.empty(
            self._small_directions.shape[1], across**2, len(self.references), dtype=self.bulk, device=self.device
        )
        for left in range(0, len(self.references), BLOCK):
            cut = registration.patches(self.small[left : left + BLOCK], registration.COARSE_TEMPLATE, self.bulk)
            places[..., left : left + BLOCK] = principal.compressed(cut, self._small_directions).permute(2, 1, 0)
        return places.view(len(places), across, across, -1)

    def _coarse_scores(self, turns: Tensor, left: int, right: int) -> Tensor:
        """Return (queries, 8, references): the best likeness at 16 x 16 over shifts of up to two pixels each way."""
        size, across = turns.shape[1], self._places.shape[1]
        scores = torch.empty(size, registration.DIHEDRAL, right - left, device=self.device, dtype=self.bulk)
        for low in range(left, right, REFERENCES):
            high = min(low + REFERENCES, right)
            for (row, column), alike in registration.corners().items():
                places = self._places[:, row : row + across - 1, column : column + across - 1, low:high].flatten(1)
                for turn in alike:
                    maxima = (turns[turn] @ places).view(size, -1, high - low).amax(1)
                    scores[:, turn, low - left : high - left] = maxima
        return scores

    def _correlated(
        self,
        rows: _Rows,
        pictures: Tensor,
        triples: Triples,
        start: int,
        directions: Tensor | None = None,
        *,
        spacing: int = 1,
        best: int = 1,
    ) -> _Best:
        """Return the `best` correlations of each pair in its turn over all rotations, scales and positions.

        With 0 it is the best one without its place.

        Args:
            rows: Templates of the queries from `start` on, from `_in_turns`.
            pictures: (m, 1, wide, wide) of the references.
            directions: (side * side, kept) to compare in, as cosines; None: all pixels.
            spacing: Distance of a template's pixels in the pictures.
        """
        side = registration.TEMPLATE if directions is None else registration.COARSE_TEMPLATE
        row = rows.of(self._keys(triples, start))
        values = torch.empty(len(row), max(1, best), device=self.device)
        places = torch.empty(len(row), best, dtype=torch.int64, device=self.device)
        order = triples.reference.argsort()
        counts = torch.bincount(triples.reference, minlength=len(pictures)).tolist()
        done = 0
        for left in range(0, len(pictures), REFERENCES):
            here = counts[left : left + REFERENCES]
            if not any(here):
                continue
            patches = registration.patches(pictures[left : left + REFERENCES], side, self.bulk, spacing)
            if directions is not None:
                patches = principal.compressed(patches, directions)
            for offset, count in enumerate(here):
                chosen = order[done : done + count]
                done += count
                if count:
                    template = rows.values.index_select(0, row[chosen]).flatten(0, 1)
                    scores = (template @ patches[offset].T).view(count, -1)  # (pair, variant * position)
                    if best == 0:  # without its place, which takes eight times as long
                        values[chosen] = scores.amax(1, keepdim=True).float()
                    else:
                        top = scores.float().topk(best, dim=1)
                        values[chosen], places[chosen] = top.values, top.indices
        return _Best(values, places)

    def _in_turns(self, views: Tensor, triples: Triples, start: int, directions: Tensor | None = None) -> _Rows:
        """Return views (9, tile, side, side) of the queries from `start` on, in the turns that triples ask for.

        Numbers are pixels or, in `directions`, components.
        """
        by_query = views.transpose(0, 1).to(self.bulk, memory_format=torch.contiguous_format)
        keys = torch.unique(self._keys(triples, start))
        numbers = views[0, 0].numel() if directions is None else directions.shape[1]
        rows = torch.empty(len(keys), len(views), numbers, dtype=self.bulk, device=self.device)
        for turn in range(registration.DIHEDRAL):
            left, right = torch.searchsorted(keys, torch.tensor([turn, turn + 1], device=self.device) * self.tile)
            here = slice(int(left), int(right))
            templates = registration.turned(by_query[keys[here] - turn * self.tile], turn).flatten(2)
            rows[here] = templates if directions is None else principal.compressed(templates, directions)
        return _Rows(rows, keys)

    def _keys(self, triples: Triples, start: int) -> Tensor:
        return triples.turn * self.tile + triples.query - start

    @torch.no_grad()
    def aligned(self, triples: Triples, start: int, least: float = -1.0) -> tuple[Tensor, Tensor]:
        """Return (k,) float32 correlations after continuous movements, and (k, 4) the movements (`alignment`).

        Args:
            triples: Some of those that the last `candidates` returned.
            start: First query of that tile.
            least: Correlation that is asked for; who will not reach it need not be moved to the end.
        """
        values, variant, position = self._exact(triples, start)
        templates = self._turned(registration.templates(self.queries[triples.query], registration.TEMPLATE), triples)
        first = alignment.start(triples.turn, variant, position)
        moved, where = alignment.aligned(templates, self.references, triples.reference, first, least)
        self._worked(min(self.tile, len(self.queries) - start) * LATER_PASS)
        values = torch.maximum(values, moved)
        if self._colours is not None:
            queries, references = self._colours
            edge = (registration.SIDE - registration.TEMPLATE) // 2
            centres = queries[triples.query][..., edge:-edge, edge:-edge]
            values = torch.minimum(
                values, colour.agreement(self._turned(centres, triples), references, triples.reference, where)
            )
        return values, where

    def _exact(self, triples: Triples, start: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return (k,) float32 correlations, the index into `registration.FINE` and the position of each."""
        variant, position = triples.places // registration.POSITIONS**2, triples.places % registration.POSITIONS**2
        windows = registration.windows(self.references, registration.TEMPLATE)
        down, right = position // registration.POSITIONS, position % registration.POSITIONS
        values, best = torch.empty(len(triples), device=self.device), torch.empty_like(triples.query)
        for left in range(0, len(triples), EXACT):
            part = slice(left, left + EXACT)
            some = triples.chosen(part)
            templates = self._turned(self._views[variant[part], (some.query - start)[:, None]], some)
            cut = windows[some.reference[:, None], down[part], right[part]].flatten(2)
            values[part], best[part] = (templates.flatten(2) * registration.unit(cut, 2)).sum(2).max(1)
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
