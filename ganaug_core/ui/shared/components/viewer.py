"""Viewer: images side by side in one window, with the value in the unit under the cursor."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from ganaug_core.ui.shared import caches
from ganaug_core.ui.shared.components import parts

WINDOWS: dict[str, dict[str, tuple[float, float]]] = {
    "HU": {
        "Soft tissue": (40, 400),
        "Liver": (60, 160),
        "Lung": (-600, 1500),
        "Bone": (400, 1800),
        "Brain": (40, 80),
    }
}

HTML = """
<div class="viewer">
  <div class="toolbar" role="toolbar" aria-label="Window"></div>
  <div class="panels"></div>
  <label class="scroller" hidden><output>Slice</output><input type="range" min="0" step="1" aria-label="Slice"></label>
  <div class="footer"><output class="window" aria-live="polite"
    title="Level: the value that is shown as middle grey. Width: how many values lie between black and white."
    ></output>
    <span class="hint">Drag sideways: width. Drag up or down: level. Arrow keys do the same. Ctrl and wheel: zoom.
    Shift and drag: move.</span></div>
</div>
"""

PARTS = ("pixels", "window", "alignment", "panels", "view_pointer", "view")
"""What shows images wherever it stands; the workbench has them too."""
_component = st.components.v2.component(
    "ganaug_viewer",
    html=HTML,
    css=parts.style("viewer"),
    js=parts.loader("viewer", parts.script("viewer", *PARTS, "main")),
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
