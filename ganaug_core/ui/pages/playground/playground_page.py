"""A kept game of the playground, played in the browser: all frames are in one Plotly figure."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from ganaug_core import app_root, playground
from ganaug_core.records import Floats
from ganaug_core.ui.shared import caches, charts, palette, words

FRAME_MILLISECONDS = 90


def play(name: str, title: str) -> None:
    """Show the game `assets/playground/NAME.npz` with a play button and a slider."""
    game = caches.game(str(app_root() / "assets" / "playground" / f"{name}.npz"))
    st.subheader(title)
    modes = f"{game.modes[-1]} of {game.modes_there}"
    quality = words.percent(float(game.quality[-1]))
    first, second = st.columns(2)
    first.metric("Modes reached at the end", modes, help="A mode counts once a tenth of its fair share lies in it.")
    second.metric("Points of high quality", quality, help="Within three standard deviations of the nearest mode.")
    alt = f"{title}: at the end it reaches {modes} modes, {quality} of its points are of high quality"
    st.plotly_chart(_figure(game), key=name, theme=None, config={"displayModeBar": False}, alt=alt)


def _figure(game: playground.Play) -> go.Figure:
    def cloud(points: Floats, colour: str, symbol: str, name: str, size: int) -> go.Scatter:
        marker = {"color": colour, "symbol": symbol, "size": size, "opacity": 0.75}
        return go.Scatter(x=points[:, 0], y=points[:, 1], mode="markers", name=name, marker=marker, hoverinfo="skip")

    real = cloud(game.real, palette.ROLES["train"], "square", "truth", 5)
    fakes = [cloud(frame, palette.ROLES["synthetic"], "cross", "generated", 5) for frame in game.frames]
    figure = go.Figure(
        [real, fakes[0]], frames=[go.Frame(data=[fake], traces=[1], name=str(n)) for n, fake in enumerate(fakes)]
    )
    moving = {"frame": {"duration": FRAME_MILLISECONDS, "redraw": False}, "transition": {"duration": 0}}
    jump = {"frame": {"duration": 0, "redraw": False}, "mode": "immediate", "transition": {"duration": 0}}
    steps = [
        {"args": [[str(n)], jump], "method": "animate", "label": words.count(modes, "mode")}
        for n, modes in enumerate(game.modes)
    ]
    charts.dressed(figure, "", "", "", height=520)
    limit = {"range": [-1.6, 1.6], "zeroline": False}
    figure.update_xaxes(**limit)
    figure.update_yaxes(scaleanchor="x", **limit)
    figure.update_layout(
        margin={"t": 60},
        sliders=[_slider(steps)],
        updatemenus=[
            {
                "type": "buttons",
                "direction": "left",
                "x": 0,
                "y": 1.14,
                "bgcolor": palette.LINE,
                "font": {"color": palette.TEXT},
                "showactive": False,
                "buttons": [
                    {"label": "Play", "method": "animate", "args": [None, {**moving, "fromcurrent": True}]},
                    {"label": "Pause", "method": "animate", "args": [[None], jump]},
                ],
            }
        ],
    )
    return figure


def _slider(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """The frames' labels show as the current value; below the track they would run into each other."""
    current_value = {"prefix": "Reached now: ", "font": {"size": 13, "color": palette.TEXT}}
    return {
        "steps": steps,
        "currentvalue": current_value,
        "font": {"size": 1, "color": palette.GROUND},
        "ticklen": 0,
        "minorticklen": 0,
        "pad": {"t": 36},
    }
