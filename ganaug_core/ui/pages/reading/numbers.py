"""Numbers of a reader study in words."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from ganaug_core.ui.shared import words

if TYPE_CHECKING:  # what computes loads much
    from ganaug_core.reading.analysis import OfReader
    from ganaug_core.reading.estimates import Estimate

Form = Callable[[float], str]

TELLS = (
    "The area under the ROC curve is the share of pairs in which the synthetic image got the higher confidence; one "
    "half is chance. d' is the distance of both kinds in standard deviations; 0 is chance."
)
SHARES = (
    ("Calls that are right", "accuracy"),
    ("Synthetic images called synthetic", "sensitivity"),
    ("Real images called synthetic", "false_alarms"),
    ("Class read as meant, real images", "class_real"),
    ("Class read as meant, synthetic images", "class_synthetic"),
    ("Same call the second time", "repeats"),
)
FIGURES = (("Area under the ROC curve", "auc"), ("d'", "d_prime"))


def own_rows(own: "OfReader") -> list[dict[str, str]]:
    """Return what a reader is told, a row each."""
    rows = [_row(title, getattr(own, name), words.percent) for title, name in SHARES]
    return rows[:3] + [_row(title, getattr(own, name), number) for title, name in FIGURES] + rows[3:]


def number(figure: float) -> str:
    """Return a figure with two decimals; an interval's end may have no limit."""
    if math.isinf(figure):
        return "no limit"
    return f"{figure:.2f}"


def said(estimate: "Estimate", form: Form) -> str:
    """Return the value with its interval in brackets."""
    if estimate.value is None:
        return "–"
    return f"{form(estimate.value)} ({interval(estimate, form)})" if estimate.interval else form(estimate.value)


def value(estimate: "Estimate", form: Form) -> str:
    return "–" if estimate.value is None else form(estimate.value)


def interval(estimate: "Estimate", form: Form) -> str:
    if estimate.interval is None:
        return "–"
    return f"{form(estimate.interval[0])} to {form(estimate.interval[1])}"


def _row(title: str, estimate: "Estimate", form: Form) -> dict[str, str]:
    said_value = value(estimate, form)
    return {"What": title, "You": said_value, "95 % interval": interval(estimate, form), "Images": str(estimate.n)}


def points(difference: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    return f"{100 * difference:+.1f}"
