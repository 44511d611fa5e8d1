"""A run while it trains and afterwards: how far it is, what the curves say, what it draws.

Two fragments tick on their own, the cheap one every second, the charts every four; both stop when the run does.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pandas as pd
import streamlit as st
from PIL import Image

from ganaug_core import server
from ganaug_core.config.requests import Train
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import runs, store
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.pages.training import alarms_and_checkpoints
from ganaug_core.ui.shared import caches, charts, show, words

CHART_SECONDS = 4.0
SHEET_WIDTH = 900


def watch(name: str) -> None:
    """Show a run."""
    with caches.using("runs", name):
        live = runs.state(caches.workspace(), name).live
    st.fragment(_status, run_every=show.POLL_SECONDS if live else None)(name, live)
    frozen = live and st.toggle("Hold the charts still", help="They are drawn anew every few seconds otherwise.")
    drawings(name, live=live, frozen=frozen)


def drawings(name: str, *, live: bool = False, frozen: bool = False) -> None:
    """Show the samples over time and the curves of a run; drawn anew now and then while it is live and not frozen."""
    st.fragment(_drawings, run_every=CHART_SECONDS if live and not frozen else None)(name, live)


def listing() -> None:
    """List all runs, newest first; the list keeps up while one is live."""
    live = any(job.live for job in store.jobs(caches.workspace(), Train.step))
    st.fragment(_listing, run_every=CHART_SECONDS if live else None)()


def _listing() -> None:
    with show.guarded():
        _table(caches.workspace())


def _table(workspace: Workspace) -> None:
    seen = []
    for name in runs.names(workspace)[::-1]:
        try:
            seen.append(runs.state(workspace, name))
        except WorkspaceError as problem:  # one damaged run does not hide the others; choosing it offers to remove it
            show.trouble(problem.what, problem.do)
    rows = [
        {
            "Run": each.name,
            "Cohort": each.present_cohort or f"{each.cohort} (an earlier one)",
            "Recipe": each.recipe,
            "State": words.STATES[each.state].split(";")[0].split(":")[0],
            "Done": words.done(each.share),
            "Images": f"{each.images:,}",
            "Minutes": round(each.seconds / 60, 1),
            "Seed": each.seed,
        }
        for each in seen
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="All training runs")


def _status(name: str, was_live: bool) -> None:
    with show.guarded():
        workspace = caches.workspace()
        run = runs.state(workspace, name)
        if was_live != run.live:
            st.rerun()
        if run.live and run.wish != "run":
            said = (
                f"{'Pausing' if run.wish == 'pause' else 'Stopping'}: the last step ends, and what was trained is kept."
            )
        elif run.state == "running":
            said = words.progress(run.share, seconds_left=run.seconds_left)
        elif run.state == "stopped" and not run.images:
            said = "Stopped before the first image was seen."
        elif run.state == "starting":
            said = "Starting: PyTorch and the images are loaded."
        else:
            said = f"{words.STATES[run.state].capitalize()}."
        st.progress(min(1.0, max(0.0, run.share)), text=said)
        speed = run.images_per_second if run.live else run.images / max(run.seconds, 1)
        figures = {
            "Images seen": f"{run.images:,}",
            "Images per second": words.number(speed) if speed else "–",
            "Trained for": words.duration(run.seconds) if run.seconds else "–",
        }
        for place, (label, value) in zip(st.columns(3), figures.items(), strict=True):
            place.metric(label, value)
        if run.device:
            st.text(f"{'Trains' if run.live else 'Trained'} on {words.clean(run.device)}.")
        if run.present_cohort is None:
            st.text(f"It was trained on an earlier {run.cohort}, which is not here any more.")
        if run.error:
            show.trouble(run.error["what"], run.error["do"])
        alarms_and_checkpoints.alarms(name)
        if run.job is not None:
            _buttons(run)
    if run.generator:
        with st.container(horizontal=True):
            show.link("generators", "See the generator", generator=run.generator)
            if run.present_cohort:
                show.link("samples", "Look at images", cohort=run.present_cohort)


def _buttons(run: runs.RunState) -> None:
    """What can be asked of the run as it stands."""
    offers = {
        "pause": ("Pause", ":material/pause:", run.live and run.wish == "run"),
        "run": ("Resume", ":material/play_arrow:", run.state in store.RESTING),
        "stop": (
            "Stop and keep the generator",
            ":material/stop:",
            (run.live and run.wish != "stop") or run.state in ("paused", "interrupted"),
        ),
    }
    with st.container(horizontal=True):
        for wish, (label, icon, offered) in offers.items():
            if offered and st.button(label, icon=icon, key=f"{wish}-{run.name}"):
                store.ask(caches.workspace(), run.job or 0, wish)
                st.rerun()


def _drawings(name: str, live: bool) -> None:
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
                    charts.losses(curves), f"losses-{name}", "Losses of both networks over the images seen", live
                )
                charts.show(charts.gradients(curves), f"gradients-{name}", "Gradient norms over the images seen", live)
                if _known(curves, "loss_ratio"):
                    alt = "The generator's loss over the discriminator's, moving averages"
                    charts.show(charts.ratio(curves), f"ratio-{name}", alt, live)
        with right:
            _logits(name, int(images or 0), live)
            if curves["images"]:
                if _known(curves, "separation"):
                    alt = "How well the discriminator tells training from generated images"
                    charts.show(charts.separation(curves), f"separation-{name}", alt, live)
                charts.show(charts.speed(curves), f"speed-{name}", "Training images per second", live)
        alarms_and_checkpoints.checkpoints(name, live)


def _known(curves: Mapping[str, Sequence[float | None]], key: str) -> bool:
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
    shown: int = st.session_state[key]
    run = runs.state(caches.workspace(), name)
    classes: tuple[str, ...] = ()
    with suppress(WorkspaceError):  # a damaged cohort does not hide the run
        classes = caches.cohort(run.present_cohort).classes if run.present_cohort else ()
    rows = f", from top to bottom: {', '.join(words.clean(each) for each in classes)}" if classes else ""
    st.text(f"The same random starting points at every moment. Each row is a class{rows}.")
    st.image(
        enlarged(dict(sheets)[shown]), output_format="PNG", alt=f"Generated images after {shown:,} training images"
    )
    return shown


def _logits(name: str, images: int, live: bool) -> None:
    """Draw the discriminator's outputs at the moment of the shown grid."""
    found = runs.logits(caches.workspace(), name)
    if not found:
        return
    nearest = min(found, key=lambda each: abs(each["images"] - images))
    sides = {side: nearest[side] for side in charts.LOGIT_NAMES if nearest.get(side)}
    if sides:
        alt = "Histograms of the discriminator's output for training, tuning and generated images"
        charts.show(charts.logits(sides, nearest["images"]), f"logits-{name}", alt, live)


def enlarged(path: Path) -> bytes:
    """Return a grid with its pixels enlarged by a whole number, so that none is invented."""
    with Image.open(path) as sheet:
        factor = max(1, round(SHEET_WIDTH / sheet.width))
        return server.as_png(sheet.resize((sheet.width * factor, sheet.height * factor), Image.Resampling.NEAREST))
