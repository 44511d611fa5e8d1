"""While the demo is laid into the workspace: pages say so, and are drawn anew when it is there."""

import streamlit as st

from ganaug_core import atlas
from ganaug_core.ui.shared import caches, show

SECONDS = 1.0


def demo() -> None:
    """Say that the demo is being prepared, if it is; the page ends here while there is nothing else to see."""
    workspace = caches.workspace()
    if atlas.being_prepared(workspace):
        _until_ready()
        if not workspace.names("cohorts"):
            st.stop()


@st.fragment(run_every=SECONDS)
def _until_ready() -> None:
    with show.guarded():
        if not atlas.being_prepared(caches.workspace()):
            st.rerun()
        status = st.status("The demo is being prepared.", state="running", expanded=True)
        status.write(
            "A cohort of computed liver lesions, one working and two broken generators, their maps and audits: about "
            "ten seconds, once. Then this page shows them by itself."
        )
