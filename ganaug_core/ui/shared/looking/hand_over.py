"""A set with all that was seen of it as a file for a colleague; it holds no image of the cohort."""

from urllib.parse import urlencode

import streamlit as st

from ganaug_core import handover, release
from ganaug_core.ui.shared import caches, show, words
from ganaug_core.ui.shared.looking.export import named_how


def hand_over(cohort: str, samples: str) -> None:
    """Let the reader give a name and save the file."""
    st.text("For a colleague who has the same cohort: images, decisions, notes, audit, map and this view.")
    reader = st.text_input("Your name, as the colleague will see it", max_chars=100, key="hand-over-reader").strip()
    workspace, record = caches.workspace(), caches.samples(samples)
    leaving = release.leaving(
        workspace, caches.inputs(cohort, samples)["cohort"], record, record.ids.tolist(), with_copies=True
    )
    allowed = True
    if leaving.named:
        st.warning(
            f"{words.count(len(leaving.named), 'of these images was', 'of these images were')} {named_how(record)}.",
            icon=":material/content_copy:",
        )
        allowed = st.checkbox("Hand them over too", key=f"hand-over-copies-{samples}")
    if show.withdrawn("samples", samples):
        allowed = st.checkbox("Let them leave all the same", key=f"hand-over-withdrawn-{samples}") and allowed
    view = f"/samples?{urlencode(st.query_params.to_dict())}"
    st.download_button(
        "Save for a colleague (.ganaug)",
        lambda: handover.packed(
            workspace, cohort, [samples], reader=reader, view=view, with_copies=True, withdrawn_data=True
        )[0],
        file_name=f"{samples}.ganaug",
        mime="application/zip",
        icon=":material/move_to_inbox:",
        disabled=not (reader and allowed),
        on_click="ignore",
        help="It holds no image of the cohort. The colleague opens it on the page Generators.",
    )
