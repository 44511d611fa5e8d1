"""A reader in a real browser: by keys and by clicks, over a killed server, to the own result and the study's."""

import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from conftest import App, Server, serve, window
from playwright.sync_api import Browser, Page, expect
from reading_records import STUDY, a_study, read
from test_survival import kill, restart

from ganaug_core.reading import answers
from ganaug_core.records.reading import Answer
from ganaug_core.storage.workspace import READINGS, Workspace

SCREEN = {"width": 1366, "height": 768}
BEFORE = 36  # of 44: what was read before the test begins
Given = Callable[[], list[Answer]]


@pytest.fixture
def mortal(chromium: Browser, tmp_path: Path) -> Iterator[App]:
    """An app of its own, since this test kills the server."""
    for server in serve(Workspace(tmp_path / "workspace"), tmp_path):
        yield from window(chromium, server)


def answered(page: Page, done: int) -> str:
    """Wait until so many are answered and the next image is shown; return what the page says of it but its name."""
    expect(page.locator(f".room[data-step='reading'][data-done='{done}']")).to_be_visible()
    page.wait_for_timeout(320)  # nobody looks faster, and nothing is taken that is
    return re.sub(r"/[0-9a-f]{32}", "/x", page.locator(".image").inner_html())


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def by_keys_and_by_clicks(page: Page, given: Given) -> None:
    """Two answers: of what was chosen the last counts, and a tag that is chosen twice is none."""
    answered(page, BEFORE)
    box = page.locator(".image img").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (512, 512)
    press(page, "Enter")  # nothing is chosen yet
    press(page, "5", "2", "s", "q", "q", "w", "Enter")
    answered(page, BEFORE + 1)
    for name in ("surely synthetic", "bright", "Next"):
        page.get_by_role("button", name=name).click()
    answered(page, BEFORE + 2)
    first, second = given()[BEFORE:]
    assert (first.confidence, first.label, first.tags) == (2, 1, ("pattern",))
    assert (second.confidence, second.label, second.tags) == (6, 0, ())
    assert first.seconds > 0.3


def over_a_pause_and_a_killed_server(page: Page, server: Server, given: Given) -> None:
    begun = time.monotonic()
    press(page, "p")
    expect(page.get_by_role("heading", name="Pause")).to_be_visible()
    expect(page.locator(".image img")).to_be_hidden()
    page.wait_for_timeout(1500)
    press(page, "p", "1", "a")
    kill(server)
    press(page, "Enter")
    expect(page.get_by_text("Your answer stays here and is sent again")).to_be_visible()
    seconds = time.monotonic() - begun
    assert len(given()) == BEFORE + 2
    restart(server)
    answered(page, BEFORE + 3)
    third = given()[BEFORE + 2]
    assert (third.confidence, third.pauses) == (1, 1)
    assert third.seconds < seconds - 1, "a pause does not count"


def test_a_reader_reads_by_keys_and_clicks_and_a_killed_server_loses_nothing(mortal: App) -> None:
    workspace = mortal.server.workspace
    reading = a_study(workspace, images=40, readers=2)
    read(workspace, reading, 0)
    read(workspace, reading, 1, until=BEFORE)
    given = partial(answers.of_reader, workspace.folder(READINGS, STUDY), reading, 1)
    mortal.page.set_viewport_size(SCREEN)
    page = mortal.open(f"/reading?study={STUDY}")
    page.get_by_role("button", name="Go on as R2").click()
    expect(page.get_by_role("heading", name=f"Welcome back: {BEFORE} of 44")).to_be_visible()
    expect(page.get_by_text("how often you paused")).to_be_visible()
    press(page, "Enter")
    by_keys_and_by_clicks(page, given)
    over_a_pause_and_a_killed_server(page, mortal.server, given)

    said = set()
    for done in range(BEFORE + 3, 44):
        said.add(answered(page, done))
        if done == BEFORE + 3:  # a click does not keep Enter
            page.get_by_role("button", name="rather real").click()
        press(page, *([] if done == BEFORE + 3 else ["3" if done % 2 else "4"]), "a", "Enter")
    assert len(said) == 1, "the page says the same of every image"
    expect(page.get_by_role("heading", name="R2: your result")).to_be_visible()
    assert [one.confidence for one in given()[BEFORE + 3 :]] == [3 if done % 2 else 4 for done in range(BEFORE + 3, 44)]

    page.get_by_role("button", name="To the studies").click()
    expect(page.get_by_text(re.compile("Readers told real from synthetic in"))).to_be_visible(timeout=60_000)
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="All answers (CSV)").click(timeout=60_000)
    assert len(Path(download.value.path()).read_text().splitlines()) == 1 + 2 * 44
