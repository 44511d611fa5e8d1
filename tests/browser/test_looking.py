"""Looking at real images in a real browser: gallery, window, decisions, map and audit."""

import base64
import io
import json
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from looking_records import a_map, an_audit, kept
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from ganaug_core import pipeline
from ganaug_core.config.requests import AuditSamples, BuildMap
from ganaug_core.records import Audit, Cohort, Intensity, Map, Samples
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import digest_of
from ganaug_core.ui.pages.samples.decisions import FASTEST_SECONDS

FOLDERS = ("ChestCT", "HeadCT")
CLASSES = ("ChestCT", "HeadCT <img src=http://198.51.100.7/c.png>")  # a component that sets HTML would ask for it
COHORT, SAMPLES = "scans", "scans-made"
MAP = BuildMap(cohort=COHORT, samples=SAMPLES)
BADGE = 22  # diameter of a missing group's number on the map, in CSS pixels
QUERY = f"?cohort={COHORT}&samples={SAMPLES}"


@pytest.fixture(scope="module")
def scans(server, data: Callable[[str], Path]) -> tuple[Cohort, Samples, Map]:
    """Real slices as a cohort in HU, mirrored ones as synthetic images, a map and an audit of them."""
    folder = data("mednist_6k/images")
    files = [path for name in FOLDERS for path in sorted((folder / name).iterdir())[:60]]
    grey = np.stack([np.asarray(Image.open(path).convert("L").resize((32, 32))) for path in files])
    pixels = (grey.astype(np.int32) * 400 // 255 - 160).astype(np.int16)[:, None]
    labels = np.repeat(np.arange(2), 60)
    n = len(labels)
    cohort = Cohort(
        name=COHORT,
        digest=digest_of(pixels),
        pixels=pixels,
        labels=labels.astype(np.int64),
        roles=np.arange(n, dtype=np.int64) % 3,
        ids=np.array([f"{row + 256:012x}" for row in range(n)]),
        patients=np.full(n, -1, np.int64),
        groups=np.arange(n, dtype=np.int64),
        classes=CLASSES,
        intensity=Intensity("HU", -160, 240),
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=False,
        duplicates={"exact": 0, "across_split": 0, "across_classes": 0},
    )
    images = cohort.images(np.arange(n))[..., ::-1].copy()
    ids = np.array([f"{row + 4096:012x}" for row in range(n)])
    provenance = {"generator": "g", "seed": 0, "truncation": 1.0, "cohort": cohort.digest}
    samples = Samples(
        name=SAMPLES,
        digest=digest_of(images),
        images=images,
        labels=cohort.labels,
        ids=ids,
        classes=CLASSES,
        source="generator",
        paths=(),
        provenance=provenance,
    )
    map_ = a_map(cohort, samples)
    server.workspace.keep(cohort, COHORT)
    server.workspace.keep(samples, SAMPLES)
    kept(server.workspace, map_, MAP)
    kept(server.workspace, a_map(cohort, samples, "texture"), replace(MAP, encoder="texture"))
    audit = crowded(an_audit(cohort, samples), cohort)
    kept(server.workspace, audit, AuditSamples(cohort=COHORT, samples=SAMPLES))
    return cohort, samples, map_


def crowded(audit: Audit, cohort: Cohort) -> Audit:
    """The audit with four more missing groups, all in the same corner of the map."""
    group = audit.missing_modes[0]
    heads = [str(image) for image in cohort.ids[cohort.where(label=1)]]
    more = [replace(group, cluster=9 + k, members=tuple(heads[k::9])) for k in range(4)]
    return replace(audit, missing_modes=(group, *more))


def tile(page: Page, image: str) -> Locator:
    return page.locator(f".tiles button[data-id='{image}']")


def viewer_of(page: Page, image: str) -> Locator:
    """The viewer whose first panel is this image, ready and drawn."""
    viewer = page.locator(f".viewer[data-ready^='{image}'][data-drawn]")
    expect(viewer).to_be_visible()
    return viewer


def ready_map(page: Page, count: int) -> Locator:
    map_element = page.locator(f".map[data-ready='{count}'][data-drawn]")
    expect(map_element).to_be_visible()
    return map_element


def place_of(page: Page, map_: Map, row: int) -> tuple[float, float]:
    """Where a point of the fitted map lies on the screen, computed from the map's own numbers."""
    canvas = page.locator(".map canvas.overlay")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    low, high = map_.positions.min(0), map_.positions.max(0)
    scale = 0.92 * min(box["width"] / (high[0] - low[0]), box["height"] / (high[1] - low[1]))
    across, up = (map_.positions[row] - (low + high) / 2) * scale
    return box["x"] + box["width"] / 2 + float(across), box["y"] + box["height"] / 2 - float(up)


# samples


def test_a_class_is_there_at_once_in_one_request(app, scans) -> None:
    sheets: list[str] = []
    app.page.on("request", lambda request: sheets.append(request.url) if "/api/sprite/" in request.url else None)
    page = app.open(f"/samples{QUERY}")
    expect(page.locator(".gallery[data-ready='60']")).to_be_visible()
    assert len(set(sheets)) == 1
    expect(page.get_by_role("listbox", name="Synthetic images of the class ChestCT")).to_be_visible()
    expect(page.get_by_role("option")).to_have_count(60)


def test_the_keyboard_moves_through_the_gallery_and_picks(app, scans) -> None:
    samples = scans[1]
    page = app.open(f"/samples{QUERY}")
    expect(page.locator(".gallery[data-ready]")).to_be_visible()
    tile(page, samples.ids[0]).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(tile(page, samples.ids[1])).to_be_focused()
    page.keyboard.press("End")
    expect(tile(page, samples.ids[59])).to_be_focused()
    page.keyboard.press("Enter")
    viewer_of(page, samples.ids[59])
    expect(tile(page, samples.ids[59])).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile(f"image={samples.ids[59]}"))


