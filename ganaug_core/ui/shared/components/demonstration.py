"""Demonstration: charts with one slider, all of whose positions are in the browser."""

from typing import Any

import streamlit as st

from ganaug_core.ui.shared import palette
from ganaug_core.ui.shared.components import parts

_COLOURS = {
    "ground": palette.GROUND,
    "text": palette.TEXT,
    "quiet": palette.QUIET,
    "line": palette.LINE,
    "panel": palette.PANEL,
}
_HTML = f"""
<div class="demonstration" style="{" ".join(f"--{name}: {colour};" for name, colour in _COLOURS.items())}">
  <div class="row"><span class="position"></span><input type="range" min="0" max="1" step="1">
    <button type="button" class="again">Other random numbers</button>
    <button type="button" class="save">Save as SVG</button></div>
  <p class="says" aria-live="polite"></p>
  <p class="problem" role="alert"></p>
  <div class="pictures"></div>
  <div class="charts"></div>
</div>
"""
_component = st.components.v2.component(
    "ganaug_demonstration",
    html=_HTML,
    css=parts.style("demonstration"),
    js="\n".join((parts.script("svg", "pen"), parts.script("demonstration", "axes", "main"))),
)


def demonstration(name: str, figure: dict[str, Any], *, is_random: bool) -> None:
    """Show a figure of `lessons.demonstrations`; where it is random, it can be computed anew."""
    roles = {"real": palette.ROLES["train"], "synthetic": palette.ROLES["synthetic"], "plain": palette.TEXT}
    data = {"name": name, "figure": figure, "isRandom": is_random, "colours": {**_COLOURS, **roles}}
    _component(key=f"demonstration-{name}", data=data)
