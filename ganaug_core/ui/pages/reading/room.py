"""A reader's screen, and what a reader is shown at the end: the own result, and nobody else's."""

import pandas as pd
import streamlit as st

from ganaug_core.reading import answers
from ganaug_core.records.reading import Reading
from ganaug_core.server import reading as routes
from ganaug_core.storage.workspace import READINGS
from ganaug_core.ui.pages.reading import numbers
from ganaug_core.ui.shared import caches, show, words
from ganaug_core.ui.shared.components.reading_room import reading_room

READER, STUDY = "reader", "study"
SECONDS_AN_IMAGE = 7
ALONE = """<style>
[data-testid=stSidebar], [data-testid=stExpandSidebarButton], [data-testid=stHeader] { display: none !important; }
.stMainBlockContainer { padding: 0.6rem 1rem 0 !important; }
.stApp { background: #000; }
</style>"""
KEPT = (
    "For each image: how sure you were, the class, what you found odd, how long it was on the screen, how often you "
    "paused, and when you answered.",
    "You are {reader} and have no other name here. Whoever may read this machine's workspace can read the answers.",
    "An answer cannot be changed after Next. Some images come twice; the second time tells how steady you are.",
)


def asked_reader() -> tuple[Reading, int] | None:
    """Return the study and the reader that the address asks for, None where it asks for none."""
    key, name = st.query_params.get(READER), st.query_params.get(STUDY)
    if not key or not name or not caches.workspace().exists(READINGS, name):
        return None
    reading = caches.reading(name)
    reader = answers.reader_of(reading, key)
    return None if reader is None else (reading, reader)


def page(reading: Reading, reader: int) -> None:
    """Draw the screen, or the result of a reader who has ended."""
    folder = caches.workspace().folder(READINGS, reading.name)
    state = answers.state(folder, reading, reader)
    if state.ended:
        _own_result(reading, reader)
    elif answers.is_closed(folder):
        st.title("Reading room")
        st.info(f"The study is closed. {state.done} of your {state.total} images are answered; they are kept.")
        _back()
    else:
        _read(reading, reader)


@st.fragment
def _read(reading: Reading, reader: int) -> None:
    st.html(ALONE)
    name = reading.readers[reader]
    minutes = words.duration(reading.places * SECONDS_AN_IMAGE)
    asked = (
        f"You see {reading.places} images of {words.listing(map(words.clean, reading.classes))}, one after the other, "
        f"all in the same size and window ({reading.window[0]:g} to {reading.window[1]:g} "
        f"{words.clean(reading.unit)}). Some are real, some were drawn by a generator; about {minutes}. Say of each "
        "how sure you are that it is real or synthetic, and which class it shows. Do not open other pages of this app "
        "meanwhile, and keep the zoom of the browser as it is."
    )
    with show.guarded():
        left = reading_room(
            routes.address(caches.workspace(), reading.name, str(reading.keys[reader])),
            key="reading-room",
            reader=name,
            title=f"You are {name}.",
            asked=asked,
            kept=[line.format(reader=name) for line in KEPT],
            classes=[words.clean(class_name) for class_name in reading.classes],
            shown=reading.shown,
        )
        if left:
            folder = caches.workspace().folder(READINGS, reading.name)
            if not answers.state(folder, reading, reader).ended:
                del st.query_params[READER]
            st.rerun()


def _own_result(reading: Reading, reader: int) -> None:
    from ganaug_core.reading import analysis

    folder = caches.workspace().folder(READINGS, reading.name)
    own = analysis.of_reader(reading, reader, answers.of_reader(folder, reading, reader))
    st.title(f"{own.reader}: your result")
    st.text(
        f"You answered {own.done} images in {words.duration(60 * own.minutes)}. Half of the calls are right by chance. "
        "The numbers of the whole study are shown when all readers have ended."
    )
    st.table(pd.DataFrame(numbers.own_rows(own)).set_index("What"))
    st.text(numbers.TELLS)
    _back()


def _back() -> None:
    if st.button("To the studies", icon=":material/arrow_back:"):
        del st.query_params[READER]
        st.rerun()
