"""Explorer: images of a generator changed by hand, and the nearest it can come to a real one.

The browser says what it wants to see as recipes, and a route answers with pixels; Streamlit hears only of a set that
shall be kept and of a real image that shall be searched for.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ganaug_core.ui.shared.components import parts, viewer

ABOVE = 66
"""Height of what stands above it on a page, in CSS pixels."""

_HTML = f"""
<div class="explorer" style="--above: {ABOVE}px">
  <section class="begin-with" aria-label="Images to start from">
    <h2>Images to start from</h2>
    <div class="row"><select class="label" aria-label="Class"></select>
      <button type="button" class="others">Other images</button></div>
    <p class="waiting" aria-live="polite"></p>
    <div class="shelf"></div>
  </section>
  <section class="change" aria-label="What to do">
    <div class="toolbuttons" role="group" aria-label="What to do"></div>
    <p class="says"></p>
    <div class="slots"></div>
    <p class="problem" role="alert" hidden></p>
    <p class="needs" hidden></p>
    <div class="results" tabindex="-1"></div>
    <label class="way" hidden>Slowly <input type="range" aria-label="Slowly from left to right"></label>
    <div class="realpane" hidden>
      <div class="row realbar"></div>
      <div class="reals"></div>
      <div class="row"><button type="button" class="search primary">Search for the nearest</button></div>
      <p class="foundtext" aria-live="polite"></p>
    </div>
  </section>
  <section class="look" aria-label="What was found">
    {viewer.HTML}
    <div class="row">
      <button type="button" class="keep">Keep<kbd> K</kbd></button>
      <button type="button" class="begin" title="It becomes the image that the tools change.">Go on from it</button>
      <button type="button" class="save primary" disabled>Save as a set</button>
      <span class="count" aria-live="polite"></span>
    </div>
    <div class="kept" role="group" aria-label="Kept images"></div>
  </section>
  <dialog class="naming" aria-label="Save as a set"><form method="dialog">
    <p>The kept images become a set of samples, which remembers how each was made.</p>
    <label>Name <input type="text" name="name" maxlength="80" required></label>
    <div><button value="save" class="primary">Save</button> <button value="" formnovalidate>Cancel</button></div>
  </form></dialog>
</div>
"""
PARTS = ("recipes", "drawing", "tools", "slots", "results", "kept", "real", "main")
_component = st.components.v2.component(
    "ganaug_explorer",
    html=_HTML,
    css="\n".join(parts.style(family) for family in ("viewer", "explorer")),
    js=parts.loader("explorer", "\n".join((parts.script("viewer", *viewer.PARTS), parts.script("explorer", *PARTS)))),
)


def explorer(data: Mapping[str, Any], *, key: str) -> tuple[dict[str, Any] | None, str | None]:
    """Show the explorer; return a set that shall be kept, with `name` and `recipes`, and a real image to search for.

    Args:
        data: What `ui.pages.explore.explore_page.contents` returns.
    """
    state = _component(key=key, data=dict(data), on_chosen_change=lambda: None, on_search_change=lambda: None)
    chosen: dict[str, Any] | None = state.chosen
    return chosen, str(state.search["image"]) if state.search else None
