"""Looking at real images in a real browser: gallery, window, decisions, map and audit."""

import base64
import io
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import App
from looking_records import a_map, an_audit, kept
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from ganaug_core import pipeline
from ganaug_core.config.requests import AuditSamples, BuildMap
from ganaug_core.records import ROLES, Audit, Cohort, Intensity, Map, Samples
from ganaug_core.storage.database import Database, Decision
from ganaug_core.storage.workspace import digest_of

FOLDERS = ("ChestCT", "HeadCT")
CLASSES = ("ChestCT", "HeadCT <img src=http://198.51.100.7/c.png>")  # a component that sets HTML would ask for it
COHORT, SAMPLES = "scans", "scans-made"
MAP = BuildMap(cohort=COHORT, samples=SAMPLES)
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
        volumes=np.arange(n, dtype=np.int64) // 6,
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


SCREEN = {"width": 1366, "height": 768}


def tile(page: Page, image: str) -> Locator:
    return page.locator(f".bench .tiles button[data-id='{image}']")


def viewer_of(page: Page, image: str) -> Locator:
    """The viewer whose first panel is this image, ready and drawn."""
    viewer = page.locator(f".viewer[data-ready^='{image}'][data-drawn]")
    expect(viewer).to_be_visible()
    return viewer


def opened(app: App, page_name: str, query: str = "") -> Page:
    """The workbench of a page, with everything that it shows."""
    page = app.open(f"/{page_name}{QUERY}{query}")
    expect(page.locator(".bench[data-ready][data-pictured]")).to_be_visible()
    return page


def ready_map(page: Page) -> Locator:
    map_element = page.locator(".bench .map[data-ready][data-drawn]")
    expect(map_element).to_be_visible()
    return map_element


def place_of(page: Page, map_: Map, row: int) -> tuple[float, float]:
    """Where a point of the fitted map lies on the screen, computed from the map's own numbers."""
    box = page.locator(".map canvas.overlay").bounding_box()
    assert box is not None
    low, high = map_.positions.min(0), map_.positions.max(0)
    scale = 0.92 * min(box["width"] / (high[0] - low[0]), box["height"] / (high[1] - low[1]))
    across, up = (map_.positions[row] - (low + high) / 2) * scale
    return box["x"] + box["width"] / 2 + float(across), box["y"] + box["height"] / 2 - float(up)


def every_decision(app: App) -> list[Decision]:
    workspace = app.server.workspace
    return Database(workspace.database_path).decisions(workspace.samples(SAMPLES).digest)


def decided(app: App) -> dict[str, tuple[str, str]]:
    return {one.image: (one.decision, one.reason) for one in every_decision(app)}


def told(page: Page, entries: int) -> None:
    """Wait until the server has confirmed so many entries of this page."""
    expect(page.locator(f".bench[data-confirmed='{entries}']")).to_be_visible()


def undecide(app: App) -> None:
    workspace = app.server.workspace
    base = Database(workspace.database_path)
    while left := every_decision(app):
        for one in left:
            base.take_back(one.digest, [one.image], reader=one.reader)


# gallery


def test_all_images_are_there_at_once_real_ones_above_and_the_page_does_not_scroll(app, scans) -> None:
    sheets: list[str] = []
    app.page.on("request", lambda request: sheets.append(request.url) if "/api/sprite/" in request.url else None)
    for size in (SCREEN, {"width": 1280, "height": 720}, {"width": 2560, "height": 1440}):
        app.page.set_viewport_size(size)
        page = opened(app, "samples")
        for name in ("Synthetic images, ChestCT", "Real images, ChestCT"):
            expect(page.get_by_role("listbox", name=name)).to_be_visible()
        expect(page.locator(".sections .made button")).to_have_count(120)
        for shown in (".made button", ".strip button", ".thumbs span"):
            expect(page.locator(shown).first).to_have_css("background-image", re.compile("/api/sprite/"))
        main = page.get_by_test_id("stMain")
        assert main.evaluate("main => main.scrollHeight - main.clientHeight") <= 0
        for pane in (".left .sections", ".middle .panels", ".findings", ".decide"):
            box = page.locator(pane).bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= size["height"], (pane, size)
    assert len(set(sheets)) == 3  # one of the synthetic images, one of the real ones, one of the findings


