"""Gallery: up to 256 images of one set at once, from one sheet; a click or Enter picks one."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import streamlit as st

from ganaug_core.ui.shared import caches, palette

MOST = 256
COLUMNS = 16

_HTML = """
<div class="gallery">
  <div class="tiles" role="listbox" tabindex="-1"></div>
  <div class="announcement" aria-live="polite"></div>
</div>
"""
_CSS = """
.gallery { color: var(--st-text-color); font-family: var(--st-font); }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, var(--size)); gap: 6px; padding: 4px; }
.tiles button {
  width: var(--size); height: var(--size); padding: 0; border: 0; border-radius: 3px; position: relative;
  background-color: #000; background-repeat: no-repeat; image-rendering: pixelated; cursor: pointer;
}
.tiles button[aria-selected="true"] { outline: 3px solid #fff; outline-offset: 1px; }
.tiles button:focus-visible { outline: 3px dashed #fff; outline-offset: 1px; }
.tiles button[data-mark="reject"] { filter: brightness(0.55); }
.tiles i {
  position: absolute; right: 2px; top: 2px; width: 18px; height: 18px; border-radius: 9px; background: #0b0d10;
  font: 700 13px/18px var(--st-font); text-align: center;
}
.tiles i[data-mark="keep"] { color: var(--keep); }
.tiles i[data-mark="reject"] { color: var(--reject); }
.tiles i[data-mark="flag"] { color: var(--flag); }
.announcement { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
"""
MARKS = {"keep": "✓", "reject": "✕", "flag": "⚑"}
COLOURS = {"keep": palette.STATES["pass"], "reject": palette.STATES["fail"], "flag": palette.STATES["warn"]}

_component = st.components.v2.component(
    "ganaug_gallery", html=_HTML, css=_CSS, js=Path(__file__).with_name("gallery.js").read_text("utf-8")
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
