"""The Search page: it begins a search, says which run is best and how little that proves, and what goes on."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_workspace import a_cohort, a_run
from streamlit.testing.v1 import AppTest

from ganaug_core.config.requests import Search, Train
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import launch, store
from ganaug_core.search import results
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.pages.search import search_figures

Open = Callable[..., AppTest]
SPACE = {
    "lr_g": {"low": 2e-4, "high": 2e-3, "log": True},
    "batch": [8, 16],
    "loss": ["relativistic_pairing", "least_squares"],
}


@pytest.fixture
def searchable(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A cohort with enough tuning patients, and nobody who starts what is submitted."""
    monkeypatch.setattr(launch, "ensure", lambda _: None)
    home.keep(a_cohort(per_class=20), "small")
    return home


def a_trial(number: int, **changes: Any) -> results.Trial:
    fields: dict[str, Any] = {
        "number": number,
        "run": f"sought-{number:03d}",
        "settings": {"lr_g": 2e-4 * (number + 1), "batch": 8 + 8 * (number % 2), "loss": "least_squares"},
        "state": "done",
        "value": 10.0 - number,
        "interval": (9.5 - number, 10.5 - number),
        "images": 1000,
        "copying_p": 0.5,
    }
    return results.Trial(**{**fields, **changes})


TRIALS = (
    *(a_trial(number) for number in range(4)),
    a_trial(4, value=1.0, interval=(0.5, 1.5), state="vetoed", why="Copying is suspected at every checkpoint."),
    a_trial(5, value=30.0, state="pruned", why="Stopped after 330 images: behind other trials."),
    a_trial(6, value=None, interval=None, state="failed", why="The process is gone."),
    a_trial(7, value=7.2, interval=(6.8, 7.6), here=False),
)


def kept(workspace: Workspace, trials: tuple[results.Trial, ...] = TRIALS) -> results.Results:
    request = Search(cohort="small", name="sought", space=SPACE, trials=8, images=1000)
    job = store.submit(workspace, request)
    found = replace(
        results.read(workspace, "sought"), trials=trials, importance={"lr_g": 0.7, "batch": 0.2, "loss": 0.1}
    )
    results.write(workspace, found)
    store.ask(workspace, job.id, "stop")
    return found


def said(app: AppTest) -> str:
    return " ".join(str(element.value) for element in [*app.markdown, *app.text, *app.info])


def test_the_page_offers_a_search_where_there_is_none(searchable: Workspace, page: Open) -> None:
    app = page("search")
    assert not app.error
    assert "20 runs of 5 minutes of training each: 1 hour 40 minutes at most" in said(app)
    assert "the hold-out is not looked at" in said(app)
    app.button[-1].click().run()
    assert not app.error
    job = store.find(searchable, "search", "small-search")
    assert job is not None
    assert isinstance(job.request, Search)
    assert (job.request.sampler, job.request.trials, job.request.minutes) == ("tpe", 20, 5.0)
    assert "The first run begins" in said(app)


def test_the_textbook_is_a_grid_and_an_own_space_is_checked_as_it_is_written(searchable: Workspace, page: Open) -> None:
    app = page("search")
    app.session_state["search-space"] = "textbook"
    app.run()
    assert app.selectbox(key="search-sampler-textbook").value == "grid"
    assert app.number_input(key="search-trials-textbook-grid").value == 64
    app.session_state["search-space"] = "own"
    app.run()
    app.text_area(key="search-own").set_value("batch_size = 16").run()
    assert "no list of values" in app.warning[0].value
    assert app.button[-1].disabled
    app.text_area(key="search-own").set_value("r1.no_such = [1, 2]").run()
    app.button[-1].click().run()
    assert "has no setting no" in app.error[0].value
    assert not searchable.names("sweeps")