def test_a_click_shows_the_image_beside_its_nearest_ones(app, scans) -> None:
    samples = scans[1]
    page = app.open(f"/samples{QUERY}")
    tile(page, samples.ids[30]).click()
    viewer = viewer_of(page, samples.ids[30])
    for title in (
        "Synthetic image",
        "Nearest training image",
        "Nearest tuning image",
        "Nearest hold-out image",
        "Difference",
    ):
        expect(viewer.get_by_role("figure", name=title)).to_be_visible()
    expect(page.get_by_text("Found by the audit's registered search")).to_be_visible()
    explained = viewer.locator(".toolbar button[title], .window[title], figcaption[title='']")
    expect(viewer.locator(".toolbar button[title='']")).to_have_count(0)
    expect(explained).to_have_count(viewer.locator(".toolbar button").count() + 5)  # the window, and four plain titles


def test_the_value_under_the_cursor_is_in_the_unit(app, scans) -> None:
    cohort, samples, _ = scans
    page = app.open(f"/samples{QUERY}&image={samples.ids[31]}")
    viewer = viewer_of(page, samples.ids[31])
    canvas = viewer.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * 10.5 / 32, "y": box["height"] * 20.5 / 32})
    physical = cohort.intensity.physical(samples.images[31])[0, 20, 10]
    expect(viewer.locator(".value").first).to_have_text(f"{round(float(physical))} HU at row 20, column 10")


def test_dragging_changes_the_window_of_all_panels_and_reset_brings_it_back(app, scans) -> None:
    samples = scans[1]
    page = app.open(f"/samples{QUERY}&image={samples.ids[31]}")
    viewer = viewer_of(page, samples.ids[31])
    expect(viewer.locator(".window")).to_have_text("Level 40, width 400 HU")
    before = [canvas.screenshot() for canvas in viewer.locator("canvas").all()]
    canvas = viewer.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 50, box["y"] + 100)
    page.mouse.up()
    expect(viewer.locator(".window")).to_have_text("Level 40, width 300 HU")
    for old, canvas in zip(before, viewer.locator("canvas").all(), strict=True):
        assert canvas.screenshot() != old
    viewer.get_by_role("button", name="Lung").click()
    expect(viewer.locator(".window")).to_have_text("Level -600, width 1500 HU")
    viewer.get_by_role("button", name="Reset").click()
    expect(viewer.locator(".window")).to_have_text("Level 40, width 400 HU")


def test_a_mirrored_copy_differs_by_nothing_once_it_is_aligned(app, scans) -> None:
    image = str(scans[1].ids[0])  # the audit names it as the mirrored first training image
    page = app.open(f"/samples{QUERY}&image={image}")
    difference = viewer_of(page, image).get_by_role("figure", name="Difference")
    expect(difference).to_contain_text("second image flipped sideways")
    assert grey_of(difference).std() < 1
    page.get_by_role("button", name="Align before subtracting").click()
    expect(difference).to_contain_text("first minus second")
    assert grey_of(difference).std() > 5


def grey_of(figure: Locator) -> np.ndarray:
    """The pixels of a panel as they are drawn."""
    image_url = figure.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(image_url.partition(",")[2]))).convert("L"), float)


