"""What figures and games say in Chinese: no text is left out, and every number comes back where it belongs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ganaug_core import app_root
from ganaug_core.lessons import LESSONS, demonstrations, exercises, kept_outcome, texts, translation
from ganaug_core.lessons.demonstrations import DEMONSTRATIONS
from ganaug_core.lessons.exercises import GameExercise
from ganaug_core.ui.pages.playground import playground_page

QUICK = ("sigmoid_twice", "coverage_over_m", "false_prevalence", "attention_scaling", "nearest_ratio")
OTHERWISE = ("模式崩溃", "最佳判别器", "鉴别器", "隐向量", "潜变量", "抄袭", "副本", "游乐场", "卷积核")
"""What the glossary or another lesson calls by another name."""


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            if name not in ("role", "kind", "pixels"):
                yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def unsaid(texts: Iterator[str], file: str) -> set[str]:
    """Return the texts with letters that stand in no table."""
    known = {**translation.table("zh", translation.COMMON), **translation.table("zh", file)}
    return {text for text in texts if re.search("[A-Za-z]", text) and translation.pattern(text) not in known}


def test_numbers_come_back_in_the_order_of_the_other_language(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"# of # reach # or #.": "#2 / #1: #4, #3"}
    monkeypatch.setattr(translation, "table", lambda language, file: {} if file == "common" else table)
    assert translation.pattern("1,000 of 2.5 reach -0.3 or 1e-05.") == "# of # reach # or #."
    assert translation.pattern("1,622, the rest") == "#, the rest"  # a comma after a number is none of its digits
    assert translation.pattern("D2 and R1, f16") == "D2 and R1, f16"  # a name is no number
    assert translation.say("1,000 of 2.5 reach -0.3 or 1e-05.", "zh", "any") == "2.5 / 1,000: 1e-05, -0.3"
    assert translation.say("Nobody wrote this.", "zh", "any") == "Nobody wrote this."
    assert translation.say("1 of 2 reach 3 or 4.", "en", "any") == "1 of 2 reach 3 or 4."


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_every_text_of_a_figure_is_there_in_chinese(name: str) -> None:
    figure = demonstrations.kept(name)
    assert unsaid(strings(figure), name) == set()
    told = translation.figure(figure, "zh", name)
    assert all(re.search("[\u4e00-\u9fff]", says) for says in told["says"])
    assert [line["y"] for chart in told["charts"] for line in chart["lines"]] == [
        line["y"] for chart in figure["charts"] for line in chart["lines"]
    ]
    assert translation.figure(figure, "en", name) == figure


@pytest.mark.parametrize("name", QUICK)
def test_a_figure_that_is_computed_anew_is_told_too(name: str) -> None:
    assert unsaid(strings(demonstrations.compute(name, 3)), name) == set()


def test_all_numbers_of_a_sentence_are_said_and_no_other() -> None:
    folder = app_root() / "assets" / "lessons" / "zh" / "figures"
    assert {file.stem for file in folder.glob("*.tsv")} == {*DEMONSTRATIONS, translation.COMMON, translation.GAMES}
    for file in folder.glob("*.tsv"):
        for english, chinese in translation.table("zh", file.stem).items():
            places = {int(place) for place in re.findall(r"#(\d+)", chinese)}
            assert places == set(range(1, english.count("#") + 1)), (file.stem, english)


def test_chinese_texts_call_one_thing_by_one_name() -> None:
    files = [*(app_root() / "assets").glob("*/zh/**/*.*"), *(app_root() / "assets" / "lessons" / "pages").rglob("*.*")]
    assert len(files) > 70
    assert [(str(file), term) for file in files for term in OTHERWISE if term in file.read_text("utf-8")] == []


def test_the_browser_looks_texts_up_as_the_pages_do() -> None:
    script = app_root() / "ganaug_core" / "ui" / "shared" / "components" / "playground_parts" / "language.js"
    assert f"/{translation._NUMBER.pattern}/g" in script.read_text("utf-8")


def test_every_chapter_has_a_title_in_chinese() -> None:
    assert set(texts.CHAPTER_TITLES["zh"]) == {*texts.CHAPTERS, "Exercises", "Further"}


def test_settings_signs_and_counts_of_games_are_there_in_chinese() -> None:
    shown: list[str] = []
    for name, says in playground_page.SAYS.items():
        setting = playground_page._setting(name)
        shown += [setting["title"], says, *(text for _, text in setting["choices"])]
    for lesson in LESSONS.values():
        outcome = kept_outcome(lesson)
        assert outcome
        values = (getattr(game, lesson.changed) for game in (lesson.failure, lesson.cure))
        shown += [playground_page.setting_title(lesson.changed), lesson.signature.says, outcome.says(lesson.signature)]
        shown += [playground_page.setting_value(lesson.changed, value) for value in values]
    shown += [task.signature.says for task in exercises.EXERCISES.values() if isinstance(task, GameExercise)]
    names = {"R1", "R2", "Adam", "RMSprop", "SGD"}  # the same in both
    assert unsaid(iter(shown), translation.GAMES) - names == set()


def test_what_the_component_says_is_there_in_chinese() -> None:
    """Every English text that the browser looks up is written in its scripts between quotes."""
    folder = app_root() / "ganaug_core" / "ui" / "shared" / "components"
    known = translation.table("zh", translation.GAMES)
    for script in ("playground_parts/charts.js", "playground_parts/says.js", "playground_parts/settings.js"):
        code = (folder / script).read_text("utf-8")
        for text in re.findall(r'"([A-Z][a-z][^"]* [^"]*)"', code):
            assert text in known, (script, text)
