"""Plotly figures of the grounds of an audit: where images differ, what a classifier sees, pixel values, spectrum."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ganaug_core.ui.shared import charts, palette, words

DIFFERENCE = [[0, "#56B4E9"], [0.5, "#2A3138"], [1, "#E69F00"]]
SHARES = [[0, "#15191E"], [1, "#0072B2"]]
SIDES = {"holdout": "hold-out images", "synthetic": "synthetic images"}


def pattern(picture: NDArray[np.floating], title: str) -> go.Figure:
    """A square picture of differences in standard deviations, 0 in the middle of the colours."""
    reach = max(float(np.abs(picture).max()), 0.1)
    figure = go.Figure()
    figure.add_heatmap(
        z=picture,
        zmin=-reach,
        zmax=reach,
        colorscale=DIFFERENCE,
        colorbar={"title": {"text": "standard deviations", "side": "right"}, "thickness": 12},
        hovertemplate="row %{y}, column %{x}: %{z:.2f}<extra></extra>",
    )
    charts.dressed(figure, title, "", "", height=360)
    figure.update_yaxes(autorange="reversed", scaleanchor="x", showticklabels=False, showgrid=False)
    figure.update_xaxes(showticklabels=False, showgrid=False, constrain="domain")
    return figure


def lesion(
    picture: NDArray[np.floating], inside: NDArray[np.floating], title: str, limits: tuple[float, float], unit: str
) -> go.Figure:
    """A mean image in grey between two values, and the edge of the region that is compared."""
    figure = go.Figure()
    figure.add_heatmap(
        z=picture,
        zmin=limits[0],
        zmax=limits[1],
        colorscale="Greys_r",
        colorbar={"title": {"text": words.clean(unit)}, "thickness": 12},
        hovertemplate="row %{y}, column %{x}: %{z:.0f}<extra></extra>",
    )
    figure.add_contour(
        z=inside,
        contours={"start": 0.5, "end": 0.5, "size": 1, "coloring": "lines"},
        colorscale=[[0, palette.ROLES["synthetic"]], [1, palette.ROLES["synthetic"]]],
        line={"width": 2},
        showscale=False,
        hoverinfo="skip",
    )
    charts.dressed(figure, title, "", "", height=360)
    figure.update_yaxes(autorange="reversed", scaleanchor="x", showticklabels=False, showgrid=False)
    figure.update_xaxes(showticklabels=False, showgrid=False, constrain="domain")
    return figure


def confusion(table: NDArray[np.floating], classes: Sequence[str], title: str) -> go.Figure:
    """Shares of each label (rows) that a classifier sees as each class (columns)."""
    figure = go.Figure()
    figure.add_heatmap(
        z=100 * table,
        x=list(classes),
        y=list(classes),
        zmin=0,
        zmax=100,
        colorscale=SHARES,
        showscale=False,
        text=[[words.percent(value) for value in row] for row in table],
        texttemplate="%{text}",
        textfont={"color": palette.TEXT},
        hovertemplate="labelled %{y}, seen as %{x}: %{z:.1f} %<extra></extra>",
    )
    charts.dressed(figure, title, "what the classifier sees", "label", height=170 + 44 * len(classes))
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(type="category")
    return figure


def histogram(edges: NDArray[np.floating], sides: Mapping[str, NDArray[np.floating]], unit: str) -> go.Figure:
    """Share of pixels by value, one line a side."""
    figure = go.Figure()
    middles = (edges[1:] + edges[:-1]) / 2
    for side, share in sides.items():
        line = {"color": palette.ROLES[side], "width": 2, "dash": "solid" if side == "synthetic" else "dash"}
        figure.add_scatter(x=middles, y=100 * share, name=SIDES[side], mode="lines", line={**line, "shape": "hvh"})
    return charts.dressed(figure, "Pixel values", words.clean(unit), "share of pixels in %", height=340)


def spectrum(frequency: NDArray[np.floating], sides: Mapping[str, NDArray[np.floating]]) -> go.Figure:
    """Median power at each frequency, and for hold-out images the range of nine in ten as a band."""
    figure = go.Figure()
    low, _, high = sides["holdout"]
    figure.add_scatter(
        x=np.concatenate([frequency, frequency[::-1]]),
        y=np.concatenate([low, high[::-1]]),
        fill="toself",
        mode="none",
        fillcolor="rgba(240, 228, 66, 0.18)",
        name="nine in ten hold-out images",
        hoverinfo="skip",
    )
    for side, quantiles in sides.items():
        line = {"color": palette.ROLES[side], "width": 2, "dash": "solid" if side == "synthetic" else "dash"}
        figure.add_scatter(
            x=frequency, y=quantiles[1], name=f"usual {SIDES[side][:-1]}", mode="lines+markers", line=line
        )
    return charts.dressed(
        figure, "Detail from coarse to fine", "spatial frequency in cycles a pixel", "power, logarithm to base 10",
        height=340,
    )  # fmt: skip
