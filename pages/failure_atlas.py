"""Failure atlas page: three real generators of one cohort, what went wrong in two of them, and how one notices."""

import streamlit as st

from ganaug_core import atlas
from ganaug_core.ui.pages.failure_atlas import failure_atlas_page
from ganaug_core.ui.shared import caches

st.title("Failure atlas")
workspace = caches.workspace()
if not all(workspace.exists("runs", lesson.generator) for lesson in atlas.LESSONS):
    failure_atlas_page.offer_demo()

lesson = failure_atlas_page.choose_lesson()
st.subheader(lesson.title)
story, evidence = st.columns(2)
with story:
    failure_atlas_page.story(lesson)
with evidence:
    failure_atlas_page.verdicts(lesson)
failure_atlas_page.training(lesson)
failure_atlas_page.feature_map(lesson)
