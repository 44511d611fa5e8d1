"""The map as a Plotly figure, where the component cannot be had."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ganaug_core.records import ROLES, Map
from ganaug_core.ui.shared import charts, glossary, palette, words

MOST_WITHOUT_WEBGL = 4000  # so many points are drawn fast enough without it, and some browsers lack it
SYMBOLS = {"train": "square", "tuning": "diamond", "holdout": "square-open", "synthetic": "cross-thin"}


def feature_map(map_: Map, picked: str | None = None) -> tuple[go.Figure, list[NDArray[np.int64]]]:
    """Return the map as a figure, and for each of its traces the rows of the map that it draws."""
    figure, rows = go.Figure(), []
    points = go.Scattergl if len(map_.ids) > MOST_WITHOUT_WEBGL else go.Scatter
    for role, role_name in enumerate((*ROLES, "synthetic")):
        for label, class_name in enumerate(map_.classes):
            class_rows = np.flatnonzero((map_.roles == role) & (map_.labels == label))
            if not len(class_rows):
                continue
            rows.append(class_rows)
            colour = palette.of_class(label)
            name = f"{charts.label(class_name)}, {words.ROLES[role_name]}"
            trace = points(
                x=map_.positions[class_rows, 0],
                y=map_.positions[class_rows, 1],
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
    picked_rows = np.flatnonzero(map_.ids == picked)
    if len(picked_rows):
        ring = points(
            x=map_.positions[picked_rows, 0],
            y=map_.positions[picked_rows, 1],
            mode="markers",
            name="picked image",
            marker={"symbol": "circle-open", "size": 18, "color": palette.TEXT, "line": {"width": 3}},
        )
        figure.add_trace(ring)
        rows.append(picked_rows)
    charts.dressed(
        figure,
        f"Feature map ({glossary.space(map_.encoder)})",
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
