"""What may be called a lesson: one changed setting, a measured sign, ten seeds with it and ten without.

A failure and its cure are two games that differ in exactly one setting. Whatever else differs could be the cause, so
two games that differ in more are refused. Whether a seed failed is not seen but measured, by a criterion that was
written down with the lesson. What ten seeds against ten cannot tell from chance is shown as something that happens
sometimes.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from ganaug_core import app_root
from ganaug_core.errors import ConfigurationError
from ganaug_core.playground import Game, Recording, changed_fields
from ganaug_core.records.digest import digest_of
from ganaug_core.storage.workspace import write_atomic

SEEDS = tuple(range(100, 110))  # none of them was looked at while a lesson was being written
LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Signature:
    """When a game counts as failed: a curve's mean over its last part beyond a limit.

    Attributes:
        says: The same in words.
        curve: One of `playground.moments.CURVES`.
        last: Share of the moments that the mean is taken over, the last ones.
        below, above: The limit, one of the two.
    """

    says: str
    curve: str
    last: float = 0.25
    below: float | None = None
    above: float | None = None

    def __post_init__(self) -> None:
        if (self.below is None) == (self.above is None):
            raise ConfigurationError("A signature needs one limit.", do="Give `below` or `above`.")

    def value(self, recording: Recording) -> float:
        """Return what is compared with the limit."""
        curve = recording.curve(self.curve)
        return float(curve[-max(1, round(self.last * len(curve))) :].mean())

    def is_shown_by(self, value: float) -> bool:
        """Whether a game with this value has failed; one whose numbers broke down has."""
        if not math.isfinite(value):
            return True
        return value < self.below if self.below is not None else value > (self.above or 0.0)


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A failure and its cure.

    Attributes:
        name: Of its text, its recordings and its table.
        failure, cure: Games that differ in one setting.
        signature: What the failure shows and the cure does not.
        shown_seed: Of the two recordings that are shown; they are of the ten.
    """

    name: str
    failure: Game
    cure: Game
    signature: Signature
    shown_seed: int = SEEDS[0]

    def __post_init__(self) -> None:
        changed = changed_fields(self.failure, self.cure)
        if len(changed) != 1:
            raise ConfigurationError(
                f"In the lesson {self.name} failure and cure differ in {len(changed)} settings: "
                f"{', '.join(changed) or 'none'}.",
                do="Change exactly one, or nobody knows which of them was the cause.",
                code="confounded",
            )

    @property
    def changed(self) -> str:
        """Name of the one setting."""
        return changed_fields(self.failure, self.cure)[0]

    @property
    def digest(self) -> str:
        """Changes with anything that the table of outcomes rests on."""
        return digest_of(asdict(self.failure), asdict(self.cure), asdict(self.signature))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of the seeds: the signature's value in each game.

    Attributes:
        digest: Of the lesson that was measured.
        seeds: The same for both.
        failures, cures: Values (seed,) with the failure's setting and with the cure's.
    """

    digest: str
    seeds: tuple[int, ...]
    failures: tuple[float, ...]
    cures: tuple[float, ...]

    def counts(self, signature: Signature) -> tuple[int, int]:
        """Return how many games failed with the failure's setting and with the cure's."""
        with_failure, with_cure = (
            sum(signature.is_shown_by(value) for value in values) for values in (self.failures, self.cures)
        )
        return with_failure, with_cure

    def p_value(self, signature: Signature) -> float:
        """Return Fisher's exact p, two-sided."""
        return fisher_exact(*self.counts(signature), len(self.seeds))

    def is_lesson(self, signature: Signature) -> bool:
        """Whether failures are more frequent with the failure's setting than chance explains."""
        with_failure, with_cure = self.counts(signature)
        return with_failure > with_cure and self.p_value(signature) < LEVEL

    def says(self, signature: Signature) -> str:
        """Return the one line that stands beside the lesson."""
        with_failure, with_cure = self.counts(signature)
        n = len(self.seeds)
        return (
            f"{with_failure} of {n} against {with_cure} of {n} "
            f"(Fisher's exact test, two-sided: p = {exact(self.p_value(signature))})"
        )


def exact(p: float) -> str:
    """Return a p with two figures and all its zeros: where a lesson rests on it, `p < 0.0001` is not enough."""
    figures = 2 - math.ceil(math.log10(p)) if p < 1 else 0
    return f"{p:.{max(0, figures)}f}".rstrip("0").rstrip(".")


def shown_as(lesson: Lesson) -> Literal["lesson", "sometimes", "no difference", "not measured"]:
    """Return what a pair of games may be shown as, by what was measured for it."""
    outcome = kept_outcome(lesson)
    if outcome is None:
        return "not measured"
    if outcome.is_lesson(lesson.signature):
        return "lesson"
    return "sometimes" if any(outcome.counts(lesson.signature)) else "no difference"


def fisher_exact(first: int, second: int, each: int) -> float:
    """Return the two-sided p of `first` and `second` events in two groups of `each`.

    The sum of the probabilities of all tables with the same margins that are no more likely than this one; by whole
    numbers, so pages need no SciPy. Source: Fisher, 1922, doi:10.2307/2340521.
    """
    total = first + second
    ways = [math.comb(each, k) * math.comb(each, total - k) for k in range(max(0, total - each), min(each, total) + 1)]
    own = math.comb(each, first) * math.comb(each, second)
    return sum(way for way in ways if way <= own) / math.comb(2 * each, total)


def measure(lesson: Lesson, play: Callable[[Game], Recording], seeds: Sequence[int] = SEEDS) -> Outcome:
    """Play both games with every seed by `play`, and return the signature's values; a minute or two of one core."""
    failures, cures = (
        tuple(lesson.signature.value(play(replace(request, seed=seed))) for seed in seeds)
        for request in (lesson.failure, lesson.cure)
    )
    return Outcome(digest=lesson.digest, seeds=tuple(seeds), failures=failures, cures=cures)


def outcomes_file() -> Path:
    """Return the file of the tables that are shipped."""
    return app_root() / "assets" / "lessons" / "outcomes.json"


def kept_outcome(lesson: Lesson) -> Outcome | None:
    """Return what was measured for this very lesson, None where it was changed since."""
    kept = _kept().get(lesson.name)
    if kept is None or kept["digest"] != lesson.digest:
        return None
    return Outcome(**{field.name: _frozen(kept[field.name]) for field in fields(Outcome)})


def keep(lesson: Lesson, outcome: Outcome) -> None:
    """Write a table into the file of all of them."""
    content = {**_kept(), lesson.name: asdict(outcome)}
    write_atomic(outcomes_file(), (json.dumps(dict(sorted(content.items())), indent=1) + "\n").encode())


def _kept() -> dict[str, Any]:
    path = outcomes_file()
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
