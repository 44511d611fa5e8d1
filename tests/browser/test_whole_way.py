"""The whole way on real images, by clicks: import, train one minute, look, keep and reject, map, audit."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from conftest import App
from playwright.sync_api import expect

from ganaug_core.database import Database

CLASSES = ("CXR", "Hand", "HeadCT")
PER_CLASS = 200


def test_mednist_from_a_folder_to_a_verdict(app: App, data: Callable[[str], Path]) -> None:
    folder = app.server.log.parent / "mednist"
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for path in sorted((data("mednist_6k/images") / name).iterdir())[:PER_CLASS]:
            shutil.copy(path, folder / name)

    page = app.open("/")
    if page.get_by_text("Load another cohort").count():
        page.get_by_text("Load another cohort").click()
    field = page.get_by_role("textbox", name="Folder, NPZ file or CSV table")
    field.fill(str(folder))
    field.press("Enter")
    # for a moment the field of the run before stands beside the new one
    expect(page.locator("input[aria-label='Name of the cohort'][value='mednist']")).to_have_count(1)
    expect(page.get_by_label("Name of the cohort")).to_have_count(1)
    app.settled()
    page.get_by_role("button", name="Import these images").click()
    expect(page.get_by_alt_text("images of the class Hand").first).to_be_visible(timeout=180_000)

    page = app.open("/training?cohort=mednist")
    if page.get_by_text("Train another generator").count():
        page.get_by_text("Train another generator").click()
    minutes = page.get_by_role("spinbutton", name="Minutes of training")
    minutes.fill("1")
    minutes.press("Enter")
    app.settled()
    name = page.get_by_role("textbox", name="Name of the run")
    name.fill("one-minute")
    name.press("Enter")
    app.settled()
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("Finished.")).to_be_visible(timeout=240_000)

    page.get_by_role("link", name="See the generator").click()
    app.settled()
    page.get_by_role("button", name=re.compile("^Draw")).click()
    expect(page.get_by_role("link", name=re.compile("Look at"))).to_be_visible(timeout=120_000)

    samples = app.server.workspace.names("samples")[-1]
    query = f"?cohort=mednist&samples={samples}"
    page = app.open(f"/samples{query}")
    page.locator(".tiles button").first.click()
    expect(page.locator(".viewer[data-ready][data-drawn]")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator(".tiles button[data-mark=keep]")).to_have_count(1)
    page.wait_for_timeout(500)
    page.keyboard.press("1")
    expect(page.locator(".tiles button[data-mark=reject]")).to_have_count(1)
    kept = Database(app.server.workspace.database_path).decisions(samples)
    assert sorted(each.decision for each in kept) == ["keep", "reject"]

    page = app.open(f"/feature_map{query}")
    page.get_by_role("button", name=re.compile("map", re.IGNORECASE)).first.click()
    expect(page.locator(".map[data-ready][data-drawn]")).to_be_visible(timeout=300_000)

    page = app.open(f"/audit{query}")
    page.get_by_role("button", name=re.compile("audit", re.IGNORECASE)).first.click()
    expect(page.get_by_text("Variety", exact=True).first).to_be_visible(timeout=400_000)
    audit = app.server.workspace.audit(f"mednist--{samples}")
    assert set(audit.verdicts) == {"copying", "mode_coverage", "fidelity", "label_fidelity", "intensity"}
