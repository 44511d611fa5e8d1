"""The alarms of a run: those that hold, and those that are over."""

import streamlit as st

from ganaug_core.alarms import ALARMS
from ganaug_core.jobs import runs
from ganaug_core.ui.shared import caches, words


def alarms(name: str) -> None:
    """Show the alarms that hold; those that are over are folded away."""
    found = runs.alarms(caches.workspace(), name)
    holding, over = ([each for each in found if (each.over is None) == holds] for holds in (True, False))
    for each in holding:
        raised = each.raised
        st.warning(
            f"**{_title(raised.name)}** (alarm after {words.count(raised.images, 'image')}). {words.plain(raised.say)}"
            f"\n\n**What to try:** {words.plain(raised.do)}",
            icon=":material/notification_important:",
        )
    if over:
        with st.expander(words.count(len(over), "alarm is over", "alarms are over"), key=f"over-{name}"):
            for each in over:
                raised = each.raised
                st.text(
                    f"{_title(raised.name)}, from {raised.images:,} to {each.over:,} images. {words.clean(raised.say)} "
                    f"{words.clean(raised.do)}"
                )
    if not found and runs.watched(caches.workspace(), name):
        st.text("No alarm has gone off.")


def _title(name: str) -> str:
    return ALARMS[name].title if name in ALARMS else words.clean(name)
