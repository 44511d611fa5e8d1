"""The embedded demo as a newcomer sees it; the screenshots of the README are made here.

`GANAUG_TOUR=assets/tour pytest tests/browser/test_tour.py` writes them anew, and
`GANAUG_STILLS=assets/lecture/stills pytest -k lecture tests/browser/test_tour.py` the stills of the lecture.
"""

import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import axe_playwright_python
import pytest
from conftest import App, Server, serve, window
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from ganaug_core import atlas, pipeline
from ganaug_core.config.requests import AuditSamples
from ganaug_core.lessons import LESSONS, demonstrations, exercises, further, lecture, texts, translation
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.pages.lessons import exercise

SVG = "{http://www.w3.org/2000/svg}"
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"


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
    if "GANAUG_TOUR" in os.environ:
        in_256_colours(target / f"{name}.png")


def in_256_colours(file: Path) -> None:
    """Halve a picture of the README: most colours are the commonest, so that greys stay smooth, the others rare."""
    with Image.open(file) as opened:
        image = opened.convert("RGB")
    common, rare = image.quantize(192), image.quantize(64, Image.Quantize.MAXCOVERAGE)
    both = Image.new("P", (1, 1))
    both.putpalette((common.getpalette() or [])[: 3 * 192] + (rare.getpalette() or [])[: 3 * 64])
    image.quantize(palette=both, dither=Image.Dither.NONE).save(file, optimize=True)


def of(generator: str, app: App) -> str:
    return f"?cohort={atlas.COHORT}&samples={atlas.samples_of(app.server.workspace, generator)}"


def test_the_first_screen_offers_the_story_and_the_cohort_page_shows_the_phantom(tour: App, tmp_path: Path) -> None:
    page = tour.open("/")
    expect(page.get_by_role("link", name="Tell the story")).to_be_visible()
    expect(page.get_by_text("Load your own labelled images")).to_be_visible()
    page.get_by_role("link", name="Cohort").first.click()
    expect(page.get_by_alt_text("images of the class malignant").first).to_be_visible()
    expect(page.locator(".viewer[data-ready][data-drawn]")).to_be_visible()
    picture(tour, "cohort", tmp_path)


def test_the_history_of_the_working_generator_can_be_scrubbed(tour: App, tmp_path: Path) -> None:
    page = tour.open("/training?run=working")
    expect(page.get_by_text(re.compile("Kept is the checkpoint after 300,000 images"))).to_be_in_viewport()
    drawn = page.get_by_role("img", name=re.compile("Generated images of malignant after"))
    expect(drawn).to_be_visible()
    newest = str(drawn.get_attribute("alt"))
    expect(page.get_by_role("button", name="One on")).to_be_disabled()
    page.get_by_role("button", name="One back").click()
    expect(page.get_by_alt_text(newest)).to_have_count(0)
    page.get_by_role("button", name="One on").click()
    expect(page.get_by_alt_text(newest)).to_be_visible()
    picture(tour, "training", tmp_path)


def test_a_sample_stands_beside_its_nearest_real_images(tour: App, tmp_path: Path) -> None:
    page = tour.open(f"/samples{of('working', tour)}")
    page.locator(".sections .made button").nth(5).click()
    expect(page.locator(".viewer[data-ready][data-drawn]")).to_be_visible()
    picture(tour, "samples", tmp_path)


