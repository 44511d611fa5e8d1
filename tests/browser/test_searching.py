"""A search of real runs from the page: begun by clicks, its runs appear, the best is opened and trained longer."""

import re
from dataclasses import replace

import numpy as np
from conftest import App, keep_drawings
from playwright.sync_api import expect
from sklearn.datasets import load_digits

from ganaug_core.jobs import runs, searches
from ganaug_core.records import Intensity
from ganaug_core.storage.workspace import Workspace, digest_of

PATIENCE = 240_000


def keep_digits(workspace: Workspace) -> None:
    """Put digits into a workspace under the name `digits`: unlike the drawings, a short run copies none of them."""
    digits, count = load_digits(), 360
    pixels = np.kron(digits.images[:count], np.ones((2, 2))).astype(np.int16)[:, None]
    place = np.arange(count, dtype=np.int64)
    digits_alone = {
        "name": "digits",
        "digest": digest_of(pixels),
        "pixels": pixels,
        "labels": (digits.target[:count] % 2).astype(np.int64),
        "roles": place % 3,
        "ids": np.array([f"{row:012x}" for row in place]),
        "patients": place,
        "groups": place,
        "intensity": Intensity("intensity", 0, 16),
    }
    workspace.keep(replace(keep_drawings(workspace), **digits_alone), "digits")


def test_a_search_is_begun_by_clicks_and_its_best_run_is_opened_and_goes_on(app: App) -> None:
    keep_digits(app.server.workspace)
    page = app.open("/search?cohort=digits")
    page.get_by_role("radio", name="Your own").click()
    text = page.get_by_role("textbox", name="One setting per line")
    text.fill("batch_size = [8, 16]\nlr_g = { low = 5e-4, high = 2e-3 }")
    text.press("Control+Enter")
    page.get_by_role("spinbutton", name="Runs in all").fill("2")
    page.get_by_role("spinbutton", name="Minutes each run trains").fill("0.05")
    page.get_by_role("spinbutton", name="Minutes each run trains").press("Enter")
    expect(page.get_by_text(re.compile("2 runs of 3 seconds of training each"))).to_be_visible()
    page.get_by_role("button", name="Start the search").click()
    expect(page.get_by_role("cell", name="digits-search-000")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(re.compile("2 of 2 runs over"))).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(re.compile("The best is"))).to_be_visible()
    expect(page.get_by_role("button", name="Make it longer")).to_be_visible(timeout=PATIENCE)
    best = searches.read(app.server.workspace, "digits-search").best
    assert best is not None
    page.get_by_role("button", name="Train it longer").click()
    page.get_by_role("button", name="Start the longer run").click()
    expect(page.get_by_role("link", name="It goes on in digits-search-best")).to_be_visible()
    assert runs.state(app.server.workspace, "digits-search-best").images > 0  # those of the run that it goes on from
    page.get_by_role("link", name="See the run").click()
    expect(page.get_by_role("heading", name="Training")).to_be_visible()
    expect(page).to_have_url(re.compile(f"run={best.run}"))
    expect(page.get_by_text(re.compile("Kept is the checkpoint"))).to_be_visible()
