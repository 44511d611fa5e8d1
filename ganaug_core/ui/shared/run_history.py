"""How a run went: how good it is, its samples over time, and its curves; live ones keep up."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from PIL import Image

from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import runs
from ganaug_core.server.images import as_png
from ganaug_core.ui.shared import caches, charts, run_figures, run_quality, show, words

CHART_SECONDS = 4.0
SHEET_WIDTH = 900


def show_history(name: str, *, live: bool = False, frozen: bool = False) -> None:
    """Show how good a run is, its samples and its curves; drawn anew now and then while it is live and not frozen."""
    st.fragment(_history, run_every=CHART_SECONDS if live and not frozen else None)(name, live)


def _history(name: str, live: bool) -> None:
    with show.guarded():
        workspace = caches.workspace()
        curves = runs.history(workspace, name)
        sheets = runs.previews(workspace, name)
        if not curves["images"] and not sheets:
            st.text("The first images and curves come within a minute." if live else "This run has not drawn anything.")
            return
        run_quality.say(name, live)
        images = _previews(name, sheets) if sheets else curves["images"][-1]
        draw = partial(_curves, name, curves, int(images or 0), live)
        if live:
            st.header("How the training went")
            draw()
        else:
            show.folded("How the training went", draw, icon=":material/show_chart:", key=f"curves-{name}")


def _curves(name: str, curves: Mapping[str, Sequence[Any]], images: int, live: bool) -> None:
    left, right = st.columns(2)
    if curves["images"]:
        with left:
            charts.show(
                run_figures.losses(curves), f"losses-{name}", "Losses of both networks over the images seen", live
            )
            charts.show(run_figures.gradients(curves), f"gradients-{name}", "Gradient norms over the images seen", live)
            if _has_points(curves, "loss_ratio"):
                alt = "The generator's loss over the discriminator's, moving averages"
                charts.show(run_figures.ratio(curves), f"ratio-{name}", alt, live)
    with right:
        _logits(name, images, live)
        if curves["images"]:
            if _has_points(curves, "separation"):
                alt = "How well the discriminator tells training from generated images"
                charts.show(run_figures.separation(curves), f"separation-{name}", alt, live)
            charts.show(run_figures.speed(curves), f"speed-{name}", "Training images per second", live)


def _has_points(curves: Mapping[str, Sequence[float | None]], key: str) -> bool:
    """Say whether a curve has points; runs of older versions lack some, and an empty plot tells nothing."""
    return any(value is not None for value in curves.get(key, ()))


def _previews(name: str, sheets: list[tuple[int, Path]]) -> int:
    """Show the sample grid, class by class, with its time scrubber, and return the moment that is shown."""
    st.header("What it draws")
    moments = [images for images, _ in sheets]
    key, newest = f"moment-{name}", f"newest-{name}"
    if st.session_state.get(key) in (None, st.session_state.get(newest)) or st.session_state[key] not in moments:
        st.session_state[key] = moments[-1]  # who looks at the newest goes on looking at the newest
    st.session_state[newest] = moments[-1]
    if len(moments) > 1:
        _scrubber(key, moments)
    chosen: int = st.session_state[key]
    run = runs.state(caches.workspace(), name)
    classes: tuple[str, ...] = ()
    with suppress(WorkspaceError):  # a damaged cohort does not hide the run
        classes = caches.cohort(run.present_cohort).classes if run.present_cohort else ()
    st.text("The same random starting points at every moment.")
    rows = enlarged_rows(dict(sheets)[chosen], max(1, len(classes)))
    for number, row in enumerate(rows):
        left, right = st.columns([1, 8], vertical_alignment="center")
        left.text(words.clean(classes[number]) if classes else "")
        of_class = f" of {words.clean(classes[number])}" if classes else ""
        right.image(row, output_format="PNG", alt=f"Generated images{of_class} after {chosen:,} training images")
    return chosen


def _scrubber(key: str, moments: list[int]) -> None:
    """Let the reader choose a moment, also step by step."""
    back, slider, on = st.columns([2, 12, 2], vertical_alignment="bottom")
    slider.select_slider("After this many training images", moments, key=key, format_func=lambda images: f"{images:,}")
    place = moments.index(st.session_state[key])
    for column, step, icon, says in (
        (back, -1, "chevron_left", "One back"),
        (on, 1, "chevron_right", "One on"),
    ):
        target = place + step
        column.button(
            says,
            key=f"{key}-{step}",
            icon=f":material/{icon}:",
            width="stretch",
            disabled=not 0 <= target < len(moments),
            on_click=_choose,
            args=(key, moments[min(max(target, 0), len(moments) - 1)]),
        )


def _choose(key: str, moment: int) -> None:
    st.session_state[key] = moment


def _logits(name: str, images: int, live: bool) -> None:
    """Draw the discriminator's outputs at the moment of the shown grid."""
    records = runs.logits(caches.workspace(), name)
    if not records:
        return
    nearest = min(records, key=lambda record: abs(record["images"] - images))
    sides = {side: nearest[side] for side in run_figures.LOGIT_NAMES if nearest.get(side)}
    if sides:
        alt = "Histograms of the discriminator's output for training, tuning and generated images"
        charts.show(run_figures.logits(sides, nearest["images"]), f"logits-{name}", alt, live)


def enlarged_rows(path: Path, rows: int) -> list[bytes]:
    """Return the rows of a grid, enlarged by the same whole number; all in one where they do not come out even."""
    with Image.open(path) as sheet:
        if sheet.height % rows:
            return [enlarged(path)]
        factor, tall = max(1, round(SHEET_WIDTH / sheet.width)), sheet.height // rows
        strips = [sheet.crop((0, tall * row, sheet.width, tall * (row + 1))) for row in range(rows)]
        size = sheet.width * factor, tall * factor
        return [as_png(strip.resize(size, Image.Resampling.NEAREST)) for strip in strips]


def enlarged(path: Path) -> bytes:
    """Return a grid with its pixels enlarged by a whole number, so that none is invented."""
    with Image.open(path) as sheet:
        factor = max(1, round(SHEET_WIDTH / sheet.width))
        return as_png(sheet.resize((sheet.width * factor, sheet.height * factor), Image.Resampling.NEAREST))
