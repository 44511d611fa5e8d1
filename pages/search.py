"""Search page: which settings draw best on a cohort."""

import streamlit as st

from ganaug_core.ui.pages.search import new_search, search_page
from ganaug_core.ui.shared import caches, choosers, show

title, chooser = st.columns([2, 8], vertical_alignment="center")
title.title("Search")
workspace = caches.workspace()
has_searches = bool(workspace.names("sweeps"))
if not has_searches and not workspace.names("cohorts"):
    show.next_step("A search needs a cohort. Open the phantom or load your own images first.", page="cohort")
if has_searches:
    with show.guarded_part():
        with chooser:
            search = str(choosers.search())
        search_page.show_search(search)
    st.divider()
if workspace.names("cohorts"):
    another = (
        st.expander("Begin another search", icon=":material/add:", key="another-search", on_change="rerun")
        if has_searches
        else None
    )
    if another is None or another.open:
        with another or st.container(), show.guarded_part():
            new_search.form(str(choosers.cohort()))
