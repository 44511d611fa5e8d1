"""Plotly figures of an audit: coverage, copy scores, where images differ, what a classifier sees, values, spectrum."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ganaug_core.records import Audit, Measurement
from ganaug_core.ui.shared import charts, glossary, palette, words

DIFFERENCE = [[0, palette.ROLES["holdout"]], [0.5, palette.LINE], [1, palette.ROLES["synthetic"]]]
SHARES = [[0, "#15191E"], [1, "#0072B2"]]
SIDES = {"holdout": "hold-out images", "synthetic": "synthetic images"}


def coverage(measurements: Sequence[Measurement]) -> go.Figure:
    """Coverage of each class with its 95 % interval, beside what real images and what chance would give."""
    class_coverages = [
        measurement
        for measurement in measurements
        if measurement.name == "coverage" and measurement.class_name is not None
    ]
    names = [charts.label(measurement.class_name) for measurement in class_coverages]
    figure = go.Figure()
    below = [
        measurement.value - measurement.interval[0] if measurement.interval else 0.0 for measurement in class_coverages
    ]
    above = [
        measurement.interval[1] - measurement.value if measurement.interval else 0.0 for measurement in class_coverages
    ]
    figure.add_scatter(
        x=[measurement.value for measurement in class_coverages],
        y=names,
        mode="markers",
        name="synthetic images, 95 % interval",
        marker={"symbol": "circle", "size": 11, "color": palette.ROLES["synthetic"]},
        error_x={"array": above, "arrayminus": below, "color": palette.ROLES["synthetic"], "thickness": 2},
        hovertemplate="%{y}: %{x:.2f}<extra></extra>",
    )
    for label, symbol, colour, values in (
        (
            "real images against real",
            "square-open",
            palette.ROLES["holdout"],
            [measurement.floor for measurement in class_coverages],
        ),
        (
            "expected if both were one distribution",
            "line-ns-open",
            palette.TEXT,
            [measurement.null for measurement in class_coverages],
        ),
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
        "How much of each class is covered"
        + (f" (feature space {glossary.space(class_coverages[0].encoder)})" if class_coverages else ""),
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
        "real images, each without its own near-duplicates": ("holdout", _real_scores(audit)),
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
            annotation={"text": "lowest real image", "font": {"color": palette.TEXT}},
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
    """Return the smallest copy score of a real image: below it lies none, None where there is none."""
    scores = _real_scores(audit)
    scores = scores[np.isfinite(scores)]
    return float(scores.min()) if scores.size else None


def _real_scores(audit: Audit) -> NDArray[np.float64]:
    return np.concatenate([np.asarray(audit.scores.get(side, ()), float) for side in ("holdout", "seen")])


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
        colorbar={"title": {"text": charts.label(unit)}, "thickness": 12},
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
    return charts.dressed(figure, "Pixel values", charts.label(unit), "share of pixels in %", height=340)


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


def _legend_below(figure: go.Figure) -> go.Figure:
    """Long names in the legend need a line of their own below the figure."""
    below = {"x": 0, "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom"}
    figure.update_layout(legend=below, margin={"b": 88, "t": 48})
    return figure
