"""Training page: make a generator of a cohort, and watch it learn."""

import streamlit as st

from ganaug_core.jobs import runs
from ganaug_core.ui.pages.training import recipes, training_page
from ganaug_core.ui.shared import caches, choosers, show

title, chooser = st.columns([2, 8], vertical_alignment="center")
title.title("Training")
workspace = caches.workspace()
cohort_by_run = runs.cohorts(workspace)
if not cohort_by_run and not workspace.names("cohorts"):
    show.next_step("Training needs a cohort. Open the phantom or load your own images first.", page="cohort")

linked_cohort = st.query_params.get("cohort")
link_to_new = linked_cohort is not None and "run" not in st.query_params
is_first_run = not cohort_by_run or (link_to_new and linked_cohort not in cohort_by_run.values())
if not is_first_run:
    with show.guarded_part():
        with chooser:
            run = str(choosers.run())
        training_page.show_run(run)
    st.divider()
if workspace.names("cohorts"):
    another = (
        None
        if is_first_run
        else st.expander("Train another generator", icon=":material/add:", key="another", on_change="rerun")
    )
    if another is None or another.open:
        with another or st.container(), show.guarded_part():
            recipes.new_run(str(choosers.cohort()))
if cohort_by_run:
    st.header("All runs")
    training_page.run_list()
