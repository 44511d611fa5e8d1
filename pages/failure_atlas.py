"""Failure atlas page: three real generators of one cohort, what went wrong in two of them, and how one notices."""

import streamlit as st

from ganaug_core import atlas
from ganaug_core.ui import caches, lessons

st.title("Failure atlas")
workspace = caches.workspace()
if not all(workspace.exists("runs", lesson.generator) for lesson in atlas.LESSONS):
    lessons.offer()

lesson = lessons.choose()
st.subheader(lesson.title)
story, evidence = st.columns(2)
with story:
    lessons.story(lesson)
with evidence:
    lessons.verdicts(lesson)
lessons.training(lesson)
lessons.map_of(lesson)
