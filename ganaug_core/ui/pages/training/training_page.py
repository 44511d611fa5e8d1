"""A run while it trains and afterwards: how far it is, what the curves say, what it draws.

Two fragments tick on their own, the cheap one every second, the charts every four; both stop when the run does.
"""

import pandas as pd
import streamlit as st

from ganaug_core.config.requests import Train
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import runs, store
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.pages.training import alarms
from ganaug_core.ui.shared import caches, job_progress, run_history, show, words


def show_run(name: str) -> None:
    """Show a run."""
    with caches.using("runs", name):
        live = runs.state(caches.workspace(), name).live
        show.withdrawn("runs", name)
    st.fragment(_run_status, run_every=job_progress.POLL_SECONDS if live else None)(name, live)
    frozen = live and st.toggle("Hold the charts still", help="They are drawn anew every few seconds otherwise.")
    run_history.show_history(name, live=live, frozen=frozen)


def run_list() -> None:
    """List all runs, newest first; the list keeps up while one is live."""
    live = any(job.live for job in store.jobs(caches.workspace(), Train.step))
    st.fragment(_run_list, run_every=run_history.CHART_SECONDS if live else None)()


def _run_list() -> None:
    with show.guarded():
        _table(caches.workspace())


def _table(workspace: Workspace) -> None:
    states = []
    for name in runs.names(workspace)[::-1]:
        try:
            states.append(runs.state(workspace, name))
        except WorkspaceError as problem:  # one damaged run does not hide the others; choosing it offers to remove it
            show.trouble(problem.what, problem.do)
    rows = [
        {
            "Run": state.name,
            "Cohort": state.present_cohort or f"{state.cohort} (an earlier one)",
            "Recipe": state.recipe,
            "State": words.STATES[state.state].split(";")[0].split(":")[0],
            "Done": words.done(state.share),
            "Images": f"{state.images:,}",
            "Minutes": round(state.seconds / 60, 1),
            "Seed": state.seed,
        }
        for state in states
    ]
    show.table(pd.DataFrame(rows), "All training runs")


def _run_status(name: str, was_live: bool) -> None:
    with show.guarded():
        workspace = caches.workspace()
        run = runs.state(workspace, name)
        if was_live != run.live:
            st.rerun()
        st.progress(min(1.0, max(0.0, run.share)), text=_state_in_words(run))
        _metrics(run)
        if run.device and run.live:
            st.text(f"Trains on {words.clean(run.device)}.")
        if run.present_cohort is None:
            st.text(f"It was trained on an earlier {run.cohort}, which is not here any more.")
        if run.error:
            show.trouble(run.error["what"], run.error["do"])
        alarms.alarms(name)
        if run.job is not None:
            _buttons(run)
    if run.generator:
        with st.container(horizontal=True):
            show.link("generators", "See the generator", generator=run.generator)
            if run.present_cohort:
                show.link("samples", "Look at images", cohort=run.present_cohort)


def _state_in_words(run: runs.RunState) -> str:
    if run.live and run.requested_state != "run":
        action = "Pausing" if run.requested_state == "pause" else "Stopping"
        return f"{action}: the last step ends, and what was trained is kept."
    if run.state == "running":
        return words.progress(run.share, seconds_left=run.seconds_left)
    if run.state == "stopped" and not run.images:
        return "Stopped before the first image was seen."
    if run.state == "starting":
        return "Starting: PyTorch and the images are loaded."
    return f"{words.STATES[run.state].capitalize()}."


def _metrics(run: runs.RunState) -> None:
    speed = run.images_per_second if run.live else run.images / max(run.seconds, 1)
    figures = {
        "Images seen": f"{run.images:,}",
        "Images per second": words.number(speed) if speed else "–",
        "Trained for": words.duration(run.seconds) if run.seconds else "–",
    }
    if not run.live:  # the page then answers how good it is
        trained = f" Trained on {words.clean(run.device)}." if run.device else ""
        st.text(
            f"{figures['Images seen']} images seen, {figures['Images per second']} a second; "
            f"{figures['Trained for']}.{trained}"
        )
        return
    show.facts(figures)


def _buttons(run: runs.RunState) -> None:
    """What can be asked of the run as it stands."""
    buttons = {
        "pause": ("Pause", ":material/pause:", run.live and run.requested_state == "run"),
        "run": ("Resume", ":material/play_arrow:", run.state in store.RESTING),
        "stop": (
            "Stop and keep the generator",
            ":material/stop:",
            (run.live and run.requested_state != "stop") or run.state in ("paused", "interrupted"),
        ),
    }
    with st.container(horizontal=True):
        for requested_state, (label, icon, is_offered) in buttons.items():
            if is_offered and st.button(label, icon=icon, key=f"{requested_state}-{run.name}"):
                store.ask(caches.workspace(), run.job or 0, requested_state)
                st.rerun()
