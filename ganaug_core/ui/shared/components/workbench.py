"""Workbench: gallery and map, viewer, findings and decisions side by side, linked in the browser.

The server hears of decisions, by route, and of what only it can do; hovering, picking, filters, sorting, window and
keys need no round trip.
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from ganaug_core.ui.shared import palette
from ganaug_core.ui.shared.components import feature_map, parts, viewer

ABOVE = 66
"""Height of what stands above it on a page, in CSS pixels where letters have their usual size."""
COLOURS = {"keep": palette.STATES["pass"], "reject": palette.STATES["fail"], "flag": palette.STATES["warn"]}

_HTML = f"""
<div class="bench" style="--above: {ABOVE / 16}rem; --size: 72px; {
    " ".join(f"--{name}: {colour};" for name, colour in COLOURS.items())
}">
  <section class="left" aria-label="Gallery and map">
    <div class="bar">
      <span class="views" role="group" aria-label="View">
        <button type="button" data-view="gallery">Gallery</button>
        <button type="button" data-view="map">Map</button>
        <button type="button" data-view="both">Both</button>
      </span>
      <select name="label" aria-label="Class"></select>
      <select name="which" aria-label="Which images"></select>
      <select name="sort" aria-label="Order"></select>
      <span class="count" aria-live="polite"></span>
      <button type="button" class="showall" hidden>Show all</button>
    </div>
    <div class="stage">
      <div class="mappane">
        <p class="nomap" hidden>No map of these images was drawn in this feature space yet. The page Feature map draws
        it.</p>
        {feature_map.MAP_HTML}
        <div class="faithful"></div>
      </div>
      <div class="sections"></div>
    </div>
  </section>
  <section class="middle" aria-label="Viewer">
    {viewer.HTML}
    <div><div class="said"></div><span class="measure"></span> <span class="seen"></span></div>
  </section>
  <section class="right" aria-label="Findings and decisions">
    <h2>Findings <button type="button" class="helpbutton" aria-label="Keys">?</button></h2>
    <div class="findings"></div>
    <div class="decide">
      <p class="target"></p>
      <p class="problem" role="alert" hidden></p>
      <div class="verdicts">
        <button type="button" data-decision="keep">Keep<kbd>K</kbd></button>
        <button type="button" data-decision="reject">Reject<kbd>X</kbd></button>
        <button type="button" data-decision="flag">Flag<kbd>F</kbd></button>
      </div>
      <div class="reasons" role="group" aria-label="Reject because"></div>
      <div><input type="text" class="note" maxlength="200" placeholder="Note, kept with the next decision"
        aria-label="Note, kept with the next decision"><input type="text" class="reader" maxlength="40"
        placeholder="Reader" aria-label="Your name or initials"
        title="Your name or initials: two readers decide about the same images without seeing each other's decisions,
and the order &quot;disagreements first&quot; shows both."></div>
      <div>
        <button type="button" class="undo">Undo<kbd>U</kbd></button>
        <button type="button" class="all">Select all<kbd>A</kbd></button>
        <button type="button" class="set" title="The selected images become a set of their own: to be audited, mapped,
          saved and linked">Save as a set</button>
        <label title="After a decision the next undecided image is shown"><input type="checkbox" class="onward" checked
          > go on</label>
      </div>
      <p class="counts"></p>
    </div>
  </section>
  <dialog class="naming" aria-label="Name"><form method="dialog">
    <p></p>
    <label>Name <input type="text" name="name" maxlength="80" required></label>
    <div><button value="save" class="primary">Save</button> <button value="" formnovalidate>Cancel</button></div>
  </form></dialog>
  <dialog class="help" aria-label="Keys"><dl></dl><form method="dialog"><button>Close</button></form></dialog>
  <div class="announcement" aria-live="polite"></div>
</div>
"""
PARTS = (
    *(
        "images",
        "nearness",
        "naming",
        "selection",
        "readers",
        "decisions",
        "list",
        "tiles",
        "gallery",
        "findings",
        "pair",
        "map_pane",
    ),
    *("address", "filters", "bar", "keys", "main"),
)
_component = st.components.v2.component(
    "ganaug_workbench",
    html=_HTML,
    css="\n".join(parts.style(family) for family in ("gallery", "feature_map", "viewer", "workbench")),
    js=parts.loader(
        "workbench",
        "\n".join(
            (
                parts.script("viewer", *viewer.PARTS),
                parts.script("feature_map", *feature_map.PARTS),
                parts.script("workbench", *PARTS),
            )
        ),
    ),
)


def workbench(
    data: Mapping[str, Any],
    *,
    key: str,
    on_chosen: Callable[[], None],
    on_audit: Callable[[], None],
) -> None:
    """Show the workbench.

    Args:
        data: What `ui.shared.looking.bench.contents` returns.
        on_chosen: Called where images shall become a set; `st.session_state[key]["chosen"]` holds `name` and `images`.
        on_audit: Called where an audit is asked for.
    """
    _component(key=key, data=dict(data), on_chosen_change=on_chosen, on_audit_change=on_audit)
