"""Plotly figures: dark, legible, each with a title and named axes, colour never alone."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ganaug_core.records import ROLES
from ganaug_core.ui.shared import palette, words

HEIGHT = 300
CONFIG = {"displayModeBar": False, "scrollZoom": False}
LOGIT_NAMES = {"train": "training", "tuning": "tuning (unseen)", "generated": "generated"}
_LOGIT_ROLES = {"train": "train", "tuning": "tuning", "generated": "synthetic"}
FEW_POINTS = 50  # of fewer, all are shown


def show(figure: go.Figure, key: str, alt: str, live: bool = False) -> None:
    """Draw a figure; `alt` says in one sentence what it shows. A live one cannot be zoomed: each tick would undo it."""
    figure.update_layout(dragmode=False if live else "zoom")
    st.plotly_chart(figure, key=key, theme=None, config=CONFIG, alt=alt)


def class_counts(counts: Mapping[str, Mapping[str, int]]) -> go.Figure:
    """Stacked bars: images of each class by role."""
    names = [_label(name) for name in counts]
    figure = go.Figure()
    for role in ROLES:
        figure.add_bar(
            y=names,
            x=[each[role] for each in counts.values()],
            name=words.ROLES[role],
            orientation="h",
            marker=_marker(role),
            hovertemplate="%{y}: %{x} " + words.ROLES[role] + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.35)
    figure.update_yaxes(autorange="reversed")
    return dressed(figure, "Images by class and role", "number of images", "", height=140 + 44 * len(names))


def intensities(edges: np.ndarray, shares: Mapping[str, np.ndarray], unit: str) -> go.Figure:
    """Share of pixels by value in the physical unit, one line a class."""
    figure = go.Figure()
    middles = (edges[1:] + edges[:-1]) / 2
    dashes = ("solid", "dash", "dot", "dashdot")
    for index, (name, share) in enumerate(shares.items()):
        line = {"color": palette.of_class(index), "width": 2, "dash": dashes[index % len(dashes)], "shape": "hvh"}
        figure.add_scatter(x=middles, y=100 * share, name=_label(name), mode="lines", line=line)
    return dressed(figure, "How bright the pixels are", unit, "share of pixels in %", height=HEIGHT + 40)


def losses(history: Mapping[str, Sequence[float | None]]) -> go.Figure:
    series = {"discriminator_loss": "discriminator", "generator_loss": "generator"}
    figure = _over_time(history, series, "Losses", "loss, each game has its own scale")
    averaged = {f"{key}_average" for key in series} & history.keys()
    if averaged:  # the reports themselves step back behind their moving average
        figure.update_traces(opacity=0.3, showlegend=False)
        for trace in _over_time(history, {f"{key}_average": name for key, name in series.items()}, "", "").data:
            figure.add_trace(trace)
    return without_spikes(figure)


def without_spikes(figure: go.Figure) -> go.Figure:
    """Let single spikes run out at the top or bottom, so that they do not flatten the rest of the curves."""
    values = [value for trace in figure.data for value in trace.y or () if value is not None]
    if len(values) >= FEW_POINTS:
        low, high = np.percentile(values, [1, 99])
        margin = max(high - low, 1e-6)
        if max(values) > high + margin or min(values) < low - margin:
            figure.update_yaxes(range=[low - 0.2 * margin, high + 0.2 * margin])
    return figure


def ratio(history: Mapping[str, Sequence[float | None]]) -> go.Figure:
    title = "Balance of the game"
    figure = _over_time(history, {"loss_ratio": "ratio"}, title, "generator / discriminator loss")
    figure.update_layout(showlegend=False)
    return figure


def separation(history: Mapping[str, Sequence[float | None]]) -> go.Figure:
    """Chance that a training image looks more real to the discriminator than a generated one."""
    percents = {**history, "separation": [each and 100 * each for each in history.get("separation", ())]}
    figure = _over_time(percents, {"separation": "separation"}, "Who wins", "% told apart, 50 is a tie")
    figure.update_traces(mode="lines+markers", connectgaps=True)
    figure.update_layout(showlegend=False)
    figure.update_yaxes(range=[0, 102])
    return figure


def gradients(history: Mapping[str, Sequence[float | None]]) -> go.Figure:
    series = {"discriminator_gradient": "discriminator", "generator_gradient": "generator"}
    figure = _over_time(history, series, "How strongly the networks are pulled", "gradient norm, logarithmic")
    known = [each for name in series for each in history.get(name, ()) if each]
    decades = math.log10(max(known) / min(known)) if known else 0
    # ticks at whole powers, every second or third one where a run blew up by many
    figure.update_yaxes(type="log", exponentformat="power", dtick=max(1, math.ceil(decades / 6)))
    return figure


def speed(history: Mapping[str, Sequence[float | None]]) -> go.Figure:
    figure = _over_time(history, {"images_per_second": "speed"}, "Speed", "training images per second")
    figure.update_layout(showlegend=False)
    figure.update_yaxes(rangemode="tozero")
    return figure


def logits(sides: Mapping[str, Sequence[float]], images: int) -> go.Figure:
    """How real the discriminator finds training, tuning and generated images, as shares of each side."""
    figure = go.Figure()
    values = np.concatenate([np.asarray(side, float) for side in sides.values()])
    low, high = (float(values.min()), float(values.max())) if values.size else (-1.0, 1.0)
    size = max(high - low, 1e-3) / 40
    for side, found in sides.items():
        role = _LOGIT_ROLES[side]
        figure.add_histogram(
            x=found,
            name=LOGIT_NAMES[side],
            histnorm="percent",
            xbins={"start": low, "end": high + size, "size": size},
            opacity=0.6,
            marker=_marker(role),
        )
    figure.update_layout(barmode="overlay")
    title = f"Discriminator after {images:,} images"
    return dressed(figure, title, "output: further right means “looks real”", "share of images in %")


def _label(name: str) -> str:
    """Return a name from outside as Plotly shows it letter by letter: it reads some HTML otherwise."""
    return words.clean(name).replace("&", "&amp;").replace("<", "&lt;")


def _marker(role: str) -> dict[str, Any]:
    pattern = {
        "shape": palette.PATTERNS[role],
        "fillmode": "overlay",
        "fgcolor": palette.GROUND,
        "size": 7,
        "solidity": 0.25,
    }
    return {"color": palette.ROLES[role], "pattern": pattern}


def _over_time(
    history: Mapping[str, Sequence[float | None]], series: Mapping[str, str], title: str, axis: str
) -> go.Figure:
    figure = go.Figure()
    looks = ((palette.ROLES["train"], "solid"), (palette.ROLES["synthetic"], "dash"))
    for (key, name), (colour, dash) in zip(series.items(), looks, strict=False):
        line = {"color": colour, "width": 2, "dash": dash}
        figure.add_scatter(x=history["images"], y=history.get(key, ()), name=name, mode="lines", line=line)
    return dressed(figure, title, "training images seen", axis)


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
