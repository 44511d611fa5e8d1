"""Playground: two games in the plane side by side, set, played and drawn in the browser.

The server plays them by route; Streamlit hears of nothing, so that a click costs no round trip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import streamlit as st

from ganaug_core.playground import Game
from ganaug_core.playground.settings import Points
from ganaug_core.playground.targets import MOST_DRAWN, REACH
from ganaug_core.ui.shared import palette
from ganaug_core.ui.shared.components import parts

_TABLE = """
  <section class="table" aria-label="Side {name}">
    <h2>{name} <span class="says" aria-live="off"></span>{extra}</h2>
    <div class="settings"></div>
    <p class="problem" role="alert"></p>
    <div class="views">
      <canvas class="plane" role="img" aria-label="The plane of side {name}"></canvas>
      <div>
        <canvas class="optimum" role="img" aria-label="Best discriminator of side {name}"></canvas>
        <p><b>D* = p / (p + q)</b>, the best answer of a discriminator now, both sides smoothed a little.</p>
        <p class="key"><i class="square"></i> truth <i class="cross">+</i> generated. The ground has the
        colour of what the discriminator takes a place for.</p>
      </div>
    </div>
    <div class="charts"></div>
  </section>
"""
_COLOURS = {
    "ground": palette.GROUND,
    "text": palette.TEXT,
    "quiet": palette.QUIET,
    "line": palette.LINE,
    "panel": palette.PANEL,
    "differs": palette.CLASSES[3],
    "train": palette.ROLES["train"],
    "synthetic": palette.ROLES["synthetic"],
}
NO_TEXTS: Mapping[str, str] = MappingProxyType({})
PARTS = ("language", "address", "stream", "plane", "charts", "says", "settings", "goal", "drawing", "main")
_HTML = f"""
<div class="playground" style="{" ".join(f"--{name}: {colour};" for name, colour in _COLOURS.items())}">
  <div class="bar">
    <button type="button" class="play">Play</button>
    <button type="button" class="one">One step</button>
    <button type="button" class="restart">Restart</button>
    <input type="range" class="moment" min="0" max="1" value="0" aria-label="Moment of the game">
    <span class="step"></span>
    <span class="shows" role="group" aria-label="What is shown">
      <label><input type="checkbox" name="truth"> truth</label>
      <label><input type="checkbox" name="field"> discriminator</label>
      <label><input type="checkbox" name="arrows"> gradient</label>
      <label><input type="checkbox" name="grid"> latent grid</label>
    </span>
    <button type="button" class="draw">Draw a truth</button>
    <button type="button" class="save">Save as SVG</button>
  </div>
  <p class="differ" aria-live="polite"></p>
  <p class="goal" aria-live="polite"></p>
  <div class="tables">
    {_TABLE.format(name="A", extra="")}
    {_TABLE.format(name="B", extra='<button type="button" class="same">Set like A</button>')}
  </div>
</div>
"""
_component = st.components.v2.component(
    "ganaug_playground",
    html=_HTML,
    css=parts.style("playground"),
    js="\n".join(
        (
            parts.script("svg", "pen"),
            parts.script("playground", *PARTS),
        )
    ),
)


def playground(
    games: Sequence[Game],
    settings: Sequence[Mapping[str, Any]],
    *,
    key: str,
    dot: int = 5,
    plain: bool = False,
    goal: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] = NO_TEXTS,
) -> None:
    """Show two games.

    Args:
        games: What both sides play where the address says nothing.
        settings: What can be set: `name`, `title`, `says`, and `choices` as pairs of value and text.
        dot: Size of a point in CSS pixels.
        plain: They are shown as they are, and nothing can be set.
        goal: Side A stays, and side B is to lose the sign of failure (`curve`, `last`, `below`, `above`) by one change;
            `words` say how far it is.
        texts: What the component's own texts are in another language, see `lessons.translation`.
    """
    usual = {name: value for name, value in asdict(Game()).items() if name != "drawn"}
    _component(
        key=key,
        data={
            "games": [{**asdict(game), "drawn": link(game.drawn)} for game in games],
            "usual": usual,
            "settings": [dict(setting) for setting in settings],
            "colours": _COLOURS,
            "reach": REACH,
            "mostDrawn": MOST_DRAWN,
            "dot": dot,
            "plain": plain,
            "goal": dict(goal) if goal else None,
            "texts": dict(texts),
        },
    )


def link(points: Points) -> str:
    """Return drawn points as a link says them."""
    return "*".join(f"{x:g}_{y:g}" for x, y in points)
