"""Start page: what runs, what was made last, and one next step."""

import streamlit as st

from ganaug_core.ui.pages.start import start_page

st.title("Start")
start_page.page()
