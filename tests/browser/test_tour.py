"""The embedded demo as a newcomer sees it; the screenshots of the README are made here.

`GANAUG_TOUR=assets/tour pytest tests/browser/test_tour.py` writes them anew.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import App, Server, serve, window
from playwright.sync_api import Browser, expect

from ganaug_core import atlas, pipeline
from ganaug_core.config.requests import AuditSamples
from ganaug_core.storage.workspace import Workspace


@pytest.fixture(scope="module")
def demo(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("tour")
    workspace = Workspace(home / "workspace")
    atlas.install(workspace)
    yield from serve(workspace, home)


@pytest.fixture
def tour(chromium: Browser, demo: Server) -> Iterator[App]:
    yield from window(chromium, demo)


def picture(app: App, name: str, folder: Path) -> None:
    """Keep a screenshot where the README has its own, or in the test's folder."""
    target = Path(os.environ.get("GANAUG_TOUR", folder))
    target.mkdir(parents=True, exist_ok=True)
    app.page.wait_for_timeout(1500)  # charts and images fade in
    app.page.screenshot(path=target / f"{name}.png")


def of(generator: str, app: App) -> str:
    return f"?cohort={atlas.COHORT}&samples={atlas.samples_of(app.server.workspace, generator)}"


def test_the_first_screen_shows_the_phantom(tour: App, tmp_path: Path) -> None:
    page = tour.open("/")
    expect(page.get_by_alt_text("images of the class malignant").first).to_be_visible()
    picture(tour, "cohort", tmp_path)


def test_the_history_of_the_healthy_generator_can_be_scrubbed(tour: App, tmp_path: Path) -> None:
    page = tour.open("/training?run=healthy")
    expect(page.get_by_role("img", name=re.compile("Generated images after")).first).to_be_visible()
    picture(tour, "training", tmp_path)


def test_a_sample_stands_beside_its_nearest_real_images(tour: App, tmp_path: Path) -> None:
    page = tour.open(f"/samples{of('healthy', tour)}")
    page.locator(".tiles button").nth(5).click()
    expect(page.locator(".viewer[data-ready][data-drawn]")).to_be_visible()
    picture(tour, "samples", tmp_path)


def test_the_map_leads_to_the_closest_pair(tour: App, tmp_path: Path) -> None:
    workspace = tour.server.workspace
    request = AuditSamples(cohort=atlas.COHORT, samples=str(atlas.samples_of(workspace, "copying")))
    closest = workspace.audit(str(pipeline.existing_result(workspace, request))).suspects[0]
    page = tour.open(f"/feature_map{of('copying', tour)}&image={closest.synthetic}")
    expect(page.locator(".map[data-ready][data-drawn]")).to_be_visible()
    expect(page.locator(f".viewer[data-ready^='{closest.synthetic}'][data-drawn]")).to_be_visible()
    picture(tour, "feature_map", tmp_path)


def test_the_audit_of_the_copying_generator_names_the_copies(tour: App, tmp_path: Path) -> None:
    page = tour.open(f"/audit{of('copying', tour)}")
    expect(page.get_by_text(re.compile("closer to training images than")).first).to_be_visible()
    picture(tour, "audit", tmp_path)


@pytest.mark.parametrize("lesson", atlas.LESSONS, ids=lambda lesson: lesson.generator)
def test_each_lesson_shows_its_story_training_map_and_verdicts(tour: App, tmp_path: Path, lesson: atlas.Lesson) -> None:
    page = tour.open(f"/failure_atlas?lesson={lesson.generator}")
    expect(page.get_by_role("heading", name=lesson.title)).to_be_visible()
    expect(page.get_by_text("What the audit says")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Generated images after")).first).to_be_visible()
    expect(page.get_by_role("link", name="Open the whole audit")).to_be_visible()
    expect(page.locator(".map[data-ready][data-drawn]")).to_be_visible()
    if lesson.generator == "collapsed":
        picture(tour, "failure_atlas", tmp_path)


def test_both_games_of_the_playground_play(tour: App, tmp_path: Path) -> None:
    page = tour.open("/playground")
    expect(page.get_by_text("8 of 8")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    first = page.locator(".js-plotly-plot").first
    before = str(first.locator(".slider-label").first.text_content())
    first.get_by_text("Play", exact=True).click()
    expect(first.locator(".slider-label").first).not_to_have_text(before)
    picture(tour, "playground", tmp_path)
