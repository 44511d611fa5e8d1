"""How soon each page of the demo stands: its script has run and nothing is a placeholder any more.

    python tests/benchmarks/page_start.py [REPETITIONS, default 7] [ANOTHER CHECKOUT]

Milliseconds in Chromium without a graphics card, at 1366 x 768, scripts in the browser's store: median and longest.
With another checkout the two take turns, page by page, so that a busy machine is as busy for both.
"""

import os
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright
from workbench_speed import ROOT, TOKEN, serving

from ganaug_core import atlas
from ganaug_core.storage.workspace import Workspace

PAGES = {
    "start": "/",
    "cohort": "/cohort",
    "training": "/training?run=working",
    "search": "/search",
    "compare": "/compare",
    "compare sets": "/compare?what=Sets%20of%20images",
    "generators": "/generators",
    "explore": "/explore?generator=working",
    "samples": "/samples?{copying}",
    "feature map": "/feature_map?{copying}",
    "audit": "/audit?{copying}",
    "benefit": "/benefit?{working}",
    "report": "/report?{copying}",
    "reading room": "/reading",
    "story": "/story",
    "lecture": "/lecture",
    "failure atlas": "/failure_atlas",
    "lessons": "/lessons",
    "playground": "/playground",
}


def main(repetitions: int = 7, other: str = "") -> None:
    checkouts = [ROOT, Path(other).resolve()] if other else [ROOT]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        opened = []
        for number, checkout in enumerate(checkouts):
            workspace = Workspace(Path(folder) / f"workspace-{number}")
            atlas.install(workspace)
            address = stack.enter_context(serving(workspace, checkout))
            page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
            page.goto(f"{address}/?token={TOKEN}")
            settled(page)
            opened.append((page, address))
        sets = {
            name: f"cohort={atlas.COHORT}&samples={atlas.samples_of(workspace, name)}"
            for name in ("copying", "working")
        }
        for name, path in PAGES.items():
            taken: list[list[float]] = [[] for _ in opened]
            for _ in range(repetitions + 1):
                for times, (page, address) in zip(taken, opened, strict=True):
                    times.append(start(page, address + path.format(**sets)))
            tell(name, [times[1:] for times in taken])  # the first one pays for what is kept afterwards
        browser.close()
    print(f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")


def start(page: Page, address: str) -> float:
    begun = time.monotonic()
    page.goto(address)
    settled(page)
    milliseconds = 1000 * (time.monotonic() - begun)
    page.wait_for_timeout(700)  # what goes on behind it shall not disturb the next start
    return milliseconds


def settled(page: Page) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=120_000)
    page.wait_for_selector("[data-testid=stSkeleton]", state="detached", timeout=120_000)


def tell(name: str, taken: list[list[float]]) -> None:
    own = taken[0]
    line = f"{name}: {median(own):.0f} ms (longest {max(own):.0f})"
    if len(taken) > 1:
        ratio = median(mine / theirs for mine, theirs in zip(*taken, strict=True))
        line += f"; the other checkout {median(taken[1]):.0f}, ratio {ratio:.2f}"
    print(line, flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