def test_images_are_changed_kept_as_a_set_and_a_real_one_is_searched_for(tour: App, tmp_path: Path) -> None:
    tour.page.set_viewport_size({"width": 1366, "height": 768})
    page = tour.open("/explore?generator=working")
    explorer, results = page.locator(".explorer"), page.locator(".results .tile")
    expect(page.locator(".explorer[data-shown=between]")).to_be_visible(timeout=60_000)  # the sampler starts now
    expect(results).to_have_count(9)
    page.locator(".way input").fill("0.25")
    expect(explorer).to_have_attribute("data-picked", "25 % of the way")
    expect(page.locator(".viewer figure").first).to_contain_text("benign, 25 % malignant")
    page.keyboard.press("Escape")
    for name, count in (("All classes", 2), ("Between two classes", 9), ("Typical or unusual", 7)):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(".explorer[data-shown]")).to_be_visible()
        expect(results).to_have_count(count)
    page.get_by_role("button", name="Shape and texture").click()
    expect(page.locator(".needs")).to_contain_text("This generator has no styles to mix")
    page.get_by_role("button", name="What varies most").click()
    expect(page.locator(".results h3").first).to_contain_text("% of all change")
    expect(results).to_have_count(35)
    results.nth(6).click()
    expect(explorer).to_have_attribute("data-picked", "+3")
    results.nth(6).press("k")
    picture(tour, "explore", tmp_path)

    page.get_by_role("button", name="Towards a group").click()
    for number in (4, 6):
        page.locator(".shelf .tile").nth(number).click()
    page.get_by_role("button", name="To these").click()
    page.locator(".shelf .tile").nth(1).click()
    expect(results).to_have_count(7)
    page.get_by_role("button", name="Go on from it").click()
    results.nth(0).click()
    results.nth(0).press("k")
    page.reload()
    expect(page.locator(".explorer[data-shown=group]")).to_be_visible()
    expect(page.locator(".kept .tile")).to_have_count(2)
    page.get_by_role("button", name="Save as a set").click()
    page.get_by_label("Name").fill("by-hand")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved: by-hand").first).to_be_visible(timeout=60_000)
    record = tour.server.workspace.samples("by-hand")
    first, second = record.provenance["recipes"]
    assert len(first["place"]["along"]) == 64
    assert [len(second["place"][side]) for side in ("away", "towards")] == [2, 1]

    page.get_by_role("button", name="Like a real image").click()
    page.locator(".reals .tile").nth(3).click()
    page.get_by_role("button", name="Search for the nearest").click()
    said = page.locator(".foundtext")
    expect(said).to_contain_text(re.compile(r"differ by [\d.]+ HU .* a nearer image may exist"), timeout=90_000)
    expect(page.locator(".viewer figure").nth(1)).to_contain_text("Nearest found")


def test_the_map_leads_to_the_closest_pair(tour: App, tmp_path: Path) -> None:
    workspace = tour.server.workspace
    request = AuditSamples(cohort=atlas.COHORT, samples=str(atlas.samples_of(workspace, "copying")))
    closest = workspace.audit(str(pipeline.existing_result(workspace, request))).suspects[0]
    page = tour.open(f"/feature_map{of('copying', tour)}&image={closest.synthetic}")
    expect(page.locator(".map[data-ready][data-drawn]")).to_be_visible()
    expect(page.locator(f".viewer[data-ready^='{closest.synthetic}'][data-drawn]")).to_be_visible()
    picture(tour, "feature_map", tmp_path)


def test_a_copy_a_missing_group_ten_rejections_and_the_rest_take_fifteen_clicks_without_a_scroll(tour: App) -> None:
    tour.page.set_viewport_size({"width": 1366, "height": 768})
    page, steps = tour.open("/"), 0

    def click(target: Locator, modifier: Literal["Shift"] | None = None) -> None:
        nonlocal steps
        box = target.bounding_box()
        assert box is not None
        assert 0 <= box["y"] <= 768 - box["height"] / 2, "it has to be seen without a scroll"
        target.click(modifiers=[modifier] if modifier else None)
        steps += 1

    click(page.get_by_role("link", name="Samples"))
    expect(page.locator(".bench[data-ready][data-pictured]")).to_be_visible()
    click(page.get_by_role("combobox", name="Synthetic images"))
    click(page.get_by_role("option", name="copying-600-seed0"))
    copies = page.get_by_role("button", name=re.compile("suspected copies of"))
    expect(copies).to_be_visible()
    click(copies)
    expect(page.locator(".said")).to_contain_text("Named as a copy")
    click(page.get_by_role("button", name=re.compile("Missing malignant: 27")))
    expect(page.locator(".sections .strip button").first).to_be_visible()
    page.keyboard.press("Escape")
    tiles = page.locator(".sections .made button")
    expect(tiles).to_have_count(1200)
    click(tiles.nth(2))
    click(tiles.nth(11), "Shift")
    page.keyboard.press("x")
    expect(page.locator(".bench[data-confirmed='1']")).to_be_visible()
    click(page.get_by_test_id("stPopoverButton"))
    with page.expect_download() as download:
        click(page.get_by_role("button", name=re.compile(r"^Save [\d,]+ images")))
    (left,) = re.findall(r"copying-600-seed0-(\d+)", download.value.suggested_filename)
    assert int(left) < 1190  # the named copies stay too
    assert steps + 2 <= 15  # two keys


