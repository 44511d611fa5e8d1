"""Training page: make a generator of a cohort, and watch it learn."""

import streamlit as st

from ganaug_core.jobs import runs
from ganaug_core.ui.pages.training import recipes, training_page
from ganaug_core.ui.shared import caches, choosers, show

st.title("Training")
workspace = caches.workspace()
known = runs.cohorts(workspace)
if not known and not workspace.names("cohorts"):
    show.next_step("Training needs a cohort. Open the phantom or load your own images first.", page="cohort")

asked = st.query_params.get("cohort")
first = not known or (asked is not None and "run" not in st.query_params and asked not in known.values())
if not first:
    with show.guarded_part():
        training_page.watch(str(choosers.run()))
    st.divider()
if workspace.names("cohorts"):
    with (
        st.container() if first else st.expander("Train another generator", icon=":material/add:"),
        show.guarded_part(),
    ):
        recipes.start(str(choosers.cohort()))
if known:
    st.subheader("All runs")
    training_page.listing()
