"""Choosers of what a page is about: the newest by default, the choice in the address so that a link shows the same."""

from collections.abc import Sequence

import streamlit as st

from ganaug_core.errors import WorkspaceError
from ganaug_core.ui.shared import caches

_ADDRESS = "address"


def cohort() -> str | None:
    """Return the chosen cohort's name, None where there is none yet."""
    return _choose("Cohort", "cohort", _newest("cohorts"), "Real images with their classes, patients and split.")


def generator() -> str | None:
    """Return the chosen generator's name, None where there is none yet."""
    return _choose("Generator", "generator", _newest("generators"))


def run() -> str | None:
    """Return the chosen training run's name, None where there is none yet."""
    return _choose("Training run", "run", _newest("runs"))


def samples(cohort: str) -> str | None:
    """Return the name of the chosen set of synthetic images that has the cohort's classes, None where there is none."""
    names, damaged = _samples_of(cohort)
    chosen = _choose(
        "Synthetic images", "samples", names + damaged, "Images drawn together from a generator, or imported."
    )
    if chosen is not None:
        caches.samples(chosen)
    return chosen


def fitting_samples(cohort: str) -> list[str]:
    """Return the sets of synthetic images that have the cohort's classes, as the chooser lists them."""
    return _samples_of(cohort)[0]


def _samples_of(cohort: str) -> tuple[list[str], list[str]]:
    """Return the sets that have the cohort's classes, those learnt from this very cohort first; and damaged ones."""
    cohort_record = caches.cohort(cohort)
    sets, damaged = {}, []
    for name in _newest("samples"):
        try:
            sets[name] = caches.samples(name)
        except WorkspaceError:  # it does not hide the others, and who chooses it is told
            damaged.append(name)
    fitting = [name for name, samples in sets.items() if samples.classes == cohort_record.classes]
    own = [name for name in fitting if sets[name].provenance.get("cohort") == cohort_record.digest]
    return own + [name for name in fitting if name not in own], damaged


def search() -> str | None:
    """Return the chosen search's name, None where there is none yet."""
    return _choose("Search", "search", _newest("sweeps"))


def study() -> str | None:
    """Return the chosen reader study's name, None where there is none yet."""
    return _choose("Study", "study", _newest("readings"))


def several(label: str, key: str, names: Sequence[str], *, most: int, first: Sequence[str]) -> list[str]:
    """Return up to `most` chosen names, `first` by default; the choice stands in the address."""
    in_address = [name for name in st.query_params.get_all(key) if name in names][:most]
    if st.session_state.get(key) is None or in_address != st.session_state.get(f"{key}-in-address", in_address):
        st.session_state[key] = in_address or list(first)
    st.session_state[key] = [name for name in st.session_state[key] if name in names]
    chosen: list[str] = st.multiselect(label, names, key=key, max_selections=most, persist_state="session")
    st.session_state[f"{key}-in-address"] = chosen
    if chosen != in_address:
        st.session_state.setdefault(_ADDRESS, {})[key] = chosen
    return chosen


def _newest(kind: str) -> list[str]:
    return caches.workspace().names(kind)[::-1]


def _choose(label: str, key: str, names: Sequence[str], help: str | None = None) -> str | None:
    """Show a chooser whose choice always stands in the address, also the default.

    Streamlit's own `bind` writes an address only when a user chooses; a link to "the newest" would show another
    artefact tomorrow, and a reload would leave the run that one was looking at.
    """
    if not names:
        return None
    in_address, next_choice = st.query_params.get(key), st.session_state.pop(f"{key}-next", None)
    written_key = f"{key}-in-address"
    written_before = st.session_state.get(written_key)
    if next_choice in names:
        st.session_state[key] = next_choice
    elif in_address is not None and in_address != written_before:  # a link, or the browser's back button
        if in_address in names:
            st.session_state[key] = in_address
        else:
            st.warning("What the link asks for is not in this workspace. The newest is shown instead.")
    candidates = [name for name in (st.session_state.get(key), written_before) if name in names]
    # written each time: on a new page the first would be shown
    st.session_state[key] = candidates[0] if candidates else names[0]
    chosen: str = st.selectbox(label, names, key=key, persist_state="session", help=help)
    st.session_state[written_key] = chosen
    if in_address != chosen:
        st.session_state.setdefault(_ADDRESS, {})[key] = chosen
    return chosen


def next_time(key: str, name: str) -> None:
    """Let the chooser of that key (`cohort`, `run`, ...) show `name` when the page runs again."""
    st.session_state[f"{key}-next"] = name


def settle() -> None:
    """Write what was chosen into the address, once a page, so that the back button has one step to undo."""
    if chosen := st.session_state.pop(_ADDRESS, None):
        st.query_params.update(chosen)