def test_the_keyboard_goes_from_tile_to_tile_and_through_the_list(app, scans) -> None:
    samples = scans[1]
    page = opened(app, "samples")
    tile(page, samples.ids[0]).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(tile(page, samples.ids[1])).to_be_focused()
    viewer_of(page, samples.ids[1])
    page.keyboard.press("End")
    expect(tile(page, samples.ids[119])).to_be_focused()
    expect(tile(page, samples.ids[119])).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile(f"image={samples.ids[119]}"))
    page.keyboard.press("p")
    viewer_of(page, samples.ids[118])
    page.mouse.move(*middle_of(page.locator(".viewer canvas").first))
    page.mouse.wheel(0, 100)
    viewer_of(page, samples.ids[119])
    page.mouse.wheel(0, -100)
    viewer_of(page, samples.ids[118])


def middle_of(element: Locator) -> tuple[float, float]:
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_click_shows_the_image_beside_its_nearest_ones_nearest_first(app, scans) -> None:
    samples = scans[1]
    page = opened(app, "samples")
    tile(page, samples.ids[30]).click()
    viewer = viewer_of(page, samples.ids[30])
    titles = (
        "Synthetic image",
        "Nearest training image",
        "Nearest tuning image",
        "Nearest hold-out image",
        "Difference",
    )
    for title in titles:
        expect(viewer.get_by_role("figure", name=title)).to_be_visible()
    said = viewer.locator("figcaption small").all_inner_texts()
    distances = [float(match[1]) for text in said if (match := re.search(r"distance (0\.\d{3})", text))]
    assert len(distances) == 3
    assert distances == sorted(distances)
    expect(page.get_by_text("Distance: 1 minus the largest correlation after trying flips")).to_be_visible()
    expect(page.get_by_text("Seen at 32 × 32 pixels; how large they are is not known.")).to_be_visible()
    expect(viewer.locator(".toolbar button[title='']")).to_have_count(0)


def test_lists_are_sorted_by_the_one_distance(app, scans) -> None:
    page = opened(app, "samples", "&class=ChestCT&sort=distance")
    image = str(page.locator(".sections .made button").first.get_attribute("data-id"))
    cohort, samples, _ = scans
    nearest = an_audit(cohort, samples).nearest
    of_class = np.flatnonzero(samples.labels == 0)
    least = np.stack([nearest[f"{role}.distance"] for role in ROLES]).min(0)
    assert image == samples.ids[of_class[least[of_class].argmin()]]
    expect(page.locator(".sections .made button")).to_have_count(60)
    page.get_by_role("combobox", name="Order").select_option("made")
    expect(page).not_to_have_url(re.compile("sort="))
    page.go_back()
    expect(page.get_by_role("combobox", name="Order")).to_have_value("distance")


# viewer


def test_the_value_under_the_cursor_is_in_the_unit_also_when_zoomed(app, scans) -> None:
    cohort, samples, _ = scans
    page = opened(app, "samples", f"&image={samples.ids[31]}")
    viewer = viewer_of(page, samples.ids[31])
    canvas = viewer.locator("canvas").first
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * 10.5 / 32, "y": box["height"] * 20.5 / 32})
    physical = cohort.intensity.physical(samples.images[31])[0, 20, 10]
    value = viewer.locator(".value").first
    expect(value).to_have_text(f"{round(float(physical))} HU at row 20, column 10")
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    expect(viewer).to_have_attribute("data-zoom", re.compile(r"^[2-9]"))
    page.mouse.move(box["x"] + box["width"] * 10.5 / 32 + 1, box["y"] + box["height"] * 20.5 / 32 + 1)
    expect(value).to_have_text(f"{round(float(physical))} HU at row 20, column 10")  # it zooms at the cursor
    transforms = {canvas.evaluate("canvas => canvas.style.transform") for canvas in viewer.locator("canvas").all()}
    assert len(transforms) == 1  # all panes show the same place
    page.keyboard.press("0")
    expect(viewer).to_have_attribute("data-zoom", "1.00")


