"""Feature map: every image a point. Hover shows it beside its nearest training one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ganaug_core.records import ROLES, Map
from ganaug_core.ui.shared import caches, palette, words
from ganaug_core.ui.shared.components import parts

MAP_HTML = """
<div class="map">
  <div class="toolbar" role="toolbar" aria-label="Map tools"></div>
  <div class="legend"><div class="roles" role="group" aria-label="Layers by role"></div>
    <div class="classes" role="group" aria-label="Layers by class"></div></div>
  <div class="canvases">
    <canvas class="points"></canvas>
    <canvas class="overlay" tabindex="0" role="application"></canvas>
    <div class="card"><figure><img alt=""><span></span></figure><b aria-hidden="true">↔</b>
      <figure><img alt=""><span></span></figure></div>
  </div>
  <div class="announcement" aria-live="polite"></div>
</div>
"""
_MISSING = """
<div class="missing" hidden>
  <p>Share of each missing group among the synthetic and among the real images of its class. Click one to see it.</p>
  <div class="groups" role="group" aria-label="Missing groups"></div>
</div>
"""

PARTS = ("canvas", "points", "groups", "overlays", "neighbourhoods", "moments", "card", "toolbar", "pointer", "map")
"""What draws a map wherever it stands; the workbench has them too."""
_component = st.components.v2.component(
    "ganaug_feature_map",
    html=f"{MAP_HTML.rstrip().removesuffix('</div>')}{_MISSING}</div>",
    css=parts.style("feature_map"),
    js=parts.loader("map", parts.script("feature_map", *PARTS, "main")),
)


@dataclass(frozen=True)
class Group:
    """Points that belong together, and what to say about them."""

    says: str
    members: tuple[str, ...]


def feature_map(
    map_: Map,
    name: str,
    *,
    key: str,
    links: Sequence[tuple[str, str]] = (),
    groups: Sequence[Group] = (),
    show_links: bool = False,
    show_groups: bool = False,
    height: int = 560,
) -> None:
    """Show a map to look at; nothing comes back.

    Args:
        map_: With the names that cohort and samples have now.
        name: Name of the map in the workspace, for the routes.
        links: Synthetic and training ids of suspected copies.
        groups: Groups of real images that the generator makes too rarely.
        show_links: Whether the links are visible at first.
        show_groups: Whether the groups are visible at first.
    """
    _component(
        key=key,
        data={
            **points(map_, name),
            **looks(map_.cohort, map_.synthetic),
            "picked": None,
            "chosen": [],
            "links": [list(link) for link in links],
            "groups": [{"says": group.says, "members": list(group.members)} for group in groups],
            "shown": {"links": show_links, "groups": show_groups},
            "gathers": False,
            "height": height,
        },
    )


def points(map_: Map, name: str) -> dict[str, Any]:
    """Return where a browser finds the points of a map."""
    return {"points": f"/api/map/{caches.artefact('maps', name)}.bin", "count": len(map_.ids)}


def looks(cohort: str, samples: str) -> dict[str, Any]:
    """Return what a browser needs to show images of both sides: addresses, names and colours of roles and classes."""
    classes = caches.cohort(cohort).classes
    return {
        "images": {
            "real": f"/api/image/cohorts/{caches.artefact('cohorts', cohort)}/",
            "synthetic": f"/api/image/samples/{caches.artefact('samples', samples)}/",
        },
        "roles": [words.ROLES[role] for role in (*ROLES, "synthetic")],
        "classes": [words.clean(name) for name in classes],
        "colours": [palette.of_class(label) for label in range(len(classes))],
    }
