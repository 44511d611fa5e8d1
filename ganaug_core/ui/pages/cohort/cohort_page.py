"""The Cohort page: loading and training, what is here and how it is split, its images, and what was left out."""

import streamlit as st

from ganaug_core.ui.pages.cohort import (
    deidentification,
    near_duplicates,
    overview,
    patient_withdrawal,
    slice_viewer,
    sources,
    split_proposal,
)
from ganaug_core.ui.shared import caches, show


def first_cohort() -> None:
    """Offer the embedded cohorts and the way to load one's own, where there is none yet."""
    st.write(
        "A cohort is a set of labelled images with a split, by patient where patients are known. Open one of these, or "
        "load your own."
    )
    sources.embedded_cohorts()
    st.header("Your own images")
    sources.own_images()


def _load() -> None:
    sources.embedded_cohorts()
    sources.own_images()


def page(name: str, *, news: bool) -> None:
    """Draw the page about one cohort.

    Args:
        news: Whether an import is going on or has failed.
    """
    show.folded("Load another cohort", _load, icon=":material/add:", news=news, is_form=True)
    cohort = caches.cohort(name)
    show.withdrawn("cohorts", name)
    overview.headline(cohort)
    overview.coarse_pixels(cohort)
    overview.values_before_the_split(cohort)
    split_proposal.proposal(cohort)
    deidentification.burned_in_text(cohort)
    overview.counts(cohort)
    overview.notes(cohort)
    overview.kept_columns(cohort)
    overview.example_images(cohort)
    slice_viewer.slices(cohort)
    overview.intensity_histogram(cohort)
    near_duplicates.section(cohort)
    overview.left_out_files(cohort)
    deidentification.dropped_attributes(cohort)
    st.divider()
    with st.container(horizontal=True, vertical_alignment="center"):
        overview.delete_button(cohort)
        patient_withdrawal.popover(cohort)
