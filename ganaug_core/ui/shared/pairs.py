"""Pairs: an image beside the training, tuning and hold-out image that it resembles most, and the difference."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ganaug_core.records import MOVEMENT, ROLES, Audit, Cohort, Floats, Map, Suspect
from ganaug_core.ui.shared import caches, glossary, show, words
from ganaug_core.ui.shared.components.gallery import MOST, gallery
from ganaug_core.ui.shared.components.viewer import Panel, viewer

COARSE = 32  # images are compared at about this many rows when no audit has searched for copies
REGISTERED = (
    "1 minus the largest correlation after trying flips, quarter turns, small rotations and shifts: "
    "0 is the same image, 1 is nothing in common."
)
NUMBERS = {
    "Distance": REGISTERED,
    "Copy score": "Distance to what the generator may have seen over distance to hold-out. About 1 is usual; far below "
    "1 means that it resembles what the generator was trained on more than what it never saw.",
    "p": "Share of real images with a copy score as small, each compared without its own patient and near-duplicates.",
    "q": "p corrected for looking at all synthetic images: of a list cut at q = 0.1 at most one in ten is expected to "
    "be chance. Copies are named only where the test of the whole set finds copying too.",
}
TITLES = {
    "train": "Nearest training image",
    "tuning": "Nearest tuning image",
    "holdout": "Nearest hold-out image",
}
CORRELATED = "1 minus the correlation of the pixels, without flips and shifts: 0 is the same image."


@dataclass(frozen=True)
class Neighbour:
    """The real image of one role that an image resembles most.

    Attributes:
        role: `train`, `tuning` or `holdout`.
        image: Its id.
        distance: None where unknown.
        movement: What lays it on the image, as `records.MOVEMENT` names it; None where nothing was moved.
    """

    role: str
    image: str
    distance: float | None = None
    movement: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Pair:
    """An image and its nearest ones.

    Attributes:
        image, synthetic: Id, and whether it is a synthetic one.
        neighbours: The nearest of each role, the nearest of all first.
        says: How they were found, in one sentence.
        measure: What the distance is, for the help beside it.
        suspect: What the audit says, where it lists the image.
    """

    image: str
    synthetic: bool
    neighbours: tuple[Neighbour, ...]
    says: str
    measure: str
    suspect: Suspect | None = None


def of_sample(cohort: str, samples: str, image: str) -> Pair:
    """Return the pair of a synthetic image: what the audit found, without an audit by correlation."""
    record = caches.samples(samples)
    row = int(np.flatnonzero(record.ids == image)[0])
    if (audit := caches.audit_beside(cohort, samples)) and (pair := of_audit(audit, image, row)):
        return pair
    return by_correlation(caches.cohort(cohort), image, np.asarray(record.images[row]), synthetic=True)


def of_audit(audit: Audit, image: str, row: int) -> Pair | None:
    """Return the pair that an audit found for a synthetic image, None where an older one lists it not.

    Args:
        row: Of the image in its set.
    """
    suspect = next((listed for listed in audit.suspects if listed.synthetic == image), None)
    nearest = audit.nearest
    neighbours = [
        Neighbour(
            role,
            nearest[f"{role}.id"][row].decode(),
            float(nearest[f"{role}.distance"][row]),
            tuple(float(nearest[f"{role}.{part}"][row]) for part in MOVEMENT),
        )
        for role in ROLES
        if f"{role}.id" in nearest
    ]
    if not neighbours and suspect is not None:
        others = ((suspect.role, suspect.real, suspect.distance), ("holdout", suspect.holdout, None))
        neighbours = [Neighbour(*other) for other in others if other[1]]
    if not neighbours:
        return None
    found = "Found by the audit's registered search, which tries flips, quarter turns, small rotations and shifts."
    return Pair(image, True, _nearest_first(neighbours), found, REGISTERED, suspect)


def _nearest_first(neighbours: Sequence[Neighbour]) -> tuple[Neighbour, ...]:
    return tuple(sorted(neighbours, key=lambda near: np.inf if near.distance is None else near.distance))


def of_point(map_: Map, row: int) -> Pair:
    """Return the pair of a point on the map: the audit's, or with the training image nearest in its feature space."""
    image, synthetic = str(map_.ids[row]), bool(map_.roles[row] == len(ROLES))
    cohort = caches.cohort(map_.cohort)
    if synthetic:
        record = caches.samples(map_.synthetic)
        place = int(np.flatnonzero(record.ids == image)[0])
        audit = caches.audit_beside(map_.cohort, map_.synthetic)
        if audit and (pair := of_audit(audit, image, place)):
            return pair
        pixels = np.asarray(record.images[place])
    else:
        pixels = cohort.images(np.flatnonzero(cohort.ids == image))[0]
    pair = by_correlation(cohort, image, pixels, synthetic=synthetic)
    if map_.nearest[row] < 0:
        return pair
    says = (
        f"The training image is the nearest in the feature space {glossary.space(map_.encoder)} "
        f"(distance {words.number(float(map_.distances[row]))}); the others are the most similar by pixels."
    )
    train = Neighbour("train", str(map_.ids[map_.nearest[row]]))
    others = [near for near in pair.neighbours if near.role != "train"]
    return replace(pair, neighbours=(train, *others), says=says)


