"""The Benefit page in a real browser: the answer, both figures and the arms' images in one screen."""

import io

import numpy as np
from benefit_results import STATEMENT, a_benefit
from looking_records import kept
from PIL import Image
from playwright.sync_api import expect

from ganaug_core.config.requests import MeasureBenefit
from ganaug_core.records import Cohort, Samples
from ganaug_core.storage.workspace import digest_of

SAMPLES = "drawings-made"


def a_picture() -> bytes:
    data = io.BytesIO()
    Image.fromarray(np.full((40, 200, 3), 90, np.uint8)).save(data, "PNG")
    return data.getvalue()


def test_the_answer_and_both_figures_stand_in_one_screen(app, server, small_cohort: Cohort) -> None:
    rows = np.arange(12)
    images = small_cohort.images(rows)
    provenance = {"cohort": small_cohort.digest}
    ids = np.array([f"{row + 8192:012x}" for row in rows])
    labels = small_cohort.labels[rows]
    samples = Samples(
        name=SAMPLES,
        digest=digest_of(images),
        images=images,
        labels=labels,
        ids=ids,
        classes=small_cohort.classes,
        source="generator",
        provenance=provenance,
    )
    benefit = a_benefit(small_cohort, samples)
    server.workspace.keep(samples, SAMPLES)
    request = MeasureBenefit(cohort="drawings", samples=SAMPLES)
    kept(server.workspace, benefit, request, {f"{arm.name}.png": a_picture() for arm in benefit.arms})

    page = app.open(f"/benefit?cohort=drawings&samples={SAMPLES}")
    expect(page.get_by_role("heading", name=STATEMENT)).to_be_visible()
    figures = page.locator(".js-plotly-plot .main-svg:first-child")
    expect(figures).to_have_count(2)
    for index in range(2):
        box = figures.nth(index).bounding_box()
        assert box["y"] + box["height"] <= 800
    expect(page.locator(".layer-above image, .layer-below image")).to_have_count(len(benefit.arms))
    expect(page.get_by_text("minus classical, 95 % interval")).to_be_visible()
    page.get_by_text("What the classifiers were shown").click()
    expect(page.get_by_role("img", name="Training images of the arm")).to_have_count(len(benefit.arms))
    page.get_by_text("What each arm does").click()
    expect(page.get_by_text("mistakes on rarer classes cost more")).to_be_visible()

    page.get_by_role("combobox", name="Measure").click()
    page.get_by_role("option", name="Calibration error").click()
    app.settled()
    expect(page.get_by_text("Change of calibration error")).to_be_visible()