def test_the_chosen_set_goes_along_to_the_next_page(app, scans) -> None:
    samples = scans[1]
    app.server.workspace.keep(replace(samples, name="scans-newer"), "scans-newer")
    try:
        page = app.open(f"/samples{QUERY}")
        page.get_by_role("link", name="Search all images for copies").click()
        expect(page.get_by_role("heading", name="Do not use these images as they are")).to_be_visible()
        expect(page).to_have_url(re.compile(f"/audit.*samples={SAMPLES}(&|$)"))
    finally:
        app.server.workspace.remove("samples", "scans-newer")


def test_a_key_keeps_an_image_and_a_reload_still_knows(app, scans) -> None:
    samples = scans[1]
    first, second = str(samples.ids[40]), str(samples.ids[41])
    page = app.open(f"/samples{QUERY}&image={first}")
    viewer_of(page, first)
    page.keyboard.press("k")
    viewer_of(page, second)  # goes on to the next
    page.wait_for_timeout(1000 * FASTEST_SECONDS)
    page.keyboard.press("2")
    expect(tile(page, second)).to_have_attribute("data-mark", "reject")
    page = app.open(f"/samples{QUERY}")
    expect(tile(page, first)).to_have_attribute("data-mark", "keep")
    expect(tile(page, first)).to_have_attribute("aria-label", f"ChestCT, {first}, keep")
    workspace = app.server.workspace
    digest = workspace.samples(SAMPLES).digest
    decided = {decision.image: decision for decision in Database(workspace.database_path).decisions(digest)}
    assert (decided[first].decision, decided[second].reason) == ("keep", "blurred")


# map


def test_the_points_come_with_their_ids(app, scans) -> None:
    _, _, map_ = scans
    workspace = app.server.workspace
    artefact = workspace.artefact("maps", str(pipeline.existing_result(workspace, MAP)))
    body = app.page.request.get(f"{app.server.address}/api/map/{artefact}.bin").body()
    n = len(map_.ids)
    assert len(body) == 26 * n
    assert struct.unpack_from("<2f", body, 8) == pytest.approx(map_.positions[1])
    assert body[14 * n : 14 * n + 12].decode() == map_.ids[0]


def test_hovering_shows_the_image_and_its_nearest_training_image(app, scans) -> None:
    map_ = scans[2]
    page = app.open(f"/feature_map{QUERY}")
    map_element = ready_map(page, len(map_.ids))
    row = len(map_.ids) - 1
    page.mouse.move(*place_of(page, map_, row))
    card = map_element.locator(".card")
    expect(card).to_be_visible()
    image = map_element.get_attribute("data-card")
    row_shown = int(np.flatnonzero(map_.ids == image)[0])
    assert np.array_equal(map_.positions[row_shown], map_.positions[row])
    near = map_.ids[map_.nearest[row_shown]]
    expect(card).to_contain_text(f"nearest training image: training, {CLASSES[int(map_.labels[row_shown])]}, {near}")
    expect(card.locator("img")).to_have_count(2)
    for picture in card.locator("img").all():
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 32


def test_a_click_picks_and_another_space_keeps_the_choice(app, scans) -> None:
    map_ = scans[2]
    page = app.open(f"/feature_map{QUERY}")
    map_element = ready_map(page, len(map_.ids))
    page.mouse.click(*place_of(page, map_, len(map_.ids) - 1))
    image = map_element.get_attribute("data-card")
    viewer_of(page, str(image))
    page = app.open(f"/feature_map{QUERY}&space=texture&image={image}")
    ready_map(page, len(map_.ids))
    viewer_of(page, str(image))


