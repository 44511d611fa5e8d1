"""Pools of real images for `audit_power.py`: what is compared once, so that a draw only looks distances up.

Every image of a pool, and copies of some of them, get a list of their nearest registered images in the whole pool. In a
draw the distance to a random training or hold-out share is that of the first in the list who belongs to it.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage, sparse

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.interfaces import Report, silent
from ganaug_core.neighbours import Registered, near_duplicate_pairs, registered, registered_search, registration
from ganaug_core.readers import phantom
from ganaug_core.records import HOLDOUT, TRAIN, Cohort, Floats, Integers, Intensity
from tests.evidence_records import EIGHT_BIT, medmnist, mednist

HELD = "mednist_6k/images", "breastmnist/breastmnist.npz", "pneumoniamnist_full/pneumoniamnist.npz"
COHORTS = ("mednist", "breast", "pneumonia", "phantom", "slices")
KINDS = ("identity", "flip", "shift 5 px", "noise 1.25 %", "intensity 10 %", "rotation 10", "scale 10 %", "crop 80 %",
         "blur .8 px", "flip, shift, blur and noise")  # fmt: skip
FAULTS = ("blur .8 px", "brighter by 10 %")  # of a whole set
LISTED, REFINED, CANDIDATES = 36, 48, 640  # a share of a pool is searched as well as the audit would search it alone


@dataclass(frozen=True)
class Pool:
    """All real images of a source: pixels, labels, the group of patient and twins, and the twins."""

    name: str
    pixels: NDArray[np.generic]
    labels: Integers
    groups: Integers
    near_duplicates: Integers
    distances: Floats
    classes: tuple[str, ...]
    intensity: Intensity
    textures: Integers | None = None


@dataclass(frozen=True)
class Near:
    """The nearest images of a pool: (n, LISTED) rows, -1 where the list ends, and their distances, sorted."""

    rows: Integers
    distances: Floats

    def among(
        self, wanted: NDArray[np.bool_], left_out: Integers | None = None, groups: Integers | None = None
    ) -> tuple[Floats, Integers]:
        """Return (n,) distance to the nearest of the wanted rows, without one group for each, and the row.

        Where none is listed the distance is that of the last, and the row -1.
        """
        allowed = wanted[self.rows] & (self.rows >= 0)
        if left_out is not None and groups is not None:
            allowed &= groups[self.rows] != left_out[:, None]
        first = np.where(allowed.any(1), allowed.argmax(1), self.distances.shape[1] - 1)[:, None]
        distance, row = (np.take_along_axis(lists, first, 1)[:, 0] for lists in (self.distances, self.rows))
        return distance, np.where(allowed.any(1), row, -1)

    def and_of(self, other: "Near") -> "Near":
        return Near(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.distances, other.distances]).astype(np.float32),
        )

    def of(self, rows: Integers) -> "Near":
        return Near(self.rows[rows], self.distances[rows])


def pool(home: Path, name: str, size: int, most: int, *, seed: int = 11, twins: bool = True) -> Pool:
    """Return at most `most` images a class (phantom: of so many patients; slices: two to ten of one lesion each).

    Args:
        seed: Of the phantom.
        twins: Seek near-duplicates, which takes minutes; without them they count as groups of their own.
    """
    textures = None
    if name in ("phantom", "slices"):
        made = phantom.lesions(most, seed, malignant=0.45, size=size)
        pixels, labels, patients, textures = made.pixels, made.labels, made.patients, made.textures
        classes, intensity = phantom.CLASSES, Intensity("HU", *phantom.WINDOW_HU)
        if name == "slices":
            rows, pixels = _slices(pixels, patients)
            labels, patients, textures = labels[rows], patients[rows], textures[rows]
    else:
        path = home / HELD[COHORTS.index(name)]
        pixels, labels, classes = mednist(path, most, size) if path.is_dir() else medmnist(path)
        chosen = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        rows = np.concatenate([np.random.default_rng(0).permutation(of_class)[:most] for of_class in chosen])
        pixels, labels, intensity, patients = pixels[rows], labels[rows], EIGHT_BIT, np.arange(len(rows))
    pairs, distances = np.zeros((0, 2), np.int64), np.zeros(0, np.float32)
    if twins:
        pairs, distances = near_duplicate_pairs(intensity.normalise(pixels))
    first = np.unique(patients, return_index=True)[1]
    of_patient = first[np.unique(patients, return_inverse=True)[1]]
    links = np.concatenate([pairs, np.stack([np.arange(len(patients)), of_patient], 1)])
    graph = sparse.coo_matrix((np.ones(len(links)), links.T), (len(labels), len(labels)))
    groups = sparse.csgraph.connected_components(graph)[1].astype(np.int64)
    return Pool(f"{name}-{size}-{most}", pixels, labels, groups, pairs, distances, classes, intensity, textures)


def _slices(pixels: NDArray[np.generic], patients: Integers) -> tuple[Integers, NDArray[np.generic]]:
    """Return rows and pixels of two to ten neighbouring slices of each patient's first lesion: a little larger or
    smaller, moved and turned from slice to slice, with 5 HU of noise of their own."""
    rows, made = [], []
    for row in np.unique(patients, return_index=True)[1]:
        random = np.random.default_rng((17, int(row)))
        image, middle = pixels[row, 0].astype(float), (pixels.shape[-1] - 1) / 2
        drift = random.normal(0, 1, 4)
        for step in range(int(random.integers(2, 11))):
            angle, zoom = np.deg2rad(1.0 * step * drift[0]), 1 + 0.015 * step * drift[1]
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / zoom
            offset = np.array([middle, middle]) - turn @ np.array([middle, middle]) + 0.3 * step * drift[2:]
            moved = ndimage.affine_transform(image, turn, offset, order=1, mode="reflect")
            made.append(np.rint(moved + random.normal(0, 5, moved.shape)).astype(np.int16)[None])
            rows.append(int(row))
    return np.array(rows), np.stack(made)


def draw_cohort(
    source: Pool, random: np.random.Generator, shares: tuple[float, float], always: Integers | None = None
) -> tuple[Cohort, Integers]:
    """Return a cohort (train and hold-out in these shares of all groups) and the rows of the rest, fresh images.

    Args:
        source: Where from.
        random: For the draw.
        shares: Of train and hold-out.
        always: Groups that are training in every draw; the first share is then ignored.
    """
    groups = random.permutation(np.setdiff1d(np.unique(source.groups), [] if always is None else always))
    first = 0.0 if always is not None else shares[0]
    edges = np.cumsum((first, shares[1])) * (len(groups) if always is None else len(groups) + len(always))
    place = np.full(source.groups.max() + 1, -1.0)
    place[groups] = np.arange(len(groups))
    part = np.digitize(place[source.groups], edges)
    part[place[source.groups] < 0] = 0
    rows = np.flatnonzero(part < 2)
    return chosen(
        source, rows, np.where(part[rows] == 0, TRAIN, HOLDOUT), int(random.integers(1 << 60))
    ), np.flatnonzero(part == 2)


def chosen(source: Pool, rows: Integers, roles: Integers, number: int) -> Cohort:
    """Return a cohort of some rows of a pool."""
    where = np.full(len(source.labels), -1)
    where[rows] = np.arange(len(rows))
    inside = (where[source.near_duplicates] >= 0).all(1)
    ids = np.array([f"{row:012x}" for row in rows])
    return Cohort(
        name="real",
        digest=str(number),
        pixels=source.pixels[rows],
        labels=source.labels[rows],
        roles=roles,
        ids=ids,
        patients=source.groups[rows],
        groups=source.groups[rows],
        classes=source.classes,
        intensity=source.intensity,
        near_duplicates=where[source.near_duplicates[inside]],
        near_duplicate_distances=source.distances[inside],
        own_split=True,
    )


def copied(images: Floats, kind: str, random: np.random.Generator) -> Floats:
    """Return copies as the targets name them: the change of each image is drawn up to the given size."""
    if kind == "flip, shift, blur and noise":
        for part in ("flip", "shift 5 px", "blur .8 px", "noise 1.25 %"):
            images = copied(images, part, random)
        return images
    changed = np.stack([_changed(image, kind, random) for image in images[:, 0]])
    return np.clip(changed[:, None], -1, 1).astype(np.float32)


def _changed(image: Floats, kind: str, random: np.random.Generator) -> Floats:
    side = len(image)
    match kind:
        case "flip":
            return image[:, ::-1] if random.random() < 0.5 else image[::-1]
        case "shift 5 px":
            reach = min(5, side // 6)  # at 28 px five pixels are a fifth of the image
            moved = ndimage.shift(image, random.integers(-reach, reach + 1, 2), order=0, mode="reflect")
        case "noise 1.25 %":
            moved = image + random.normal(0, 0.025, image.shape)
        case "intensity 10 %":
            moved = image * random.uniform(0.9, 1.1) + random.uniform(-0.1, 0.1)
        case "brighter by 10 %":
            moved = image + 0.2
        case "blur .8 px":
            moved = ndimage.gaussian_filter(image, 0.8, mode="reflect")
        case "rotation 10":
            moved = ndimage.rotate(image, random.uniform(-10, 10), reshape=False, order=1, mode="reflect")
        case "scale 10 %" | "crop 80 %":
            zoom = random.uniform(0.9, 1.1) if kind == "scale 10 %" else 1 / random.uniform(0.8, 1)
            middle = (side - 1) / 2
            moved = ndimage.affine_transform(image, np.eye(2) / zoom, middle - middle / zoom, order=1, mode="reflect")
        case _:
            return image
    result: Floats = moved
    return result


def kept(folder: Path | None, name: str, make: Callable[[], Near]) -> Near:
    """Return lists that an earlier study of the same pool left in the folder, or make and leave them."""
    if folder is None:
        return make()
    path = folder / f"{name}.npz"
    if not path.exists():
        made = make()
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(path, rows=made.rows, distances=made.distances)
    with np.load(path, allow_pickle=False) as file:
        return Near(file["rows"], file["distances"])


def near(queries: Floats, references: Floats, own: Integers, groups: Integers) -> Near:
    """Return the nearest references of each query, as the audit's search orders them, none of the query's own group."""
    before = registered_search.CANDIDATES, registered_search.REFINED
    registered_search.CANDIDATES, registered_search.REFINED = CANDIDATES, REFINED
    looked = registered_search.Search(
        registration.views(queries), registration.views(references), own, groups, registered_search.QUERIES
    )
    rows = np.full((len(queries), LISTED), -1, np.int64)
    distances = np.full((len(queries), LISTED), 2, np.float32)
    for start in range(0, len(queries), registered_search.QUERIES):
        triples, likeness = looked.candidates(start, 0)
        triples = triples.chosen(registered_search.best_of_each(triples.query, likeness, LISTED))
        correlations, _ = looked.aligned(triples, start)
        order = torch.argsort(correlations, descending=True, stable=True)
        order = order[torch.argsort(triples.query[order], stable=True)]
        query, reference, values = (
            column[order].cpu().numpy() for column in (triples.query, triples.reference, 1 - correlations)
        )
        first = np.unique(query * len(references) + reference, return_index=True)[1]  # several turns of one image
        first = first[np.lexsort((values[first], query[first]))]
        query, reference, values = query[first], reference[first], values[first].clip(0)
        place = np.arange(len(query)) - np.searchsorted(query, query)
        rows[query, place], distances[query, place] = reference, values
    registered_search.CANDIDATES, registered_search.REFINED = before
    missing = rows < 0  # the list ended: nobody else is nearer than its last
    last = np.where(missing, -1.0, distances).max(1, keepdims=True)
    return Near(rows, np.where(missing, last, distances).astype(np.float32))


class Known:
    """The registered search among images of a pool, looked up; whoever is not in the pool is searched for."""

    def __init__(self, source: Pool, folder: Path | None) -> None:
        images = source.intensity.normalise(source.pixels)
        self.row = {image.tobytes(): row for row, image in enumerate(images)}
        own = np.arange(len(images))
        self.near = kept(folder, f"{source.name}-alone", lambda: near(images, images, own, own))
        self.size = len(images)

    def __call__(
        self,
        queries: Floats,
        references: Floats,
        *,
        query_groups: Integers | None = None,
        reference_groups: Integers | None = None,
        report: Report = silent,
    ) -> Registered:
        left, right = (
            np.array([self.row.get(image.tobytes(), -1) for image in images]) for images in (queries, references)
        )
        if (left < 0).any() or (right < 0).any() or (np.isin(left, right).any() and query_groups is None):
            return registered(
                queries, references, query_groups=query_groups, reference_groups=reference_groups, report=report
            )
        place = np.full(self.size + 1, -1)
        place[right] = np.arange(len(right))
        listed = place[self.near.rows[left]]  # -1 is the last of `place`, which is nobody
        allowed = listed >= 0
        if query_groups is not None and reference_groups is not None:
            allowed &= reference_groups[listed] != query_groups[:, None]
        first = np.where(allowed.any(1), allowed.argmax(1), LISTED - 1)[:, None]
        distance, nearest = (np.take_along_axis(lists, first, 1)[:, 0] for lists in (self.near.distances[left], listed))
        movement = np.tile(np.float32([0, 0, 0, 1, 0, 0]), (len(queries), 1))
        return Registered(distance, np.where(nearest < 0, 0, nearest), movement)
