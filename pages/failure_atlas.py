"""Failure atlas page: three real generators of one cohort, what went wrong in two of them, and how one notices."""

import streamlit as st

from ganaug_core import atlas
from ganaug_core.ui.pages.failure_atlas import lesson_page
from ganaug_core.ui.shared import caches

st.title("Failure atlas")
workspace = caches.workspace()
if not all(workspace.exists("runs", lesson.generator) for lesson in atlas.LESSONS):
    lesson_page.offer()

lesson = lesson_page.choose()
st.subheader(lesson.title)
story, evidence = st.columns(2)
with story:
    lesson_page.story(lesson)
with evidence:
    lesson_page.verdicts(lesson)
lesson_page.training(lesson)
lesson_page.map_of(lesson)
