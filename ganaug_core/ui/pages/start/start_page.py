"""What the Start page shows."""

import streamlit as st

from ganaug_core import atlas
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import store
from ganaug_core.ui.pages.start.recent_work import next_step, recent
from ganaug_core.ui.pages.story import story_page
from ganaug_core.ui.pages.story.chapters import LETTERS
from ganaug_core.ui.shared import caches, job_progress, show, words

MOST_RUNNING = 3


def page() -> None:
    """Show the next step, what runs, what was made last, and the demo."""
    workspace = caches.workspace()
    step = next_step(workspace)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.header("Next")
        st.text(words.clean(step.says))
        show.link(step.page, **step.query)
        _running()
        places = recent(workspace)
        if places:
            st.header("Made last")
        for place in places:
            made = place.written[:16].replace("T", " ")
            show.link(place.page, words.plain(place.says), help=f"Made {made} UTC.", **place.query)
    with right:
        _demo()


def _running() -> None:
    """Show the work that goes on."""
    try:
        live = [job for job in store.jobs(caches.workspace()) if job.live][:MOST_RUNNING]
    except WorkspaceError:  # the frame of the page says so
        return
    if live:
        st.header("Running")
    for job in live:
        st.text(f"{job_progress.WORK.get(job.kind, job.kind)}: {words.clean(job.name)}")
        job_progress.follow(job.id)


def _demo() -> None:
    st.header("The demo")
    st.text("Computed liver lesions and three generators. Which would you trust, and for what?")
    if sets := story_page.demo_sets():
        for letter, column, name in zip(LETTERS, st.columns(len(sets)), sets, strict=False):
            n = len(caches.samples(name)) // 2  # both classes
            sheet = caches.samples_sheet(name, (0, 1, 2, n, n + 1, n + 2), 3, 64)
            column.image(sheet, caption=f"Generator {letter}", alt=f"Six images of generator {letter}")
        show.link("story", "Tell the story", help="Large screens for a projector, five minutes.")
        show.link("failure_atlas", "See how each was trained")
        show.link("samples", "Look at their images", cohort=atlas.COHORT)
    elif st.button("Open the demo", icon=":material/school:"):
        atlas.prepare(caches.workspace())
        st.rerun()
