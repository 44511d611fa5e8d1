"""Do failure and cure differ in more than chance? Ten seeds with the failure's setting and ten with the cure's.

    python tests/benchmarks/lessons.py [LESSON ...]       measures, and writes assets/lessons/outcomes.json
    python tests/benchmarks/lessons.py --table            prints what is kept, as it stands in RESULTS.md
    python tests/benchmarks/lessons.py --recordings       writes the games that the pages open with
    python tests/benchmarks/lessons.py --demonstrations [NAME ...]   writes the figures with a slider

Seeds 100 to 109 were not looked at while settings and signatures were chosen (that was done with 0 to 3). About ten
minutes of one core for all lessons: games that several lessons share are played once.
"""

import argparse
import functools
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.lessons import LESSONS, demonstrations, rule
from ganaug_core.playground import Game, Recording, game, shipped
from ganaug_core.storage.workspace import write_atomic

FRAMES = 41


@functools.cache
def played(request: Game) -> Recording:
    return game.record(request, FRAMES)


def measure(names: list[str]) -> None:
    for name in names:
        begun = time.process_time()
        lesson = LESSONS[name]
        outcome = rule.measure(lesson, played)
        rule.keep(lesson, outcome)
        print(f"{name}: {outcome.says(lesson.signature)}, {time.process_time() - begun:.0f} s", flush=True)
        print("  ", outcome.failures, outcome.cures, flush=True)


def table() -> None:
    print("| lesson | one setting: failure, cure | failed if | failure | cure | p | shown as |")
    print("|---|---|---|---|---|---|---|")
    for name, lesson in LESSONS.items():
        outcome = rule.kept_outcome(lesson)
        if outcome is None:
            print(f"| {name} | not measured | | | | | |")
            continue
        before, after = (getattr(request, lesson.changed) for request in (lesson.failure, lesson.cure))
        with_failure, with_cure = outcome.counts(lesson.signature)
        n = len(outcome.seeds)
        p = rule.exact(outcome.p_value(lesson.signature))
        shown = rule.shown_as(lesson)
        print(
            f"| {name} | {lesson.changed}: {before}, {after} | {lesson.signature.says} | {with_failure} of {n} | "
            f"{with_cure} of {n} | {p} | {shown} |"
        )


def recordings() -> None:
    for lesson in LESSONS.values():
        for request in (lesson.failure, lesson.cure):
            shown = replace(request, seed=lesson.shown_seed)
            if not shipped(shown).exists():
                shipped(shown).parent.mkdir(parents=True, exist_ok=True)
                write_atomic(shipped(shown), game.record(shown).to_bytes())


def figures(names: list[str]) -> None:
    for name in names:
        demonstrations.file(name).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(demonstrations.file(name), (json.dumps(demonstrations.compute(name)) + "\n").encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--recordings", action="store_true")
    parser.add_argument("--demonstrations", action="store_true")
    given = parser.parse_args()
    if given.table:
        table()
    elif given.demonstrations:
        figures(given.names or list(demonstrations.DEMONSTRATIONS))
    elif given.recordings:
        recordings()
    else:
        measure(given.names or list(LESSONS))
