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
    <button type="button" class="again"></button>
    <button type="button" class="save"></button></div>
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


WORDS = {
    "en": {
        "again": "Other random numbers",
        "computing": "Computing …",
        "save": "Save as SVG",
        "failed": "It could not be computed. Reload the page.",
        "up": "up",
        "log": "log scale",
    },
    "zh": {
        "again": "换一组随机数",
        "computing": "正在计算 …",
        "save": "存为 SVG",
        "failed": "无法计算。请重新载入页面。",
        "up": "纵轴",
        "log": "对数刻度",
    },
}


def demonstration(name: str, figure: dict[str, Any], *, is_random: bool, language: str = "en") -> None:
    """Show a figure of `lessons.demonstrations`, told in a language; where it is random, it can be computed anew."""
    roles = {"real": palette.ROLES["train"], "synthetic": palette.ROLES["synthetic"], "plain": palette.TEXT}
    data = {"name": name, "figure": figure, "isRandom": is_random, "colours": {**_COLOURS, **roles}}
    data |= {"language": language, "words": WORDS[language]}
    _component(key=f"demonstration-{name}-{language}", data=data)
