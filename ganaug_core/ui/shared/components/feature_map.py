"""Feature map: every image a point. Hover shows it beside its nearest training one, a click picks, a lasso gathers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ganaug_core.records import ROLES, Floats, Map
from ganaug_core.ui.shared import caches, palette, words

_HTML = """
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
  <div class="missing" hidden>
    <p>Share of each missing group among the synthetic and among the real images of its class. Click one to see it.</p>
    <div class="groups" role="group" aria-label="Missing groups"></div>
  </div>
</div>
"""
_CSS = """
.map { color: var(--st-text-color); font-family: var(--st-font); font-size: 14px; }
.toolbar, .legend > div { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 6px; align-items: center; }
.legend { display: flex; flex-wrap: wrap; gap: 0 24px; }
button {
  background: var(--st-secondary-background-color); color: inherit; border: 1px solid var(--st-border-color);
  border-radius: 6px; padding: 3px 10px; font: inherit; cursor: pointer; display: inline-flex; gap: 6px;
  align-items: center;
}
button[aria-pressed="true"] { border-color: #fff; box-shadow: inset 0 0 0 1px #fff; }
.legend button { border-color: transparent; background: none; box-shadow: none; padding: 2px 6px; }
.legend button[aria-pressed="false"] { opacity: 0.65; text-decoration: line-through; }
.legend svg { width: 14px; height: 14px; }
button:focus-visible, .overlay:focus-visible { outline: 2px solid #fff; outline-offset: 1px; }
.canvases {
  position: relative; height: var(--height); background: #0b0d10; border: 1px solid var(--st-border-color);
  border-radius: 6px; overflow: hidden;
}
.canvases canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
.overlay { touch-action: none; cursor: grab; }
.overlay[data-mode="lasso"] { cursor: crosshair; }
.card {
  position: absolute; display: none; gap: 8px; padding: 8px; border-radius: 6px; pointer-events: none;
  background: #15191e; border: 1px solid #4a535c;
}
.card figure { margin: 0; width: 128px; }
.card b { align-self: center; }
.card img { width: 128px; height: 128px; object-fit: contain; background: #000; image-rendering: pixelated; }
.card span { display: block; font-size: 12px; line-height: 1.3; min-height: 2.6em; }
.announcement { min-height: 1.4em; }
.groups { display: grid; grid-template-columns: repeat(auto-fill, minmax(17em, 1fr)); gap: 4px; }
.missing p { margin: 0 0 6px; }
.groups button { white-space: pre; }
"""

# a component has one script: the parts are declarations, and `main` exports what Streamlit calls
_PARTS = ("canvas", "points", "groups", "overlays", "card", "toolbar", "pointer", "main")
_JS = "\n".join((Path(__file__).parent / "feature_map_parts" / f"{part}.js").read_text("utf-8") for part in _PARTS)

_component = st.components.v2.component("ganaug_feature_map", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True)
class Lasso:
    """A loop drawn round points: `corners` (k, 2) in map units, and the layers that were visible inside it."""

    corners: Floats
    roles: tuple[int, ...]
    labels: tuple[int, ...]

    def inside(self, map_: Map) -> NDArray[np.int64]:
        """Return the rows of the visible points inside: a ray from them to the right crosses an odd number of edges."""
        across, up = np.asarray(map_.positions, np.float64).T
        within = np.zeros(len(across), bool)
        ends = np.roll(self.corners, -1, axis=0)
        for (x1, y1), (x2, y2) in zip(self.corners.tolist(), ends.tolist(), strict=True):
            if y1 != y2:
                within ^= ((y1 > up) != (y2 > up)) & (across < (x2 - x1) * (up - y1) / (y2 - y1) + x1)
        visible = np.isin(map_.roles, self.roles) & np.isin(map_.labels, self.labels)
        return np.flatnonzero(within & visible)


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
    picked: str | None = None,
    chosen: Sequence[str] = (),
    links: Sequence[tuple[str, str]] = (),
    groups: Sequence[Group] = (),
    show_links: bool = False,
    show_groups: bool = False,
    opened: int | None = None,
    gathers: bool = True,
    height: int = 560,
    on_pick: Callable[[], None] = lambda: None,
    on_lasso: Callable[[], None] = lambda: None,
    on_group: Callable[[], None] = lambda: None,
) -> tuple[str | None, Lasso | None]:
    """Show a map and return the id picked last and the loop drawn last, None where there is none.

    Args:
        map_: With the names that cohort and samples have now.
        name: Name of the map in the workspace, for the routes.
        picked: Id that gets the ring.
        chosen: Ids that get a small ring, those of the last lasso.
        links: Synthetic and training ids of suspected copies.
        groups: Groups of real images that the generator makes too rarely.
        show_links: Whether the links are visible at first.
        show_groups: Whether the groups are visible at first.
        opened: Place of the group that stands out at first.
        gathers: Whether there is a lasso.
        on_pick, on_lasso, on_group: Called before the page runs again; `st.session_state[key]` holds `picked`,
            `lasso`, and `group`, the place of the group that was opened.
    """
    state = _component(
        key=key,
        data={
            "name": name,
            "points": f"/api/map/{caches.artefact('maps', name)}.bin",
            "count": len(map_.ids),
            "images": {
                "real": f"/api/image/cohorts/{caches.artefact('cohorts', map_.cohort)}/",
                "synthetic": f"/api/image/samples/{caches.artefact('samples', map_.synthetic)}/",
            },
            "roles": [words.ROLES[role] for role in (*ROLES, "synthetic")],
            "classes": [words.clean(name) for name in map_.classes],
            "colours": [palette.of_class(label) for label in range(len(map_.classes))],
            "picked": picked,
            "chosen": list(chosen),
            "links": [list(link) for link in links],
            "groups": [{"says": group.says, "members": list(group.members)} for group in groups],
            "opened": opened,
            "shown": {"links": show_links, "groups": show_groups},
            "gathers": gathers,
            "height": height,
        },
        on_picked_change=on_pick,
        on_lasso_change=on_lasso,
        on_group_change=on_group,
    )
    return state.picked, lasso_of(state.lasso)


def lasso_of(message: Mapping[str, Any] | None) -> Lasso | None:
    """Return what the browser sent as a loop, None for nothing and for what cannot be one."""
    if not message:
        return None
    try:
        corners = np.asarray(message["corners"], np.float32).reshape(-1, 2)
        layers = [tuple(int(number) for number in message[layer]) for layer in ("roles", "labels")]
    except (KeyError, TypeError, ValueError):
        return None
    return Lasso(corners, *layers) if 3 <= len(corners) <= 256 and np.isfinite(corners).all() else None
