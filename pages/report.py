"""Report page: what an audit found, as a file for people who may, or may not, see the cohort."""

import streamlit as st

from ganaug_core.ui.pages.report import report_page
from ganaug_core.ui.shared import choosers, show

title, left, right = st.columns([2, 3, 3], vertical_alignment="center")
title.title("Report")
with left:
    cohort = choosers.cohort()
if cohort is None:
    show.next_step("There is nothing to report on yet. Open the phantom or load your own images first.", page="cohort")
with right:
    samples = choosers.samples(str(cohort))
if samples is None:
    show.next_step(
        "A report needs synthetic images of this cohort. Draw some from a generator, or bring those of another "
        "program.",
        page="generators",
    )
report_page.page(str(cohort), str(samples))
