"""Viewer: images side by side in one window, with the value in the unit under the cursor."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from ganaug_core.ui.shared import caches

WINDOWS: dict[str, dict[str, tuple[float, float]]] = {
    "HU": {
        "Soft tissue": (40, 400),
        "Liver": (60, 160),
        "Lung": (-600, 1500),
        "Bone": (400, 1800),
        "Brain": (40, 80),
    }
}

_HTML = """
<div class="viewer">
  <div class="toolbar" role="toolbar" aria-label="Window"></div>
  <div class="panels"></div>
  <label class="scroller" hidden><output>Slice</output><input type="range" min="0" step="1" aria-label="Slice"></label>
  <div class="footer"><output class="window" aria-live="polite"
    title="Level: the value that is shown as middle grey. Width: how many values lie between black and white."
    ></output>
    <span class="hint">Drag sideways: width. Drag up or down: level. Arrow keys do the same.</span></div>
</div>
"""
_CSS = """
.viewer { container-type: inline-size; color: var(--st-text-color); font-family: var(--st-font); font-size: 14px; }
.toolbar { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 8px; align-items: center; }
.toolbar button {
  background: var(--st-secondary-background-color); color: inherit; border: 1px solid var(--st-border-color);
  border-radius: 6px; padding: 4px 10px; font: inherit; cursor: pointer;
}
.toolbar button[aria-pressed="true"] { border-color: #fff; box-shadow: inset 0 0 0 1px #fff; }
.toolbar button:focus-visible, canvas:focus-visible { outline: 2px solid #fff; outline-offset: 1px; }
.toolbar .gap { flex: 1; }
.panels { display: grid; grid-template-columns: repeat(var(--count), minmax(0, 1fr)); gap: 4px 12px; }
@container (max-width: 760px) { .panels[data-count="4"] { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
figure { margin: 0; min-width: 0; max-width: 440px; display: grid; grid-row: span 3; grid-template-rows: subgrid; }
figure canvas {
  width: 100%; aspect-ratio: var(--aspect); display: block; background: #000; cursor: crosshair; touch-action: none;
}
.pixelated canvas { image-rendering: pixelated; }
.framed { position: relative; min-width: 0; align-self: start; border: 1px solid var(--st-border-color); }
.ruler {
  position: absolute; left: 10px; bottom: 10px; border: solid #fff; border-width: 0 1px 2px; height: 6px;
  box-sizing: border-box; font-size: 12px; line-height: 1; color: #fff; text-shadow: 0 0 3px #000, 0 0 3px #000;
  white-space: nowrap; display: flex; align-items: end; justify-content: center; padding-bottom: 4px;
  pointer-events: none;
}
.scroller { display: flex; gap: 12px; align-items: center; margin-top: 4px; max-width: 440px; }
.scroller[hidden] { display: none; }
.scroller input { flex: 1; accent-color: #1f7ac3; }
.scroller output { min-width: 8em; font-variant-numeric: tabular-nums; }
figcaption { margin-bottom: 4px; font-weight: 600; }
figcaption small { display: block; font-weight: 400; opacity: 0.8; font-size: 13px; }
.value { display: block; min-height: 1.4em; font-variant-numeric: tabular-nums; }
.footer { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-top: 6px; }
.hint { opacity: 0.75; }
"""

_component = st.components.v2.component(
    "ganaug_viewer", html=_HTML, css=_CSS, js=Path(__file__).with_name("viewer.js").read_text("utf-8")
)


class Panel(NamedTuple):
    """One image: `kind` is `cohorts` or `samples`, `title` what it is, `note` a second line, `help` on hover."""

    kind: str
    name: str
    id: str
    title: str
    note: str = ""
    help: str = ""


def start_window(unit: str, modality: str) -> str:
    """Return the name of the window that a reader of such images would open: MR has no unit, so percentiles."""
    if unit == "HU":
        return "Soft tissue"
    return "percentiles" if modality == "MR" else "full"


def viewer(
    panels: Sequence[Panel],
    *,
    key: str,
    unit: str,
    scale: tuple[float, float],
    series: Sequence[Panel] = (),
    index: int = 0,
    behind: str = "Slice",
    start: str = "full",
    clipped: tuple[bool, bool] = (False, False),
    difference: bool = False,
    movement: Sequence[float] | None = None,
    windows: Mapping[str, tuple[float, float]] | None = None,
) -> None:
    """Show images that share one window; nothing comes back.

    Args:
        unit: Unit of the values; `HU` brings its usual windows, others full range and percentiles.
        scale: Low and high value of the cohort's range, for images whose own unit is not known.
        series: Images behind each other, of which one at a time is the first panel; `index` is the first to show,
            `behind` what each is called.
        start: Window of the first look: one of `windows`, `percentiles` (1 to 99) or `full`.
        clipped: Values below, and above, the range were set to its ends at import.
        difference: Add the difference of the first two, grey where they are equal.
        movement: What lays the second image on the first before they are subtracted, as `records.MOVEMENT` names
            it; without it they are subtracted as they are.
        windows: Level and width by name, instead of those of the unit.
    """
    _component(
        key=key,
        data={
            "panels": [_panel(panel) for panel in panels],
            "series": [_panel(panel) for panel in series] or None,
            "index": index,
            "behind": behind,
            "start": start,
            "clipped": list(clipped),
            "difference": difference and len(panels) + bool(series) > 1,
            "movement": list(movement) if movement is not None else None,
            "unit": unit,
            "scale": list(scale),
            "windows": windows if windows is not None else WINDOWS.get(unit, {}),
        },
    )


def _panel(panel: Panel) -> dict[str, str]:
    """Return what the browser needs of an image."""
    address = f"/api/pixels/{panel.kind}/{caches.artefact(panel.kind, panel.name)}/{panel.id}"
    return {"id": panel.id, "title": panel.title, "note": panel.note, "help": panel.help, "pixels": address}
