"""Benefit page: do synthetic images help a classifier more than what costs nothing?"""

import streamlit as st

from ganaug_core.ui import ask, benefits, show

title, left, right = st.columns([2, 3, 3], vertical_alignment="bottom")
title.title("Benefit")
show.watch("reduce_class")
with left:
    cohort = ask.cohort()
if cohort is None:
    show.next_step("There is nothing to train on yet. Open the phantom or load your own images first.", page="cohort")
with right:
    samples = ask.samples(str(cohort))
if samples is None:
    show.next_step(
        "The experiment needs synthetic images of this cohort. Draw some from a generator, or bring those of another "
        "program.",
        page="generators",
    )
benefits.page(str(cohort), str(samples))
