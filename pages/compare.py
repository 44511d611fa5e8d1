"""Compare page: two to four runs side by side."""

import streamlit as st

from ganaug_core.ui import comparing

st.title("Compare runs")
comparing.page()
