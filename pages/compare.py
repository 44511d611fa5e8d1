"""Compare page: two to four runs, or sets of images, side by side."""

import streamlit as st

from ganaug_core.ui.pages.compare import compare_page

st.title("Compare")
compare_page.page()