def test_without_the_package_it_says_what_to_install(
    searchable: Workspace, page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganaug_core.search.beginning.find_spec", lambda _: None)
    app = page("search")
    assert not app.error
    assert "pip install" in app.info[0].value
    assert not app.button


def test_the_best_is_said_with_its_interval_and_with_what_it_does_not_prove(searchable: Workspace, page: Open) -> None:
    kept(searchable)
    app = page("search")
    assert not app.error
    assert "The best is **sought\\-003**: its images lie 7 (95 % interval 6.5 to 7.5) from the tuning images" in said(
        app
    )
    assert "The best of several looks better than it is" in said(app)
    assert "1 other run cannot be told from it" in said(app)
    table = app.table[0].value
    assert table["Run"].tolist()[:2] == ["sought\\-003", "sought\\-007 (elsewhere)"]
    assert table["State"].tolist()[-3:] == ["copying suspected", "stopped early", "failed"]
    assert "Copying is suspected at every checkpoint." in table["Why"].tolist()


def test_the_best_goes_on_as_a_new_run(searchable: Workspace, page: Open) -> None:
    kept(searchable)
    a_run(searchable, searchable.cohort("small"), "sought-003")
    config = searchable.manifest("runs", "sought-003")["config"]
    folder = searchable.folder("runs", "sought-003")
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "checkpoint-000000001000.json").write_text("{}")
    (folder / "checkpoints" / "checkpoint-000000001000.pt").write_bytes(b"")
    assert config["minutes"] == 1.0
    found = results.read(searchable, "sought")
    results.write(searchable, replace(found, request={**found.request, "images": None, "minutes": 1.0}))
    app = page("search")
    app.button(key="start-longer").click().run()
    assert not app.error
    job = store.find(searchable, "train", "sought-best")
    assert job is not None
    assert isinstance(job.request, Train)
    assert (job.request.after, job.request.config["minutes"]) == ("sought-003", 3.0)
    assert (searchable.folder("runs", "sought-best") / "history.jsonl").read_bytes() == (
        folder / "history.jsonl"
    ).read_bytes()


def test_a_search_that_rests_goes_on_and_a_removed_run_is_said(searchable: Workspace, page: Open) -> None:
    kept(searchable)
    app = page("search")
    assert "Its run was removed from this workspace" in said(app)
    app.button(key="go-on-sought").click().run()
    job = store.find(searchable, "search", "sought")
    assert job is not None
    assert job.state == "queued"


def test_a_damaged_document_is_said_in_words(searchable: Workspace, page: Open) -> None:
    kept(searchable)
    (searchable.folder("sweeps", "sought") / results.FILE).write_text("{")
    with pytest.raises(WorkspaceError, match="cannot be read"):
        results.read(searchable, "sought")
    assert "What came of the search sought cannot be read" in page("search").error[0].value


def test_figures_show_every_measured_run_once_and_mark_the_best(searchable: Workspace) -> None:
    found = kept(searchable)
    together = search_figures.together(found)
    lines = [trace for trace in together.data if trace.text is not None]
    assert len(lines) == 7
    assert [trace.line.width for trace in lines].count(4) == 1
    assert all(0 <= height <= 1 for trace in lines for height in trace.y)
    for setting in SPACE:
        figure = search_figures.one_setting(found, setting)
        assert sum(len(trace.x) for trace in figure.data if trace.name != "best") == 7
    assert search_figures.one_setting(found, "lr_g").layout.xaxis.type == "log"
    assert search_figures.one_setting(found, "loss").layout.xaxis.type == "category"
    bars = search_figures.importance(found).data[0]
    assert list(bars.y) == ["Loss", "Images per step", "Learning rate of the generator"]
    assert np.isclose(sum(bars.x), 100)


def test_a_figure_of_one_value_or_without_a_best_is_drawn(searchable: Workspace) -> None:
    same = tuple(replace(trial, settings={"lr_g": 1e-3, "batch": 8, "loss": "least_squares"}) for trial in TRIALS[4:5])
    found = kept(searchable, same)
    assert found.best is None
    assert all(height in (0.0, 0.5) for height in search_figures.together(found).data[-1].y)


def test_the_page_loads_no_optuna() -> None:
    code = "import sys; from ganaug_core.ui.pages.search import new_search, search_page; print('optuna' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
