"""The server may be killed at any moment: the run goes on, and whoever had its page open sees its end."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import App, Server, answers, keep_drawings, launch, serve, window
from playwright.sync_api import Browser, Page, expect

from ganaug_core.jobs import runs
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace


@pytest.fixture
def mortal(chromium: Browser, tmp_path: Path) -> Iterator[App]:
    """An app of its own, since this test kills the server."""
    for server in serve(Workspace(tmp_path / "workspace"), tmp_path):
        keep_drawings(server.workspace)
        yield from window(chromium, server)


def kill(server: Server) -> None:
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()


def restart(server: Server) -> None:
    port = int(server.address.rpartition(":")[2])
    server.process = launch(server.workspace, server.log.parent, port)
    assert answers(port, server.process), server.log.read_text()[-3000:]


def images_seen(page: Page) -> int:
    """Read it where a live run shows it, or from the sentence about one that has ended."""
    live = page.get_by_test_id("stMetric").filter(has_text="Images seen").get_by_test_id("stMetricValue")
    ended = page.get_by_text(re.compile(r"^[\d,]+ images seen"))
    return int(live.or_(ended).first.inner_text().split()[0].replace(",", ""))


def test_a_server_killed_during_training_comes_back_and_shows_the_progress_and_the_end(mortal: App) -> None:
    workspace = mortal.server.workspace
    page = mortal.open("/training?cohort=drawings")
    minutes = page.get_by_role("spinbutton", name="Minutes of training")
    minutes.fill("0.4")
    minutes.press("Enter")
    mortal.settled()
    name = page.get_by_role("textbox", name="Name of the run")
    name.fill("survivor")
    name.press("Enter")
    mortal.settled()
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile("run=survivor"))
    expect(page.get_by_role("img", name=re.compile("Generated images")).first).to_be_visible(timeout=60_000)
    before = images_seen(page)

    kill(mortal.server)
    worker = locks.holder(workspace.folder("runs", "survivor") / "lock")
    assert worker is not None, "the run must not die with the server"
    restart(mortal.server)

    # the page that was open finds the new server by itself, and the run with it
    expect(page.get_by_text(re.compile(r"^\d+ %")).first).to_be_visible(timeout=60_000)
    assert locks.holder(workspace.folder("runs", "survivor") / "lock") == worker
    expect(page.get_by_text("Finished.")).to_be_visible(timeout=120_000)
    assert images_seen(page) > before
    assert runs.state(workspace, "survivor").generator == "survivor"

    page = mortal.open("/training?run=survivor")
    expect(page.get_by_text("Finished.")).to_be_visible()
    page.get_by_role("link", name="See the generator").click()
    expect(page.get_by_text("Self-test passed")).to_be_visible()
