"""Playground page: generators in the plane, where every mode can be counted."""

import streamlit as st

from ganaug_core.ui.pages.playground import playground_page

st.title("Playground")
playground_page.show_games()
