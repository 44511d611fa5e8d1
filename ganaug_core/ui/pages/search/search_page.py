"""A search while it goes on and afterwards: the best run first, then all runs, then what their settings tell."""

from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from ganaug_core.config.requests import Search
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import extension, searches, store
from ganaug_core.search import Results, Trial, parsed
from ganaug_core.storage.workspace import SWEEPS, check_name
from ganaug_core.ui.pages.search import search_figures
from ganaug_core.ui.shared import caches, charts, choosers, job_progress, names, setting_titles, show, words

REFRESH_SECONDS = 4.0
FIRST_ROWS = 8
STATES = {
    "running": "under way",
    "done": "finished",
    "pruned": "stopped early",
    "vetoed": "copying suspected",
    "failed": "failed",
}
FEWEST_TO_DRAW = 3


def show_search(name: str) -> None:
    """Show a search, how far it is, and what can be asked of it."""
    workspace = caches.workspace()
    with caches.using(SWEEPS, name):
        found = searches.read(workspace, name)
        show.withdrawn(SWEEPS, name)
    job = searches.job(workspace, name)
    live = job is not None and job.live
    if job is not None and job.live:
        job_progress.follow(job.id)
    elif job is not None and job.error:
        show.trouble(job.error["what"], job.error["do"])
    st.fragment(_results, run_every=REFRESH_SECONDS if live else None)(name)
    if not live:
        _go_on(found, job)


def _results(name: str) -> None:
    with show.guarded():
        found = searches.read(caches.workspace(), name)
        _best(found)
        if found.trials:
            _table(found)
            _figures(found)


def _best(found: Results) -> None:
    """Say which run is the best so far, how little that proves, and where it goes on."""
    over = f"{found.finished} of {words.count(found.asked, 'run')} over"
    best = found.best
    if best is None:
        reason = "None is finished yet that does not copy." if found.trials else "The first run begins."
        st.text(f"{over} on {words.clean(found.cohort)}. {reason}")
        return
    reach = (
        f" (95 % interval {words.number(best.interval[0])} to {words.number(best.interval[1])})"
        if best.interval
        else ""
    )
    st.write(
        f"{over}. The best is **{words.plain(best.run)}**: its images lie {words.number(best.value or 0.0)}"
        f"{reach} from the tuning images, with {words.plain(searches.settings_in_words(_titled(best)))}."
    )
    st.text(searches.caution(found))
    if not best.here:
        st.text("It was trained in another workspace that shares this search; there it can go on.")
    elif not caches.workspace().exists("runs", best.run):
        st.text("Its run was removed from this workspace, so it cannot go on.")
    else:
        _of_the_best(found, best)


def _of_the_best(found: Results, best: Trial) -> None:
    workspace = caches.workspace()
    others = [trial.run for trial in _by_distance(found) if trial.run != best.run and trial.here]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        show.link("training", "See the run", run=best.run)
        if others:
            show.link("compare", "Compare it with the next", runs=[best.run, others[0]])
        for longer, _ in workspace.made_from("runs", "after", workspace.identity("runs", best.run)):
            show.link("training", f"It goes on in {words.plain(longer)}", run=longer)
        with st.popover("Train it longer", icon=":material/play_arrow:"):
            _train_longer(found, best)


def _train_longer(found: Results, best: Trial) -> None:
    """Offer to go on from the best run's end with a larger budget; the run of the search stays as it is."""
    unit = "images" if found.request.get("images") is not None else "minutes"
    had = float(found.request.get(unit) or 1)
    label = "Images to learn from, in all" if unit == "images" else "Minutes of training, in all"
    if unit == "images":
        budget: float = st.number_input(label, int(had) + 1, 10**9, int(extension.TIMES * had), step=int(had))
    else:
        budget = st.number_input(label, had * 1.01, 100_000.0, extension.TIMES * had, format="%g")
    suggested = names.free_name(f"{found.name}-best", "runs")
    name = st.text_input("Name of the new run", suggested, max_chars=100, key=f"longer-name-{suggested}")
    st.text("A new run begins where this one ended. What the search says of it stays true.")
    if st.button("Start the longer run", type="primary", key="start-longer"):
        images, minutes = (int(budget), None) if unit == "images" else (None, float(budget))
        request = extension.longer(caches.workspace(), best.run, check_name(name), images=images, minutes=minutes)
        job_progress.start(request)
        choosers.next_time("run", name)
        st.rerun()