def test_a_lasso_fills_a_gallery_and_a_tile_of_it_picks(app, scans) -> None:
    map_ = scans[2]
    page = app.open(f"/feature_map{QUERY}")
    map_element = ready_map(page, len(map_.ids))
    map_element.get_by_role("button", name="Lasso").click()
    inside = np.flatnonzero((map_.labels == 0) & (map_.roles == 3))
    places = np.array([place_of(page, map_, int(row)) for row in inside])
    (x0, y0), (x1, y1) = places.min(0) - 12, places.max(0) + 12
    page.mouse.move(x0, y0)
    page.mouse.down()
    for x, y in ((x1, y0), (x1, y1), (x0, y1), (x0, y0)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    expect(page.get_by_text(f"{len(inside)} images in the lasso")).to_be_visible()
    gallery = page.get_by_role("listbox", name="synthetic images in the lasso")
    expect(gallery.get_by_role("option")).to_have_count(len(inside))
    gallery.get_by_role("option").nth(3).click()
    image = str(gallery.get_by_role("option").nth(3).get_attribute("data-id"))
    viewer_of(page, image)
    expect(map_element.locator(".announcement")).to_contain_text(image)


def test_the_legend_hides_a_layer_and_the_keyboard_reaches_a_point(app, scans) -> None:
    map_ = scans[2]
    page = app.open(f"/feature_map{QUERY}")
    map_element = ready_map(page, len(map_.ids))
    map_element.get_by_role("button", name="synthetic (120)").click()
    expect(map_element).to_have_attribute("data-drawn", str(len(map_.ids) - 120))
    map_element.locator("canvas.overlay").focus()
    page.keyboard.press("ArrowRight")
    expect(map_element.locator(".card")).to_be_visible()
    page.keyboard.press("Enter")
    expect(map_element.locator(".announcement")).to_contain_text("Picked:")
    viewer_of(page, str(map_element.get_attribute("data-card")))


def test_suspected_copies_and_missing_groups_are_overlays(app, scans) -> None:
    page = app.open(f"/feature_map{QUERY}")
    map_element = ready_map(page, len(scans[2].ids))
    links = map_element.get_by_role("button", name="Suspected copies (2)")
    expect(links).to_have_attribute("aria-pressed", "true")
    before = map_element.locator(".canvases").screenshot()
    links.click()
    expect(links).to_have_attribute("aria-pressed", "false")
    assert map_element.locator(".canvases").screenshot() != before
    expect(map_element.get_by_role("button", name="Missing groups (5)")).to_be_visible()


def test_the_numbers_of_missing_groups_cover_neither_each_other_nor_the_edge(app, scans) -> None:
    page = app.open(f"/feature_map{QUERY}")
    map_element = ready_map(page, len(scans[2].ids))
    map_element.get_by_role("button", name="Missing groups (5)").click()
    expect(map_element).to_have_attribute("data-badges", re.compile(r"\d"))
    badges = np.array(json.loads(map_element.get_attribute("data-badges") or "[]"))
    assert badges.shape == (5, 2)
    ground = map_element.locator("canvas.points").bounding_box()
    assert badges.min() >= BADGE / 2
    assert (badges <= np.array([ground["width"], ground["height"]]) - BADGE / 2).all()
    apart = np.linalg.norm(badges[:, None] - badges[None], axis=2) + BADGE * np.eye(5)
    assert apart.min() >= BADGE


def test_a_missing_group_is_brightened_and_its_real_images_are_listed(app, scans) -> None:
    cohort, _, map_ = scans
    page = app.open(f"/feature_map{QUERY}")
    map_element = ready_map(page, len(map_.ids))
    entry = map_element.get_by_role("group", name="Missing groups").get_by_role(
        "button", name=f"3  {CLASSES[1]}: 2 % instead"
    )
    map_element.get_by_role("button", name="Missing groups (5)").click()
    expect(entry).to_be_visible()
    before = map_element.locator("canvas.points").evaluate("canvas => canvas.toDataURL()")
    entry.hover()
    page.wait_for_timeout(300)
    assert map_element.locator("canvas.points").evaluate("canvas => canvas.toDataURL()") != before
    entry.click()
    group = crowded(an_audit(cohort, scans[1]), cohort).missing_modes[2]
    gallery = page.get_by_role("listbox", name="real images in the missing group 3")
    expect(gallery.get_by_role("option")).to_have_count(len(group.members))
    entry.click()
    expect(gallery).to_have_count(0)
    map_element.get_by_role("button", name="Missing groups (5)").click()
    expect(entry).to_be_hidden()
    expect(map_element).to_have_attribute("data-badges", "[]")


# audit


def test_the_audit_shows_the_worst_pair_and_leads_to_it(app, scans) -> None:
    samples = scans[1]
    page = app.open(f"/audit{QUERY}")
    expect(page.get_by_role("heading", name="Do not use these images as they are")).to_be_visible()
    expect(page.locator(f".viewer[data-ready^='{samples.ids[0]}']").first).to_be_visible()
    expect(page.get_by_text("cannot be judged").filter(visible=True)).to_have_count(2)
    page.get_by_role("link", name="Decide about it").first.click()
    app.settled()
    expect(page.get_by_role("heading", level=1)).to_have_text("Samples")
    viewer_of(page, str(samples.ids[0]))
    expect(page.get_by_text("Found by the audit's registered search")).to_be_visible()


def test_the_audit_opens_a_missing_group_on_the_map(app, scans) -> None:
    cohort, samples, _ = scans
    page = app.open(f"/audit{QUERY}")
    page.get_by_role("link", name="Show the group on the map").first.click()
    app.settled()
    expect(page.get_by_role("heading", level=1)).to_have_text("Feature map")
    members = an_audit(cohort, samples).missing_modes[0].members
    gallery = page.get_by_role("listbox", name="real images in the missing group 1")
    expect(gallery.get_by_role("option")).to_have_count(len(members))