def by_correlation(cohort: Cohort, image: str, pixels: Floats, *, synthetic: bool) -> Pair:
    """Return the image of each role whose pixels correlate most with `pixels`, itself excluded.

    Args:
        pixels: (channel, row, column) in [-1, 1].
    """
    query = _unit_length(pixels[None])[0]
    references, roles = _references(str(caches.workspace().root), cohort.name, cohort.digest)
    distances = 1 - references @ query
    distances[cohort.ids == image] = np.inf
    neighbours = []
    for number, role in enumerate(ROLES):
        rows = np.flatnonzero(roles == number)
        rows = rows[np.isfinite(distances[rows])]
        if len(rows):
            nearest = rows[distances[rows].argmin()]
            neighbours.append(Neighbour(role, str(cohort.ids[nearest]), max(0.0, float(distances[nearest]))))
    says = "Found by the correlation of the pixels. An audit searches flips, turns and shifts as well."
    return Pair(image, synthetic, _nearest_first(neighbours), says, CORRELATED)


@lru_cache(maxsize=2)
def _references(root: str, name: str, digest: str) -> tuple[Floats, NDArray[np.int64]]:
    """Return all images of a cohort, coarse and of unit length, (n, pixels), and their roles; kept for two cohorts."""
    cohort = caches.cohort(name)
    batches = [
        _unit_length(cohort.images(np.arange(start, min(start + 512, len(cohort)))))
        for start in range(0, len(cohort), 512)
    ]
    return np.concatenate(batches), np.asarray(cohort.roles)


def _unit_length(images: Floats) -> Floats:
    """Return (n, pixels): mean over channels and blocks, without the mean, of length 1."""
    n, _, rows, columns = images.shape
    block = max(1, round(min(rows, columns) / COARSE))
    grey = images.mean(1)[:, : rows // block * block, : columns // block * block]
    coarse = grey.reshape(n, rows // block, block, columns // block, block).mean((2, 4)).reshape(n, -1)
    centred = coarse - coarse.mean(1, keepdims=True)
    unit: Floats = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    return unit.astype(np.float32)


def show_pair(pair: Pair, cohort: str, samples: str, *, key: str) -> None:
    """Draw the images in one window, and below how near they are."""
    record = caches.cohort(cohort)
    panels = [
        Panel(
            "samples" if pair.synthetic else "cohorts",
            samples if pair.synthetic else cohort,
            pair.image,
            "Synthetic image" if pair.synthetic else "Chosen real image",
            _class_of(samples if pair.synthetic else cohort, pair.image, pair.synthetic),
        )
    ]
    for near in pair.neighbours:
        suffix = f", distance {words.distance(near.distance)}" if near.distance is not None else ""
        note = _class_of(cohort, near.image, False) + suffix
        panels.append(Panel("cohorts", cohort, near.image, TITLES[near.role], note))
    viewer(
        panels,
        key=key,
        unit=record.intensity.unit,
        scale=(record.intensity.low, record.intensity.high),
        difference=bool(pair.neighbours),
        movement=pair.neighbours[0].movement if pair.neighbours else None,
    )
    st.markdown(pair.says, help=pair.measure)
    if pair.suspect is not None:
        show_suspect(pair.suspect)


def show_suspect(suspect: Suspect) -> None:
    """Say what the audit found about a pair, with its numbers and what they mean."""
    if suspect.identical:
        st.error("The same image up to noise: a copy, whatever the statistics say.", icon=":material/content_copy:")
    values = [words.distance(suspect.distance), words.number(suspect.score)]
    values += map(words.p_value, (suspect.p_value, suspect.q_value))
    for column, value, (label, meaning) in zip(st.columns(4), values, NUMBERS.items(), strict=True):
        column.metric(label, value, help=meaning)


def link_pair(samples: str, cohort: str, image: str) -> None:
    """Link the image on the other pages that look at it."""
    with st.container(horizontal=True):
        show.link("samples", "Decide about it", cohort=cohort, samples=samples, image=image)
        show.link("feature_map", "Show it on the map", cohort=cohort, samples=samples, image=image)


def labels(kind: str, name: str, ids: Sequence[str]) -> list[str]:
    """Return for each id what a screen reader says of it: class and id."""
    record = caches.samples(name) if kind == "samples" else caches.cohort(name)
    rows = {str(image): row for row, image in enumerate(record.ids)}
    return [f"{words.clean(record.classes[int(record.labels[rows[image]])])}, {image}" for image in ids]


def _class_of(name: str, image: str, synthetic: bool) -> str:
    return labels("samples" if synthetic else "cohorts", name, [image])[0]


def pick_and_compare(
    cohort: str, samples: str, images: Sequence[str], *, key: str, title: str, say: Callable[[str], str] | None = None
) -> None:
    """Show synthetic images to pick from, and the picked one beside its nearest real images.

    Args:
        images: Ids, at least one; the first is picked at first.
        say: What to write above the pair, from the id of the picked one.
    """
    left, right = st.columns([1, 3], gap="large")
    with left, st.container(height=520, border=False):
        picked = gallery(
            "samples",
            samples,
            list(images),
            labels("samples", samples, list(images)[:MOST]),
            key=key,
            title=title,
            picked=(st.session_state.get(key) or {}).get("picked") or images[0],
        )
    with right:
        chosen = picked if picked is not None and picked in images else images[0]
        if say is not None:
            st.text(say(chosen))
        show_pair(of_sample(cohort, samples, chosen), cohort, samples, key=f"{key}-pair")
        link_pair(samples, cohort, chosen)
