"""The lecture: ninety minutes in the order of its blocks, told in both languages, with numbers that are right."""

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug_core.errors import ConfigurationError
from ganaug_core.lessons import LESSONS, demonstrations, lecture, texts
from ganaug_core.lessons.demonstrations import necrosis
from ganaug_core.lessons.lecture import BLOCKS, MINUTES, said
from ganaug_core.playground import load, shipped
from ganaug_core.playground.orbit import orbit
from ganaug_core.ui.pages.lecture import screens
from ganaug_core.ui.pages.playground.playground_page import setting_value
from ganaug_core.ui.pages.story import story_page


def test_blocks_begin_when_the_plan_says() -> None:
    begins = np.cumsum([0, *(block.minutes for block in BLOCKS)])
    assert begins.tolist() == [0, 7, 17, 27, 35, 48, 60, 70, 78, 87, 90]
    assert MINUTES == 90
    subjects = {screen.subject for block in BLOCKS for screen in block.screens if screen.subject}
    assert subjects <= {*LESSONS, *demonstrations.DEMONSTRATIONS}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_a_block_is_told_alike_in_both_languages_and_has_a_still(block: lecture.Block) -> None:
    english, chinese = said(block), said(block, "zh")
    assert [len(says) for _, says in english.screens] == [len(says) for _, says in chinese.screens]
    assert len(english.short) == len(chinese.short) > 0
    assert len(english.notes) == len(chinese.notes) > 0
    whole = [
        " ".join((*text.short, *text.notes, *sum((says for _, says in text.screens), ())))
        for text in (english, chinese)
    ]
    for found in (r"arXiv:\d+\.\d+", r"D\*", r"log 4", r"log 2", r"p / \(p \+ q\)", r"\d+\.\d+", r"answers=1"):
        assert set(re.findall(found, whole[0])) == set(re.findall(found, whole[1])), found
    for screen in range(1, len(block.screens) + 1):
        with Image.open(lecture.still(block, screen)) as picture:
            assert min(picture.size) >= 200


def test_stills_are_small() -> None:
    stills = [lecture.still(block, screen) for block in BLOCKS for screen in range(1, len(block.screens) + 1)]
    assert sum(still.stat().st_size for still in stills) < 600_000
    assert {still.name for still in stills} == {file.name for file in stills[0].parent.iterdir()}


def test_the_step_by_hand_is_computed_right() -> None:
    """The slope of p log D + q log (1 - D), as the screen says it."""
    (_, says), _ = said(BLOCKS[1]).screens
    p, q = map(float, re.findall(r"[pq] = (\d\.\d)", says[0]))
    for sentence, at, slope in ((says[2], 0.5, 0.4), (says[3], 0.75, 0.0)):
        assert p / at - q / (1 - at) == pytest.approx(slope)
        assert re.search(rf"D = {at:g} .* = {slope:g}:", sentence)
    assert p / (p + q) == pytest.approx(0.75)


def test_without_the_demo_its_screens_are_stills_and_the_rest_is_as_it_was() -> None:
    shown, told = screens.of("zh", None, "", [])
    kinds = [chapter.kind for chapter in shown]
    assert kinds.count("still") == sum(
        screen.shows in ("vote", "missing", "flicker", "nearer", "verdicts", "end")
        for block in BLOCKS
        for screen in block.screens
    )
    assert all(chapter.content["still"].startswith("data:image/webp") for chapter in shown if chapter.kind == "still")
    assert len(told["block_of"]) == len(shown)
    rare = next(chapter for chapter in shown if chapter.title.startswith("罕见"))
    assert "10/10 对 0/10" in rare.content["says"]


def test_a_block_with_a_screen_too_few_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "vote.md").write_text("# t\n## two minutes\na\n## notes\nb\n## one\nc\n", "utf-8")
    monkeypatch.setattr(lecture, "_folder", lambda: tmp_path)
    with pytest.raises(ConfigurationError, match=r"vote\.md tells 1 screens, and its block has 2"):
        said(BLOCKS[0])


# what is said of a game is what its recording shows


