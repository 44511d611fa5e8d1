"""Audit page: are the synthetic images faithful, varied, and no copies?"""

import streamlit as st

from ganaug_core.ui import ask, findings, show

title, left, right = st.columns([2, 3, 3], vertical_alignment="bottom")
title.title("Audit")
with left:
    cohort = ask.cohort()
if cohort is None:
    show.next_step("There is nothing to judge yet. Open the phantom or load your own images first.", page="cohort")
with right:
    samples = ask.samples(str(cohort))
if samples is None:
    show.next_step(
        "An audit needs synthetic images of this cohort. Draw some from a generator, or bring those of another "
        "program.",
        page="generators",
    )
findings.page(str(cohort), str(samples))
