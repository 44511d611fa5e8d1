"""Energy of a training: seconds that were measured times a power that was not, which is why it has a slider."""

import json

import numpy as np

from ganaug_core import atlas
from ganaug_core.lessons.demonstrations.figure import Chart, Figure, Line, followed, numbers, short, with_slider

_WATTS = (2, 5, 10, 15, 25, 45, 65, 100, 200, 400)
_BEGIN = 10
WATER = 4186 * 80 / 3600  # Wh that heat a litre by 80 degrees: 4,186 J a kilogram and degree


def energy_of_a_run(seed: int = 0) -> Figure:
    """The demo's three trainings, by the seconds in their records and a power that is assumed."""
    seconds = {lesson.generator: _seconds(lesson.generator) for lesson in atlas.LESSONS}
    longest = max(seconds.values())
    return with_slider(
        "Assumed power, in watts",
        _WATTS,
        str,
        _WATTS.index(_BEGIN),
        (
            f"An estimate: if the machine took {watts} W more while it trained, the demo's longest training, "
            f"{longest:,.0f} s on one thread, would have taken {short(watt_hours(longest, watts))} Wh, as much as "
            f"heating {short(watt_hours(longest, watts) / WATER)} litres of water from 20 to 100 degrees. The seconds "
            "were measured, the power was not."
            for watts in _WATTS
        ),
        Chart(
            title="Energy of the demo's trainings, by the assumed power",
            x="assumed power, in watts",
            y="watt hours",
            log_x=True,
            log_y=True,
            lines=(
                *followed(_WATTS, {"the longest": ("synthetic", [watt_hours(longest, watts) for watts in _WATTS])}),
                Line(
                    name="the shortest",
                    role="real",
                    x=_WATTS,
                    y=numbers(watt_hours(min(seconds.values()), watts) for watts in _WATTS),
                ),
                Line(name="a litre of water", role="plain", x=_WATTS, y=numbers([WATER] * len(_WATTS)), kind="dashes"),
            ),
        ),
    )


def watt_hours(seconds: float, watts: float) -> float:
    """Return the energy in Wh."""
    return float(np.float64(seconds) * watts / 3600)


def _seconds(run: str) -> float:
    """Return how long a run of the demo took on its one thread, from its record."""
    state = json.loads((atlas.shipped() / "runs" / run / "state.json").read_text("utf-8"))
    return float(state["seconds"])
