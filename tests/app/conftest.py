"""A small workspace as real work leaves it: a cohort, a finished run, its generator, images drawn from it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from looking_records import kept
from small_workspace import a_cohort, a_generator, a_run, some_samples
from streamlit.testing.v1 import AppTest

from ganaug_core import app_root
from ganaug_core.config.requests import Sample
from ganaug_core.jobs import launch
from ganaug_core.server import SCRIPT, games, latents
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.shared import frame

Open = Callable[..., AppTest]
EXPANDER = st.expander


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Page tests look at pages; nothing is started by them."""
    monkeypatch.setattr(launch, "ensure", lambda workspace: None)
    monkeypatch.setattr(games.PLAYERS, "warm", lambda: None)
    monkeypatch.setattr(latents, "warm", lambda: None)


@pytest.fixture(autouse=True)
def _unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What folds out is made when it is opened; page tests look at all of it."""
    monkeypatch.setattr(st, "expander", lambda label, **how: EXPANDER(label, **{**how, "expanded": True}))


@pytest.fixture
def as_it_begins(_unfolded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What folds out is closed until somebody opens it."""
    monkeypatch.setattr(st, "expander", EXPANDER)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace that the app uses."""
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GANAUG_ROOTS", str(tmp_path))
    st.cache_data.clear()
    st.cache_resource.clear()
    return Workspace(tmp_path / "home")


@pytest.fixture
def filled(home: Workspace) -> Workspace:
    """The same with one of everything; a class and a file have hostile names."""
    cohort = a_cohort()
    home.keep(cohort, cohort.name)
    a_run(home, cohort)
    a_generator(home, cohort)
    kept(home, some_samples(cohort), Sample(generator="r1", per_class=6))
    return home


@pytest.fixture
def page(home: Workspace) -> Open:
    """Return a function that opens a page by name, with a query."""

    def open_page(name: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(SCRIPT), default_timeout=30)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        if name != frame.FIRST:
            app.switch_page(str(app_root() / "pages" / f"{name}.py")).run()
        return app

    return open_page
