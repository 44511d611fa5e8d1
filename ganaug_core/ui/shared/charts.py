"""Plotly figures: dark, legible, each with a title and named axes, colour never alone."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ganaug_core.ui.shared import palette, words

HEIGHT = 300
AS_SVG = {"toImageButtonOptions": {"format": "svg"}}
CONFIG = {
    **AS_SVG,
    "displayModeBar": "hover",
    "modeBarButtons": [["toImage"]],
    "displaylogo": False,
    "scrollZoom": False,
}
"""On hover a figure shows one button, which saves it as SVG."""
FEW_POINTS = 50  # of fewer, all are shown


def show(figure: go.Figure, key: str, alt: str, live: bool = False) -> None:
    """Draw a figure; `alt` says in one sentence what it shows. A live one cannot be zoomed: each tick would undo it."""
    figure.update_layout(dragmode=False if live else "zoom")
    st.plotly_chart(figure, key=key, theme=None, config=CONFIG, alt=alt)


def without_spikes(figure: go.Figure) -> go.Figure:
    """Let single spikes run out at the top or bottom, so that they do not flatten the rest of the curves."""
    values = [value for trace in figure.data for value in trace.y or () if value is not None]
    if len(values) >= FEW_POINTS:
        low, high = np.percentile(values, [1, 99])
        margin = max(high - low, 1e-6)
        if max(values) > high + margin or min(values) < low - margin:
            figure.update_yaxes(range=[low - 0.2 * margin, high + 0.2 * margin])
    return figure


def dressed(figure: go.Figure, title: str, x: str, y: str, *, height: int = HEIGHT) -> go.Figure:
    """Give a figure the common look."""
    figure.update_layout(
        title={
            "text": title,
            "font": {"size": 16, "color": palette.TEXT},
            "x": 0,
            "xref": "paper",
            "y": 1,
            "yref": "container",
            "pad": {"t": 10},
        },
        paper_bgcolor=palette.GROUND,
        plot_bgcolor=palette.PANEL,
        font={"color": palette.TEXT, "size": 13},
        margin={"l": 64, "r": 16, "t": 72, "b": 48},
        height=height,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom", "traceorder": "normal"},
        hovermode="closest",
        showlegend=True,
    )
    axis = {"gridcolor": palette.LINE, "linecolor": palette.LINE, "zerolinecolor": palette.LINE, "automargin": True}
    figure.update_xaxes(title={"text": x, "font": {"color": palette.QUIET}}, **axis)
    figure.update_yaxes(title={"text": y, "font": {"color": palette.QUIET}}, **axis)
    return figure


def label(name: object) -> str:
    """Return a name from outside as Plotly shows it letter by letter: it reads some HTML otherwise."""
    return words.clean(name).replace("&", "&amp;").replace("<", "&lt;")


def role_marker(role: str) -> dict[str, Any]:
    """Return the colour and the pattern of a role, for bars."""
    pattern = {
        "shape": palette.PATTERNS[role],
        "fillmode": "overlay",
        "fgcolor": palette.GROUND,
        "size": 7,
        "solidity": 0.25,
    }
    return {"color": palette.ROLES[role], "pattern": pattern}