def test_dragging_changes_the_window_of_all_panels_and_a_reload_keeps_it(app, scans) -> None:
    samples = scans[1]
    page = opened(app, "samples", f"&image={samples.ids[31]}")
    viewer = viewer_of(page, samples.ids[31])
    expect(viewer.locator(".window")).to_have_text("Level 40, width 400 HU")
    before = [grey_of(figure) for figure in viewer.get_by_role("figure").all()]
    x, y = middle_of(viewer.locator("canvas").first)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 50, y)
    page.mouse.up()
    expect(viewer.locator(".window")).to_have_text("Level 40, width 300 HU")
    for old, figure in zip(before, viewer.get_by_role("figure").all(), strict=True):
        assert (grey_of(figure) != old).any()
    expect(page).to_have_url(re.compile("window=-110_190"))
    page.reload()
    expect(viewer_of(page, samples.ids[31]).locator(".window")).to_have_text("Level 40, width 300 HU")
    page.keyboard.press("Shift+Digit3")
    expect(viewer.locator(".window")).to_have_text("Level -600, width 1500 HU")
    viewer.get_by_role("button", name="Reset").click()
    expect(viewer.locator(".window")).to_have_text("Level 40, width 400 HU")
    expect(page).not_to_have_url(re.compile("window="))


def test_a_mirrored_copy_differs_by_nothing_once_it_is_aligned_and_flickers_in_place(app, scans) -> None:
    image = str(scans[1].ids[0])  # the audit names it as the mirrored first training image
    page = opened(app, "samples", f"&image={image}")
    viewer = viewer_of(page, image)
    difference, first = (viewer.get_by_role("figure", name=name) for name in ("Difference", "Synthetic image"))
    expect(difference).to_contain_text("second image flipped sideways")
    assert grey_of(difference).std() < 1
    alone = grey_of(first)
    page.keyboard.press("b")
    laid = viewer.get_by_role("figure", name="Laid on: Nearest training image")
    expect(laid).to_be_visible()
    assert np.abs(grey_of(laid) - alone).max() <= 1  # so laid the copy is the same
    page.keyboard.press("b")
    expect(laid).to_have_count(0)
    page.keyboard.press("i")
    assert np.abs(grey_of(first) - (255 - alone)).max() <= 1
    page.keyboard.press("i")
    page.get_by_role("button", name="Align").click()
    expect(difference).to_contain_text("first minus second")
    assert grey_of(difference).std() > 5


def test_the_wheel_over_a_match_goes_through_its_volume_and_back(app, scans) -> None:
    cohort, samples, _ = scans
    image = str(samples.ids[30])
    page = opened(app, "samples", f"&image={image}")
    viewer = viewer_of(page, image)
    row = int(np.flatnonzero(cohort.ids == str(viewer.get_attribute("data-ready")).split()[1])[0])
    place = row % 6  # of six slices
    turn = 1 if place < 5 else -1
    page.mouse.move(*middle_of(viewer.locator("canvas").nth(1)))
    page.mouse.wheel(0, 100 * turn)
    beside = viewer.get_by_role("figure", name=f"slice {place + turn + 1} of 6")
    expect(beside).to_contain_text("Beside the nearest training image")
    assert np.abs(grey_of(beside) - shown(cohort, row + turn)).max() <= 1
    page.mouse.wheel(0, -100 * turn)
    expect(viewer.get_by_role("figure", name="Nearest training image")).to_be_visible()
    expect(page).to_have_url(re.compile(f"image={image}"))  # the list stays where it was


def shown(cohort: Cohort, row: int) -> np.ndarray:
    """An image in the window of the whole range."""
    low, high = cohort.intensity.low, cohort.intensity.high
    return (cohort.pixels[row, 0].astype(float) - low) / (high - low) * 255


