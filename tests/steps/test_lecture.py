"""The lecture: ninety minutes in the order of its blocks, told in both languages, with numbers that are right."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug_core.errors import ConfigurationError
from ganaug_core.lessons import LESSONS, demonstrations, lecture, texts
from ganaug_core.lessons.demonstrations import necrosis
from ganaug_core.lessons.lecture import BLOCKS, MINUTES, said
from ganaug_core.ui.pages.lecture import screens


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
    with Image.open(lecture.still(block)) as picture:
        assert min(picture.size) >= 200


def test_stills_are_small() -> None:
    assert sum(lecture.still(block).stat().st_size for block in BLOCKS) < 400_000


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
    assert all(chapter.content["still"].startswith("data:image/png") for chapter in shown if chapter.kind == "still")
    assert len(told["block_of"]) == len(shown)
    rare = next(chapter for chapter in shown if chapter.title.startswith("罕见"))
    assert "10/10 对 0/10" in rare.content["says"]


def test_a_block_with_a_screen_too_few_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "vote.md").write_text("# t\n## two minutes\na\n## notes\nb\n## one\nc\n", "utf-8")
    monkeypatch.setattr(lecture, "_folder", lambda: tmp_path)
    with pytest.raises(ConfigurationError, match=r"vote\.md tells 1 screens, and its block has 2"):
        said(BLOCKS[0])


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
