"""Audit page: are the synthetic images faithful, varied, and no copies?"""

import streamlit as st

from ganaug_core.ui.pages.audit import audit_page
from ganaug_core.ui.pages.story import story_page
from ganaug_core.ui.shared import choosers, show

title, left, right = st.columns([2, 3, 3], vertical_alignment="center")
title.title("Audit")
with left:
    cohort = choosers.cohort()
if cohort is None:
    show.next_step("There is nothing to judge yet. Open the phantom or load your own images first.", page="cohort")
with right:
    samples = choosers.samples(str(cohort))
if samples is None:
    show.next_step(
        "An audit needs synthetic images of this cohort. Draw some from a generator, or bring those of another "
        "program.",
        page="generators",
    )
audit_page.page(str(cohort), str(samples))
story_page.offer(str(cohort), str(samples))
