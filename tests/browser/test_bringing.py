"""What people bring is taken in or refused in words, by clicks: generator files, synthetic images, faulty cohorts."""

import json
import pickle
import re
from pathlib import Path

import numpy as np
from bad_input import pictures, table, truncated
from conftest import App
from playwright.sync_api import Page, expect
from safetensors.numpy import save_file
from test_pages import path_field

from ganaug_core import app_root
from ganaug_core.generators.container import with_passport
from ganaug_core.generators.stored import WEIGHTS
from ganaug_core.records import Cohort

WORKING = app_root() / "assets" / "demo" / "generators" / "working"


def working() -> bytes:
    """The working generator of the demo as the file that leaves ganaug."""
    passport = json.loads((WORKING / "manifest.json").read_bytes())["passport"]
    return with_passport((WORKING / WEIGHTS).read_bytes(), passport)


def bring_generator(app: App, path: Path) -> Page:
    page = app.settled()
    uploader = page.get_by_test_id("stFileUploader").filter(has_text="generator file")
    if not uploader.is_visible():
        page.get_by_text("Bring a generator file").click()
    uploader.locator("input[type=file]").set_input_files(path)
    return page


def refused(page: Page, words: str) -> None:
    alert = page.get_by_role("alert").filter(has_text=re.compile(words))
    expect(alert).to_be_visible(timeout=60_000)
    expect(alert).to_contain_text("What to do:")


# generators


def test_a_generator_file_is_tried_and_then_can_be_drawn_from(app, tmp_path: Path) -> None:
    (tmp_path / "from-a-colleague.safetensors").write_bytes(working())
    app.open("/generators")
    page = bring_generator(app, tmp_path / "from-a-colleague.safetensors")
    expect(page).to_have_url(re.compile("generator=from-a-colleague"), timeout=60_000)
    expect(page.get_by_text("Self-test passed")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Draw 64 images per class")).click()
    expect(page.get_by_alt_text("Synthetic images of the class malignant")).to_be_visible(timeout=120_000)


def test_from_a_deep_link_one_can_bring_save_look_and_go_on(app, small_cohort: Cohort, tmp_path: Path) -> None:
    """Streamlit builds the addresses of uploads, downloads, images and screens from the one that it was told."""
    page = app.open("/generators?cohort=drawings")
    (tmp_path / "brought.safetensors").write_bytes(working())
    bring_generator(app, tmp_path / "brought.safetensors")
    expect(page).to_have_url(app.server.address + "/generators?cohort=drawings&generator=brought", timeout=60_000)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as a file").click()
    assert Path(saving.value.path()).read_bytes().endswith(working()[-10_000:]), "the passport has another name"
    page.get_by_role("link", name="Cohort").first.click()
    expect(page).to_have_url(app.server.address + "/cohort?cohort=drawings")
    picture = page.get_by_alt_text("images of the class square").first
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    page.get_by_role("link", name="Audit").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit")
    expect(page).to_have_url(re.compile(f"^{app.server.address}/audit"))


def test_foreign_and_corrupt_generator_files_are_refused_and_nothing_is_kept(app, tmp_path: Path) -> None:
    flipped = bytearray(working())
    flipped[-100] ^= 1
    (tmp_path / "one-bit.safetensors").write_bytes(flipped)
    (tmp_path / "half.safetensors").write_bytes(working()[: len(flipped) // 2])
    (tmp_path / "program.safetensors").write_bytes(pickle.dumps({"weights": [1, 2, 3], "more": "x" * 100}))
    save_file({"weight": np.zeros((4, 4), np.float32)}, tmp_path / "somebody-else.safetensors")
    before = app.server.workspace.names("generators")
    app.open("/generators")
    for name, words in (
        ("one-bit", "refused.*damaged or was changed"),
        ("program", "refused.*pickle"),
        ("half", "refused.*damaged or was changed"),
        ("somebody-else", "refused.*without a ganaug passport"),
    ):
        page = bring_generator(app, tmp_path / f"{name}.safetensors")
        refused(page, words)
    assert app.server.workspace.names("generators") == before


# synthetic images


def bring_images(app: App, folder: Path) -> Page:
    page = app.open("/generators?cohort=drawings")
    page.get_by_text("Bring synthetic images of another program").click()
    field = page.get_by_role("textbox", name="or a folder or NPZ file on the server")
    field.fill(str(folder))
    field.press("Enter")
    button = page.get_by_role("button", name="Import these images")
    expect(button).to_be_visible()
    app.settled()
    button.click()
    return page


def test_a_class_that_the_cohort_does_not_have_is_named(app, small_cohort: Cohort) -> None:
    folder = pictures(app.server.log.parent / "wrong-class", {"square": 4, "circle": 4})
    page = bring_images(app, folder)
    refused(page, "class .?circle.? that drawings does not have")
    expect(page.get_by_role("alert").first).to_contain_text("Name the classes as the cohort does: square")
    assert not app.server.workspace.exists("samples", "wrong-class")


# faulty cohorts


def bring_cohort(app: App, path: Path, name: str) -> Page:
    page = app.open("/cohort")
    field = path_field(page)
    field.fill(str(path))
    field.press("Enter")
    expect(page.locator(f"input[aria-label='Name of the cohort'][value='{name}']")).to_have_count(1)
    expect(page.get_by_label("Name of the cohort")).to_have_count(1)
    app.settled()
    return page


def test_a_damaged_image_is_named_and_the_rest_is_imported(app) -> None:
    folder = pictures(app.server.log.parent / "one-damaged", {"left": 20, "right": 20})
    truncated(folder / "left" / "07.png")
    page = bring_cohort(app, folder, "one-damaged")
    page.get_by_role("button", name="Import these images").click()
    expect(page).to_have_url(re.compile("cohort=one-damaged"), timeout=120_000)
    expect(page.get_by_text("1 file could not be used; everything else is here.")).to_be_visible()
    assert len(app.server.workspace.cohort("one-damaged")) == 39


def test_an_empty_folder_and_a_wrong_label_column_say_what_to_do_and_keep_what_is_there(app, small_cohort) -> None:
    before = set(app.server.workspace.names("cohorts"))
    empty = app.server.log.parent / "nothing-here"
    empty.mkdir()
    page = bring_cohort(app, empty, "nothing-here")
    page.get_by_role("button", name="Import these images").click()
    refused(page, "nothing-here")
    listed = pictures(app.server.log.parent / "listed", {"all": 12})
    rows = [["file", "finding"], *([f"all/{number:02}.png", "ab"[number % 2]] for number in range(12))]
    table(listed / "labels.csv", rows)
    page = bring_cohort(app, listed / "labels.csv", "labels")
    page.get_by_text("Options").click()
    column = page.get_by_role("textbox", name="Column with the classes")
    column.fill("diagnosis")
    column.press("Enter")
    app.settled()
    page.get_by_role("button", name="Import these images").click()
    refused(page, "diagnosis")
    expect(page.get_by_role("alert").filter(has_text="diagnosis")).to_contain_text("finding")
    assert set(app.server.workspace.names("cohorts")) == before