def grey_of(figure: Locator) -> np.ndarray:
    """The pixels of a panel as they are drawn."""
    image_url = figure.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(image_url.partition(",")[2]))).convert("L"), float)


# decisions


def test_a_key_keeps_an_image_and_a_reload_still_knows(app, scans) -> None:
    samples = scans[1]
    first, second = str(samples.ids[40]), str(samples.ids[41])
    page = opened(app, "samples", f"&image={first}")
    viewer_of(page, first)
    page.get_by_role("textbox", name="Note").fill("ring at 3 h")
    page.get_by_role("textbox", name="Note").press("Escape")
    page.locator(".target").click()
    page.keyboard.press("k")
    viewer_of(page, second)  # goes on to the next
    page.wait_for_timeout(400)
    page.keyboard.press("2")
    expect(tile(page, second)).to_have_attribute("data-mark", "reject")
    told(page, 2)
    page = opened(app, "samples")
    expect(tile(page, first)).to_have_attribute("data-mark", "keep")
    expect(tile(page, first)).to_have_attribute("aria-label", f"ChestCT 41, {first}, keep")
    assert decided(app) == {first: ("keep", "ring at 3 h"), second: ("reject", "blurred")}
    undecide(app)


def test_a_key_that_is_held_down_judges_one_image(app, scans) -> None:
    page = opened(app, "samples")
    for _ in range(4):
        page.keyboard.down("x")
    page.keyboard.up("x")
    told(page, 1)
    assert len(decided(app)) == 1
    page.keyboard.press("u")
    told(page, 2)
    assert decided(app) == {}


def test_many_are_selected_rejected_at_once_and_taken_back_together(app, scans) -> None:
    ids = [str(image) for image in scans[1].ids]
    page = opened(app, "samples")
    tile(page, ids[2]).click()
    tile(page, ids[5]).click(modifiers=["Shift"])
    tile(page, ids[9]).click(modifiers=["Control"])
    expect(page.locator(".target")).to_have_text("5 images are selected.")
    expect(page).to_have_url(re.compile("selected=" + r"\.".join([*ids[2:6], ids[9]])))
    page.get_by_role("button", name="Reject", exact=False).first.click()
    told(page, 1)
    assert sorted(decided(app)) == sorted([*ids[2:6], ids[9]])
    expect(page.locator(".counts")).to_have_text("0 kept, 5 rejected, 0 flagged, 115 undecided")
    page.get_by_role("combobox", name="Which images").select_option("reject")
    expect(page.locator(".sections .made button")).to_have_count(5)
    page.keyboard.press("a")
    expect(page.locator(".target")).to_have_text("5 images are selected.")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    told(page, 2)
    assert decided(app) == {}


def test_two_readers_decide_blindly_and_see_their_disagreements_first(app, scans) -> None:
    undecide(app)
    page = opened(app, "samples")
    ids = [str(image) for image in scans[1].ids]
    reader = page.get_by_label("Your name or initials")
    order, which = page.get_by_label("Order"), page.get_by_label("Which images")

    def decide(keys: dict[int, str]) -> None:
        for place, key in keys.items():
            tile(page, ids[place]).click()
            page.wait_for_timeout(350)  # nobody looks faster
            page.keyboard.press(key)

    reader.fill("ann")
    reader.press("Tab")
    decide({0: "k", 1: "k", 2: "x"})
    told(page, 3)
    reader.fill("ben")
    reader.press("Tab")
    expect(page.locator(".decide .counts")).to_have_text("0 kept, 0 rejected, 0 flagged, 120 undecided")
    expect(page.locator(".tiles i")).to_have_count(0)  # what ann decided is not shown
    decide({1: "2", 2: "x", 70: "f"})
    told(page, 6)
    order.select_option("disputed")
    expect(page.locator(".sections .made button").first).to_have_attribute("data-id", ids[1])
    expect(tile(page, ids[1]).locator("i")).to_have_text(["✕", "✓"])
    tile(page, ids[1]).click()
    said = page.locator(".decide .target")
    expect(said).to_contain_text(f"{ids[1]}: ben: rejected (blurred) · ann: kept")
    counts = page.locator(".decide .counts")
    expect(counts).to_have_text("Of 2 images that several readers decided about they disagree on 1.")
    which.select_option("disputed")
    expect(page.locator(".sections .made button")).to_have_count(1)
    page.reload()
    expect(tile(page, ids[1]).locator("i")).to_have_text(["✕", "✓"])
    expect(reader).to_have_value("ben")
    written = {(one.reader, one.decision) for one in every_decision(app) if one.image == ids[1]}
    assert written == {("ann", "keep"), ("ben", "reject")}
    undecide(app)


