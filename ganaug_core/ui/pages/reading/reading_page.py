"""The Reading room page: studies, how far their readers are, and what came of them."""

import streamlit as st

from ganaug_core.reading import answers
from ganaug_core.records.reading import SYNTHETIC, Reading
from ganaug_core.storage.workspace import READINGS
from ganaug_core.ui.pages.reading import new_study, study_results
from ganaug_core.ui.pages.reading.room import READER
from ganaug_core.ui.shared import caches, choosers, show, words


def page() -> None:
    """Draw the chosen study, and the way to a new one."""
    title, left, right = st.columns([3, 4, 3], vertical_alignment="bottom")
    title.title("Reading room")
    with left:
        name = choosers.study()
    if name is None:
        st.text(
            "Two to five colleagues look at real and synthetic images without knowing which is which, and say how sure "
            "they are and which class they see. Each takes about a quarter of an hour, here or over the network."
        )
        new_study.form()
        return
    popover = right.popover("New study", icon=":material/add:", width="stretch", key="new-study", on_change="rerun")
    if popover.open:
        with popover:
            new_study.form()
    _study(caches.reading(name))


def _study(reading: Reading) -> None:
    folder = caches.workspace().folder(READINGS, reading.name)
    show.withdrawn(READINGS, reading.name)
    st.text(_about(reading))
    is_over = answers.is_over(folder, reading)
    if reading.equivalence is not None and not is_over:
        st.info(_planned(reading), icon=":material/assignment:")
    if is_over:
        study_results.page(reading, answers.by_reader(folder, reading))
    _readers(reading, is_over=is_over)
    if not is_over:
        _offer_to_close(reading)


def _about(reading: Reading) -> str:
    made = int((reading.truth == SYNTHETIC).sum())
    repeats = reading.places - len(reading)
    twice = f", {repeats} of them twice" if repeats else ""
    role = {"holdout": "hold-out", "tuning": "tuning"}[reading.cohort["role"]]
    return words.clean(
        f"{len(reading) - made} {role} images of {reading.cohort['name']} and {made} of {reading.synthetic['name']}, "
        f"as many of each class; {words.count(len(reading.readers), 'reader')} see each of them{twice}, in an order of "
        f"their own. Made {words.moment(reading.created)}, digest {reading.digest[:12]}."
    )


def _planned(reading: Reading) -> str:
    from ganaug_core.reading import equivalence

    planned = reading.equivalence
    assert planned is not None
    return (
        f"Planned before the first answer: {equivalence.expectation(planned, len(reading.readers), len(reading))} "
        f"Taken for granted: accuracy differs by {words.percent(planned.spread)} between readers, and their errors "
        f"correlate by {planned.correlation:g}."
    )


def _readers(reading: Reading, *, is_over: bool) -> None:
    """A row for each reader: how far, and the way in; whoever has ended sees the own result there."""
    folder = caches.workspace().folder(READINGS, reading.name)
    st.markdown("## Readers")
    for number, name in enumerate(reading.readers):
        with show.guarded_part():
            state = answers.state(folder, reading, number)
            who, bar, act = st.columns([1, 6, 3], vertical_alignment="center")
            who.markdown(f"**{name}**")
            bar.progress(state.done / state.total, text=f"{state.done} of {state.total} images answered")
            if not state.ended and is_over:
                act.text("did not end")
                continue
            label = f"Result of {name}" if state.ended else f"{'Go on' if state.done else 'Read'} as {name}"
            if act.button(label, key=f"read-{number}", icon=":material/visibility:", width="stretch"):
                st.query_params[READER] = str(reading.keys[number])
                st.rerun()
    if not is_over:
        st.text(
            "Each reader takes one row and stays with it. On another computer: open this app's link there, then the "
            "row. While somebody reads, this page and the readers' screens tell nobody what an image is; whoever opens "
            "other pages of the app can find out."
        )


def _offer_to_close(reading: Reading) -> None:
    with st.expander("End this study before all readers have ended", icon=":material/lock:"):
        st.text(
            "No more answers are taken then, and results and truth can be seen. Readers who did not end are in no "
            "mean. It cannot be opened again."
        )
        if st.button("Close the study", key="close-study"):
            answers.close(caches.workspace(), reading.name)
            st.rerun()
