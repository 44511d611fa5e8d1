"""What a colleague handed over: a `.ganaug` file is opened at once, without a job."""

import re
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from ganaug_core import handover
from ganaug_core.handover import Opened
from ganaug_core.storage import uploads as stored_uploads
from ganaug_core.ui.shared import caches, show, uploads, words

_OPENED, _NUMBER = "handed-over", "handed-over-upload"


def is_opened() -> bool:
    """Whether this session opened a file."""
    return _OPENED in st.session_state


def open_file() -> None:
    """Let the reader choose a file, open it, and say what came of it."""
    if is_opened():
        _say(st.session_state[_OPENED])
    number = st.session_state.setdefault(_NUMBER, 0)
    file = st.file_uploader("A file from a colleague (.ganaug)", type=["ganaug"], key=f"{_NUMBER}-{number}")
    if file is None:
        return
    workspace = caches.workspace()
    path = uploads.store_files([file], workspace)
    try:
        st.session_state[_OPENED] = handover.open_file(workspace, path)
    finally:
        stored_uploads.discard(workspace, path.parent)
    st.session_state[_NUMBER] = number + 1
    st.rerun()


def _say(opened: Opened) -> None:
    said = [line for line in opened.in_words if line != opened.waiting]
    st.success("\n\n".join(map(words.plain, said)), icon=":material/move_to_inbox:")
    if opened.waiting:
        st.warning(words.plain(opened.waiting), icon=":material/hourglass_empty:")
    with st.container(horizontal=True):
        address = urlsplit(opened.view)
        if re.fullmatch("/[a-z_]+", address.path):
            show.link(address.path[1:], "See what they looked at", **dict(parse_qsl(address.query)))
        for name in opened.samples.values():
            show.link("samples", f"Look at {name}", samples=name)
