"""The whole way on real images, by clicks: import, train one minute, look, keep and reject, map, audit."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from conftest import App
from PIL import Image
from playwright.sync_api import expect

from ganaug_core.records import TRAIN, Audit
from ganaug_core.storage.database import Database

CLASSES = ("CXR", "Hand", "HeadCT")
PER_CLASS = 200


def test_mednist_from_a_folder_to_a_verdict(app: App, data: Callable[[str], Path]) -> None:
    folder = app.server.log.parent / "mednist"
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for path in sorted((data("mednist_6k/images") / name).iterdir())[:PER_CLASS]:
            shutil.copy(path, folder / name)

    import_folder(app, folder)
    train_for_a_minute(app)
    samples = draw_images(app)
    query = f"?cohort=mednist&samples={samples}"
    keep_one_and_reject_one(app, samples, query)

    page = app.open(f"/feature_map{query}")
    page.get_by_role("button", name=re.compile("map", re.IGNORECASE)).first.click()
    expect(page.locator(".map[data-ready][data-drawn]")).to_be_visible(timeout=600_000)

    page = app.open(f"/audit{query}")
    page.get_by_role("button", name=re.compile("audit", re.IGNORECASE)).first.click()
    expect(page.get_by_text("Variety", exact=True).first).to_be_visible(timeout=600_000)
    audit = newest_audit(app, samples)
    assert set(audit.verdicts) == {"copying", "mode_coverage", "fidelity", "label_fidelity", "intensity"}

    bring_and_audit(app, data("mednist_6k/images"))


def import_folder(app: App, folder: Path) -> None:
    page = app.open("/cohort")
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
    expect(page.get_by_alt_text("images of the class Hand").first).to_be_visible(timeout=600_000)


def train_for_a_minute(app: App) -> None:
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
    expect(page.get_by_text("Finished.")).to_be_visible(timeout=600_000)


def draw_images(app: App) -> str:
    """Go from the finished run to its generator, draw, and return the name of the images."""
    page = app.page
    page.get_by_role("link", name="See the generator").click()
    app.settled()
    page.get_by_role("button", name=re.compile("^Draw")).click()
    expect(page.get_by_role("link", name=re.compile("Look at"))).to_be_visible(timeout=600_000)
    return app.server.workspace.names("samples")[-1]


def keep_one_and_reject_one(app: App, samples: str, query: str) -> None:
    page = app.open(f"/samples{query}")
    first = page.locator(".sections .made button").first
    first.click()
    image = first.get_attribute("data-id") or ""
    expect(page.locator(".viewer[data-ready][data-drawn]")).to_contain_text(image)
    page.keyboard.press("k")
    expect(page.locator(".tiles button[data-mark=keep]")).to_have_count(1)
    expect(page.locator(".viewer[data-ready][data-drawn]")).not_to_contain_text(image)
    app.settled()
    page.wait_for_timeout(400)
    page.keyboard.press("1")
    expect(page.locator(".tiles button[data-mark=reject]")).to_have_count(1)
    expect(page.locator(".bench[data-confirmed='2']")).to_be_visible()
    workspace = app.server.workspace
    decisions = Database(workspace.database_path).decisions(workspace.samples(samples).digest)
    assert sorted(decision.decision for decision in decisions) == ["keep", "reject"]


def newest_audit(app: App, samples: str) -> Audit:
    """Return what the newest audit of these images found."""
    workspace = app.server.workspace
    inputs = {"cohort": workspace.identity("cohorts", "mednist"), "samples": workspace.identity("samples", samples)}
    return workspace.audit(str(workspace.newest("audits", inputs)))


def bring_and_audit(app: App, images: Path) -> None:
    """Bring a folder of anybody's images of the same cohort, one of them a copy of a training image, and judge it."""
    cohort = app.server.workspace.cohort("mednist")
    copied = cohort.where(TRAIN, label=1)[3]
    folder = app.server.log.parent / "their-images"
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for path in sorted((images / name).iterdir())[PER_CLASS : PER_CLASS + 60]:
            shutil.copy(path, folder / name)
    Image.fromarray(cohort.pixels[copied, 0]).save(folder / cohort.classes[1] / "copy.png")

    page = app.open("/generators?cohort=mednist")
    page.get_by_text("Bring synthetic images of another program").click()
    field = page.get_by_role("textbox", name="or a folder or NPZ file on the server")
    field.fill(str(folder))
    field.press("Enter")
    expect(page.get_by_role("button", name="Import these images")).to_be_visible()
    app.settled()
    page.get_by_role("button", name="Import these images").click()
    expect(page.get_by_text("181 images imported as their-images.")).to_be_visible(timeout=600_000)
    page.get_by_role("link", name="Look at them closely").last.click()
    page.get_by_test_id("stPopoverButton").click()
    expect(page.get_by_text("181 synthetic images, 3 classes, made by another program")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_test_id("stMain").get_by_role("link", name="Audit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit")
    app.settled()
    page.get_by_role("button", name="Start the audit").click()
    expect(page.get_by_text("The same image up to noise").first).to_be_visible(timeout=600_000)
    worst = newest_audit(app, "their-images").suspects[0]
    assert worst.identical
    assert worst.real == cohort.ids[copied]
