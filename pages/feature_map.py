"""Feature map page: where do the synthetic images lie among the real ones?"""

import streamlit as st

from ganaug_core.ui.pages.feature_map import feature_map_page
from ganaug_core.ui.shared import choosers, show
from ganaug_core.ui.shared.looking.menu import menu

title, left, middle, right, audit, more, save = st.columns([5, 4, 5, 5, 3, 4, 4], vertical_alignment="center")
title.title("Feature map")
with left:
    cohort = choosers.cohort()
if cohort is None:
    show.next_step("There is nothing to draw yet. Open the phantom or load your own images first.", page="cohort")
with middle:
    samples = choosers.samples(str(cohort))
if samples is None:
    show.next_step(
        "The map needs synthetic images of this cohort. Draw some from a generator, or bring those of another program.",
        page="generators",
    )
with right:
    space = feature_map_page.space()
with audit:
    show.link("audit", "Audit", help="Search all images for copies.", cohort=str(cohort), samples=str(samples))
with more:
    feature_map_page.more(str(cohort), str(samples), space)
with save:
    menu(str(cohort), str(samples))
feature_map_page.page(str(cohort), str(samples), space)
