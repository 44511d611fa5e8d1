"""Explore page: what can a generator make between, around and beyond the images that it draws?"""

import streamlit as st

from ganaug_core.ui.pages.explore import explore_page
from ganaug_core.ui.shared import choosers, show

title, left, progress = st.columns([4, 5, 12], vertical_alignment="center")
title.title("Explore")
with left:
    generator = choosers.generator()
if generator is None:
    show.next_step("There is no generator yet. Train one, or bring one that was made elsewhere.", page="generators")
with progress, show.guarded():
    explore_page.progress()
explore_page.page(str(generator))
