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
st.header(lesson.title)
pictures, story = st.columns([3, 2], gap="medium")
with pictures:
    failure_atlas_page.feature_map(lesson)
with story:
    failure_atlas_page.story(lesson)
failure_atlas_page.training(lesson)
failure_atlas_page.verdicts(lesson)
