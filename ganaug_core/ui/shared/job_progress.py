"""Work that goes on: what was asked for, how far it is, and what came of it."""

from collections.abc import Callable

import streamlit as st

from ganaug_core import pipeline
from ganaug_core.config.requests import Request
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import store
from ganaug_core.ui.shared import caches, choosers, show, words

WORK = {
    "import_cohort": "Importing the cohort",
    "train": "Training",
    "search": "Searching for settings",
    "import_generator": "Checking the generator",
    "sample": "Drawing images",
    "import_network": "Checking a network of another program",
    "import_samples": "Importing synthetic images",
    "select_samples": "Choosing images",
    "draw_recipes": "Saving the set",
    "gather_moments": "Gathering what the run drew",
    "find_latent": "Searching for the nearest image",
    "build_map": "Drawing the map",
    "audit_samples": "Auditing",
    "reduce_class": "Leaving patients out",
    "measure_benefit": "Training classifiers",
}
POLL_SECONDS = 1.0
_AWAITED = "awaited-{}"


def _jobs(kind: str) -> list[store.Job]:
    """Return all jobs of a kind, newest first; none where the database cannot be used, which the page says."""
    try:
        return store.jobs(caches.workspace(), kind)
    except WorkspaceError:
        return []


def _newest_job(request: Request) -> store.Job | None:
    """Return the newest job that was asked for exactly this; None also where the database cannot be used."""
    try:
        return store.of(caches.workspace(), request)
    except WorkspaceError:
        return None


def job_about(kind: str, cohort: str, samples: str) -> store.Job | None:
    """Return the newest job of a kind about these two as they are now; None also without a database."""
    try:
        return store.about(caches.workspace(), kind, cohort, samples)
    except WorkspaceError:
        return None


def result_or_button(request: Request, label: str) -> str | None:
    """Return the name of what a request made; where it is not made yet, offer to make it, or show how far it is.

    Args:
        label: Words on the button that starts it.
    """
    workspace = caches.workspace()
    if result := pipeline.existing_result(workspace, request):
        return result
    newest_job = _newest_job(request)
    if newest_job is not None and newest_job.live:
        follow(newest_job.id)
        return None
    if newest_job is not None and newest_job.error:
        show.trouble(newest_job.error["what"], newest_job.error["do"])
    elif newest_job is not None and newest_job.state in ("stopped", "interrupted"):
        st.info(f"This was {words.STATES[newest_job.state].split(';')[0].split(':')[0]} before it was ready.")
    if st.button(label, type="primary", key=f"start-{request.step}-{pipeline.outcome(workspace, request).name}"):
        start(request)
        st.rerun()
    return None


def start(request: Request, chooser: str | None = None) -> int:
    """Hand work to the worker and return the number of the job.

    Args:
        chooser: Key of the chooser (`cohort`, `generator`, ...) that shall show the result once it is there.
    """
    job = store.submit(caches.workspace(), request)
    st.session_state[_AWAITED.format(request.step)] = (job.id, chooser)
    return job.id


def watch(kind: str) -> None:
    """Show the jobs of a kind that are going on, and what became of the one that this session started.

    Call it before the chooser of the result, which then shows the new one.
    """
    collect(kind)
    show_running(kind)


def collect(kind: str) -> str | None:
    """Let the chooser show what this session's job of a kind made, and return its name once, when it is done.

    Call it before the chooser.
    """
    job, chooser = _awaited(kind)
    if job is None or job.state != "done":
        return None
    if chooser and job.result:
        choosers.next_time(chooser, job.result)
    del st.session_state[_AWAITED.format(kind)]
    return job.result


def show_running(kind: str, belongs: Callable[[Request | None], bool] = lambda _: True, *, titled: bool = True) -> None:
    """Show the jobs of a kind that are going on, and why the one that this session started failed.

    Args:
        belongs: Whether a request was made here, where several places of a page make such.
        titled: Say above each what is made.
    """
    for running in _jobs(kind)[:20]:
        if running.live and belongs(running.request):
            if titled:
                st.text(f"{WORK[kind]}: {running.name}")
            follow(running.id)
    own, _ = _awaited(kind)
    if own is not None and not own.live and own.error and belongs(own.request):
        show.trouble(own.error["what"], own.error["do"])


def has_news(kind: str) -> bool:
    """Whether `show_running` has something to show."""
    job, _ = _awaited(kind)
    failed = job is not None and bool(job.error)
    return failed or any(running.live for running in _jobs(kind)[:20])


def _awaited(kind: str) -> tuple[store.Job | None, str | None]:
    """Return the job of a kind that this session started last and not yet collected, and its chooser."""
    number, chooser = st.session_state.get(_AWAITED.format(kind), (None, None))
    if number is None:
        return None, chooser
    try:
        return store.get(caches.workspace(), number), chooser
    except WorkspaceError:  # the database cannot be used, or is another one by now
        return None, chooser


def follow(job_id: int) -> None:
    """Show a job's progress until it ends, with a way to stop it; then run the page again."""
    st.fragment(_follow, run_every=POLL_SECONDS)(job_id)


def _follow(job_id: int) -> None:
    with show.guarded():
        workspace = caches.workspace()
        job = store.get(workspace, job_id)
        if not job.live:
            st.rerun()
        bar, button = st.columns([5, 1], vertical_alignment="center")
        waiting = job.state in ("queued", "starting")
        text = (
            words.STATES[job.state].capitalize()
            if waiting
            else words.progress(job.share, words.plain(job.message or ""), job.seconds_left)
        )
        bar.progress(min(1.0, max(0.0, job.share or 0.0)), text=text)
        if button.button("Stop", key=f"stop-{job_id}", width="stretch"):
            store.ask(workspace, job_id, "stop")
            st.toast("Stopping. This takes a few seconds.")
