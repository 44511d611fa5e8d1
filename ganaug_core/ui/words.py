"""Words for people: numbers, times and states, and user text that stays text."""

import re
from collections.abc import Iterable
from typing import Any

_MARKS = re.compile(r"([\\`*_\[\]<>$:~&-])")
_FIRST = re.compile(r"^(\d*)([#+=.)])")  # makes a heading or a list of a line that begins with it
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

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


def clean(text: object) -> str:
    """Return one line without control characters, direction marks and lone surrogates, none of which can be shown."""
    return _CONTROL.sub(" ", str(text)).strip()


def plain(text: object) -> str:
    """Return user text escaped for a place that renders markdown: labels, messages, headings.

    Names of files, classes and cohorts come from outside. Unescaped, an image link in one of them would make the
    browser call another server.
    """
    return _FIRST.sub(r"\1\\\2", _MARKS.sub(r"\\\1", clean(text)))


def count(number: int, one: str, many: str | None = None) -> str:
    """Return `1 image` or `1,200 images`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float | None) -> str:
    """Return a time as people say it: `8 seconds`, `11 minutes`, `2 hours 5 minutes`."""
    if seconds is None or seconds != seconds:
        return "an unknown time"
    seconds = max(0, seconds)
    if seconds < 60:
        return count(max(1, round(seconds)), "second")
    minutes = round(seconds / 60)
    if minutes < 60:
        return count(minutes, "minute")
    hours, rest = divmod(minutes, 60)
    return count(hours, "hour") + (f" {count(rest, 'minute')}" if rest else "")


def progress(share: float | None, message: str = "", seconds_left: float | None = None) -> str:
    """Return `42 %, about 11 minutes left: reading slices`."""
    said = f"{100 * (share or 0):.0f} %"
    if seconds_left is not None:
        said += f", about {duration(seconds_left)} left"
    return f"{said}: {message}" if message else said


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with that many significant digits and no exponent where people would not write one."""
    if value is None or value != value:
        return "not known"
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:,.{digits}g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:.{digits}g}"


def chance(value: float) -> str:
    """Return a p-value as people write it, without exponent."""
    return "< 0.0001" if value < 1e-4 else number(value, 2)


def moment(written: str) -> str:
    """Return a time of the workspace as people write it: `2026-11-29 18:05 UTC`."""
    return f"{written[:10]} {written[11:16]} UTC"


def listing(parts: Iterable[Any], last: str = "and") -> str:
    """Return `a, b and c`."""
    words = [str(part) for part in parts]
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"
