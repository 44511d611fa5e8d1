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


def text(cohort: Cohort) -> None:
    """Show the images that may hold burned-in text; while the split is a proposal, ask what to do with them."""
    suspected = cohort.suspected_text
    if not suspected:
        return
    st.subheader("Is there text in these images?")
    st.write(
        f"{words.count(len(suspected), 'image')} may hold text that somebody wrote into the pixels: a name, a date, a "
        "side. A generator learns such text before anything else, and repeats it. Look at them: they are shown as the "
        "cohort holds them, so what cannot be read here cannot be learnt either."
    )
    place = {str(each): row for row, each in enumerate(cohort.ids)}
    for reason in sorted(set(suspected.values())):
        rows = [place[image] for image, why in suspected.items() if why == reason and image in place]
        st.text(f"{reason} ({words.count(len(rows), 'image')})")
        sheet = caches.thumbnails(cohort.name, tuple(rows[:SHOWN]), COLUMNS, 224)
        st.image(sheet, output_format="PNG", alt=f"{min(len(rows), SHOWN)} images: {words.clean(reason)}")
    if cohort.fixed:
        st.write("The split is fixed with them in. To leave them out, remove the files and import again.")
        return
    seen = "text_seen" in cohort.provenance
    if seen:
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


def dropped(cohort: Cohort) -> None:
    """Say what is kept of each file, and list what else the files held."""
    st.subheader("What is kept of your files")
    st.write(f"Kept: {'; '.join(KEPT)}. Everything else is dropped when a file is read and lies nowhere in ganaug.")
    found = cohort.provenance.get("dropped", {})
    if not found:
        st.write("The files held nothing else that is known to name a patient.")
        return
    st.write(f"Dropped: {words.count(len(found), 'kind')} of information, by name; the values were never stored.")
    rows = [
        {"Dropped": words.clean(name), "Images": count}
        for name, count in sorted(found.items(), key=lambda each: (-each[1], each[0]))
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="What the files held and what was not kept", height=240)
