"""Cohort page: which images are here, and how are they split?"""

import streamlit as st

from ganaug_core.ui.pages.cohort import cohort_page
from ganaug_core.ui.shared import choosers, job_progress, show

title, left, right = st.columns([2, 4, 4], vertical_alignment="center")
title.title("Cohort")
job_progress.collect("import_cohort")
news = job_progress.has_news("import_cohort")
with left:
    name = choosers.cohort()
if name is None:
    cohort_page.first_cohort()
else:
    with right:
        show.link("training", "Train a generator on this cohort", cohort=name)
    cohort_page.page(name, news=news)
