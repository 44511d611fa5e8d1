"""Every page opens, whatever is in the workspace, and says something useful."""

import ast
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from ganaug_core import app_root, atlas
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.shared import frame

Open = Callable[..., AppTest]
PAGES = [screen.name for screens in frame.SECTIONS.values() for screen in screens if frame.path(screen.name).is_file()]
OURS = {"cohort": "Cohort", "training": "Training", "generators": "Generators"}


def said(app: AppTest) -> str:
    parts = [*app.title, *app.markdown, *app.text, *app.info, *app.warning, *app.success, *app.header]
    return " ".join(str(element.value) for element in parts)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_on_an_empty_workspace_and_names_the_next_step(page: Open, name: str) -> None:
    app = page(name)
    assert not app.exception
    assert not app.error
    assert app.title[0].value
    assert app.button or app.page_link or app.get("bidi_component")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_on_a_workspace_with_a_finished_run(filled: Workspace, page: Open, name: str) -> None:
    app = page(name)
    assert not app.exception
    assert not app.error, app.error[0].value


@pytest.mark.parametrize("name", list(OURS))
def test_a_page_has_its_title(filled: Workspace, page: Open, name: str) -> None:
    assert page(name).title[0].value == OURS[name]


@pytest.mark.parametrize("name", PAGES)
def test_names_from_outside_are_never_markdown(filled: Workspace, page: Open, name: str) -> None:
    app = page(name)
    rendered = [*app.markdown, *app.info, *app.warning, *app.error, *app.success, *app.header, *app.caption]
    assert not [element.value for element in rendered if "![x](http" in element.value]
    labels = [element.label for element in (*app.button, *app.selectbox, *app.expander, *app.checkbox, *app.metric)]
    assert not [label for label in labels if "![x](http" in label]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_waits_while_the_demo_is_prepared_and_nothing_else_is_there(
    home: Workspace, page: Open, name: str
) -> None:
    with locks.hold(home.root / "demo.lock", "The preparation"):
        app = page(name)
        assert [element.label for element in app.status] == ["The demo is being prepared."]
        assert not app.title
        assert not app.button
    app.run()
    assert app.title[0].value
    assert not app.status


def test_a_page_with_a_cohort_goes_on_beside_the_preparation(filled: Workspace, page: Open) -> None:
    with locks.hold(filled.root / "demo.lock", "The preparation"):
        app = page("cohort")
    assert app.status[0].state == "running"
    assert app.title[0].value == "Cohort"


def test_the_atlas_prepares_the_demo_beside_the_page(
    home: Workspace, page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[Workspace] = []
    monkeypatch.setattr(atlas, "prepare", prepared.append)
    page("failure_atlas").button[0].click().run()
    assert [workspace.root for workspace in prepared] == [home.root]


def test_the_sidebar_says_what_it_is_not_for(page: Open) -> None:
    assert page("cohort").sidebar.text[0].value == "Research use only. Not for diagnosis."


def test_a_link_to_something_that_is_not_here_says_so_and_shows_the_newest(filled: Workspace, page: Open) -> None:
    app = page("cohort", cohort="gone")
    assert "not in this workspace" in app.warning[0].value
    assert app.selectbox(key="cohort").value == "small"


def test_the_app_file_itself_can_be_run_as_a_script(filled: Workspace) -> None:
    app = AppTest.from_file(str(app_root() / "app.py"), default_timeout=30).run()
    assert not app.exception
    assert app.title[0].value == "Start"


def test_streamlit_finds_the_app_in_its_file() -> None:
    calls = [
        node.value
        for node in ast.parse((app_root() / "app.py").read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
    ]
    assert [ast.unparse(call.func) for call in calls] == ["st.App"]
