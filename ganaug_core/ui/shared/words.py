"""Words for people: numbers, times and states, and user text that stays text."""

import re

from ganaug_core.wording import ALIKE as ALIKE
from ganaug_core.wording import WITNESS as WITNESS
from ganaug_core.wording import chance as chance
from ganaug_core.wording import clean as clean
from ganaug_core.wording import count as count
from ganaug_core.wording import distance as distance
from ganaug_core.wording import done as done
from ganaug_core.wording import duration as duration
from ganaug_core.wording import exact_duplicates as exact_duplicates
from ganaug_core.wording import left as left
from ganaug_core.wording import listing as listing
from ganaug_core.wording import moment as moment
from ganaug_core.wording import nearer_than_99 as nearer_than_99
from ganaug_core.wording import number as number
from ganaug_core.wording import p_value as p_value
from ganaug_core.wording import percent as percent
from ganaug_core.wording import twins as twins
from ganaug_core.wording import twins_not_sought as twins_not_sought

_MARKS = re.compile(r"([\\`*_\[\]<>$:~&-])")
_FIRST = re.compile(r"^(\d*)([#+=.)])")  # makes a heading or a list of a line that begins with it

STATES = {
    "queued": "waiting for its turn",
    "starting": "starting",
    "running": "running",
    "paused": "paused",
    "stopped": "stopped; what was trained is kept",
    "done": "finished",
    "failed": "failed",
    "interrupted": "interrupted: the process was lost, the last checkpoint is kept",
}
ROLES = {"train": "training", "tuning": "tuning", "holdout": "hold-out", "synthetic": "synthetic"}


def plain(text: object) -> str:
    """Return user text escaped for a place that renders markdown: labels, messages, headings.

    Names of files, classes and cohorts come from outside. Unescaped, an image link in one of them would make the
    browser call another server.
    """
    return _FIRST.sub(r"\1\\\2", _MARKS.sub(r"\\\1", clean(text)))


def progress(share: float | None, message: str = "", seconds_left: float | None = None) -> str:
    """Return `42 %, about 11 minutes left: reading slices`."""
    sentence = done(share)
    if seconds_left is not None:
        sentence += f", {left(seconds_left)}"
    return f"{sentence}: {message}" if message else sentence
