"""Plotly figures of a cohort: images by class and role, and how bright they are."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from ganaug_core.records import ROLES
from ganaug_core.ui.shared import charts, palette, words


def class_counts(counts: Mapping[str, Mapping[str, int]]) -> go.Figure:
    """Stacked bars: images of each class by role."""
    names = [charts.label(name) for name in counts]
    figure = go.Figure()
    for role in ROLES:
        figure.add_bar(
            y=names,
            x=[by_role[role] for by_role in counts.values()],
            name=words.ROLES[role],
            orientation="h",
            marker=charts.role_marker(role),
            hovertemplate="%{y}: %{x} " + words.ROLES[role] + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.35)
    figure.update_yaxes(autorange="reversed")
    return charts.dressed(figure, "Images by class and role", "number of images", "", height=140 + 44 * len(names))


def intensities(edges: np.ndarray, shares: Mapping[str, np.ndarray], unit: str) -> go.Figure:
    """Share of pixels by value in the physical unit, one line a class."""
    figure = go.Figure()
    middles = (edges[1:] + edges[:-1]) / 2
    dashes = ("solid", "dash", "dot", "dashdot")
    for index, (name, share) in enumerate(shares.items()):
        line = {"color": palette.of_class(index), "width": 2, "dash": dashes[index % len(dashes)], "shape": "hvh"}
        figure.add_scatter(x=middles, y=100 * share, name=charts.label(name), mode="lines", line=line)
    return charts.dressed(figure, "How bright the pixels are", unit, "share of pixels in %", height=charts.HEIGHT + 40)


def values(histogram: Mapping[str, Sequence[float]], ends: tuple[float, float], unit: str) -> go.Figure:
    """Share of the values of a source, with the ends of the range that was chosen."""
    edges, shares = np.array(histogram["edges"]), np.array(histogram["shares"])
    figure = go.Figure()
    middles = (edges[1:] + edges[:-1]) / 2
    figure.add_bar(x=middles, y=100 * shares, width=np.diff(edges), marker={"color": palette.QUIET}, showlegend=False)
    for end, name in zip(ends, ("black", "white"), strict=True):
        line = {"color": palette.TEXT, "dash": "dash"}
        figure.add_vline(x=end, line=line, annotation_text=name, annotation_position="top")
    figure.update_layout(bargap=0)
    return charts.dressed(figure, "", unit, "share in %", height=180).update_layout(margin={"t": 24})