def test_filters_are_saved_under_a_name_and_forgotten(app, scans) -> None:
    page = opened(app, "samples")
    which = page.get_by_label("Which images")
    made = page.locator(".sections .made button")
    page.get_by_label("Class", exact=True).select_option("0")
    page.get_by_label("Order").select_option("distance")
    which.select_option("save")
    page.get_by_role("dialog").get_by_label("Name").fill("chests")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(which).to_have_value("saved:chests")
    page.get_by_role("button", name="Show all").click()
    expect(made).to_have_count(120)
    page.reload()
    which.select_option("saved:chests")
    expect(made).to_have_count(60)
    expect(page).to_have_url(re.compile("class=ChestCT"))
    expect(page).to_have_url(re.compile("sort=distance"))
    which.select_option("forget:chests")
    expect(which.locator("option", has_text="chests")).to_have_count(0)
    expect(made).to_have_count(60)  # what is shown stays


def test_a_selection_becomes_a_set_with_a_name_and_a_link(app, scans) -> None:
    ids = [str(image) for image in scans[1].ids]
    page = opened(app, "samples")
    tile(page, ids[2]).click()
    tile(page, ids[4]).click(modifiers=["Shift"])
    page.get_by_role("button", name="Save as a set").click()
    dialog = page.get_by_role("dialog", name="Save as a set")
    dialog.get_by_role("textbox").fill("my three")
    dialog.get_by_role("button", name="Save").click()
    try:
        expect(page).to_have_url(re.compile("samples=my-three"))
        expect(page.locator(".sections .made button")).to_have_count(3)
        assert app.server.workspace.samples("my-three").ids.tolist() == ids[2:5]
        expect(page).not_to_have_url(re.compile("selected="))  # what was seen of the other set is forgotten
    finally:
        page.goto("about:blank")  # the page would go on asking for pictures of what is removed
        app.server.workspace.remove("samples", "my-three")


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


def test_hovering_shows_the_image_and_its_nearest_one_by_the_same_distance(app, scans) -> None:
    cohort, samples, map_ = scans
    page = opened(app, "feature_map")
    map_element = ready_map(page)
    page.mouse.move(*place_of(page, map_, len(map_.ids) - 1))
    card = map_element.locator(".card")
    expect(card).to_be_visible()
    image = str(map_element.get_attribute("data-card"))
    nearest = an_audit(cohort, samples).nearest
    row = int(np.flatnonzero(samples.ids == image)[0])
    distance = min(float(nearest[f"{role}.distance"][row]) for role in ROLES)
    expect(card).to_contain_text(f"nearest, distance {distance:.3f}: ")
    for picture in card.locator("img").all():
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 32


def test_a_click_picks_and_another_space_keeps_the_choice(app, scans) -> None:
    map_ = scans[2]
    page = opened(app, "feature_map")
    map_element = ready_map(page)
    page.mouse.click(*place_of(page, map_, len(map_.ids) - 1))
    image = str(map_element.get_attribute("data-card"))
    viewer_of(page, image)
    expect(tile(page, image)).to_have_attribute("aria-selected", "true")
    page = opened(app, "feature_map", f"&space=texture&image={image}")
    ready_map(page)
    viewer_of(page, image)


