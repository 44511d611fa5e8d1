"""Lessons page: how the game works and fails, and which numbers mislead."""

import streamlit as st

from ganaug_core.ui.pages.lessons import lessons_page

title, chooser, language_chooser = st.columns([2, 8, 2], vertical_alignment="center")
title.title("Lessons")
with chooser:
    lesson = lessons_page.choose()
with language_chooser:
    language = lessons_page.choose_language(lesson)
text, picture = st.columns([3, 7], gap="medium")
with text:
    lessons_page.tell(lesson, language)
with picture:
    lessons_page.show_subject(lesson, language)
