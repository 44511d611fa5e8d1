"""The Samples page: a gallery of one class, and the picked image beside its nearest real ones."""

import numpy as np
import streamlit as st

from ganaug_core.records import Samples
from ganaug_core.ui.pages.samples import decisions, export
from ganaug_core.ui.shared import address, caches, pairs, show, words
from ganaug_core.ui.shared.address import IMAGE
from ganaug_core.ui.shared.components.gallery import MOST, gallery
from ganaug_core.ui.shared.odd_order import odd_first, odd_in_words

AMOUNTS = (64, 128, MOST)
FILTERS = {
    "all": "all",
    "undecided": "not yet decided",
    "keep": "kept",
    "reject": "rejected",
    "flag": "flagged",
}
ODD_FIRST = "The audit's order: images that are unlike real ones of their class come first. It changes no verdict."


def _origin(record: Samples) -> str:
    """Say where the images come from."""
    provenance = record.provenance
    text = f"{words.count(len(record), 'synthetic image')}, {words.count(len(record.classes), 'class', 'classes')}"
    if record.source == "generator":
        text += f", drawn with seed {provenance.get('seed', 'unknown')}"
        text += ", styles mixed" if provenance.get("mixing") else ""
        return text + (f", truncation {provenance['truncation']:g}" if provenance.get("truncation", 1) != 1 else "")
    return text + ", made by another program"


def chosen_class(name: str) -> int:
    """Ask for the class of a set; the chosen image opens its class, and another class lets go of the image."""
    record = caches.samples(name)
    classes = [words.clean(name) for name in record.classes]
    in_address, rows = address.settle("class"), np.flatnonzero(record.ids == address.settle(IMAGE))
    if len(rows):
        st.session_state["class"] = classes[int(record.labels[rows[0]])]
    elif in_address not in classes:
        st.session_state["class"] = classes[0]
    return classes.index(st.selectbox("Class", classes, key="class", persist_state="session", on_change=_forget_image))


def _forget_image() -> None:
    st.session_state[IMAGE] = ""


@st.fragment
def gallery_and_pair(cohort: str, name: str, label: int) -> None:
    """Draw gallery, pair and decisions of one set of synthetic images; a click runs only this again."""
    with show.guarded():
        record = caches.samples(name)
        show.withdrawn("samples", name)
        decided = decisions.of(record)
        image = address.settle(IMAGE)
        left, right = st.columns([2, 3], gap="medium")
        with left:
            shown, chosen = _gallery(cohort, name, record, label, image)
        with right:
            if chosen in set(record.ids.tolist()):
                decisions.buttons(record, chosen, shown, decided)
                _what_is_odd(cohort, name, chosen)
                pairs.show_pair(pairs.of_sample(cohort, name, chosen), cohort, name, key="pair")
                decisions.note(chosen)
                with st.container(horizontal=True):
                    show.link("feature_map", "Show it on the map", cohort=cohort, samples=name, image=chosen)
                    show.link("audit", "Search all images for copies", cohort=cohort, samples=name)
            elif chosen:
                st.info("No image of this set has that id. Click one in the gallery.")
            st.text_input("Id of the image", key=IMAGE, persist_state="session", max_chars=12, placeholder=chosen)
        decisions.summary(record, _origin(record), decided)
        with st.expander("Save images", icon=":material/download:"), show.guarded():
            export.save_images(cohort, name, decided)


def _what_is_odd(cohort: str, name: str, image: str) -> None:
    """Say what makes an image odd, where an audit was asked and shows it."""
    audit = caches.audit_beside(cohort, name)
    odd = next((odd for odd in audit.odd_images if odd.synthetic == image), None) if audit else None
    if odd is not None:
        st.text(odd_in_words(odd))


def _gallery(cohort: str, name: str, record: Samples, label: int, image: str) -> tuple[list[str], str]:
    """Draw the gallery and return the ids in it, and the chosen one: the first undecided if none was asked for."""
    decided = decisions.of(record)
    columns = st.columns(2)
    amount = columns[0].select_slider("How many", AMOUNTS, key="amount")
    filter_name = columns[1].selectbox("Which", list(FILTERS), format_func=FILTERS.__getitem__, key="which")
    ids = [str(image_id) for image_id in record.ids[record.labels == label]]
    if filter_name == "undecided":
        ids = [image_id for image_id in ids if image_id not in decided]
    elif filter_name != "all":
        ids = [image_id for image_id in ids if image_id in decided and decided[image_id].decision == filter_name]
    audit = caches.audit_beside(cohort, name)
    if audit is not None and audit.odd_scores and st.toggle("Odd images first", key="odd-first", help=ODD_FIRST):
        ids = odd_first(audit, record, ids)
    amount = int(amount or AMOUNTS[0])
    start = ids.index(image) // amount * amount if image in ids else 0  # a link may name an image further on
    shown = ids[start : start + amount]
    st.text(f"{len(shown):,} of {len(ids):,} shown. Arrow keys move, Enter picks.")
    if not shown:
        st.info("No image of this class is here. Choose another class, or show all.")
        return [], image
    chosen = image or next((image_id for image_id in shown if image_id not in decided), shown[0])
    with st.container(height=800, border=False):
        gallery(
            "samples",
            name,
            shown,
            pairs.labels("samples", name, shown),
            key="gallery",
            title=f"Synthetic images of the class {words.clean(record.classes[label])}",
            picked=chosen,
            marks={image_id: decision.decision for image_id, decision in decided.items()},
            on_pick=_on_pick,
        )
    return shown, chosen


def _on_pick() -> None:
    st.session_state[IMAGE] = st.session_state["gallery"]["picked"]
