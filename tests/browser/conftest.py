"""One server on a free port with a workspace of its own, one Chromium, a fresh context for every test.

Waiting is by selectors only: the strict content policy refuses what a waited-for JavaScript expression would need.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from ganaug_core import app_root
from ganaug_core.records import Cohort, Intensity
from ganaug_core.server import access
from ganaug_core.storage.workspace import Workspace, digest_of

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
START_SECONDS = 60
TOKEN = "the-key-of-the-tests"
OUTSIDE = Path(__file__).parent / "outside"
OUTSIDE_LOG = "outside.log"
expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Server:
    """A running app: its address, its workspace and its process, which a test may replace by another one."""

    address: str
    workspace: Workspace
    process: "subprocess.Popen[bytes]"
    log: Path


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("GANAUG_CHROMIUM") or shutil.which("chromium")
    if not path:
        if os.environ.get("CI"):
            pytest.fail("CI must not skip the browser tests: install chromium or set GANAUG_CHROMIUM")
        pytest.skip("no Chromium here: install it or set GANAUG_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app on a fresh workspace, one for each file of tests.

    `chromium` comes first, so that nothing starts where tests skip.
    """
    home = tmp_path_factory.mktemp("browser")
    yield from serve(Workspace(home / "workspace"), home)


def serve(workspace: Workspace, folder: Path) -> Iterator[Server]:
    """Start the app, wait until it answers, and end what it started afterwards."""
    for _ in range(3):  # a free port can be taken before the server binds it
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = launch(workspace, folder, port)
        if answers(port, process):
            break
    else:
        pytest.fail((folder / "server.log").read_text()[-3000:])
    server = Server(f"http://127.0.0.1:{port}", workspace, process, folder / "server.log")
    try:
        yield server
    finally:
        server.process.terminate()
        try:
            server.process.wait(20)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()
        _end_workers(workspace)
    assert outside_attempts(folder) == []


def outside_attempts(folder: Path) -> list[str]:
    """Return who of the server, its supervisor and its workers looked for anything outside this machine."""
    log = folder / OUTSIDE_LOG
    return log.read_text().splitlines() if log.exists() else []


def launch(workspace: Workspace, folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Start the app's process on a port; its words go to `server.log`."""
    environment = {"GANAUG_HOME": str(workspace.root), "GANAUG_ROOTS": str(folder), "OMP_NUM_THREADS": "1"}
    environment |= {"GANAUG_TOKEN": TOKEN, "GANAUG_OUTSIDE_LOG": str(folder / OUTSIDE_LOG)}
    with (folder / "server.log").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(app_root() / "app.py"), "--server.port", str(port)],
            stdout=output,
            stderr=output,
            cwd=folder,
            env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join([str(OUTSIDE), str(app_root())])},
            start_new_session=True,
        )


def answers(port: int, process: "subprocess.Popen[bytes]") -> bool:
    """Wait until the app answers; False where its process ended or never did."""
    url = f"http://127.0.0.1:{port}/healthz"
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=1) as response:
                if response.read() == b"ok":
                    return True
        except OSError:
            time.sleep(0.1)
    return False


def _end_workers(workspace: Workspace) -> None:
    """End the processes of this workspace only: their command line names it."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(workspace.root).encode() in command and any(part.startswith(b"ganaug_core") for part in command):
            os.kill(int(entry.name), signal.SIGTERM)


@dataclass
class App:
    """A page of the running app, and what went wrong on it."""

    page: Page
    server: Server
    errors: list[str]
    foreign: list[str]
    missing: list[str]

    def open(self, path: str = "/") -> Page:
        """Open an address cold and wait until it stands."""
        self.page.goto(self.server.address + path)
        return self.settled()

    def settled(self) -> Page:
        """Wait until the script has run and nothing is a placeholder any more."""
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
        self.page.wait_for_selector("[data-testid=stSkeleton]", state="detached", timeout=60_000)
        return self.page


def key(address: str) -> dict[str, str]:
    """Return the cookie of whoever has opened the link of a server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANAUG_TOKEN", TOKEN)
        access.token.cache_clear()
        name, value = access.cookie(int(address.rpartition(":")[2]))
    access.token.cache_clear()
    return {"name": name, "value": value, "url": address}


@pytest.fixture
def app(chromium: Browser, server: Server) -> Iterator[App]:
    """A browser window of its own; the test fails if a script failed, a file was missing or anything left."""
    yield from window(chromium, server)


def window(chromium: Browser, server: Server) -> Iterator[App]:
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    context.add_cookies([key(server.address)])
    page = context.new_page()
    opened = App(page, server, [], [], [])
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    own = (server.address, server.address.replace("http", "ws", 1), "data:", "blob:")
    page.on("response", lambda answer: opened.missing.append(answer.url) if answer.status == 404 else None)
    page.on("request", lambda request: None if request.url.startswith(own) else opened.foreign.append(request.url))
    yield opened
    context.close()
    assert not opened.errors
    assert not opened.foreign
    assert not opened.missing


@pytest.fixture(scope="module")
def small_cohort(server: Server) -> Cohort:
    """The drawings in the server's workspace."""
    return keep_drawings(server.workspace)


def keep_drawings(workspace: Workspace) -> Cohort:
    """Put two classes of tiny drawings into a workspace; one class name tries to call another server."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 40, (48, 1, 32, 32)).astype(np.int16)
    labels = np.arange(48) % 2
    pixels[labels == 0, :, 8:24, 8:24] += 150
    pixels[labels == 1, :, 14:18, :] += 150
    cohort = Cohort(
        name="drawings",
        digest=digest_of(pixels),
        pixels=pixels,
        labels=labels.astype(np.int64),
        roles=np.arange(48, dtype=np.int64) % 3,
        ids=np.array([f"{row:012x}" for row in range(48)]),
        patients=np.arange(48, dtype=np.int64) // 2,
        groups=np.arange(48, dtype=np.int64) // 2,
        classes=("square", "![x](http://198.51.100.7/a.png)<img src=http://198.51.100.7/b.png>"),
        intensity=Intensity("HU", 0, 200),
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=False,
        duplicates={"exact": 0, "across_split": 0, "across_classes": 0},
    )
    workspace.keep(cohort, cohort.name, files={"paths.json": json.dumps({}).encode()})
    return cohort


Serve = Callable[[Workspace, Path], Iterator[Server]]
