"""What comes from elsewhere and leaves: a set for a colleague, and a network of another program."""

import re
from dataclasses import replace

import numpy as np
from onnx_networks import network, saved
from playwright.sync_api import expect

from ganaug_core.generators import onnx_graph
from ganaug_core.records import Samples
from ganaug_core.records.digest import digest_of
from ganaug_core.storage.database import Database
from tests.steps.small_cohort import squares

NAME = "grey <img src=http://198.51.100.7/c.png>"  # what sets HTML would ask for it


def test_a_set_goes_to_a_colleague_and_comes_back_with_its_decisions(app, tmp_path) -> None:
    workspace, cohort = app.server.workspace, squares((12, 12), name="handed", classes=(NAME, "other"))
    images = np.random.default_rng(0).uniform(-1, 1, (4, *cohort.shape)).astype(np.float32)
    samples = Samples(
        name="handed-made",
        digest=digest_of(images),
        images=images,
        labels=np.array([0, 0, 1, 1]),
        ids=np.array([f"{row + 5000:012x}" for row in range(4)]),
        classes=cohort.classes,
        source="folder",
    )
    samples = replace(samples, digest=digest_of(images, samples.labels))
    workspace.keep(cohort, cohort.name)
    workspace.keep(samples, samples.name)
    Database(workspace.database_path).decide(samples.digest, str(samples.ids[1]), "reject", "odd", samples=samples.name)
    page = app.open("/samples?cohort=handed&samples=handed-made")
    expect(page.locator(".bench[data-ready]")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    button = page.get_by_role("button", name="Save for a colleague (.ganaug)")
    expect(button).to_be_disabled()
    page.get_by_label("Your name, as the colleague will see it").fill("Dr. A")
    page.keyboard.press("Tab")
    expect(button).to_be_enabled()
    with page.expect_download() as download:
        button.click()
    download.value.save_as(tmp_path / "handed.ganaug")
    page.goto("about:blank")
    workspace.remove("samples", samples.name)
    page = app.open("/generators")
    page.get_by_text("Open what a colleague handed over").click()
    uploader = page.get_by_test_id("stFileUploader").filter(has_text=".ganaug")
    uploader.locator("input[type=file]").set_input_files(tmp_path / "handed.ganaug")
    expect(page.get_by_text("From Dr. A: handed-made; 1 new decision.")).to_be_visible()
    assert {one.reader for one in Database(workspace.database_path).decisions(samples.digest)} == {"local", "Dr. A"}
    page.get_by_role("link", name="See what they looked at").click()
    expect(page).to_have_url(re.compile("/samples.*samples=handed-made"))
    expect(page.locator(".bench[data-ready]")).to_be_visible()


def test_a_network_of_another_program_comes_draws_and_leaves(app, tmp_path) -> None:
    workspace, cohort = app.server.workspace, squares((12, 12), name="imitated")
    workspace.keep(cohort, cohort.name)
    page = app.open("/generators?cohort=imitated")
    page.get_by_text("Bring a network of another program (ONNX)").click()
    uploader = page.get_by_test_id("stFileUploader").filter(has_text="An ONNX file").locator("input[type=file]")
    uploader.set_input_files(saved(network(), tmp_path))
    expect(page.get_by_text("It takes z (float, any x 4), y (int32, any) and makes img")).to_be_visible()
    page.get_by_label("It makes for the lowest value").fill("0")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Check and import").click()
    expect(page.get_by_text("Made by another program (ONNX, another program 1.5)")).to_be_visible(timeout=120_000)
    page.get_by_role("button", name="Draw 64 images per class").click()
    expect(page.get_by_role("link", name="Audit them")).to_be_visible(timeout=120_000)
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="Save as ONNX").click()
    download.value.save_as(tmp_path / "back.onnx")
    assert onnx_graph.ports(onnx_graph.read(tmp_path / "back.onnx"), 2).kind == "integer"
    with page.expect_download() as download:
        page.get_by_role("button", name="Save its model card").click()
    assert "Another program made it" in download.value.path().read_text("utf-8")
