"""What several alarms ask of the course of a run."""

import math
from collections.abc import Sequence
from statistics import median

from ganaug_core.progress import Checkup, Progress


def series(course: Sequence[Progress], measure: str) -> list[float]:
    """Return the finite values of a measure, oldest first."""
    found = (report.measures.get(measure) for report in course)
    return [value for value in found if value is not None and math.isfinite(value)]


def varieties(course: Sequence[Progress], last: int) -> list[dict[str, float]]:
    """Return the varieties by class of the last looks, oldest first; fewer early in a run."""
    return [report.variety for report in course if report.variety is not None][-last:]


def checkups(course: Sequence[Progress], last: int) -> list[Checkup]:
    """Return the last measured checkpoints, oldest first; fewer early in a run."""
    return [report.checkup for report in course if report.checkup is not None][-last:]


def against_the_past(values: Sequence[float], window: int) -> tuple[float, float] | None:
    """Return the median of the last `window` values and that of all earlier ones; None while these are fewer."""
    if len(values) < 2 * window:
        return None
    return median(values[-window:]), median(values[:-window])


def steadily_above(values: Sequence[float], limit: float, reports: int) -> bool:
    """Return whether each of the last values, so many, lies above a limit."""
    return len(values) >= reports and min(values[-reports:]) > limit


def large(value: float) -> str:
    """Return a number of 100,000 and more in words that need no exponent."""
    if value >= 1e9:
        return "over a thousand million"
    return f"{value / 1e6:,.0f} million" if value >= 1e6 else f"{value:,.0f}"
