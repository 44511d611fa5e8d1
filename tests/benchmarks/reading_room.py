"""Three simulated readers read 120 images each in Chromium; the study's numbers against a script on the raw table.

    python -m tests.benchmarks.reading_room

Readers see only what the browser shows: one calls real what is smooth in the picture itself, one guesses, one is
between. Prints a line `BAR name value target PASS|FAIL` each.
"""

import csv
import io
import json
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from scipy import stats
from sklearn.metrics import roc_auc_score

from ganaug_core.storage.workspace import Workspace
from tests.browser.conftest import FLAGS, key, serve
from tests.reading_records import STUDY, a_study

SKILLS = (0.0, 0.5, 1.0)  # share of images that a reader really looks at


def look(picture: bytes, skill: float, random: np.random.Generator) -> int:
    """Return a confidence: noisy pictures are synthetic here; what is not looked at is guessed."""
    if random.random() >= skill:
        return int(random.integers(1, 7))
    small = np.asarray(Image.open(io.BytesIO(picture)).resize((16, 16)), float)
    grain = np.abs(np.diff(small, axis=1)).mean()
    return 5 if grain > 3 else 2


def read(page: Page, address: str, reader: str, skill: float) -> list[float]:
    """Read as one reader to the end; return the seconds from each Enter to the next image."""
    random, pictures, waits = np.random.default_rng(int(reader[1])), {}, []
    page.on(
        "response", lambda answer: pictures.update({answer.url: answer.body()}) if answer.url.endswith(".bmp") else None
    )
    page.goto(f"{address}/reading?study={STUDY}")
    page.get_by_role("button", name=f"Read as {reader}").click()
    page.wait_for_selector(".room[data-step=welcome]")
    page.keyboard.press("Enter")
    for done in range(132):
        begun = time.perf_counter()
        page.wait_for_selector(f".room[data-step=reading][data-done='{done}']")
        waits.append(time.perf_counter() - begun)
        url = address + str(page.locator(".image img").get_attribute("src"))
        page.wait_for_timeout(310)
        page.keyboard.press(str(look(pictures[url], skill, random)))
        page.keyboard.press("as"[int(random.integers(2))])
        page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"{reader}: your result").wait_for()
    return waits


def bar(name: str, value: object, target: str, passed: bool) -> None:
    print(f"BAR {name} {value} {target} {'PASS' if passed else 'FAIL'}", flush=True)


def compare(raw: str, document: dict) -> None:
    """Compare the numbers of the page's JSON with those computed here from the page's table."""
    rows = [row for row in csv.DictReader(io.StringIO(raw)) if row["repeat"] == "0"]
    worst = 0.0
    areas, rights = [], []
    for one in document["results"]["readers"]:
        own = [row for row in rows if row["reader"] == one["reader"]]
        truth = np.array([row["truth"] == "synthetic" for row in own])
        confidence = np.array([int(row["confidence"]) for row in own])
        right = (confidence >= 4) == truth
        exact = stats.binomtest(int(right.sum()), len(own)).proportion_ci(method="exact")
        areas.append(roc_auc_score(truth, confidence))
        rights.append(right.mean())
        found = [one["accuracy"]["value"], *one["accuracy"]["interval"], one["auc"]["value"]]
        worst = max(worst, np.abs(np.array(found) - [rights[-1], exact.low, exact.high, areas[-1]]).max())
    means = document["results"]["means"]
    worst = max(worst, abs(means["auc"]["value"] - np.mean(areas)), abs(means["accuracy"]["value"] - np.mean(rights)))
    print("right calls", np.round(rights, 3), "areas", np.round(areas, 3))
    bar("reading-numbers", f"{worst:.1e}", "<1e-9", worst < 1e-9)
    bar("reading-order-of-skill", np.round(areas, 2).tolist(), "rises", areas == sorted(areas))


def main() -> None:
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        workspace = Workspace(Path(home) / "workspace")
        a_study(workspace, images=120, readers=3, margin=0.1)
        path = os.environ.get("GANAUG_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        for server in serve(workspace, Path(home)):
            context = browser.new_context(viewport={"width": 1366, "height": 768})
            context.add_cookies([key(server.address)])
            context.set_default_timeout(60_000)
            waits = []
            begun = time.perf_counter()
            for number, skill in enumerate(SKILLS):
                page = context.new_page()
                waits += read(page, server.address, f"R{number + 1}", skill)
                page.close()
            bar("reading-3x120", f"{time.perf_counter() - begun:.0f} s", "ends", len(waits) == 3 * 132)
            bar("reading-next-image-p95", f"{np.quantile(waits, 0.95):.2f} s", "<0.5 s", np.quantile(waits, 0.95) < 0.5)
            page = context.new_page()
            page.goto(f"{server.address}/reading?study={STUDY}")
            page.get_by_text(re.compile("Readers told real from synthetic")).wait_for()
            saved = {}
            for label in ("All answers (CSV)", "Results (JSON)"):
                with page.expect_download() as download:
                    page.get_by_role("button", name=label).click()
                saved[label] = Path(download.value.path()).read_text()
            compare(saved["All answers (CSV)"], json.loads(saved["Results (JSON)"]))
            page.screenshot(path=os.environ.get("GANAUG_PICTURE", str(Path(home) / "study.png")))
        browser.close()


if __name__ == "__main__":
    main()