def test_true_neighbours_are_counted_and_another_map_beside_it_follows(app, scans) -> None:
    map_ = scans[2]
    page = opened(app, "feature_map", "&space=texture")
    map_element = ready_map(page)
    map_element.get_by_label("Colour of the points").select_option("share")
    expect(map_element).to_have_attribute("data-shade", "share")
    map_element.get_by_role("button", name="Neighbours").click()
    for _ in range(200):  # the keyboard leads from point to point
        map_element.locator(".overlay").press("ArrowRight")
        if map_element.get_attribute("data-around"):
            break
    said = str(map_element.get_attribute("data-around"))
    row = map_.ids.tolist().index(str(map_element.get_attribute("data-card")))
    synthetic = sum(map_.roles[(row + step) % len(map_.ids)] == 3 for step in range(1, 16))
    assert said == f"Of its 15 nearest images {synthetic} are synthetic; of all images 50 % are."

    page = app.open(f"/feature_map{QUERY}&space=texture&beside=space:simclr")
    twins = page.locator(".twins[data-ready='two canvases']")
    expect(twins).to_be_visible()
    left, right = twins.locator(".map").nth(0), twins.locator(".map").nth(1)
    expect(right).to_have_attribute("data-ready", str(len(map_.ids)))
    left.locator(".overlay").press("ArrowRight")
    image = str(left.get_attribute("data-card"))
    expect(twins).to_have_attribute("data-linked", image)
    left.locator(".overlay").press("Enter")
    expect(twins).to_have_attribute("data-picked", image)
    box = left.locator(".overlay").bounding_box()
    assert box is not None
    left.get_by_role("button", name="Lasso").click()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    for x, y in ((5, 0.5), (0.99, 0.5), (0.99, 0.02)):
        page.mouse.move(box["x"] + (x if x > 1 else x * box["width"]), box["y"] + y * box["height"], steps=4)
    page.mouse.up()
    expect(twins.locator(".said")).to_contain_text(re.compile(r"Inside: \d+ real and \d+ synthetic images"))
    left.get_by_role("button", name="Clear lasso").click()
    expect(twins.locator(".said")).to_contain_text("places do not compare")