def _table(found: Results) -> None:
    trials = _by_distance(found)
    show.table(_rows(trials[:FIRST_ROWS]), "Runs of the search, the nearest to the tuning images first")
    if len(trials) > FIRST_ROWS:
        draw = partial(_all, trials)
        show.folded(f"All {len(trials)} runs", draw, icon=":material/table:", key=f"trials-{found.name}")


def _all(trials: list[Trial]) -> None:
    show.table(_rows(trials), "All runs of the search")


def _rows(trials: list[Trial]) -> pd.DataFrame:
    rows = []
    for trial in trials:
        value = "–" if trial.value is None else words.number(trial.value)
        if trial.interval and trial.value is not None:
            value += f" ({words.number(trial.interval[0])} to {words.number(trial.interval[1])})"
        rows.append(
            {
                "Run": (trial.run or f"run {trial.number}") + ("" if trial.here else " (elsewhere)"),
                "State": STATES[trial.state],
                "Distance (95 % interval)": value,
                **{_title(name): _cell(setting) for name, setting in trial.settings.items()},
                "Why": trial.why,
            }
        )
    frame = pd.DataFrame(rows).fillna("–")
    return frame if any(trial.why for trial in trials) else frame.drop(columns="Why")


def _by_distance(found: Results) -> list[Trial]:
    """Return the runs, the best first: finished ones by their distance, then those that can never be the best."""
    order = ["done", "running", "vetoed", "pruned", "failed"]
    return sorted(found.trials, key=lambda trial: (order.index(trial.state), trial.value or 0.0, trial.number))


def _figures(found: Results) -> None:
    measured = [trial for trial in found.trials if trial.value is not None]
    if len(measured) < FEWEST_TO_DRAW:
        return
    st.header("What the settings do")
    alt = "Each run as a line through its settings and its distance from the tuning images"
    charts.show(search_figures.together(found), f"together-{found.name}", alt)
    draw = partial(_single, found)
    show.folded("Each setting by itself", draw, icon=":material/scatter_plot:", key=f"slices-{found.name}")


def _single(found: Results) -> None:
    if found.importance:
        alt = "Share of each setting in what tells the better quarter of the runs from all"
        charts.show(search_figures.importance(found), f"importance-{found.name}", alt)
        st.text(
            f"By {words.count(sum(trial.state in ('done', 'vetoed') for trial in found.trials), 'finished run')} (PED-"
            "ANOVA): how much more the better quarter of them keeps to certain values of a setting than all do. With "
            "few runs the order may be chance."
        )
    settings = list(parsed(found.request["space"]))
    for first in range(0, len(settings), 2):
        for column, setting in zip(st.columns(2), settings[first : first + 2], strict=False):
            with column:
                alt = f"Distance of each run over {_title(setting)}"
                charts.show(search_figures.one_setting(found, setting), f"slice-{found.name}-{setting}", alt)


def _go_on(found: Results, job: store.Job | None) -> None:
    """Offer to go on with a search that rests, and to make one longer that is done."""
    workspace = caches.workspace()
    if job is not None and job.state in store.RESTING:
        if st.button("Go on with the search", icon=":material/play_arrow:", key=f"go-on-{found.name}"):
            store.ask(workspace, job.id, "run")
            st.rerun()
        return
    try:
        request = searches.last_request(found)
    except WorkspaceError as problem:
        show.error(problem)
        return
    elsewhere = sum(trial.state == "running" and not trial.here for trial in found.trials)
    if elsewhere:
        st.text(f"{words.count(elsewhere, 'run')} under way in other workspaces when this one last looked.")
        if st.button("Look again", icon=":material/refresh:", key=f"again-{found.name}"):
            _submit(request)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = st.number_input("Runs in all", found.asked, 10_000, found.asked, key=f"asked-{found.name}", width=160)
        wanted = st.button("Make it longer", key=f"longer-{found.name}", disabled=asked <= found.asked)
    if wanted:
        _submit(replace(request, trials=int(asked)))


def _submit(request: Search) -> None:
    job_progress.start(request)
    st.rerun()


def _titled(trial: Trial) -> dict[str, object]:
    return {_title(name): value for name, value in trial.settings.items()}


def _title(setting: str) -> str:
    return setting_titles.label(setting_titles.in_full(setting))


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
