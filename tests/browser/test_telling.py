"""A story on a projector: every screen by key, the flicker, votes, the address, and the way out."""

import re

import numpy as np
from looking_records import a_map, an_audit, kept
from playwright.sync_api import expect

from ganaug_core.config.requests import AuditSamples, BuildMap
from ganaug_core.records import Samples
from ganaug_core.records.digest import digest_of
from tests.steps.small_cohort import squares


def test_a_story_of_one_audit_is_walked_by_keys(app) -> None:
    workspace = app.server.workspace
    cohort = squares((12, 12), name="story", classes=("<b>left</b>", "right"))
    images = np.random.default_rng(0).uniform(-1, 1, (12, *cohort.shape)).astype(np.float32)
    labels, ids = np.repeat([0, 1], 6), np.array([f"{row + 9000:012x}" for row in range(12)])
    samples = Samples(
        name="story-made",
        digest=digest_of(images, labels),
        images=images,
        labels=labels,
        ids=ids,
        classes=cohort.classes,
        source="folder",
    )
    workspace.keep(cohort, cohort.name)
    workspace.keep(samples, samples.name)
    kept(workspace, a_map(cohort, samples), BuildMap(cohort="story", samples="story-made"))
    kept(workspace, an_audit(cohort, samples), AuditSamples(cohort="story", samples="story-made"))
    page = app.open("/audit?cohort=story&samples=story-made")
    page.get_by_role("link", name="Tell this as a story").click()
    story = page.get_by_role("region", name="Story")
    expect(story).to_have_attribute("data-ready", "1")
    kinds = []
    for place in range(2, 10):
        kinds.append(story.get_attribute("data-kind"))
        page.keyboard.press(("ArrowRight", "PageDown", " ")[place % 3])
        if place == 10 - 1:
            break
        expect(story).to_have_attribute("data-ready", str(place))
        assert story.evaluate("story => story.scrollHeight <= story.clientHeight + 1"), kinds
        if story.get_attribute("data-kind") == "flicker":
            canvas = story.get_by_role("img", name="A synthetic image and a real one by turns").first
            expect(canvas).to_have_attribute("data-shows", "real")
            expect(canvas).to_have_attribute("data-shows", "synthetic")
            page.keyboard.press("p")
            expect(story.get_by_role("button", name="Go on (P)")).to_be_visible()
    assert kinds == ["wedge", "sheets", "sheets", "maps", "flicker", "missing", "verdicts", "benefit"]
    expect(story.get_by_role("heading", name="What to take home")).to_be_visible()
    expect(page).to_have_url(re.compile("screen=9"))
    page.reload()
    expect(story).to_have_attribute("data-ready", "9")
    page.keyboard.press("Home")
    expect(story).to_have_attribute("data-ready", "1")
    page.keyboard.press("Escape")
    expect(page).to_have_url(app.server.address + "/")
    expect(page.get_by_role("heading", name="Start")).to_be_visible()
