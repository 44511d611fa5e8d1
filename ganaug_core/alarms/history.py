"""What several alarms ask of the history of a run."""

import math
from collections.abc import Sequence
from statistics import median

from ganaug_core.records.training import Checkup, Progress


def series(history: Sequence[Progress], measure: str) -> list[float]:
    """Return the finite values of a measure, oldest first."""
    values = (report.measures.get(measure) for report in history)
    return [value for value in values if value is not None and math.isfinite(value)]


def varieties(history: Sequence[Progress], last: int) -> list[dict[str, float]]:
    """Return the varieties by class of the last looks, oldest first; fewer early in a run."""
    return [report.variety for report in history if report.variety is not None][-last:]


def checkups(history: Sequence[Progress], last: int) -> list[Checkup]:
    """Return the last measured checkpoints, oldest first; fewer early in a run."""
    return [report.checkup for report in history if report.checkup is not None][-last:]


def blown_up(
    values: Sequence[float], subject: str, *, growth: float, least: float, window: int, most: float, reports: int
) -> str | None:
    """Return in words that a size is far above what it was, or above what any healthy game reaches; None otherwise.

    Args:
        values: Oldest first, >= 0.
        subject: Begins the sentence, as "The generator's loss has the size".
        growth: Median of the last `window` values over that of all earlier ones, > 1; below `least` nothing counts.
        most: Where each of the last `reports` values lies above this, the past does not matter.
    """
    if len(values) >= reports and min(values[-reports:]) > most:
        return (
            f"{subject} {_large(values[-1])}, which no healthy game reaches (alarm above {most:,.0f} in {reports} "
            "reports in a row)."
        )
    if len(values) < 2 * window:
        return None
    now, before = median(values[-window:]), median(values[:-window])
    if now <= max(least, growth * before):
        return None
    return f"{subject} {now:,.0f}, it was {before:,.2g} before (alarm above {growth:g} times and {least:g})."


def _large(value: float) -> str:
    """Return a number of 100,000 and more in words that need no exponent."""
    if value >= 1e9:
        return "over a thousand million"
    return f"{value / 1e6:,.0f} million" if value >= 1e6 else f"{value:,.0f}"
