"""Pairs: an image beside the training and the hold-out image that it resembles most, and their difference."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ganaug_core.records import HOLDOUT, ROLES, TRAIN, Cohort, Floats, Map, Suspect
from ganaug_core.ui.shared import caches, glossary, show, words
from ganaug_core.ui.shared.components.viewer import Panel, viewer

COARSE = 32  # images are compared at about this many rows when no audit has searched for copies
REGISTERED = (
    "1 minus the largest correlation after trying flips, quarter turns, small rotations and shifts: "
    "0 is the same image, 1 is nothing in common."
)
NUMBERS = {
    "Distance": REGISTERED,
    "Copy score": "Distance to training over distance to hold-out. About 1 is usual; far below 1 means that it "
    "resembles what the generator was trained on more than what it never saw.",
    "p": "Share of real hold-out images that lie as close to the training images by chance.",
    "q": "p corrected for looking at all synthetic images: of a list cut at q = 0.1 about one in ten is chance.",
}
CORRELATED = "1 minus the correlation of the pixels, without flips and shifts: 0 is the same image."


@dataclass(frozen=True)
class Pair:
    """An image and its nearest ones.

    Attributes:
        image, synthetic: Id, and whether it is a synthetic one.
        train, holdout: Ids, empty where there is none.
        distances: To each of the two, None where unknown.
        says: How they were found, in one sentence.
        measure: What the distance is, for the help beside it.
        suspect: What the audit says, where it names the image.
    """

    image: str
    synthetic: bool
    train: str
    holdout: str
    distances: tuple[float | None, float | None]
    says: str
    measure: str
    suspect: Suspect | None = None


def of_sample(cohort: str, samples: str, image: str) -> Pair:
    """Return the pair of a synthetic image: by the audit's copy search if that names it, else by correlation."""
    if suspect := _suspect_of(cohort, samples, image):
        return of_suspect(suspect)
    record = caches.samples(samples)
    rows = np.flatnonzero(record.ids == image)
    return by_correlation(caches.cohort(cohort), image, np.asarray(record.images[rows[0]]), synthetic=True)


def _suspect_of(cohort: str, samples: str, image: str) -> Suspect | None:
    """Return what the audit says of a synthetic image, None where it does not name it."""
    audit = caches.audit_beside(cohort, samples)
    return next((suspect for suspect in audit.suspects if suspect.synthetic == image), None) if audit else None


def of_suspect(suspect: Suspect) -> Pair:
    """Return a pair that the audit named."""
    holdout_distance = suspect.distance / suspect.score if suspect.score > 0 else None
    return Pair(
        suspect.synthetic,
        True,
        suspect.real,
        suspect.holdout,
        (suspect.distance, holdout_distance),
        f"Found by the audit's copy search ({words.plain(glossary.transform(suspect.transform))}).",
        REGISTERED,
        suspect,
    )


def of_point(map_: Map, row: int) -> Pair:
    """Return the pair of a point on the map: the audit's, or with the training image nearest in its feature space."""
    image, synthetic = str(map_.ids[row]), bool(map_.roles[row] == len(ROLES))
    if synthetic and (suspect := _suspect_of(map_.cohort, map_.synthetic, image)):
        return of_suspect(suspect)
    cohort = caches.cohort(map_.cohort)
    if synthetic:
        record = caches.samples(map_.synthetic)
        pixels = np.asarray(record.images[np.flatnonzero(record.ids == image)[0]])
    else:
        pixels = cohort.images(np.flatnonzero(cohort.ids == image))[0]
    pair = by_correlation(cohort, image, pixels, synthetic=synthetic)
    if map_.nearest[row] < 0:
        return pair
    says = (
        f"The training image is the nearest in the feature space {glossary.space(map_.encoder)} "
        f"(distance {words.number(float(map_.distances[row]))}); the hold-out image is the most similar by pixels."
    )
    train = str(map_.ids[map_.nearest[row]])
    return Pair(image, synthetic, train, pair.holdout, (None, pair.distances[1]), says, CORRELATED)


def by_correlation(cohort: Cohort, image: str, pixels: Floats, *, synthetic: bool) -> Pair:
    """Return the training and the hold-out image whose pixels correlate most with `pixels`, itself excluded.

    Args:
        pixels: (channel, row, column) in [-1, 1].
    """
    query = _unit_length(pixels[None])[0]
    references, roles = _references(str(caches.workspace().root), cohort.name, cohort.digest)
    distances = 1 - references @ query
    distances[cohort.ids == image] = np.inf
    best: list[tuple[str, float | None]] = []
    for role in (TRAIN, HOLDOUT):
        rows = np.flatnonzero(roles == role)
        rows = rows[np.isfinite(distances[rows])]
        if len(rows):
            nearest = rows[distances[rows].argmin()]
            best.append((str(cohort.ids[nearest]), max(0.0, float(distances[nearest]))))
        else:
            best.append(("", None))
    (train, to_train), (holdout, to_holdout) = best
    says = "Found by the correlation of the pixels. The audit searches flips, turns and shifts as well."
    return Pair(image, synthetic, train, holdout, (to_train, to_holdout), says, CORRELATED)


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
    for image, title, distance in zip(
        (pair.train, pair.holdout), ("Nearest training image", "Nearest hold-out image"), pair.distances, strict=True
    ):
        if image:
            suffix = f", distance {words.distance(distance)}" if distance is not None else ""
            panels.append(Panel("cohorts", cohort, image, title, _class_of(cohort, image, False) + suffix))
    viewer(
        panels,
        key=key,
        unit=record.intensity.unit,
        scale=(record.intensity.low, record.intensity.high),
        difference=bool(pair.train),
        registered=pair.suspect is not None and pair.suspect.transform != "identity",
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
