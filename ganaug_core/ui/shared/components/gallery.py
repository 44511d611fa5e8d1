"""Gallery: up to 256 images of one set at once, from one sheet; a click or Enter picks one."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from ganaug_core.ui.shared import caches, palette
from ganaug_core.ui.shared.components import parts

MOST = 256
COLUMNS = 16

_HTML = """
<div class="gallery">
  <div class="tiles" role="listbox" tabindex="-1" aria-label="Images"></div>
  <div class="announcement" aria-live="polite"></div>
</div>
"""
MARKS = {"keep": "✓", "reject": "✕", "flag": "⚑"}
COLOURS = {"keep": palette.STATES["pass"], "reject": palette.STATES["fail"], "flag": palette.STATES["warn"]}

_component = st.components.v2.component(
    "ganaug_gallery",
    html=_HTML,
    css=parts.style("gallery"),
    js=parts.loader("gallery", parts.script("gallery", "main")),
)


def gallery(
    kind: str,
    name: str,
    ids: Sequence[str],
    labels: Sequence[str],
    *,
    key: str,
    title: str,
    picked: str | None = None,
    marks: Mapping[str, str] | None = None,
    size: int = 72,
    on_pick: Callable[[], None] = lambda: None,
) -> str | None:
    """Show images and return the id of the one that was picked last, None before that.

    Args:
        kind: `cohorts` or `samples`.
        ids: Up to 256 ids; what is beyond is left out.
        labels: What a screen reader says of each image; shown as text, never as markup.
        title: What the images are, for a screen reader.
        picked: Id that gets the ring, if another part of the page chose it.
        marks: Decision (`keep`, `reject`, `flag`) by id, shown as a sign and a colour.
        size: Edge of a tile on the screen in CSS pixels.
        on_pick: Called before the page runs again; `st.session_state[key]["picked"]` holds the id.
    """
    shown = list(ids[:MOST])
    columns = min(COLUMNS, max(1, len(shown)))
    sheet = f"/api/sprite/{kind}/{caches.artefact(kind, name)}.png?tile=64&columns={columns}&ids={','.join(shown)}"
    state = _component(
        key=key,
        data={
            "ids": shown,
            "labels": list(labels[:MOST]),
            "sheet": sheet,
            "columns": columns,
            "size": size,
            "title": title,
            "picked": picked,
            "marks": {image: mark for image, mark in (marks or {}).items() if image in set(shown)},
            "signs": MARKS,
            "colours": COLOURS,
        },
        on_picked_change=on_pick,
    )
    picked_image: str | None = state.picked
    return picked_image
