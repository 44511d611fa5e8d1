"""What leaves the workbench: decisions as a table, images as files."""

import streamlit as st

from ganaug_core.ui.shared import caches, show, words
from ganaug_core.ui.shared.looking import bench, decisions, export, hand_over


@st.fragment
def menu(cohort: str, samples: str) -> None:
    """Draw the button behind which decisions and images are saved; what was decided last is read when it opens."""
    popover = st.popover("Save", icon=":material/download:", width="stretch", key="save-menu", on_change="rerun")
    if not popover.open:
        return
    with popover, show.guarded():
        record = caches.samples(samples)
        decided = decisions.of(record)
        st.text(origin(samples))
        st.download_button(
            "Save decisions (CSV)",
            lambda: decisions.table(record, decisions.of_every_reader(record)).encode(),
            file_name=f"{samples}-decisions.csv",
            mime="text/csv",
            icon=":material/table:",
            disabled=not decided,
            on_click="ignore",
        )
        kept = [image for image, one in decided.items() if one.decision == "keep"]
        if kept and st.button(
            f"Make a set of the {words.count(len(kept), 'kept image')}",
            icon=":material/library_add:",
            key="keep-as-set",
            help="It can be audited, mapped and exported as every set, and has a link of its own.",
        ):
            bench.keep_chosen(samples, kept, f"{samples}-kept")
        export.save_images(cohort, samples, decided)
        st.divider()
        hand_over.hand_over(cohort, samples)


def origin(samples: str) -> str:
    """Say where the images come from."""
    record = caches.samples(samples)
    provenance = record.provenance
    text = f"{words.count(len(record), 'synthetic image')}, {words.count(len(record.classes), 'class', 'classes')}"
    if record.source != "generator":
        return text + ", made by another program"
    if provenance.get("moments"):
        return f"{text}, drawn by one run at {words.count(len(set(provenance['moments'])), 'moment')}"
    if provenance.get("recipes"):
        return f"{text}, found between and around drawn ones"
    text += f", drawn with seed {provenance.get('seed', 'unknown')}"
    text += ", styles mixed" if provenance.get("mixing") else ""
    return text + (f", truncation {provenance['truncation']:g}" if provenance.get("truncation", 1) != 1 else "")
