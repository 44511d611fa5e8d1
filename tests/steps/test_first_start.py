"""The first start, by somebody who has never used ganaug or Streamlit: it speaks at once and asks nothing."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from ganaug_core import __version__, app_root, atlas
from ganaug_core.errors import WorkspaceError
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace

PATIENCE = 120
TOKEN = "the-key-of-the-first-start"
UNTIL_IT_SPEAKS = """
import json, os, sys

class FirstLine:
    encoding = "utf-8"

    def write(self, text):
        if isinstance(text, bytes):
            raise TypeError("text is wanted")
        if not text:
            return
        loaded = sorted({name.split(".")[0] for name in sys.modules} - sys.stdlib_module_names)
        os.write(1, json.dumps([text, loaded]).encode())
        os._exit(0)

    def flush(self):
        pass

sys.stdout = FirstLine()
from ganaug_core.cli import main
main()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_app_starts_without_a_question_where_no_home_folder_knows_streamlit(tmp_path: Path) -> None:
    port, said = free_port(), tmp_path / "said.txt"
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "BROWSER": "true"}
    command = [sys.executable, "-m", "ganaug_core.cli", "app", "--port", str(port), "--workspace", str(tmp_path / "w")]
    with said.open("wb") as out:
        started = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(app_root()), **home, "GANAUG_TOKEN": TOKEN},
        )  # fmt: skip
        try:
            assert answers(port, started), said.read_text("utf-8")
        finally:
            started.terminate()
            started.wait(30)
    assert "email" not in said.read_text("utf-8").casefold()


@pytest.mark.parametrize("verb", [["app"], ["demo"], ["--workspace", "demo", "app"]])
def test_the_first_line_comes_before_anything_heavy_is_imported(verb: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNTIL_IT_SPEAKS, *verb, "--no-browser"], capture_output=True, cwd=tmp_path,
        timeout=PATIENCE, check=True, env={**os.environ, "PYTHONPATH": str(app_root()), "GANAUG_HOME": str(tmp_path)},
    )  # fmt: skip
    said, loaded = json.loads(done.stdout)
    assert said.startswith(f"ganaug {__version__}: starting")
    heavy = ("streamlit", "sqlalchemy", "numpy", "scipy", "pandas", "plotly", "torch", "PIL", "starlette")
    assert not set(heavy) & set(loaded)  # typer itself reads types with pydantic
    assert {"ganaug_core", "typer"} <= set(loaded)


def test_the_app_answers_while_the_demo_is_prepared_and_the_terminal_says_so(tmp_path: Path) -> None:
    port, said, place = free_port(), tmp_path / "said.txt", Workspace(tmp_path / "w")
    command = [sys.executable, "-m", "ganaug_core.cli", "demo", "--port", str(port), "--no-browser"]
    with said.open("wb") as out, locks.hold(place.root / "demo.lock", "Another app that prepares the demo"):
        started = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(app_root()), "GANAUG_HOME": str(place.root), "GANAUG_TOKEN": TOKEN},
        )  # fmt: skip
        try:
            assert answers(port, started), said.read_text("utf-8")
        finally:
            started.terminate()
            started.wait(30)
    assert not place.names("cohorts"), "the answer did not wait for the demo"
    lines = said.read_text("utf-8").splitlines()
    assert lines[1] == f"Workspace: {place.root}"
    assert lines[2].startswith("Preparing the demo")


def test_the_demo_is_prepared_beside_the_app_once(workspace: Workspace) -> None:
    ready = threading.Event()
    assert atlas.prepare(workspace, ready.set)
    assert atlas.being_prepared(workspace)
    assert atlas.prepare(workspace, ready.set), "who comes second waits with the first"
    assert ready.wait(PATIENCE)
    assert not atlas.being_prepared(workspace)
    assert workspace.exists("cohorts", atlas.COHORT)
    assert not atlas.prepare(workspace), "nothing is left to do"


def test_a_demo_that_was_not_shipped_is_said_before_anything_starts(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atlas, "shipped", lambda: tmp_path / "nothing")
    with pytest.raises(WorkspaceError, match="missing from this installation"):
        atlas.prepare(workspace)
    assert not atlas.being_prepared(workspace)


def test_a_preparation_that_cannot_begin_lets_go(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(OSError, match="no more processes"):
        atlas.prepare(workspace)
    assert not atlas.being_prepared(workspace)


def answers(port: int, started: "subprocess.Popen[bytes]") -> bool:
    """Return whether the app answers before it ends or patience does."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and started.poll() is None:
        try:
            browser = build_opener(HTTPCookieProcessor())
            browser.open(f"http://127.0.0.1:{port}/?token={TOKEN}", timeout=5).close()
            with browser.open(f"http://127.0.0.1:{port}/", timeout=5) as page:
                return bool(page.status == 200)
        except (URLError, OSError):
            time.sleep(0.2)
    return False
