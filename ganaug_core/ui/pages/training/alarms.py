"""The alarms of a run: those that hold, and those that are over."""

import streamlit as st

from ganaug_core.alarms import ALARMS
from ganaug_core.jobs import runs
from ganaug_core.ui.shared import caches, words


def alarms(name: str) -> None:
    """Show the alarms that hold; those that are over are folded away."""
    known_alarms = runs.alarms(caches.workspace(), name)
    holding = [alarm for alarm in known_alarms if alarm.over is None]
    past_alarms = [alarm for alarm in known_alarms if alarm.over is not None]
    for alarm in holding:
        raised = alarm.raised
        st.warning(
            f"**{_title(raised.name)}** (alarm after {words.count(raised.images, 'image')}). {words.plain(raised.say)}"
            f"\n\n**What to try:** {words.plain(raised.do)}",
            icon=":material/notification_important:",
        )
    if past_alarms:
        with st.expander(words.count(len(past_alarms), "alarm is over", "alarms are over"), key=f"over-{name}"):
            for alarm in past_alarms:
                raised = alarm.raised
                st.text(
                    f"{_title(raised.name)}, from {raised.images:,} to {alarm.over:,} images. "
                    f"{words.clean(raised.say)} {words.clean(raised.do)}"
                )
    if not known_alarms and runs.watched(caches.workspace(), name):
        st.text("No alarm has gone off.")


def _title(name: str) -> str:
    return ALARMS[name].title if name in ALARMS else words.clean(name)
