"""Plotly figures of a search: what matters, each setting by itself, and all settings of each run together."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from ganaug_core.search import Range, Results, Trial, parsed
from ganaug_core.ui.shared import charts, palette, setting_titles, words

DISTANCE = "distance"
KINDS = {
    "done": ("finished", "circle", palette.of_run(0)),
    "pruned": ("stopped early", "triangle-down-open", palette.of_run(2)),
    "vetoed": ("copying suspected", "x", palette.STATES["fail"]),
    "running": ("under way", "circle-open", palette.of_run(1)),
}
"""By state: name in the legend, marker, colour."""
LOGARITHMIC = 20.0  # distances whose largest is so many times the smallest are drawn in powers
PARALLEL_HEIGHT = 380
MOST_TICKS = 4  # of an axis; where a setting had more values, its ends


def title_of(setting: str) -> str:
    """Return what a setting is called in a figure."""
    return charts.label(setting_titles.label(setting_titles.in_full(setting)))


def importance(results: Results) -> go.Figure:
    """Return a bar for each setting, the most important one on top."""
    shares = sorted(results.importance.items(), key=lambda entry: entry[1])
    figure = go.Figure(
        go.Bar(
            x=[100 * share for _, share in shares],
            y=[title_of(name) for name, _ in shares],
            orientation="h",
            marker={"color": palette.of_run(0)},
            text=[words.percent(share) for _, share in shares],
            hoverinfo="skip",
        )
    )
    charts.dressed(figure, "What tells the better runs from the others", "share in %", "")
    figure.update_layout(showlegend=False)
    figure.update_xaxes(range=[0, 105])
    return figure


def one_setting(results: Results, setting: str) -> go.Figure:
    """Return the distance of each run over one setting, the others as they came; a ring marks the best."""
    figure = go.Figure()
    measured = _measured(results)
    numeric = _is_numeric([trial.settings[setting] for trial in measured if setting in trial.settings])
    for state, (name, symbol, colour) in KINDS.items():
        trials = [trial for trial in measured if trial.state == state and setting in trial.settings]
        if trials:
            figure.add_scatter(
                x=[_place(trial.settings[setting], numeric) for trial in trials],
                y=[trial.value for trial in trials],
                text=[charts.label(trial.run) for trial in trials],
                name=name,
                mode="markers",
                marker={"symbol": symbol, "size": 9, "color": colour, "line": {"width": 1.5, "color": colour}},
                hovertemplate="%{text}: %{y:.3g}<extra></extra>",
            )
    best = results.best
    if best is not None and setting in best.settings:
        ring = {"symbol": "circle-open", "size": 17, "color": palette.TEXT, "line": {"width": 2}}
        place = _place(best.settings[setting], numeric)
        figure.add_scatter(x=[place], y=[best.value], name="best", mode="markers", marker=ring, hoverinfo="skip")
    charts.dressed(figure, title_of(setting), "", f"{DISTANCE}, lower is better")
    listed = parsed(results.request["space"]).get(setting)
    if numeric and _in_powers(results, setting):
        figure.update_xaxes(type="log", exponentformat="power")
    elif numeric and isinstance(listed, tuple):
        figure.update_xaxes(tickvals=list(listed))
    elif not numeric:
        figure.update_xaxes(type="category")
    if _spread([trial.value or 0.0 for trial in measured]):
        figure.update_yaxes(type="log", exponentformat="power")
    return figure


def together(results: Results) -> go.Figure:
    """Return a line for each run through its settings and its distance: parallel coordinates, the best one thick.

    Drawn of ordinary lines: Plotly's own compile code in the browser, which the pages' content policy forbids.
    """
    measured = _measured(results)
    settings = list(parsed(results.request["space"]))
    axes = [_Axis(title_of(setting), [trial.settings.get(setting) for trial in measured]) for setting in settings]
    axes.append(_Axis("Distance from tuning images", [trial.value for trial in measured]))
    figure = go.Figure()
    for number, axis in enumerate(axes):
        figure.add_scatter(
            x=[number, number], y=[0, 1], mode="lines", line={"color": palette.LINE, "width": 2}, showlegend=False,
            hoverinfo="skip",
        )  # fmt: skip
        for height, text in axis.ticks:
            figure.add_annotation(
                x=number, y=height, text=text, showarrow=False, xanchor="left", xshift=5, bgcolor=palette.PANEL,
                font={"size": 11, "color": palette.QUIET},
            )  # fmt: skip
    best, named = results.best, set[str]()
    for row, trial in sorted(enumerate(measured), key=lambda entry: entry[1] is best):
        kind, _, colour = KINDS.get(trial.state, KINDS["running"])
        is_best = trial is best
        name = "best" if is_best else kind
        line = {"color": palette.TEXT if is_best else colour, "width": 4 if is_best else 1.2}
        figure.add_scatter(
            x=list(range(len(axes))),
            y=[axis.heights[row] for axis in axes],
            mode="lines",
            name=name,
            line={**line, "dash": "solid" if trial.state == "done" else "dot"},
            opacity=1.0 if is_best else 0.75,
            showlegend=name not in named,
            text=[charts.label(trial.run)] * len(axes),
            hovertemplate="%{text}<extra></extra>",
        )
        named.add(name)
    charts.dressed(figure, "All settings of each run", "", "", height=PARALLEL_HEIGHT)
    figure.update_xaxes(
        tickvals=list(range(len(axes))),
        ticktext=[_broken(axis.title) for axis in axes],
        range=[-0.15, len(axes) - 0.35],
        showgrid=False,
    )
    figure.update_yaxes(visible=False, range=[-0.06, 1.08])
    return figure


class _Axis:
    """One axis of the parallel coordinates: where each run's line crosses it, in [0, 1], and what stands there."""

    def __init__(self, title: str, values: Sequence[object]) -> None:
        self.title = title
        if _is_numeric([value for value in values if value is not None]):
            numbers = [float(value) if value is not None else math.nan for value in values]  # type: ignore[arg-type]
            known = [number for number in numbers if math.isfinite(number)]
            low, high = min(known, default=0.0), max(known, default=1.0)
            logarithmic = _spread(known)
            self.heights = [_height(number, low, high, logarithmic) for number in numbers]
            distinct = sorted(set(known))
            shown = distinct if len(distinct) <= MOST_TICKS else [low, high]
            self.ticks = [(_height(number, low, high, logarithmic) or 0.0, f"{number:.3g}") for number in shown]
        else:
            names = sorted({str(value) for value in values if value is not None})
            heights = {name: place / max(1, len(names) - 1) for place, name in enumerate(names)}
            self.heights = [heights.get(str(value)) for value in values]
            self.ticks = [(height, charts.label(name)) for name, height in heights.items()]


def _height(number: float, low: float, high: float, logarithmic: bool) -> float | None:
    if not math.isfinite(number):
        return None
    if high <= low:
        return 0.5
    if logarithmic:
        return math.log(number / low) / math.log(high / low)
    return (number - low) / (high - low)


def _measured(results: Results) -> list[Trial]:
    return [trial for trial in results.trials if trial.value is not None and trial.state in KINDS]


def _is_numeric(values: Sequence[object]) -> bool:
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _place(value: object, numeric: bool) -> object:
    return value if numeric else charts.label(str(value))


def _in_powers(results: Results, setting: str) -> bool:
    values = parsed(results.request["space"]).get(setting)
    if isinstance(values, Range):
        return values.log
    return _spread([float(value) for value in values or () if isinstance(value, int | float)])


def _spread(values: Sequence[float]) -> bool:
    """Whether values are so far apart that only powers show them all."""
    return bool(values) and 0 < LOGARITHMIC * min(values) < max(values)


def _broken(title: str) -> str:
    """Return a title over several lines, so that axes side by side have room."""
    lines = [""]
    for word in title.split():
        if len(lines[-1]) + len(word) > 16 and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
