"""The Samples page: a gallery of one class, and the picked image beside its nearest real ones."""

import numpy as np
import streamlit as st

from ganaug_core.records import Samples
from ganaug_core.ui.pages.samples import decisions, export
from ganaug_core.ui.shared import address, caches, pairs, show, words
from ganaug_core.ui.shared.address import IMAGE
from ganaug_core.ui.shared.components.gallery import MOST, gallery

AMOUNTS = (64, 128, MOST)
FILTERS = {
    "all": "all",
    "undecided": "not yet decided",
    "keep": "kept",
    "reject": "rejected",
    "flag": "flagged",
}


def _about(record: Samples) -> str:
    """Say where the images come from."""
    made = record.provenance
    said = f"{words.count(len(record), 'synthetic image')}, {words.count(len(record.classes), 'class', 'classes')}"
    if record.source == "generator":
        said += f", drawn with seed {made.get('seed', 'unknown')}"
        said += ", styles mixed" if made.get("mixing") else ""
        return said + (f", truncation {made['truncation']:g}" if made.get("truncation", 1) != 1 else "")
    return said + ", made by another program"


def chosen_class(name: str) -> int:
    """Ask for the class of a set; the chosen image opens its class, and another class lets go of the image."""
    record = caches.samples(name)
    classes = [words.clean(each) for each in record.classes]
    asked, found = address.settle("class"), np.flatnonzero(record.ids == address.settle(IMAGE))
    if len(found):
        st.session_state["class"] = classes[int(record.labels[found[0]])]
    elif asked not in classes:
        st.session_state["class"] = classes[0]
    return classes.index(st.selectbox("Class", classes, key="class", persist_state="session", on_change=_let_go))


def _let_go() -> None:
    st.session_state[IMAGE] = ""


@st.fragment
def samples(cohort: str, name: str, label: int) -> None:
    """Draw gallery, pair and decisions of one set of synthetic images; a click runs only this again."""
    with show.guarded():
        record = caches.samples(name)
        known = decisions.of(record)
        asked = address.settle(IMAGE)
        left, right = st.columns([2, 3], gap="medium")
        with left:
            shown, chosen = _gallery(name, record, label, asked)
        with right:
            if chosen in set(record.ids.tolist()):
                decisions.buttons(record, chosen, shown, known)
                pairs.show_pair(pairs.of_sample(cohort, name, chosen), cohort, name, key="pair")
                decisions.note(chosen)
                with st.container(horizontal=True):
                    show.link("feature_map", "Show it on the map", cohort=cohort, samples=name, image=chosen)
                    show.link("audit", "Search all images for copies", cohort=cohort, samples=name)
            elif chosen:
                st.info("No image of this set has that id. Click one in the gallery.")
            st.text_input("Id of the image", key=IMAGE, persist_state="session", max_chars=12, placeholder=chosen)
        decisions.summary(record, _about(record), known)
        with st.expander("Save images", icon=":material/download:"), show.guarded():
            export.offer(cohort, name, known)


def _gallery(name: str, record: Samples, label: int, asked: str) -> tuple[list[str], str]:
    """Draw the gallery and return the ids in it, and the chosen one: the first undecided if none was asked for."""
    known = decisions.of(record)
    columns = st.columns(2)
    amount = columns[0].select_slider("How many", AMOUNTS, key="amount")
    wanted = columns[1].selectbox("Which", list(FILTERS), format_func=FILTERS.__getitem__, key="which")
    ids = [str(each) for each in record.ids[record.labels == label]]
    if wanted == "undecided":
        ids = [each for each in ids if each not in known]
    elif wanted != "all":
        ids = [each for each in ids if each in known and known[each].decision == wanted]
    amount = int(amount or AMOUNTS[0])
    first = ids.index(asked) // amount * amount if asked in ids else 0  # a link may name an image further on
    shown = ids[first : first + amount]
    st.text(f"{len(shown):,} of {len(ids):,} shown. Arrow keys move, Enter picks.")
    if not shown:
        st.info("No image of this class is here. Choose another class, or show all.")
        return [], asked
    chosen = asked or next((each for each in shown if each not in known), shown[0])
    with st.container(height=800, border=False):
        gallery(
            "samples",
            name,
            shown,
            pairs.labels("samples", name, shown),
            key="gallery",
            title=f"Synthetic images of the class {words.clean(record.classes[label])}",
            picked=chosen,
            marks={image: each.decision for image, each in known.items()},
            on_pick=_picked,
        )
    return shown, chosen


def _picked() -> None:
    st.session_state[IMAGE] = st.session_state["gallery"]["picked"]
