"""A head CT from the folder to the screen: imported by clicks, scrolled, windowed, and read in Hounsfield units."""

import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pydicom
import pytest
from conftest import App
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, TimeoutError, expect

SIDE = 512


def opened(app: App, folder: Path, name: str) -> Page:
    """Return the Cohort page with a folder entered as source."""
    page = app.open("/cohort")
    if page.get_by_text("Load another cohort").count():
        page.get_by_text("Load another cohort").click()
    field = page.get_by_role("textbox", name="Folder, NPZ file or CSV table")
    field.fill(str(folder))
    field.press("Enter")
    expect(page.locator(f"input[aria-label='Name of the cohort'][value='{name}']")).to_have_count(1)
    expect(page.get_by_label("Name of the cohort")).to_have_count(1)
    app.settled()
    return page


def value_under_cursor(viewer: Locator, row: int, column: int) -> str:
    """Move the mouse over the middle of a pixel and return what the viewer says."""
    canvas = viewer.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    canvas.page.mouse.move(
        box["x"] + (column + 0.5) / SIDE * box["width"], box["y"] + (row + 0.5) / SIDE * box["height"]
    )
    readout = viewer.locator(".value").first
    expect(readout).to_have_text(re.compile(r"HU at row \d+, column \d+"))
    return readout.text_content() or ""


def hounsfield(path: Path) -> NDArray[np.float64]:
    """Return the values of a file as pydicom, not ganaug, decodes it."""
    dataset = pydicom.dcmread(path)
    return dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)


def test_a_head_ct_is_imported_scrolled_and_read_in_hounsfield_units(app: App, data: Callable[[str], Path]) -> None:
    folder = app.server.log.parent / "head"
    shutil.copytree(data("dicom_ct/ge_head"), folder)
    page = opened(app, folder, "head")
    page.get_by_text("Options", exact=True).last.click()
    size = page.get_by_role("slider", name="Size of the images, in pixels")
    for _ in range(3):
        size.press("ArrowRight")
    app.settled()
    whole = page.get_by_role("option", name="From the lowest to the highest value")
    for _ in range(5):  # a rerun that comes late closes the list
        page.get_by_role("combobox", name=re.compile("Range of values")).click()
        with suppress(TimeoutError):
            whole.click(timeout=3000)
            break
    app.settled()
    page.get_by_role("button", name="Import these images").click()
    expect(page).to_have_url(re.compile("cohort=head"), timeout=180_000)
    viewer = page.locator(".viewer[data-ready][data-drawn]")
    expect(viewer).to_be_visible(timeout=180_000)
    app.settled()

    cohort, paths = app.server.workspace.cohort("head"), app.server.workspace.paths("head")
    assert (cohort.shape, cohort.intensity.unit, cohort.modality) == ((1, SIDE, SIDE), "HU", "CT")
    expect(viewer.locator(".ruler")).to_have_text("50 mm")
    ruler, canvas = viewer.locator(".ruler").bounding_box(), viewer.locator("canvas").bounding_box()
    assert ruler is not None
    assert canvas is not None
    assert ruler["width"] / canvas["width"] == pytest.approx(50 / (SIDE * 0.4882812), rel=0.02)

    slices = set()
    for preset, window in (("Brain", "Level 40, width 80 HU"), ("Bone", "Level 400, width 1800 HU")):
        viewer.get_by_role("button", name=preset).click()
        expect(viewer.locator(".window")).to_have_text(window)
        for _ in range(3):
            before = str(viewer.get_attribute("data-ready"))
            truth = hounsfield(folder / paths[before])
            for row, column in ((256, 256), (120, 260), (300, 180), (5, 5)):
                expected = f"{truth[row, column]:.0f} HU at row {row}, column {column}"
                assert value_under_cursor(viewer, row, column) == expected, (preset, paths[before])
            slices.add(before)
            page.mouse.wheel(0, 100)
            expect(viewer).not_to_have_attribute("data-ready", before)
    assert len(slices) == 6
    expect(viewer.locator(".scroller output")).to_have_text("Slice 21 of 28")

    brain = viewer.locator("canvas").screenshot()
    viewer.get_by_role("button", name="Lung").click()
    assert viewer.locator("canvas").screenshot() != brain
