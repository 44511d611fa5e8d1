"""Six exercises: each begins somewhere and has a goal that can be checked; their texts are one file each.

A file says, after its title, the task, and under `## answer` what a teacher wants to read.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from ganaug_core import app_root
from ganaug_core.lessons.plane import DIRAC, MOMENTUM, VANISHING
from ganaug_core.lessons.rule import Lesson, Signature
from ganaug_core.playground import Game

ANSWER = "answer"


@dataclass(frozen=True)
class NumberExercise:
    """A number is asked for.

    Attributes:
        right: What it is.
        tolerance: How far off an answer may be.
        percent: It is asked for, and answered, in per cent.
    """

    right: float
    tolerance: float
    percent: bool = False

    def is_right(self, answer: float) -> bool:
        return abs(answer - self.right) <= self.tolerance * (1 + 1e-9)


@dataclass(frozen=True)
class GameExercise:
    """A game that fails, in which one setting is to be changed so that it does not."""

    lesson: Lesson

    @property
    def start(self) -> Game:
        return replace(self.lesson.failure, seed=self.lesson.shown_seed)

    @property
    def signature(self) -> Signature:
        """The sign of failure; the goal is reached where it is gone."""
        return self.lesson.signature


EXERCISES: dict[str, NumberExercise | GameExercise] = {
    "by_hand": NumberExercise(0.2 / (0.2 + 0.05), 0.005),
    "bring_back_the_modes": GameExercise(MOMENTUM),
    "the_orbit": GameExercise(DIRAC),
    "a_slope_from_afar": GameExercise(VANISHING),
    # the odds that a balanced classifier says, times the true odds: Saerens et al., 2002, eq. 4
    "who_is_ill": NumberExercise(100 * 0.9 * 0.02 / (0.9 * 0.02 + 0.1 * 0.98), 0.6, percent=True),
    # the smallest p by ranks among n held-out images is 1 / (n + 1)
    "how_many_held_out": NumberExercise(99, 0),
}


@dataclass(frozen=True)
class Told:
    """An exercise's text."""

    title: str
    task: str
    answer: str


def told(name: str, language: str = "en") -> Told:
    """Return the text of an exercise."""
    first, _, rest = _path(name, language).read_text("utf-8").strip().partition("\n")
    task, _, answer = rest.partition(f"\n## {ANSWER}\n")
    return Told(first.removeprefix("# ").strip(), task.strip(), answer.strip())


def _path(name: str, language: str) -> Path:
    return app_root() / "assets" / "exercises" / language / f"{name}.md"
