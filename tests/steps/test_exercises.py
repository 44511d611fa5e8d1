"""Exercises have a start that fails and a goal that the lesson's cure reaches; glossary and limits, twice told."""

import re
from dataclasses import replace

import numpy as np
import pytest

from ganaug_core import playground
from ganaug_core.benefit.classifier import as_prevalent
from ganaug_core.lessons import exercises, further, texts
from ganaug_core.lessons.exercises import EXERCISES, GameExercise, NumberExercise
from ganaug_core.metrics.statistics import conformal
from ganaug_core.ui.pages.lessons import exercise

GAMES = [name for name, task in EXERCISES.items() if isinstance(task, GameExercise)]


def test_there_are_six_and_each_is_told_with_its_answer_in_both_languages() -> None:
    assert len(EXERCISES) == 6
    for name in EXERCISES:
        english, chinese = (exercises.told(name, language) for language in texts.LANGUAGES)
        assert english.title
        assert english.answer
        assert english.task.count("\n\n") == chinese.task.count("\n\n")
        for part in ("task", "answer"):
            numbers = [set(re.findall(r"\d+(?:\.\d+)?", getattr(told, part))) for told in (english, chinese)]
            assert numbers[0] == numbers[1], (name, part)
    assert exercise.WORDS["en"].keys() == exercise.WORDS["zh"].keys()


@pytest.mark.parametrize("name", GAMES)
def test_the_start_shows_the_sign_and_one_change_takes_it_away(name: str) -> None:
    task = EXERCISES[name]
    assert isinstance(task, GameExercise)
    cure = replace(task.lesson.cure, seed=task.start.seed)
    start, end = (task.signature.value(playground.load(playground.shipped(game))) for game in (task.start, cure))
    assert task.signature.is_shown_by(start)
    assert not task.signature.is_shown_by(end)
    assert len(playground.changed_fields(task.start, cure)) == 1


def test_the_right_numbers_are_those_of_our_own_code() -> None:
    right = {name: task.right for name, task in EXERCISES.items() if isinstance(task, NumberExercise)}
    assert right["by_hand"] == 0.8
    said = np.array([[0.1, 0.9]], np.float32)
    ill = as_prevalent(said, np.array([0.5, 0.5]), np.array([0.98, 0.02]))[0, 1]
    assert right["who_is_ill"] == pytest.approx(100 * ill, rel=1e-4)
    nearest = np.zeros(1)
    smallest = {n: float(conformal(nearest, np.arange(1.0, n + 1))[0]) for n in (98, 99)}
    assert smallest[98] > 0.01 >= smallest[99] - 1e-12
    assert EXERCISES["by_hand"].is_right(0.8)  # type: ignore[union-attr]
    assert not EXERCISES["how_many_held_out"].is_right(100)  # type: ignore[union-attr]
    assert EXERCISES["who_is_ill"].is_right(16)  # type: ignore[union-attr]
    assert not EXERCISES["who_is_ill"].is_right(90)  # type: ignore[union-attr]


def test_the_glossary_has_thirty_terms_and_the_page_of_limits_the_same_parts_in_both_languages() -> None:
    terms = further.glossary()
    assert len(terms) == 30
    assert len({term.en for term in terms}) == len({term.zh for term in terms}) == 30
    assert all(term.meaning_en and term.meaning_zh for term in terms)
    english, chinese = further.not_here("en"), further.not_here("zh")
    assert english.count("**") == chinese.count("**") == 14
    for formula in (
        "cos(E_image(x), E_text(t))",
        "E |F(G(x)) - x|",
        "w (eps(x, c) - eps(x, nothing))",
        "p(x_1, ..., x_T)",
    ):
        assert formula in english
        assert formula in chinese
