"""Lecture page: how image generators fail, in ninety minutes."""

import streamlit as st

from ganaug_core.ui.pages.lecture import lecture_page

if not lecture_page.present():
    title, language_chooser = st.columns([10, 2], vertical_alignment="center")
    title.title("Lecture")
    with language_chooser:
        language = lecture_page.choose_language()
    lecture_page.plan(language)
