"""Samples page: look at synthetic images beside their nearest real ones, and decide about each."""

import streamlit as st

from ganaug_core.ui.pages.samples import samples_page
from ganaug_core.ui.shared import choosers, job_progress, show
from ganaug_core.ui.shared.looking.menu import menu

title, left, middle, audit, explore, save = st.columns([5, 6, 6, 3, 3, 4], vertical_alignment="center")
title.title("Samples")
for kind in ("sample", "import_samples"):
    job_progress.watch(kind)
with left:
    cohort = choosers.cohort()
if cohort is None:
    show.next_step("There is nothing to look at yet. Open the phantom or load your own images first.", page="cohort")
with middle:
    samples = choosers.samples(str(cohort))
if samples is None:
    show.next_step(
        "There are no synthetic images of this cohort yet. Draw some from a generator, or bring those of another "
        "program.",
        page="generators",
    )
with audit:
    show.link("audit", "Audit", help="Search all images for copies.", cohort=str(cohort), samples=str(samples))
with explore:
    samples_page.explore_link(str(samples))
with save:
    menu(str(cohort), str(samples))
samples_page.page(str(cohort), str(samples))
