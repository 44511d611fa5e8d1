"""Pairs of a synthetic and a real image: what their numbers mean, and the way to the workbench that shows them."""

from collections.abc import Sequence

import streamlit as st

from ganaug_core.ui.shared import caches, show, words

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


def link_pair(samples: str, cohort: str, image: str, **seen: str) -> None:
    """Link the image in the workbench, from its gallery and from its map.

    Args:
        seen: What the address says besides, such as the finding that the image belongs to.
    """
    with st.container(horizontal=True):
        show.link("samples", "Decide about it", cohort=cohort, samples=samples, image=image, **seen)
        show.link("feature_map", "Show it on the map", cohort=cohort, samples=samples, image=image, **seen)


def labels(kind: str, name: str, ids: Sequence[str]) -> list[str]:
    """Return for each id what a screen reader says of it: class and id."""
    record = caches.samples(name) if kind == "samples" else caches.cohort(name)
    rows = {str(image): row for row, image in enumerate(record.ids)}
    return [f"{words.clean(record.classes[int(record.labels[rows[image]])])}, {image}" for image in ids]
