"""A patient of the cohort withdraws: first what there is, then one of two buttons."""

import streamlit as st

from ganaug_core import wording
from ganaug_core.cohort import withdrawal
from ganaug_core.jobs import store
from ganaug_core.records import Cohort
from ganaug_core.storage.workspace import CACHES
from ganaug_core.ui.shared import caches, show, words


def popover(cohort: Cohort) -> None:
    """Find what was made from a patient's images, and mark or delete it."""
    with st.popover("A patient withdraws", icon=":material/person_remove:"), show.guarded_part():
        if done := st.session_state.pop("withdrawn", None):
            st.success(done, icon=":material/check:")
        patient = st.text_input(
            "Patient",
            key=f"withdrawing-{st.session_state.setdefault('withdrawals', 0)}",
            placeholder="12, an id or a file name",
            help="The patient's number in this cohort, the id of one of the images (it stands above each image), or "
            "the name of a file or folder that they came from.",
        ).strip()
        if not patient:
            st.text("Finds the images in every cohort, by equal pixels and file names, and what was made from these.")
            return
        patient_traces = withdrawal.traces(caches.workspace(), patient, cohort.name)
        for name, ids in patient_traces.images.items():
            st.text(f"{name}: {words.count(len(ids), 'image')}")
        shown = {kind: names for kind, names in patient_traces.made_from.items() if kind not in CACHES}
        if lines := wording.dependents(shown):
            st.text("Made from these cohorts:\n" + "\n".join(lines))
        if lines := wording.rows(patient_traces.counts):
            st.text("In the database:\n" + "\n".join(lines))
        for entry in patient_traces.exports:
            st.text(f"Left {words.moment(entry['when'])}: {entry['form']} of {words.clean(entry['name'])}")
        st.text(
            "Deleting takes the images out of the cohorts and removes samples, maps, audits, experiments, decisions "
            "and jobs. Runs and generators cannot forget: they are marked, and leave only where that is confirmed."
        )
        if st.button("Delete the images", type="primary", key="withdraw-delete"):
            _finish(patient_traces, delete=True)
        if st.button("Only mark it all", key="withdraw-mark"):
            _finish(patient_traces, delete=False)


def _finish(patient_traces: withdrawal.Traces, *, delete: bool) -> None:
    workspace = caches.workspace()
    store.require_idle(workspace, patient_traces.images, patient_traces.rows.jobs)
    (withdrawal.delete if delete else withdrawal.mark)(workspace, patient_traces)
    count = words.count(sum(len(ids) for ids in patient_traces.images.values()), "image")
    said = f"{count} deleted, with what showed them." if delete else f"{count} marked, with all made from them."
    st.toast(said)
    st.session_state["withdrawn"] = said
    st.session_state["withdrawals"] += 1  # an empty field
    st.rerun()
