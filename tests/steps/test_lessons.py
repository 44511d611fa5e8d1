"""A lesson changes one setting, has a measured sign and a table of seeds; reduced reruns find the sign again."""

import functools
from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from ganaug_core import playground
from ganaug_core.errors import ConfigurationError
from ganaug_core.lessons import LESSONS, Lesson, Outcome, Signature, kept_outcome, rule
from ganaug_core.playground import Game, Recording, game

LOST = Signature(says="modes are lost", curve="modes", below=7.0)
SHOWN = [name for name, lesson in LESSONS.items() if rule.shown_as(lesson) == "lesson"]


def test_two_games_that_differ_in_two_settings_are_no_lesson() -> None:
    """The playground once credited the loss and the penalty with what the optimiser had done."""
    minimax = Game(loss="minimax", regulariser="none", momentum=0.95, learning_rate=1e-3, schedule="constant")
    with pytest.raises(ConfigurationError, match="differ in 5 settings: loss, regulariser, learning_rate, momentum"):
        Lesson(name="untrue", failure=minimax, cure=Game(), signature=LOST)
    with pytest.raises(ConfigurationError, match="differ in 0 settings: none"):
        Lesson(name="same", failure=Game(seed=1), cure=Game(seed=2), signature=LOST)
    assert Lesson(name="true", failure=Game(momentum=0.9), cure=Game(), signature=LOST).changed == "momentum"


@pytest.mark.parametrize(("first", "second"), [(9, 1), (10, 0), (5, 5), (3, 0), (0, 0), (6, 1), (10, 10)])
def test_p_is_fishers(first: int, second: int) -> None:
    reference = stats.fisher_exact([[first, 10 - first], [second, 10 - second]]).pvalue
    assert rule.fisher_exact(first, second, 10) == pytest.approx(reference)


def test_an_outcome_says_its_counts_and_its_p() -> None:
    outcome = Outcome(
        digest="", seeds=tuple(range(10)), failures=(1.0,) * 9 + (8.0,), cures=(8.0,) * 9 + (float("nan"),)
    )
    assert outcome.counts(LOST) == (9, 1)  # a game whose numbers broke down has failed
    assert outcome.says(LOST) == "9 of 10 against 1 of 10 (Fisher's exact test, two-sided: p = 0.0011)"
    assert rule.exact(1.0825e-5) == "0.000011"
    assert rule.exact(1.0) == "1"
    assert rule.exact(0.5) == "0.5"
    assert outcome.is_lesson(LOST)
    other_way = replace(outcome, failures=outcome.cures, cures=outcome.failures)
    assert not other_way.is_lesson(LOST)


def test_a_table_is_kept_for_the_lesson_that_was_measured_and_for_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule, "outcomes_file", lambda: tmp_path / "outcomes.json")
    lesson = Lesson(name="true", failure=Game(momentum=0.9), cure=Game(), signature=LOST)
    assert rule.shown_as(lesson) == "not measured"
    for failures, shown in (
        ((1.0,) * 10, "lesson"),
        ((1.0,) * 3 + (8.0,) * 7, "sometimes"),
        ((8.0,) * 10, "no difference"),
    ):
        outcome = Outcome(digest=lesson.digest, seeds=rule.SEEDS, failures=failures, cures=(8.0,) * 10)
        rule.keep(lesson, outcome)
        assert kept_outcome(lesson) == outcome
        assert rule.shown_as(lesson) == shown
    assert kept_outcome(replace(lesson, signature=replace(LOST, below=6.0))) is None
    assert kept_outcome(replace(lesson, failure=Game(momentum=0.95))) is None


@pytest.mark.parametrize("name", LESSONS)
def test_every_lesson_was_measured_as_it_stands_on_seeds_that_nobody_chose(name: str) -> None:
    outcome = kept_outcome(LESSONS[name])
    assert outcome is not None, "run tests/benchmarks/lessons.py"
    assert outcome.seeds == rule.SEEDS
    assert len(outcome.failures) == len(outcome.cures) == 10


@pytest.mark.parametrize("name", SHOWN)
def test_the_two_recordings_that_are_shown_show_the_sign(name: str) -> None:
    lesson = LESSONS[name]
    failure, cure = (
        lesson.signature.value(playground.load(playground.shipped(replace(request, seed=lesson.shown_seed))))
        for request in (lesson.failure, lesson.cure)
    )
    assert lesson.signature.is_shown_by(failure)
    assert not lesson.signature.is_shown_by(cure)


@functools.cache
def rerun(request: Game) -> Recording:
    return game.record(replace(request, steps=request.steps // 2), 21)


@pytest.mark.parametrize("name", SHOWN)
def test_a_reduced_rerun_finds_the_sign_of_each_lesson(name: str) -> None:
    """Half as many steps, with the one seed that is shown; games that several lessons share are played once."""
    lesson = LESSONS[name]
    failure, cure = (
        lesson.signature.value(rerun(replace(request, seed=lesson.shown_seed)))
        for request in (lesson.failure, lesson.cure)
    )
    assert lesson.signature.is_shown_by(failure)
    assert not lesson.signature.is_shown_by(cure)
