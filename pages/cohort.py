"""Cohort page: which images are here, and how are they split?"""

import streamlit as st

from ganaug_core.ui.pages.cohort import cohort_page
from ganaug_core.ui.shared import choosers, show

st.title("Cohort")
show.collect("import_cohort")
news = show.news("import_cohort")
name = choosers.cohort()
if name is None:
    cohort_page.first_cohort()
else:
    cohort_page.page(name, news=news)
