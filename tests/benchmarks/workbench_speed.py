"""How soon the workbench answers a hand: pick, key, hover, filter, lasso, decision; and how soon it stands.

    python tests/benchmarks/workbench_speed.py [REPETITIONS, default 15]

The embedded demo (3,953 points, 1,200 tiles), then drawings with 20,000 points and 600 tiles. Milliseconds in Chromium
without a graphics card, median and 90th percentile: from the event to the frame after everything was drawn.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from urllib.request import urlopen

import numpy as np
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from looking_records import kept

from ganaug_core import atlas
from ganaug_core.config.requests import BuildMap
from ganaug_core.records import Cohort, Intensity, Map, Samples
from ganaug_core.storage.workspace import Workspace, digest_of

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "the-key-of-the-measurement"
REAL, MADE = 19_400, 600

# does something and resolves with the milliseconds until an attribute has changed and a frame was drawn
UNTIL = """(bench, [act, where, name]) => new Promise((resolve) => {
  const target = where ? bench.querySelector(where) : bench
  const started = performance.now()
  const before = target.getAttribute(name)
  const look = () => {
    if (target.getAttribute(name) !== before) requestAnimationFrame(() => resolve(performance.now() - started))
    else if (performance.now() - started > 3000) resolve(-1) // nothing to see: no point lies below the mouse
    else requestAnimationFrame(look)
  }
  const key = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))
  const select = (name, value) => {
    const element = bench.querySelector(`[name=${name}]`)
    element.value = value
    element.dispatchEvent(new Event("change"))
  }
  const [what, ...more] = act
  if (what === "click") [...bench.querySelectorAll(more[0])][more[1]].click()
  else if (what === "key") key(more[0])
  else if (what === "select") select(...more)
  else if (what === "hover") {
    const overlay = bench.querySelector(".overlay")
    const box = overlay.getBoundingClientRect()
    overlay.dispatchEvent(new PointerEvent("pointermove", { clientX: box.x + more[0], clientY: box.y + more[1] }))
  }
  look()
})"""


def main(repetitions: int = 15) -> None:
    with tempfile.TemporaryDirectory() as folder:
        demo, large = Workspace(Path(folder) / "demo"), Workspace(Path(folder) / "large")
        atlas.install(demo)
        name = str(atlas.samples_of(demo, "copying"))
        measure(demo, f"cohort={atlas.COHORT}&samples={name}", "demo", repetitions)
        draw(large)
        measure(large, "cohort=many&samples=made", "20,000 points", repetitions)
    print(f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")


def draw(workspace: Workspace) -> None:
    """Keep 20,000 small drawings and a map of them."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 200, (REAL, 1, 32, 32)).astype(np.int16)
    cohort = Cohort(
        name="many",
        digest=digest_of(pixels),
        pixels=pixels,
        labels=np.arange(REAL) % 3,
        roles=np.arange(REAL) % 3,
        ids=np.array([f"{row:012x}" for row in range(REAL)]),
        patients=np.arange(REAL),
        groups=np.arange(REAL),
        classes=("one", "two", "three"),
        intensity=Intensity("HU", 0, 200),
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=False,
    )
    images = cohort.images(np.arange(MADE))
    ids = np.array([f"{row + (1 << 40):012x}" for row in range(MADE)])
    made = Samples(
        name="made",
        digest=digest_of(images, "made"),
        images=images,
        labels=np.arange(MADE) % 3,
        ids=ids,
        classes=cohort.classes,
        source="folder",
    )
    workspace.keep(cohort, cohort.name)
    workspace.keep(made, made.name)
    kept(workspace, spread(cohort, made), BuildMap(cohort="many", samples="made"))


def spread(cohort: Cohort, made: Samples) -> Map:
    """A map of points that lie anywhere."""
    n = len(cohort) + len(made)
    random = np.random.default_rng(1)
    return Map(
        encoder="simclr",
        cohort=cohort.name,
        synthetic=made.name,
        classes=cohort.classes,
        positions=random.normal(size=(n, 2)).astype(np.float32),
        ids=np.concatenate([cohort.ids, made.ids]),
        roles=np.concatenate([cohort.roles, np.full(len(made), 3)]),
        labels=np.concatenate([cohort.labels, made.labels]),
        nearest=np.zeros(n, np.int64),
        distances=np.ones(n, np.float32),
        trustworthiness=0.9,
        neighbour_hit_rate=0.5,
    )


def measure(workspace: Workspace, query: str, what: str, repetitions: int) -> None:
    with serving(workspace) as address, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        page.goto(f"{address}/?token={TOKEN}")
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=120_000)
        page.wait_for_timeout(2000)
        hands(page, f"{address}/feature_map?{query}", what, repetitions)
        browser.close()


