"""What could tell who a patient is: text in the pixels, which somebody must look at, and what headers held besides."""

import pandas as pd
import streamlit as st

from ganaug_core.cohort import draft_split
from ganaug_core.records import Cohort
from ganaug_core.ui.shared import caches, show, words

SHOWN, COLUMNS = 48, 4
KEPT = (
    "the pixels, their size, depth and physical unit",
    "the pixel spacing and, for the order of slices, the position",
    "the modality",
    "patient and series as numbers that mean nothing elsewhere",
)


def burned_in_text(cohort: Cohort) -> None:
    """Show the images that may hold burned-in text; while the split is a proposal, ask what to do with them."""
    suspected = cohort.suspected_text
    if not suspected:
        return
    st.header("Is there text in these images?")
    st.write(
        f"{words.count(len(suspected), 'image')} may hold text that somebody wrote into the pixels: a name, a date, a "
        "side. A generator learns such text before anything else, and repeats it. Look at them: they are shown as the "
        "cohort holds them, so what cannot be read here cannot be learnt either."
    )
    row_of = {str(image): row for row, image in enumerate(cohort.ids)}
    for reason in sorted(set(suspected.values())):
        rows = [
            row_of[image] for image, image_reason in suspected.items() if image_reason == reason and image in row_of
        ]
        st.text(f"{reason} ({words.count(len(rows), 'image')})")
        sheet = caches.cohort_sheet(cohort.name, tuple(rows[:SHOWN]), COLUMNS, 224)
        st.image(sheet, output_format="PNG", alt=f"{min(len(rows), SHOWN)} images: {words.clean(reason)}")
    if cohort.fixed:
        st.write("The split is fixed with them in. To leave them out, remove the files and import again.")
        return
    confirmed = "text_seen" in cohort.provenance
    if confirmed:
        st.success("You have looked at them and keep them.", icon=":material/check:")
        return
    with st.container(horizontal=True):
        if st.checkbox("I have looked at them: nothing in them names a patient. Keep them.", key="text-seen"):
            with show.guarded():
                draft_split.confirm_text(caches.workspace(), cohort.name)
            st.rerun()
        if st.button("Leave them all out", key="text-out"):
            with show.guarded():
                draft_split.leave_out(caches.workspace(), cohort.name, set(suspected))
            st.rerun()


def dropped_attributes(cohort: Cohort) -> None:
    """Say what is kept of each file, and list what else the files held."""
    st.header("What is kept of your files")
    st.write(f"Kept: {'; '.join(KEPT)}. Everything else is dropped when a file is read and lies nowhere in ganaug.")
    attribute_counts = cohort.provenance.get("dropped", {})
    if not attribute_counts:
        st.write("The files held nothing else that is known to name a patient.")
        return
    st.write(
        f"Dropped: {words.count(len(attribute_counts), 'kind')} of information, by name; the values were never stored."
    )
    rows = [
        {"Dropped": words.clean(name), "Images": count}
        for name, count in sorted(attribute_counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="What the files held and what was not kept", height=240)
