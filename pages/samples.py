"""Samples page: look at synthetic images beside their nearest real ones, and decide about each."""

import streamlit as st

from ganaug_core.ui import ask, looking, show

st.title("Samples")
for kind in ("sample", "samples_import"):
    show.watch(kind)
left, right = st.columns(2)
with left:
    cohort = ask.cohort()
if cohort is None:
    show.next_step("There is nothing to look at yet. Open the phantom or load your own images first.", page="cohort")
with right:
    samples = ask.samples(str(cohort))
if samples is None:
    show.next_step(
        "There are no synthetic images of this cohort yet. Draw some from a generator, or bring those of another "
        "program.",
        page="generators",
    )
looking.samples(str(cohort), str(samples))
