"""Feature map page: where do the synthetic images lie among the real ones?"""

import streamlit as st

from ganaug_core.ui.pages.feature_map import feature_map_page
from ganaug_core.ui.shared import choosers, show

title, left, right = st.columns(3, vertical_alignment="bottom")
title.title("Feature map")
with left:
    cohort = choosers.cohort()
if cohort is None:
    show.next_step("There is nothing to draw yet. Open the phantom or load your own images first.", page="cohort")
with right:
    samples = choosers.samples(str(cohort))
if samples is None:
    show.next_step(
        "The map needs synthetic images of this cohort. Draw some from a generator, or bring those of another program.",
        page="generators",
    )
feature_map_page.page(str(cohort), str(samples))
