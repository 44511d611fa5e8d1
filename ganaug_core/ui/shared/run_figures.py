"""Plotly figures of a training run: losses, gradients, who wins, speed, and the discriminator's output."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from ganaug_core.ui.shared import charts, palette

LOGIT_NAMES = {"train": "training", "tuning": "tuning (unseen)", "generated": "generated"}
_LOGIT_ROLES = {"train": "train", "tuning": "tuning", "generated": "synthetic"}


def losses(history: Mapping[str, Sequence[float | None]]) -> go.Figure:
    series = {"discriminator_loss": "discriminator", "generator_loss": "generator"}
    figure = _over_time(history, series, "Losses", "loss, each game has its own scale")
    averaged = {f"{key}_average" for key in series} & history.keys()
    if averaged:  # the reports themselves step back behind their moving average
        figure.update_traces(opacity=0.3, showlegend=False)
        for trace in _over_time(history, {f"{key}_average": name for key, name in series.items()}, "", "").data:
            figure.add_trace(trace)
    return charts.without_spikes(figure)


def ratio(history: Mapping[str, Sequence[float | None]]) -> go.Figure:
    title = "Balance of the game"
    figure = _over_time(history, {"loss_ratio": "ratio"}, title, "generator / discriminator loss")
    figure.update_layout(showlegend=False)
    return figure


def separation(history: Mapping[str, Sequence[float | None]]) -> go.Figure:
    """Chance that a training image looks more real to the discriminator than a generated one."""
    percents = {**history, "separation": [share and 100 * share for share in history.get("separation", ())]}
    figure = _over_time(percents, {"separation": "separation"}, "Who wins", "% told apart, 50 is a tie")
    figure.update_traces(mode="lines+markers", connectgaps=True)
    figure.update_layout(showlegend=False)
    figure.update_yaxes(range=[0, 102])
    return figure


def gradients(history: Mapping[str, Sequence[float | None]]) -> go.Figure:
    series = {"discriminator_gradient": "discriminator", "generator_gradient": "generator"}
    figure = _over_time(history, series, "How strongly the networks are pulled", "gradient norm, logarithmic")
    norms = [norm for name in series for norm in history.get(name, ()) if norm]
    decades = math.log10(max(norms) / min(norms)) if norms else 0
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
    for side, outputs in sides.items():
        role = _LOGIT_ROLES[side]
        figure.add_histogram(
            x=outputs,
            name=LOGIT_NAMES[side],
            histnorm="percent",
            xbins={"start": low, "end": high + size, "size": size},
            opacity=0.6,
            marker=charts.role_marker(role),
        )
    figure.update_layout(barmode="overlay")
    title = f"Discriminator after {images:,} images"
    return charts.dressed(figure, title, "output: further right means “looks real”", "share of images in %")


def _over_time(
    history: Mapping[str, Sequence[float | None]], series: Mapping[str, str], title: str, axis: str
) -> go.Figure:
    figure = go.Figure()
    styles = ((palette.ROLES["train"], "solid"), (palette.ROLES["synthetic"], "dash"))
    for (key, name), (colour, dash) in zip(series.items(), styles, strict=False):
        line = {"color": colour, "width": 2, "dash": dash}
        figure.add_scatter(x=history["images"], y=history.get(key, ()), name=name, mode="lines", line=line)
    return charts.dressed(figure, title, "training images seen", axis)
