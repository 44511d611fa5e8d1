"""Plotly figures of the evidence: coverage by class, copy scores, and the map where the component cannot be had."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ganaug_core.records import ROLES, Audit, Map, Measurement
from ganaug_core.ui.shared import charts, glossary, palette, words

MOST_WITHOUT_WEBGL = 4000  # so many points are drawn fast enough without it, and some browsers lack it
SYMBOLS = {"train": "square", "tuning": "diamond", "holdout": "square-open", "synthetic": "cross-thin"}


def coverage(measurements: Sequence[Measurement]) -> go.Figure:
    """Coverage of each class with its 95 % interval, beside what real images and what chance would give."""
    shown = [each for each in measurements if each.name == "coverage" and each.class_name is not None]
    names = [words.clean(each.class_name) for each in shown]
    figure = go.Figure()
    lows = [each.value - each.interval[0] if each.interval else 0.0 for each in shown]
    highs = [each.interval[1] - each.value if each.interval else 0.0 for each in shown]
    figure.add_scatter(
        x=[each.value for each in shown],
        y=names,
        mode="markers",
        name="synthetic images, 95 % interval",
        marker={"symbol": "circle", "size": 11, "color": palette.ROLES["synthetic"]},
        error_x={"array": highs, "arrayminus": lows, "color": palette.ROLES["synthetic"], "thickness": 2},
        hovertemplate="%{y}: %{x:.2f}<extra></extra>",
    )
    for label, symbol, colour, values in (
        ("real images against real", "square-open", palette.ROLES["holdout"], [each.floor for each in shown]),
        ("expected if both were one distribution", "line-ns-open", palette.TEXT, [each.null for each in shown]),
    ):
        if any(value is not None for value in values):
            figure.add_scatter(
                x=values,
                y=names,
                mode="markers",
                name=label,
                marker={"symbol": symbol, "size": 13, "color": colour, "line": {"width": 2, "color": colour}},
                hovertemplate="%{y}: %{x:.2f}<extra>" + label + "</extra>",
            )
    charts.dressed(
        figure,
        "How much of each class is covered" + (f" (feature space {glossary.space(shown[0].encoder)})" if shown else ""),
        "share of real neighbourhoods that a synthetic image reaches",
        "",
        height=190 + 34 * len(names),
    )
    figure.update_xaxes(range=[0, 1.03])
    figure.update_yaxes(autorange="reversed", type="category")  # classes named 0, 1, 2 are no numbers
    return _legend_below(figure)


def copy_scores(audit: Audit) -> go.Figure:
    """Distribution of the copy score of synthetic and of hold-out images, with the smallest of the hold-out."""
    sides = {
        "synthetic images": ("synthetic", np.asarray(audit.scores["synthetic"], float)),
        "hold-out images (never seen in training)": ("holdout", np.asarray(audit.scores["holdout"], float)),
    }
    figure = go.Figure()
    finite = np.concatenate([values[np.isfinite(values)] for _, values in sides.values()])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 2.0)
    size = max(high - low, 1e-3) / 50
    for name, (role, values) in sides.items():
        figure.add_histogram(
            x=values,
            name=name,
            histnorm="percent",
            xbins={"start": low, "end": high + size, "size": size},
            opacity=0.65,
            marker={
                "color": palette.ROLES[role],
                "pattern": {
                    "shape": palette.PATTERNS[role],
                    "fgcolor": palette.GROUND,
                    "fillmode": "overlay",
                    "size": 7,
                    "solidity": 0.2,
                },
            },
            hovertemplate="%{x}: %{y:.1f} %<extra></extra>",
        )
    limit = threshold(audit)
    if limit is not None:
        figure.add_vline(
            x=limit,
            line={"color": palette.TEXT, "dash": "dash", "width": 2},
            annotation={"text": "closest hold-out image", "font": {"color": palette.TEXT}},
        )
    charts.dressed(
        figure,
        "Do synthetic images lie closer to the training images than real ones do?",
        "copy score: distance to training over distance to hold-out; left means closer to training",
        "share of images in %",
        height=340,
    )
    figure.update_layout(barmode="overlay")
    return _legend_below(figure)


def threshold(audit: Audit) -> float | None:
    """Return the smallest copy score of a hold-out image: below it lies no real image, None where there is none."""
    scores = np.asarray(audit.scores.get("holdout", ()), float)
    scores = scores[np.isfinite(scores)]
    return float(scores.min()) if scores.size else None


def feature_map(drawn: Map, picked: str | None = None) -> tuple[go.Figure, list[NDArray[np.int64]]]:
    """Return the map as a figure, and for each of its traces the rows of the map that it draws."""
    figure, rows = go.Figure(), []
    points = go.Scattergl if len(drawn.ids) > MOST_WITHOUT_WEBGL else go.Scatter
    for role, role_name in enumerate((*ROLES, "synthetic")):
        for label, class_name in enumerate(drawn.classes):
            here = np.flatnonzero((drawn.roles == role) & (drawn.labels == label))
            if not len(here):
                continue
            rows.append(here)
            colour = palette.of_class(label)
            name = f"{words.clean(class_name)}, {words.ROLES[role_name]}"
            trace = points(
                x=drawn.positions[here, 0],
                y=drawn.positions[here, 1],
                mode="markers",
                name=name,
                marker={
                    "symbol": SYMBOLS[role_name],
                    "color": colour,
                    "size": 8 if role_name == "synthetic" else 6,
                    "opacity": 1 if role_name == "synthetic" else 0.6,
                    "line": {"width": 1.5 if role_name == "synthetic" else 0, "color": colour},
                },
                hovertemplate=name + "<extra></extra>",
            )
            figure.add_trace(trace)
    at = np.flatnonzero(drawn.ids == picked)
    if len(at):
        ring = points(
            x=drawn.positions[at, 0],
            y=drawn.positions[at, 1],
            mode="markers",
            name="picked image",
            marker={"symbol": "circle-open", "size": 18, "color": palette.TEXT, "line": {"width": 3}},
        )
        figure.add_trace(ring)
        rows.append(at)
    charts.dressed(
        figure,
        f"Feature map ({glossary.space(drawn.encoder)})",
        "first map direction",
        "second map direction",
        height=620,
    )
    figure.update_layout(
        dragmode="lasso",
        legend={"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top"},
        margin={"l": 64, "r": 16, "t": 48, "b": 48},
    )
    figure.update_yaxes(scaleanchor="x")
    return figure, rows


def _legend_below(figure: go.Figure) -> go.Figure:
    """Long names in the legend need a line of their own below the figure."""
    below = {"x": 0, "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom"}
    figure.update_layout(legend=below, margin={"b": 88, "t": 48})
    return figure
