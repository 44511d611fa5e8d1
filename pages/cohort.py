"""Cohort page: which images are here, and how are they split?"""

import streamlit as st

from ganaug_core.ui import ask, caches, closer, glance, identifying, show, sources, splitting, twinning

st.title("Cohort")
show.collect("import_cohort")
news = show.news("import_cohort")
name = ask.cohort()
if name is None:
    show.tell("import_cohort")
    st.write("A cohort is a set of labelled images, split by patient. Open one of these, or load your own.")
    sources.embedded()
    st.subheader("Your own images")
    sources.own()
    st.stop()

with st.container():  # always there, so that nothing below is drawn anew when it fills
    if news:
        st.text("What comes of the import stands at the end of this page.")
cohort = caches.cohort(name)
glance.headline(cohort)
splitting.proposal(cohort)
identifying.text(cohort)
glance.counts(cohort)
glance.notes(cohort)
glance.pictures(cohort)
closer.look(cohort)
glance.brightness(cohort)
twinning.twins(cohort)
glance.left_out(cohort)
identifying.dropped(cohort)

st.divider()
with st.container(horizontal=True, vertical_alignment="center"):
    show.link("training", "Train a generator on this cohort", cohort=name)
    glance.removal(cohort)
with st.expander("Load another cohort", expanded=news, icon=":material/add:"):
    show.tell("import_cohort")
    sources.embedded()
    sources.own()