def test_the_smallest_game_goes_round_and_with_the_penalty_it_spirals_in() -> None:
    lesson = LESSONS["dirac"]
    without, penalised = (
        orbit(load(shipped(replace(game, seed=lesson.shown_seed)))) for game in (lesson.failure, lesson.cure)
    )
    for way in (without, penalised):
        assert way.shape == (200, 2)
        np.testing.assert_allclose(way[0], [1, 0], atol=0.01)
        assert np.abs(way).max() < 1.25  # the axes of the screen
        turned = np.unwrap(np.arctan2(way[:, 1], way[:, 0]))
        assert abs(turned[-1]) > 8 * np.pi
    assert np.linalg.norm(without, axis=1).min() > 0.95
    assert np.linalg.norm(penalised[-20:], axis=1).max() < 0.3


def test_the_slope_of_the_orbit_is_the_weight_of_the_discriminator() -> None:
    from ganaug_core.playground import game, moments  # torch

    lesson = LESSONS["dirac"]
    table = game.Table(lesson.failure)
    line = moments.first_line(table.header([0, 40]))
    seen = [table.moment_at(step).to_bytes() for step in (0, 40)]
    recording = moments.collect([line, *seen])
    weight = table.networks.discriminator.logit.weight.detach().numpy().ravel()
    towards = recording.points[0, 0] / np.linalg.norm(recording.points[0, 0])
    assert orbit(recording)[1, 1] == pytest.approx(float(weight @ towards), abs=0.02)


def test_the_collapsed_side_leaves_most_places_empty_and_moves_on() -> None:
    lesson = LESSONS["collapse"]
    recording = load(shipped(replace(lesson.failure, seed=lesson.shown_seed)))
    assert recording.curve("modes")[-100:].max() < 4
    means = recording.points.mean(1)[-100:]
    assert np.median(np.linalg.norm(np.diff(means[::10], axis=0), axis=1)) > 0.25


def test_no_place_is_called_the_rarest_where_all_are_equally_frequent() -> None:
    lesson = LESSONS["rare"]
    sides = [setting_value("drawn", game.drawn) for game in (lesson.failure, lesson.cure)]
    assert sides == ["8 places, the rarest 1 of 57", "8 places, equally frequent"]


def test_what_was_planted_is_said_of_the_right_letters() -> None:
    assert (story_page.ORDER[0], story_page.ORDER[2]) == ("collapsed", "copying")
    planted = said(BLOCKS[-1]).screens[0][1][1]
    assert re.search(r"A was shown homogeneous .* C saw 40 images", planted)


# the phantom with necrosis


def test_a_lesion_is_malignant_by_its_core_alone_and_the_scanner_is_the_shortcut() -> None:
    scenes, labels = necrosis.cohort(60, 3, necrosis.SHORTCUT)
    assert labels.tolist() == [0, 1] * 30
    assert all((scene.core.max() > 0.5) == bool(label) for scene, label in zip(scenes, labels, strict=True))
    scanners = np.array([scene.scanner for scene in scenes])
    assert scanners[labels == 1].mean() > 0.75
    assert scanners[labels == 0].mean() < 0.25
    scene = scenes[1]
    dark = (scene.scan(1) - scene.scan(0))[scene.core < 0.01].mean()
    assert dark == pytest.approx(necrosis.SECOND_SCANNER_HU, abs=1)
    np.testing.assert_array_equal(scene.scan(0), scene.scan(0))


def test_the_shipped_changes_fool_the_classifier_or_change_the_label() -> None:
    figure = demonstrations.kept("does_the_label_stay")
    assert [said.startswith("No true label of 200") for said in figure["says"][1:]] == [True, True, False, False]
    turned = [int(re.findall(r"changes (\d+) answers", said)[0]) for said in figure["says"][1:3]]
    assert min(turned) > 20
    truths = [[picture["title"] for picture in pictures] for pictures in figure["pictures"]]
    malignant, benign = "True label: malignant", "True label: benign"
    assert truths == [[malignant, benign]] * 3 + [[benign, benign]] * 2
    with Image.open(io.BytesIO(base64.b64decode(figure["pictures"][0][0]["pixels"]))) as picture:
        assert picture.size == (64, 64)


def test_texts_of_lessons_name_every_lesson_of_the_lecture() -> None:
    taught = {name for chapter in texts.CHAPTERS.values() for name in chapter}
    assert {screen.subject for block in BLOCKS for screen in block.screens if screen.subject} <= taught