def test_the_audit_of_the_copying_generator_names_the_copies(tour: App, tmp_path: Path) -> None:
    page = tour.open(f"/audit{of('copying', tour)}")
    expect(page.get_by_text(re.compile("closer to training images than")).first).to_be_visible()
    picture(tour, "audit", tmp_path)
    shown = page.get_by_test_id("stMain").inner_text()
    assert not re.search(r"\b[pq] [=<]|AUROC|SimCLR", shown), "statistics are behind a button"
    grounds = page.get_by_text(re.compile(r"p < 0\.0001; 1,200 synthetic"))
    expect(grounds).to_have_count(0)
    page.get_by_role("button", name="How do we know").first.click()
    expect(grounds).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)  # what folds out is made when it is opened
    page.get_by_text(re.compile("Which real images are copied")).click()
    copied = page.get_by_role("listbox", name="Copied real images")
    expect(copied).to_be_visible()
    table = page.get_by_test_id("stExpander").filter(has=copied).get_by_test_id("stDataFrame")
    expect(table).to_be_visible()
    pictures, numbers = copied.bounding_box(), table.bounding_box()
    assert pictures is not None
    assert numbers is not None
    assert pictures["y"] < numbers["y"], "they are pictures first and ids below"


def test_the_report_is_shown_saved_and_printed(tour: App, chromium: Browser, tmp_path: Path) -> None:
    page = tour.open(f"/report{of('copying', tour)}")
    shown = page.frame_locator("iframe[sandbox]")
    expect(shown.get_by_role("heading", level=1)).to_contain_text("copying-600-seed0")
    expect(shown.get_by_role("img", name=re.compile("Group A outlined on the map"))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as HTML").click()
    download.value.save_as(tmp_path / "report.html")
    alone = chromium.new_page()
    asked = list[str]()
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(f"file://{tmp_path}/report.html")
    pages = PdfReader(io.BytesIO(alone.pdf(prefer_css_page_size=True))).pages
    alone.close()
    assert [url for url in asked if not url.startswith("data:")] == [f"file://{tmp_path}/report.html"]
    first, second, last = (" ".join(pages[number].extract_text().split()) for number in (0, 1, -1))
    assert first.startswith("Report on the synthetic images copying-600-seed0")
    assert "What this audit could not see" in first
    assert second.startswith("The five verdicts")
    assert last.startswith("Before sharing")
    assert "Funding" in last, "the last page is one page"


@pytest.mark.parametrize("lesson", atlas.LESSONS, ids=lambda lesson: lesson.generator)
def test_each_lesson_shows_its_story_training_map_and_verdicts(tour: App, tmp_path: Path, lesson: atlas.Lesson) -> None:
    page = tour.open(f"/failure_atlas?lesson={lesson.generator}")
    expect(page.get_by_role("heading", name=lesson.title)).to_be_visible()
    expect(page.get_by_text("What the audit says")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Generated images of")).first).to_be_visible()
    expect(page.get_by_role("link", name="Open the whole audit")).to_be_visible()
    expect(page.locator(".map[data-ready][data-drawn]")).to_be_visible()
    shown, told = (part.bounding_box() for part in (page.locator(".map"), page.get_by_text("What the audit says")))
    assert shown is not None
    assert told is not None
    assert shown["y"] + shown["height"] < told["y"], "it opens on the map"
    assert shown["y"] < 400
    if lesson.generator == "collapsed":
        picture(tour, "failure_atlas", tmp_path)


def test_axe_finds_nothing_on_any_page_in_both_looks_and_nothing_jumps(
    tour: App, chromium: Browser, demo: Server
) -> None:
    """axe-core, the usual rules for people who see, hear or move otherwise; Streamlit's own parts included.

    Two windows walk side by side, dark and light; what differs between the looks, contrast, is asked of both.
    """
    copying = of("copying", tour)
    pages = ["/", "/generators", "/explore", "/compare", "/compare?what=Sets%20of%20images", "/training", "/playground"]
    pages += ["/search"]
    pages += ["/failure_atlas", "/cohort", "/lessons", "/reading", "/story", "/lecture", f"/report{copying}"]
    pages += [f"/benefit{of('working', tour)}", *(f"/{page}{copying}" for page in ("audit", "samples", "feature_map"))]
    with contextmanager(window)(chromium, demo) as bright:
        grounds = {"rgb(11, 13, 16)": tour, "rgb(255, 255, 255)": bright}
        bright.open("/")
        bright.page.get_by_role("button", name="Light or dark").press("Enter")
        expect(bright.page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(255, 255, 255)")
        for app in grounds.values():
            app.page.set_viewport_size({"width": 1366, "height": 768})
        for address in pages:
            for app in grounds.values():
                app.page.goto(demo.address + address, wait_until="commit")
            for ground, app in grounds.items():
                page = app.settled()
                expect(page.get_by_test_id("stApp")).to_have_css("background-color", ground)
                if any(name in address for name in ("samples?", "feature_map?")):
                    expect(page.locator(".bench[data-ready][data-pictured]")).to_be_visible()
                if address == "/explore":
                    expect(page.locator(".explorer[data-shown]")).to_be_visible()
            tour.page.wait_for_timeout(600)  # what fades in has its contrast afterwards
            assert violations(tour) == {}, address
            assert jumps(tour) < 0.35, f"{address}: what stood there has moved"
            assert violations(bright, "color-contrast") == {}, f"{address}, light"
        for pixels in (".sections", ".mappane .canvases"):
            expect(bright.page.locator(pixels)).to_have_css("background-color", "rgb(11, 13, 16)")


def violations(app: App, *rules: str) -> dict[str, list[str]]:
    """The rules of axe-core, or those asked for, that the open page breaks, each with what breaks it."""
    app.page.evaluate(AXE.read_text("utf-8"))
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    answer = app.page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return {one["id"]: [node["html"][:200] for node in one["nodes"]] for one in answer["violations"]}


def jumps(app: App) -> float:
    """How much of the window has moved, and how far, since the page was opened (cumulative layout shift)."""
    shifts: float = app.page.evaluate("""new Promise((resolve) => {
      let sum = 0
      const add = (list) => list.getEntries().forEach((shift) => (sum += shift.value))
      new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true })
      setTimeout(() => resolve(sum), 50)
    })""")
    return shifts


def test_every_lesson_opens_in_one_language_or_the_other_and_its_slider_tells(tour: App, tmp_path: Path) -> None:
    page = tour.page
    page.set_viewport_size({"width": 1366, "height": 768})
    names = [name for chapter in texts.CHAPTERS.values() for name in chapter]
    for number, name in enumerate(names):
        language = texts.languages(name)[number % len(texts.languages(name))]
        tour.open(f"/lessons?lesson={name}&language={language}")
        expect(page.get_by_role("heading", name=texts.text(name, language).title)).to_be_visible()
        expect(page.get_by_text("not yet reviewed by a native reader")).to_have_count(int(language == "zh"))
        if name in LESSONS:
            counts = r"\d of 10 against \d of 10" if language == "en" else r"\d/10 对 \d/10"
            expect(page.get_by_text(re.compile(counts))).to_be_visible()
            expect(page.locator(".playground[data-moments^='2']")).to_be_visible()
            expect(page.locator(".playground .one")).to_have_text("One step" if language == "en" else "一步")
            continue
        figure = translation.figure(demonstrations.kept(name), language, name)
        shown = page.locator(".demonstration[data-position]")
        expect(shown.locator(".says")).to_have_text(figure["says"][figure["begin"]])
        shown.locator("input").fill(str(len(figure["positions"]) - 1))
        expect(shown.locator(".says")).to_have_text(figure["says"][-1])
        if name == "slopes":
            picture(tour, "lessons", tmp_path)
            drawing = saved_svg(page, tmp_path)
            assert len(drawing.findall(f"{SVG}svg")) == len(figure["charts"])
            said = "".join(drawing.itertext())
            assert all(chart["title"] in said and chart["x"] in said for chart in figure["charts"])
    tour.open("/lessons?lesson=nearest_ratio&language=zh")
    shown.get_by_role("button", name="换一组随机数").click()
    expect(page.locator(".demonstration[data-seed='1'] .says")).to_contain_text("的合成图像是稍有改动的训练图像复制品")
    chooser = page.get_by_role("combobox", name="Lesson")
    expect(chooser).to_have_value(re.compile("误导人的数字"))
    page.get_by_text("English", exact=True).click()
    expect(chooser).to_have_value(re.compile("Numbers that mislead"))  # the same lesson, listed in the other language
    tour.open("/lessons?lesson=momentum")
    page.get_by_role("link", name="Play it with other settings").click()
    expect(page.locator(".playground:not(.plain) .differ")).to_have_text("One setting differs: momentum.")


def saved_svg(page: Page, folder: Path) -> ElementTree.Element:
    """Save what is shown as SVG and return the drawing."""
    with page.expect_download() as saved:
        page.locator("button.save").click()
    saved.value.save_as(folder / "saved.svg")
    return ElementTree.parse(folder / "saved.svg").getroot()


def test_every_exercise_has_a_goal_that_the_page_checks_and_answers_for_a_teacher(tour: App) -> None:
    page = tour.page
    page.set_viewport_size({"width": 1366, "height": 768})
    for number, (name, task) in enumerate(exercises.EXERCISES.items()):
        language = list(texts.LANGUAGES)[number % 2]
        words, told = exercise.WORDS[language], exercises.told(name, language)
        tour.open(f"/lessons?lesson={name}&language={language}" + ("&answers=1" if number < 2 else ""))
        expect(page.get_by_role("heading", name=told.title)).to_be_visible()
        expect(page.get_by_text(words["answer"], exact=True)).to_have_count(int(number < 2))
        if isinstance(task, exercises.NumberExercise):
            for answer, said in ((task.right + 3 * task.tolerance + 1, words["wrong"]), (task.right, words["right"])):
                page.get_by_role("spinbutton").fill(f"{answer:.4g}")
                page.get_by_role("button", name=words["check"]).click()
                expect(page.get_by_text(said)).to_be_visible()
            continue
        goal = page.locator(".playground[data-goal='begin'] .goal")
        expect(goal).to_have_text(words["begin"])
        changed = task.lesson.changed
        page.locator(f".table:last-child select[name={changed}]").select_option(str(getattr(task.lesson.cure, changed)))
        expect(page.locator(".playground[data-goal='reached'] .goal")).to_contain_text(words["reached"])
        page.locator(".table:last-child select[name=batch]").select_option("64")
        expect(page.locator(".playground[data-goal='many'] .goal")).to_have_text(words["many"])
    for name, titles in further.PAGES.items():
        tour.open(f"/lessons?lesson={name}&language=zh")
        expect(page.get_by_role("heading", name=titles["zh"])).to_be_visible()
    expect(page.get_by_text("CycleGAN")).to_be_visible()


UPS = {"label-1": 2, "pitfalls-1": 5}
"""How often the slider goes up before a screen's picture is taken."""


def lecture_screens() -> list[tuple[lecture.Block, lecture.Screen, str, str]]:
    """Block, screen, and its title in English and Chinese, of all screens in order."""
    return [
        (block, screen, english, chinese)
        for block in lecture.BLOCKS
        for screen, (english, _), (chinese, _) in zip(
            block.screens, lecture.said(block).screens, lecture.said(block, "zh").screens, strict=True
        )
    ]


def test_the_lecture_is_walked_with_its_clock_and_its_stills(tour: App, tmp_path: Path) -> None:
    folder = Path(os.environ.get("GANAUG_STILLS", tmp_path))
    page = tour.page
    page.set_viewport_size({"width": 1280, "height": 720})
    tour.open("/lecture?window=present&language=en")
    story = page.get_by_role("region", name="Story")
    expect(story).to_have_attribute("data-ready", "1")
    page.keyboard.press("t")
    for number, (block, screen, title, _) in enumerate(lecture_screens(), 1):
        expect(story).to_have_attribute("data-ready", str(number))
        expect(story.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(story.locator(".clock")).to_contain_text(f"Block {lecture.BLOCKS.index(block) + 1}/10")
        if screen.shows == "games":
            expect(story.locator(".games[data-moments='200 200']")).to_be_visible()
            expect(story.locator(".games")).not_to_have_attribute("data-moment", "0")
        if screen.shows == "figure":
            figure = demonstrations.kept(screen.subject)
            page.keyboard.press("ArrowUp")
            after = min(figure["begin"] + 1, len(figure["positions"]) - 1)
            expect(story.locator(".told")).to_have_text(figure["says"][after])
            page.keyboard.press("ArrowDown")
        assert story.evaluate("story => story.scrollHeight <= story.clientHeight + 1"), title
        assert story.locator(".stage").evaluate("stage => stage.scrollHeight <= stage.clientHeight + 1"), title
        place = block.screens.index(screen) + 1
        keep_still(tour, screen.shows, folder / lecture.still(block, place).name)
        page.keyboard.press("ArrowRight")
    expect(story.locator(".clock")).to_have_attribute("data-running", "true")
    page.keyboard.press("2")
    expect(story).to_have_attribute("data-kind", "short")
    expect(story.locator("img.still")).to_be_visible()


def test_the_lecture_in_chinese_goes_together_with_its_speaker_s_window_and_is_saved(tour: App) -> None:
    page = tour.page
    page.set_viewport_size({"width": 1280, "height": 720})
    tour.open("/lecture?language=zh")
    expect(page.get_by_text("not yet reviewed by a native reader")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save stills and notes as HTML").click()
    saved = download.value.path().read_text("utf-8")
    assert saved.count("<section>") == len(lecture.BLOCKS)
    assert "http" not in saved
    tour.open("/lecture?window=present&language=zh")
    story = page.get_by_role("region", name="Story")
    for number, (_, _, _, title) in enumerate(lecture_screens(), 1):
        expect(story).to_have_attribute("data-ready", str(number))
        expect(story.get_by_role("heading", name=title, exact=True)).to_be_visible()
        assert story.evaluate("story => story.scrollHeight <= story.clientHeight + 1"), title
        page.keyboard.press("PageDown")
    page.keyboard.press("t")
    speaker = page.context.new_page()
    speaker.goto(f"{tour.server.address}/lecture?window=speaker&language=zh")
    notes = speaker.get_by_role("region", name="Story")
    expect(notes).to_have_attribute("data-ready", "1")
    page.keyboard.press("Home")
    page.keyboard.press("PageDown")
    expect(notes).to_have_attribute("data-ready", "2")
    expect(notes).to_contain_text(lecture.said(lecture.BLOCKS[0], "zh").notes[0])
    speaker.keyboard.press("PageDown")
    expect(story).to_have_attribute("data-ready", "3")
    speaker.get_by_role("button", name="计时归零").click()
    expect(story.locator(".clock")).to_have_attribute("data-running", "false")
    speaker.close()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Lecture", exact=True)).to_be_visible()


def keep_still(app: App, shows: str, file: Path) -> None:
    """Keep a smaller picture of a screen, with games at their end and sliders where they are told of."""
    file.parent.mkdir(parents=True, exist_ok=True)
    story = app.page.get_by_role("region", name="Story")
    if shows == "games" and "GANAUG_STILLS" in os.environ:
        expect(story.locator(".games[data-moment='199']")).to_be_visible(timeout=60_000)
    if shows == "flicker":
        expect(story.locator("canvas[data-shows]")).to_have_count(3)
        app.page.keyboard.press("p")
    for picture in story.locator("img").all():
        expect(picture).to_have_js_property("complete", True)
    for _ in range(UPS.get(file.stem, 0)):
        app.page.keyboard.press("ArrowUp")
    below = story.locator("footer").bounding_box()
    assert below is not None
    shown = app.page.screenshot(clip={"x": 0, "y": 0, "width": 1280, "height": below["y"]})
    picture = Image.open(io.BytesIO(shown)).convert("RGB")
    picture.thumbnail((960, 540))
    picture.save(file, quality=60)


def test_the_playground_plays_is_set_is_drawn_into_and_its_link_shows_the_same(tour: App, tmp_path: Path) -> None:
    tour.page.set_viewport_size({"width": 1366, "height": 768})
    page = tour.open("/playground")
    whole, sides = page.locator(".playground[data-moments='200 200']"), page.locator(".table")
    expect(whole).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    page.locator(".moment").fill("199")
    expect(sides.nth(1)).to_contain_text("8 of 8 modes found")
    expect(page.locator(".differ")).to_have_text("One setting differs: momentum.")
    page.get_by_label("gradient", exact=True).check()
    page.get_by_label("latent grid").check()
    picture(tour, "playground", tmp_path)
    drawing = saved_svg(page, tmp_path)
    assert len(drawing.findall(f"{SVG}svg")) == 14  # plane, best discriminator and five curves, twice
    assert len(drawing.findall(f".//{SVG}image")) == 4  # fields of colour; all else are lines
    assert "8 of 8 modes found" in "".join(drawing.itertext())

    for name, value in (("steps", "400"), ("width", "16"), ("momentum", "0")):
        sides.nth(0).locator(f"select[name={name}]").select_option(value)
    expect(page.locator(".differ")).to_contain_text("2 settings differ (capacity, steps): any of them may be the cause")
    sides.nth(1).get_by_role("button", name="Set like A").click()
    expect(whole).to_be_visible(timeout=90_000)  # from here on games are played, by players that start now
    sides.nth(0).locator("select[name=loss]").select_option("wasserstein")
    sides.nth(0).locator("select[name=regulariser]").select_option("none")
    expect(sides.nth(0).get_by_role("alert")).to_contain_text("without a bound the critic grows for ever")

    page.get_by_role("button", name="Draw a truth").click()
    plane = sides.nth(1).locator(".plane").bounding_box()
    assert plane is not None
    page.mouse.move(plane["x"] + 60, plane["y"] + 200)
    page.mouse.down()
    page.mouse.move(plane["x"] + 160, plane["y"] + 200, steps=20)
    page.mouse.up()
    sides.nth(0).locator("select[name=regulariser]").select_option("r1")
    page.get_by_role("button", name="Learn this drawing").click()
    expect(whole).to_be_visible(timeout=90_000)
    expect(sides.nth(1)).to_contain_text("of 1 mode found")
    page.get_by_role("button", name="Restart").click()
    page.get_by_role("button", name="Pause").click()
    page.locator(".moment").fill("10")
    page.get_by_role("button", name="One step").click()
    expect(page.locator(".playground[data-moment='11']")).to_be_visible()
    seen = [text.inner_text() for text in page.locator(".says").all()]
    tour.open(page.url.removeprefix(tour.server.address))
    expect(whole).to_be_visible(timeout=90_000)
    expect(page.locator(".playground[data-moment='11']")).to_be_visible()
    assert [text.inner_text() for text in page.locator(".says").all()] == seen
    expect(sides.nth(0).locator("select[name=loss]")).to_have_value("wasserstein")
