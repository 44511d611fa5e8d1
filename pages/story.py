"""Story page: an audit told on a projector, one screen after the other."""

import streamlit as st

from ganaug_core.ui.pages.story import story_page

st.title("Story")
story_page.page()
