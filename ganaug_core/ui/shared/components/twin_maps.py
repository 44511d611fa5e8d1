"""Twin maps: two maps of one cohort side by side; what is pointed at on one is seen on the other."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from ganaug_core.records import Map
from ganaug_core.ui.shared.components import feature_map, parts

ABOVE = 66
"""Height of what stands above it on a page, in CSS pixels."""

_SIDE = f"""
  <section class="side"><h2></h2>{feature_map.MAP_HTML}<p class="faithful"></p></section>
"""
_HTML = f"""
<div class="twins" style="--above: {ABOVE}px">
  <p class="said" aria-live="polite"></p>
  <div class="sides">{_SIDE}{_SIDE}</div>
</div>
"""
_component = st.components.v2.component(
    "ganaug_twin_maps",
    html=_HTML,
    css="\n".join(parts.style(family) for family in ("feature_map", "twin_maps")),
    js=parts.loader(
        "twin_maps",
        "\n".join((parts.script("feature_map", *feature_map.PARTS), parts.script("twin_maps", "links", "main"))),
    ),
)


@dataclass(frozen=True)
class Side:
    """A map with its name in the workspace, what it is called here, and how far it is faithful, in words."""

    map: Map
    name: str
    title: str
    says: str


def twin_maps(left: Side, right: Side, *, key: str) -> None:
    """Show two maps of one cohort; nothing comes back."""
    _component(key=key, data={"sides": [_side(left), _side(right)]})


def _side(side: Side) -> dict[str, Any]:
    return {
        **feature_map.points(side.map, side.name),
        **feature_map.looks(side.map.cohort, side.map.synthetic),
        "title": side.title,
        "says": side.says,
    }