def test_a_slider_leads_through_the_moments_of_a_run_on_the_same_real_images(app, scans) -> None:
    cohort, samples, map_ = scans
    moments = np.repeat([0, 5000, 20000], len(samples) // 3).tolist()
    drawn = replace(samples, name="moments", provenance={**samples.provenance, "moments": moments, "generator": "run"})
    app.server.workspace.keep(drawn, drawn.name)
    kept(app.server.workspace, map_, replace(MAP, samples=drawn.name))
    page = app.open(f"/feature_map?cohort={COHORT}&samples=moments")
    map_element = ready_map(page)
    expect(map_element).to_have_attribute("data-moment", "20000")
    shown = len(cohort) + len(samples) // 3
    expect(map_element).to_have_attribute("data-drawn", str(shown))
    expect(page.locator(".findings")).to_contain_text("no audit of them can say what the generator draws by itself")
    expect(page.get_by_role("button", name="Start the audit")).to_have_count(0)
    slider = page.get_by_label("Moment of the training")
    slider.press("ArrowLeft")
    expect(map_element).to_have_attribute("data-moment", "5000")
    expect(page.locator(".moments output")).to_have_text("after 5,000 images (2 of 3)")
    expect(map_element).to_have_attribute("data-drawn", str(shown))


def test_a_lasso_fills_the_gallery_and_a_link_shows_the_same(app, scans) -> None:
    map_ = scans[2]
    page = opened(app, "feature_map")
    map_element = ready_map(page)
    map_element.get_by_role("button", name="Lasso").click()
    inside = np.flatnonzero((map_.labels == 0) & (map_.roles == 3))
    places = np.array([place_of(page, map_, int(row)) for row in inside])
    (x0, y0), (x1, y1) = places.min(0) - 6, places.max(0) + 6
    notch = places[:, 0].min() + 1, places[:, 1].max() - 1  # a corner pushed in, past the point in that corner
    page.mouse.move(x0, y0)
    page.mouse.down()
    for x, y in ((x1, y0), (x1, y1), (notch[0] + 8, y1), (notch[0] + 8, notch[1] - 8), (x0, notch[1] - 8), (x0, y0)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    left_out = (np.abs(places - [places[:, 0].min(), places[:, 1].max()]) < 4).all(1)
    assert 0 < left_out.sum() < len(inside)
    gallery = page.locator(".sections .made button")
    expect(gallery).to_have_count(len(inside) - int(left_out.sum()))
    shown = {tile.get_attribute("data-id") for tile in gallery.all()}
    assert shown == set(map_.ids[inside[~left_out]].tolist())
    gallery.nth(3).click()
    image = str(gallery.nth(3).get_attribute("data-id"))
    viewer_of(page, image)
    expect(page).to_have_url(re.compile("lasso="))
    page.goto(page.url)
    ready_map(page)
    expect(gallery).to_have_count(len(shown))
    viewer_of(page, image)
    page.get_by_role("button", name="Show all").click()
    expect(gallery).to_have_count(120)
    page.go_back()
    expect(gallery).to_have_count(len(shown))
    page.set_viewport_size({"width": 1280, "height": 720})  # neither the map nor its gallery lies below the fold
    for pane in (".mappane .canvases", ".sections"):
        box = page.locator(pane).bounding_box()
        assert box is not None
        assert box["height"] > 100
        assert box["y"] + box["height"] <= 720


def test_the_legend_hides_a_layer_and_the_keyboard_reaches_a_point(app, scans) -> None:
    map_ = scans[2]
    page = opened(app, "feature_map")
    map_element = ready_map(page)
    map_element.get_by_role("button", name="synthetic (120)").click()
    expect(map_element).to_have_attribute("data-drawn", str(len(map_.ids) - 120))
    map_element.locator("canvas.overlay").focus()
    page.keyboard.press("ArrowRight")
    expect(map_element.locator(".card")).to_be_visible()
    image = str(map_element.get_attribute("data-card"))
    page.keyboard.press("Enter")
    viewer_of(page, image)
    map_element.get_by_role("button", name="synthetic (120)").click()
    map_element.locator("canvas.overlay").press("l")  # a lasso without a mouse
    expect(page.get_by_role("button", name="Show all")).to_be_visible()
    tiles = page.locator(".sections .tiles button")
    few = tiles.count()
    for _ in range(5):
        map_element.locator("canvas.overlay").press("l")
    expect(tiles.nth(few)).to_be_visible()


# findings


def test_copies_stand_below_the_image_that_they_copy_and_only_their_links_are_drawn(app, scans) -> None:
    cohort, samples, _ = scans
    page = opened(app, "feature_map")
    ready_map(page)
    expect(page.locator(".bench")).to_have_attribute("data-links", "0")  # no tangle at first
    card = page.get_by_role("button", name="2 suspected copies of 2 training images")
    card.click()
    suspects = an_audit(cohort, samples).suspects
    expect(page.locator(".bench")).to_have_attribute("data-links", "2")
    assert [tile.get_attribute("data-id") for tile in page.locator(".sections .tiles button").all()] == [
        *(suspects[0].real, suspects[0].synthetic),
        *(suspects[1].real, suspects[1].synthetic),
    ]
    viewer_of(page, suspects[0].synthetic)  # the worst pair is open
    expect(page.locator(".said")).to_have_text("The same image up to noise.")
    page.get_by_role("group", name="Copied real images").get_by_role("button").nth(1).click()
    expect(page.locator(".bench")).to_have_attribute("data-links", "1")
    viewer_of(page, suspects[1].synthetic)
    page.go_back()
    expect(page.locator(".bench")).to_have_attribute("data-links", "2")
    page.keyboard.press("Escape")
    expect(page.locator(".sections .made button")).to_have_count(120)


def test_a_missing_group_is_outlined_alone_and_zoomed_to(app, scans) -> None:
    cohort, samples, map_ = scans
    page = opened(app, "feature_map")
    map_element = ready_map(page)
    expect(map_element).to_have_attribute("data-badges", "[]")
    drawn = int(map_element.get_attribute("data-drawn") or 0)
    page.locator("article[data-finding='missing-2'] > button").click()
    group = crowded(an_audit(cohort, samples), cohort).missing_modes[2]
    expect(page.locator(".sections .strip button")).to_have_count(len({*group.exemplars, *group.members}))
    expect(map_element).to_have_attribute("data-badges", re.compile(r"^\[\[[^\[]*\]\]$"))  # one outline
    expect(map_element).not_to_have_attribute("data-drawn", str(drawn))  # some points lie beyond the edge now
    expect(page.locator(".bench")).to_have_attribute("data-bright", str(len({*group.exemplars, *group.members})))
    page.locator("article[data-finding='missing-2'] > button").click()  # again: all as before
    expect(map_element).to_have_attribute("data-badges", "[]")
    expect(map_element).to_have_attribute("data-drawn", str(len(map_.ids)))


def test_an_image_that_is_not_here_is_said_in_words(app, scans) -> None:
    page = opened(app, "samples", "&image=ffffffffffff")
    expect(page.get_by_text("No image of this set has the id of the link.")).to_be_visible()


def test_before_an_audit_there_is_the_quick_measure_and_one_button(app, scans) -> None:
    cohort, samples, _ = scans
    images = np.array(samples.images)
    images[7] = cohort.images(np.array([cohort.where(0)[5]]))[0]
    fresh = replace(samples, name="fresh", images=images, digest=digest_of(images))
    app.server.workspace.keep(fresh, "fresh")
    try:
        page = app.open(f"/samples?cohort={COHORT}&samples=fresh")
        expect(page.locator(".bench[data-ready][data-pictured]")).to_be_visible()
        page.get_by_role("button", name="No audit yet: nearest by the quick measure").click()
        viewer = viewer_of(page, str(fresh.ids[7]))
        expect(viewer.locator("figcaption small").nth(1)).to_contain_text("quick distance 0.000")
        assert grey_of(viewer.get_by_role("figure", name="Difference")).std() < 1
        page.get_by_role("button", name="Start the audit").click()
        expect(page).to_have_url(re.compile("/audit"))
        expect(page.get_by_role("button", name="Start the audit")).to_be_visible()
    finally:
        app.server.workspace.remove("samples", "fresh")


def test_every_key_is_told_and_a_text_field_takes_them_as_letters(app, scans) -> None:
    page = opened(app, "samples")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.get_by_role("textbox", name="Note").press_sequentially("kxf")
    expect(page.get_by_role("textbox", name="Note")).to_have_value("kxf")
    expect(page.locator(".counts")).to_have_text("0 kept, 0 rejected, 0 flagged, 120 undecided")


def test_the_chosen_set_goes_along_to_the_next_page(app, scans) -> None:
    samples = scans[1]
    app.server.workspace.keep(replace(samples, name="scans-newer"), "scans-newer")
    try:
        page = opened(app, "samples")
        page.get_by_test_id("stMain").get_by_role("link", name="Audit").click()
        expect(page.get_by_role("heading", name="Do not use these images as they are")).to_be_visible()
        expect(page).to_have_url(re.compile(f"/audit.*samples={SAMPLES}(&|$)"))
    finally:
        app.server.workspace.remove("samples", "scans-newer")


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
    expect(page.locator(".said")).to_have_text("The same image up to noise.")
    expect(page.locator("article[data-finding='copies'] > button")).to_have_attribute("aria-pressed", "true")


def test_the_audit_opens_a_missing_group_on_the_map(app, scans) -> None:
    cohort, samples, _ = scans
    page = app.open(f"/audit{QUERY}")
    page.get_by_role("link", name="Show the group on the map").first.click()
    app.settled()
    expect(page.get_by_role("heading", level=1)).to_have_text("Feature map")
    members = an_audit(cohort, samples).missing_modes[0].members
    expect(page.locator(".bench .map[data-ready]")).to_be_visible()
    expect(page.locator(".sections .strip button")).to_have_count(len(members))
