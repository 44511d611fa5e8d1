"""What a story shows: the audit's own sentences, the worst set for each question, and what nobody measured."""

from dataclasses import replace
from typing import Any

import numpy as np

from ganaug_core.records import Samples
from ganaug_core.records.digest import digest_of
from ganaug_core.ui.pages.story import chapters
from ganaug_core.ui.pages.story.chapters import Told
from tests.looking_records import STATES, a_map, an_audit
from tests.steps.small_cohort import squares

COHORT = squares((12, 12))


def made(name: str, seed: int) -> Samples:
    images = np.random.default_rng(seed).uniform(-1, 1, (40, *COHORT.shape)).astype(np.float32)
    labels = np.repeat([0, 1], 20)
    ids = np.array([f"{4096 * (seed + 1) + row:012x}" for row in range(40)])
    return Samples(
        name=name,
        digest=digest_of(images),
        images=images,
        labels=labels,
        ids=ids,
        classes=COHORT.classes,
        source="generator",
    )


def told(letter: str, name: str, seed: int, **changed: str) -> Told:
    samples = made(name, seed)
    audit = an_audit(COHORT, samples, {**STATES, **changed})
    if changed.get("copying") == "pass":
        audit = replace(audit, suspects=tuple(replace(one, q_value=0.9, identical=False) for one in audit.suspects))
    if changed.get("mode_coverage") == "pass":
        audit = replace(audit, missing_modes=())
    return Told(letter=letter, samples=samples, artefact="0" * 32, audit=audit, map=a_map(COHORT, samples))


def screens(*sets: Told) -> dict[str, chapters.Chapter]:
    return {chapter.kind: chapter for chapter in chapters.of(COHORT, "1" * 32, sets)}


def test_three_generators_are_letters_until_the_end_and_the_worst_one_shows_each_fault() -> None:
    good = {"copying": "pass", "mode_coverage": "pass", "fidelity": "pass", "intensity": "pass"}
    collapsed = told("A", "collapsed", 0, copying="pass", mode_coverage="fail")
    working = told("B", "working", 1, **good)
    copying = told("C", "copying", 2, mode_coverage="pass")
    kinds = screens(collapsed, working, copying)
    assert list(kinds) == ["wedge", "sheets", "maps", "flicker", "missing", "verdicts", "benefit", "end"]
    assert [sheet["title"][-1] for sheet in kinds["maps"].content["maps"]] == ["A", "B", "C"]
    assert kinds["flicker"].title == "Generator C: a suspected copy flickers onto the real image"
    assert kinds["missing"].title.startswith("Generator A: missing side 6")
    pair = kinds["flicker"].content["pairs"][0]
    assert pair["synthetic"].endswith(copying.audit.suspects[0].synthetic)
    assert pair["real"].endswith(copying.audit.suspects[0].real)
    assert kinds["benefit"].content["lines"] == [
        {"title": "Generator A, Generator B and Generator C", "text": "Not measured here."}
    ]
    before = str([chapter for kind, chapter in kinds.items() if kind != "end"])
    for name in ("collapsed", "working", "'copying"):
        assert name not in before
    assert [line["title"] for line in kinds["end"].content["lines"]][1] == "Generator B: working"
    assert kinds["end"].content["vote"] == ["A", "B", "C"]


def test_one_set_without_findings_says_what_was_looked_for() -> None:
    kinds = screens(told("", "mine", 3, copying="pass", mode_coverage="pass"))
    assert kinds["flicker"].title == "Synthetic: the closest pairs"
    assert "nearness alone is no copy" in kinds["flicker"].content["note"]
    assert kinds["missing"].title == "Synthetic: no missing group found"
    assert kinds["missing"].content["sheets"] == []
    assert kinds["end"].title == "What to take home"
    assert kinds["end"].says[0] == "Not assessable with these images: intensities and realism."
    assert not kinds["end"].content["vote"]


def test_the_map_says_how_many_of_its_points_it_shows() -> None:
    one = told("", "mine", 3)
    maps = screens(one)["maps"]
    (drawn,) = maps.content["maps"]
    assert len(drawn["real"]) == 2 * len(COHORT)
    assert maps.says[1].startswith(f"Shown: {len(COHORT)} of {len(COHORT)} real and 40 of 40 synthetic images")
    assert drawn["note"] == ""
    many = replace(a_map(COHORT, one.samples), encoder="x")
    rows = np.tile(np.arange(len(many.ids)), 20)
    many = replace(many, positions=many.positions[rows], roles=many.roles[rows], ids=many.ids[rows])
    drawn = screens(replace(one, map=many))["maps"].content["maps"][0]
    assert len(drawn["real"]) == 2 * chapters.MOST_DOTS["real"]
    assert 0 <= min(drawn["real"]) <= max(drawn["real"]) <= 1000


def test_a_statement_is_shortened_to_its_finding_and_its_interval() -> None:
    statement = "About 37 % of them (95 % interval 36 % to 41 %) are near (p < 0.0001; 1,200 images). As near are 0 %."
    assert chapters.shortened(statement) == "About 37 % of them (95 % interval 36 % to 41 %) are near."
    assert chapters.shortened(statement, sentences=2).endswith("are near. As near are 0 %.")


def test_the_demo_is_told_within_five_minutes() -> None:
    """150 words a minute for all that stands on the screens, four seconds a picture and ten for each vote."""
    kinds = screens(*(told(letter, f"set {letter}", seed) for seed, letter in enumerate("ABC")))
    assert 60 < seconds(list(kinds.values())) < 300


def seconds(shown: list[chapters.Chapter]) -> float:
    total = 0.0
    for screen in shown:
        content = screen.content
        said = [screen.title, *screen.says, *texts(content)]
        pictures = sum(len(sheet["rows"]) for sheet in content.get("sheets", ()))
        pictures += len(content.get("maps", ())) + len(content.get("pairs", ())) + (screen.kind == "wedge")
        total += len(" ".join(said).split()) / 150 * 60 + 4 * pictures + 10 * bool(content.get("vote"))
    return total


def texts(content: Any) -> list[str]:
    """Return the words that a screen draws: titles, captions, notes, cells."""
    if isinstance(content, dict):
        drawn = ("title", "text", "note", "word", "titles", "classes", "lines", "rows", "cells", "sheets", "maps")
        return [word for key in drawn if key in content for word in texts(content[key])]
    if isinstance(content, list):
        return [word for part in content for word in texts(part)]
    return [content] if isinstance(content, str) else []
