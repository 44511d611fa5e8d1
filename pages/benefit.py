"""Benefit page: do synthetic images help a classifier more than what costs nothing?"""

import streamlit as st

from ganaug_core.ui.pages.benefit import benefit_page
from ganaug_core.ui.shared import choosers, job_progress, show

title, left, right = st.columns([2, 3, 3], vertical_alignment="center")
title.title("Benefit")
job_progress.watch("reduce_class")
with left:
    cohort = choosers.cohort()
if cohort is None:
    show.next_step("There is nothing to train on yet. Open the phantom or load your own images first.", page="cohort")
with right:
    samples = choosers.samples(str(cohort))
if samples is None:
    show.next_step(
        "The experiment needs synthetic images of this cohort. Draw some from a generator, or bring those of another "
        "program.",
        page="generators",
    )
benefit_page.page(str(cohort), str(samples))
