"""How a run went: its samples over time, its curves, and what its checkpoints are worth; live ones keep up."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import streamlit as st
from PIL import Image

from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import runs
from ganaug_core.server.images import as_png
from ganaug_core.ui.shared import caches, charts, checkpoint_measurements, run_figures, show, words

CHART_SECONDS = 4.0
SHEET_WIDTH = 900


def show_history(name: str, *, live: bool = False, frozen: bool = False) -> None:
    """Show the samples over time and the curves of a run; drawn anew now and then while it is live and not frozen."""
    st.fragment(_history, run_every=CHART_SECONDS if live and not frozen else None)(name, live)


def _history(name: str, live: bool) -> None:
    with show.guarded():
        workspace = caches.workspace()
        curves = runs.history(workspace, name)
        sheets = runs.previews(workspace, name)
        if not curves["images"] and not sheets:
            st.text("The first images and curves come within a minute." if live else "This run has not drawn anything.")
            return
        images = _previews(name, sheets, live) if sheets else curves["images"][-1]
        left, right = st.columns(2)
        if curves["images"]:
            with left:
                charts.show(
                    run_figures.losses(curves), f"losses-{name}", "Losses of both networks over the images seen", live
                )
                charts.show(
                    run_figures.gradients(curves), f"gradients-{name}", "Gradient norms over the images seen", live
                )
                if _has_points(curves, "loss_ratio"):
                    alt = "The generator's loss over the discriminator's, moving averages"
                    charts.show(run_figures.ratio(curves), f"ratio-{name}", alt, live)
        with right:
            _logits(name, int(images or 0), live)
            if curves["images"]:
                if _has_points(curves, "separation"):
                    alt = "How well the discriminator tells training from generated images"
                    charts.show(run_figures.separation(curves), f"separation-{name}", alt, live)
                charts.show(run_figures.speed(curves), f"speed-{name}", "Training images per second", live)
        checkpoint_measurements.checkpoints(name, live)


def _has_points(curves: Mapping[str, Sequence[float | None]], key: str) -> bool:
    """Say whether a curve has points; runs of older versions lack some, and an empty plot tells nothing."""
    return any(value is not None for value in curves.get(key, ()))


def _previews(name: str, sheets: list[tuple[int, Path]], live: bool) -> int:
    """Show the sample grid with its time scrubber, and return the moment that is shown."""
    st.subheader("What it draws")
    moments = [images for images, _ in sheets]
    key, newest = f"moment-{name}", f"newest-{name}"
    if st.session_state.get(key) in (None, st.session_state.get(newest)) or st.session_state[key] not in moments:
        st.session_state[key] = moments[-1]  # who looks at the newest goes on looking at the newest
    st.session_state[newest] = moments[-1]
    if len(moments) > 1:
        st.select_slider("After this many training images", moments, key=key, format_func=lambda images: f"{images:,}")
    chosen: int = st.session_state[key]
    run = runs.state(caches.workspace(), name)
    classes: tuple[str, ...] = ()
    with suppress(WorkspaceError):  # a damaged cohort does not hide the run
        classes = caches.cohort(run.present_cohort).classes if run.present_cohort else ()
    rows = f", from top to bottom: {', '.join(words.clean(class_name) for class_name in classes)}" if classes else ""
    st.text(f"The same random starting points at every moment. Each row is a class{rows}.")
    st.image(
        enlarged(dict(sheets)[chosen]), output_format="PNG", alt=f"Generated images after {chosen:,} training images"
    )
    return chosen


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


def enlarged(path: Path) -> bytes:
    """Return a grid with its pixels enlarged by a whole number, so that none is invented."""
    with Image.open(path) as sheet:
        factor = max(1, round(SHEET_WIDTH / sheet.width))
        return as_png(sheet.resize((sheet.width * factor, sheet.height * factor), Image.Resampling.NEAREST))
