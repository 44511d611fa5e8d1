"""Another map beside the one that is shown: of another set in the same space, or of the same set in another space."""

import streamlit as st

from ganaug_core.config.requests import BuildMap
from ganaug_core.ui.shared import address, caches, choosers, job_progress
from ganaug_core.ui.shared.components.twin_maps import Side, twin_maps
from ganaug_core.ui.shared.looking import bench

SPACES = {
    "simclr": "learnt from the images alone",
    "texture": "texture and shape measures",
    "pixels": "the pixels themselves",
    "classifier": "what tells the classes apart",
}
KEY = "beside"
_SET, _SPACE = "set:", "space:"


def choose(cohort: str, samples: str, space: str) -> None:
    """Ask what shall stand beside the map; it stands in the address."""
    sets = [f"{_SET}{name}" for name in choosers.fitting_samples(cohort) if name != samples]
    spaces = [f"{_SPACE}{name}" for name in SPACES if name != space]
    asked = address.settle(KEY)
    if asked not in ("", *sets, *spaces):
        st.warning("What the link asks to see beside the map is not in this workspace.")
    if asked not in (*sets, *spaces):
        st.session_state[KEY] = ""
    st.selectbox(
        "Another map beside it",
        ["", *sets, *spaces],
        format_func=_called,
        key=KEY,
        persist_state="session",
        help="Another set of synthetic images in the same feature space, or the same images in another one. What is "
        "pointed at on one map is marked on the other.",
    )


def chosen() -> bool:
    """Return whether two maps are asked for; call it after `choose`."""
    return bool(st.session_state.get(KEY))


def two_maps(cohort: str, samples: str, space: str) -> None:
    """Draw both maps, or offer to draw the one that is missing."""
    asked = str(st.session_state[KEY])
    other_samples = asked.removeprefix(_SET) if asked.startswith(_SET) else samples
    other_space = asked.removeprefix(_SPACE) if asked.startswith(_SPACE) else space
    if bench.newest_map(cohort, other_samples, other_space) is None:
        st.text("The other map was not drawn yet. It takes about a minute for a few thousand images.")
        request = BuildMap(cohort=cohort, samples=other_samples, encoder=other_space, neighbourhoods=True)
        job_progress.result_or_button(request, "Draw the other map")
        return
    key = f"twins-{caches.artefact('samples', other_samples)}-{other_space}"
    twin_maps(_side(cohort, samples, space), _side(cohort, other_samples, other_space), key=key)


def _side(cohort: str, samples: str, space: str) -> Side:
    name = str(bench.newest_map(cohort, samples, space))
    map_ = caches.map(name, cohort, samples)
    return Side(map_, name, f"{samples}, {SPACES[space]}", bench.faithful(map_))


def _called(asked: str) -> str:
    if asked.startswith(_SPACE):
        return f"feature space: {SPACES.get(asked.removeprefix(_SPACE), asked)}"
    return f"set: {asked.removeprefix(_SET)}" if asked else "none"
