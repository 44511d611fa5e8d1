"""Compare page: two to four runs side by side."""

import streamlit as st

from ganaug_core.ui.pages.compare import compare_page

st.title("Compare runs")
compare_page.page()