@contextmanager
def serving(workspace: Workspace, checkout: Path = ROOT) -> Iterator[str]:
    """Serve a workspace by the code of a checkout; yield the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "GANAUG_HOME": str(workspace.root), "PYTHONPATH": str(checkout), "GANAUG_TOKEN": TOKEN}
    command = [sys.executable, "-m", "streamlit", "run", str(checkout / "app.py"), "--server.port", str(port)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        answers(address)
        yield address
    finally:
        server.terminate()
        server.wait(30)
        end_supervisor(workspace.root)


def answers(address: str) -> None:
    for _ in range(200):
        try:
            with urlopen(f"{address}/healthz", timeout=1):
                return
        except OSError:
            time.sleep(0.1)


def end_supervisor(home: Path) -> None:
    """End what the server started for this workspace: its command line names it."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(home).encode() in command:
            os.kill(int(entry.name), signal.SIGTERM)


def hands(page: Page, address: str, what: str, repetitions: int) -> None:
    opened = []
    for _ in range(4):  # the first one pays for what is kept afterwards
        started = time.monotonic()
        page.goto(address)
        page.wait_for_selector(".bench[data-ready][data-pictured]", timeout=120_000)
        page.wait_for_selector(".bench .map[data-ready][data-drawn]", timeout=120_000)
        opened.append(1000 * (time.monotonic() - started))
        page.wait_for_timeout(1500)
    print(f"{what}: stands {opened[0]:.0f} ms the first time, then {median(opened[1:]):.0f}")
    bench, tiles = page.locator(".bench"), ".sections .made button"

    def until(act: list[object], where: str, name: str) -> float:
        milliseconds: float = bench.evaluate(UNTIL, [act, where, name])
        page.wait_for_timeout(350)
        return milliseconds

    def repeat(title: str, one: Callable[[int], float]) -> None:
        one(0)
        times = [taken for taken in (one(number) for number in range(1, repetitions + 1)) if taken >= 0]
        print(f"{what}: {title} {median(times):.0f} ms (90th percentile {quantiles(times, n=10)[-1]:.0f})")

    def picked(number: int) -> float:
        """A hand is over a tile for a while before it clicks."""
        bench.locator(tiles).nth(number).dispatch_event("pointerover")
        page.wait_for_timeout(120)
        return until(["click", tiles, number], ".viewer", "data-ready")

    repeat("pick to pair, 120 ms after the mouse came", lambda n: picked(17 * n % 150 + 3))
    repeat("pick to pair at once", lambda n: until(["click", tiles, 19 * n % 150 + 4], ".viewer", "data-ready"))
    repeat("key to next image", lambda n: until(["key", "n"], ".viewer", "data-ready"))
    repeat("filter", lambda n: until(["select", "label", str(n % 2)], "", "data-filtered"))
    repeat("sort", lambda n: until(["select", "sort", ("made", "distance")[n % 2]], "", "data-filtered"))
    page.get_by_role("button", name="Show all").click()
    box = page.locator(".map canvas.overlay").bounding_box()
    assert box is not None
    across = [box["width"] * (0.3 + 0.02 * n) for n in range(repetitions + 1)]
    repeat("hover to image", lambda n: until(["hover", across[n], box["height"] / 2], ".map", "data-pictured"))
    page.get_by_role("button", name="Lasso").click()
    repeat("lasso to gallery", lambda n: lasso(page, box, 0.25 + 0.01 * n))
    page.get_by_role("button", name="Show all").click()
    repeat("decision confirmed", lambda n: until(["key", "k"], "", "data-confirmed"))


def lasso(page: Page, box: dict[str, float], size: float) -> float:
    """Draw a loop; return the time from letting go to the frame after the gallery was drawn."""
    page.locator(".bench").evaluate("""(bench) => {
      bench.started = bench.ended = 0
      bench.addEventListener("pointerup", () => (bench.started = performance.now()), { capture: true, once: true })
      const watch = new MutationObserver(() => {
        if (!bench.started) return
        watch.disconnect()
        requestAnimationFrame(() => (bench.ended = performance.now()))
      })
      watch.observe(bench, { attributeFilter: ["data-filtered"] })
    }""")
    x, y, reach = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, size * box["height"]
    page.mouse.move(x - reach, y - reach)
    page.mouse.down()
    for right, down in ((1, -1), (1, 1), (-1, 1), (-1, -0.9)):
        page.mouse.move(x + right * reach, y + down * reach, steps=5)
    page.mouse.up()
    page.wait_for_timeout(700)
    taken: float = page.locator(".bench").evaluate("bench => bench.ended - bench.started")
    return taken


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
