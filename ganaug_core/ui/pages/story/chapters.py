"""What a story shows: from audits, maps and experiments that are there, to one screen after the other.

Nothing is measured here; every sentence is one of the audit's, shortened to what can be told in five minutes, or says
where none is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ganaug_core.records import MOVEMENT, ROLES, Audit, Cohort, Map, Samples
from ganaug_core.records.benefit import Benefit
from ganaug_core.terms import in_one_sentence
from ganaug_core.ui.shared import first_glance, glossary, palette, words
from ganaug_core.ui.shared.looking import findings
from ganaug_core.wording import listing, percent

LETTERS = "ABC"
COLUMNS, ROWS = 4, 2  # of a sheet, for each class
TILE = 96  # CSS pixels: readable from the last row
CLASSES_SHOWN = 2
MOST_DOTS = {"real": 260, "synthetic": 130}
PAIRS = 3
FAR = 0.01  # share of held-out images that are said to be as near
NEARNESS = "Distance: between the two once one is laid on the other; 0 is the same image."


@dataclass(frozen=True, kw_only=True)
class Told:
    """One set of synthetic images of a story.

    Attributes:
        letter: What it is called until the end; empty where there is one set.
        artefact: Of the images, for addresses.
        map: With its name; None where none was drawn.
        benefit: None where nobody asked.
    """

    letter: str
    samples: Samples
    artefact: str
    audit: Audit
    map: Map | None = None
    benefit: Benefit | None = None

    @property
    def title(self) -> str:
        return f"Generator {self.letter}" if self.letter else "Synthetic"


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One screen.

    Attributes:
        kind: How it is drawn: `wedge`, `sheets`, `maps`, `flicker`, `missing`, `verdicts`, `benefit` or `end`; in the
            lecture also `figure`, `games`, `words` or `still`.
        says: Sentences below the title.
        content: What the browser draws.
    """

    kind: str
    title: str
    says: tuple[str, ...] = ()
    content: dict[str, Any] = field(default_factory=dict)


WEDGE = Chapter(
    kind="wedge",
    title="Can everybody see this?",
    says=(
        "Sixteen steps, and a small square on the black and on the white one. Whoever misses a square cannot "
        "judge these images here: darken the room, or turn up the projector.",
    ),
)


def of(cohort: Cohort, cohort_artefact: str, told: Sequence[Told]) -> list[Chapter]:
    """Return the screens of a story about one set or several of one cohort."""
    several = len(told) > 1
    question = f"{'Two' if len(told) == 2 else 'Three'} generators. Which would you trust, and for what?"
    real = _sheet("cohorts", cohort_artefact, cohort.ids, cohort.labels, "Real images")
    first = vote(cohort, told)
    chapters = [
        WEDGE,
        replace(first, title=question, says=("Hands up: one vote each.",))
        if several
        else replace(first, title="Would you trust these images, and for what?"),
        Chapter(
            kind="sheets",
            title="Look: the real ones beside them",
            says=("Shown in one window, the first images of each class as they were drawn.",),
            content={**first.content, "sheets": [real, *first.content["sheets"]], "vote": []},
        ),
    ]
    chapters += _maps(told)
    return [
        *chapters,
        copies(cohort_artefact, told),
        missing(cohort_artefact, told),
        verdicts(told),
        _benefit(told),
        end(told),
    ]


def vote(cohort: Cohort, told: Sequence[Told]) -> Chapter:
    """Return the first images of each set, to vote on where there are several."""
    return Chapter(
        kind="sheets",
        title="",
        content={
            "sheets": [_sheet("samples", one.artefact, one.samples.ids, one.samples.labels, one.title) for one in told],
            "classes": [words.clean(name) for name in cohort.classes[:CLASSES_SHOWN]],
            "vote": [one.letter for one in told if one.letter],
        },
    )


def _worst(told: Sequence[Told], verdict: str) -> Told:
    """Return the set whose verdict is the worst: the first, where others say the same."""
    return min(told, key=lambda one: findings.ORDER.index(one.audit.verdicts[verdict].state))


def _sheet(kind: str, artefact: str, ids: Any, labels: Any, title: str) -> dict[str, Any]:
    """Return the first images of each class as addresses of sheets."""
    rows = []
    for label in np.unique(labels)[:CLASSES_SHOWN]:
        chosen = ids[labels == label][: COLUMNS * ROWS].tolist()
        rows.append(_sprite(kind, artefact, chosen))
    return {"title": title, "rows": rows}


def _sprite(kind: str, artefact: str, ids: Sequence[str], columns: int = COLUMNS) -> dict[str, Any]:
    columns = max(1, min(columns, len(ids)))
    address = f"/api/sprite/{kind}/{artefact}.png?tile={TILE}&columns={columns}&ids={','.join(map(str, ids))}"
    return {"address": address, "images": len(ids), "columns": columns}


def _maps(told: Sequence[Told]) -> list[Chapter]:
    maps = [_dots(one, one.map) for one in told if one.map is not None]
    if not maps:
        return []
    says = ["Images that a network takes for alike lie together; distances across the map mean little."]
    if len(notes := {map_["note"] for map_ in maps}) == 1:  # is said once
        says += notes
        maps = [map_ | {"note": ""} for map_ in maps]
    title = "Look: where they lie among the real ones"
    return [Chapter(kind="maps", title=title, says=tuple(says), content={"maps": maps})]


def _dots(one: Told, map_: Map) -> dict[str, Any]:
    """Return a part of the points, evenly taken, in thousandths of the picture."""
    low, span = map_.positions.min(0), np.ptp(map_.positions, axis=0).max() or 1.0
    places = np.rint((map_.positions - low) / span * 1000).astype(int)
    missing = {image for mode in one.audit.missing_modes[:1] for image in mode.members}
    sides, shown = {}, {}
    for side, rows in (
        ("real", np.flatnonzero(map_.roles < len(ROLES))),
        ("synthetic", np.flatnonzero(map_.roles == len(ROLES))),
    ):
        chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST_DOTS[side])).astype(int)] if len(rows) else rows
        sides[side] = places[chosen].ravel().tolist()
        shown[side] = f"{len(chosen):,} of {len(rows):,}"
    outlined = np.flatnonzero([str(image) in missing for image in map_.ids])
    return {
        "title": one.title,
        **sides,
        "missing": places[outlined[:: max(1, len(outlined) // 60)]].ravel().tolist(),
        "colour": palette.ROLES["synthetic"],
        "note": f"Shown: {shown['real']} real and {shown['synthetic']} synthetic images"
        + ("; a missing group is circled." if len(outlined) else "."),
    }


def copies(cohort_artefact: str, told: Sequence[Told]) -> Chapter:
    """Return the nearest pairs of the set that is most suspicious, each image to flicker onto the other."""
    one = _worst(told, "copying")
    ids = one.samples.ids.tolist()
    groups = findings.copied_groups(one.audit.suspects)
    pairs = [(group.images[0], group.real) for group in groups] or findings.closest_pairs(one.audit, ids)
    return Chapter(
        kind="flicker",
        title=f"{one.title}: {'a suspected copy flickers onto the real image' if groups else 'the closest pairs'}",
        says=(shortened(first_glance.of(one.audit.verdicts["copying"].statement)),),
        content={
            "pairs": [_pair(cohort_artefact, one, synthetic, real) for synthetic, real in pairs[:PAIRS]],
            "note": f"{NEARNESS} {_reference(one.audit)}"
            + ("" if groups else " Among many images one is always closest: nearness alone is no copy."),
        },
    )


def _pair(cohort_artefact: str, one: Told, synthetic: str, real: str) -> dict[str, Any]:
    movement, distance = _nearest(one, synthetic, real)
    row = one.samples.ids.tolist().index(synthetic)
    return {
        "synthetic": f"/api/pixels/samples/{one.artefact}/{synthetic}",
        "real": f"/api/pixels/cohorts/{cohort_artefact}/{real}",
        "movement": movement,
        "distance": distance,
        "score": round(float(one.audit.scores["synthetic"][row]), 2),
    }


def _reference(audit: Audit) -> str:
    """Return how low real images that training has not seen come with the score below each pair."""
    held = audit.scores["holdout"]
    return (
        "Score: the distance over that to the nearest held-out image, which nobody could copy; "
        f"{percent(FAR)} of {len(held):,} held-out real images have one below {np.quantile(held, FAR):.2f}."
    )


def _nearest(one: Told, synthetic: str, real: str) -> tuple[list[float] | None, float | None]:
    """Return what lays the real image on the synthetic one, and their distance, where the audit kept them."""
    row, nearest = one.samples.ids.tolist().index(synthetic), one.audit.nearest
    for role in ROLES:
        if f"{role}.id" in nearest and nearest[f"{role}.id"][row].decode() == real:
            movement = [float(nearest[f"{role}.{part}"][row]) for part in MOVEMENT]
            return movement, round(float(nearest[f"{role}.distance"][row]), 3)
    return None, None


def missing(cohort_artefact: str, told: Sequence[Told]) -> Chapter:
    """Return the group that lacks most in the set that lacks most, or what the audit says where it found none."""
    one = _worst(told, "mode_coverage")
    space = one.map.encoder if one.map is not None else ""
    found = [
        finding
        for finding in findings.of_audit(one.audit, one.samples.ids.tolist(), space)
        if finding.key.startswith("missing")
    ]
    finding = found[0]
    shown = (
        ("Real images of this kind", "cohorts", cohort_artefact, finding.real),
        ("The synthetic ones that come nearest", "samples", one.artefact, finding.images),
    )
    sheets = [
        {"title": title, "rows": [_sprite(kind, artefact, images[:12], 6)]}
        for title, kind, artefact, images in shown
        if images
    ]
    return Chapter(
        kind="missing",
        title=f"{one.title}: {finding.title[0].lower()}{finding.title[1:]}",
        says=(first_glance.of(finding.grounds.partition("; ")[0] or finding.says),),
        content={"sheets": sheets},
    )


def verdicts(told: Sequence[Told]) -> Chapter:
    """Return the five verdicts of each set."""
    rows = []
    for name, (title, question) in glossary.VERDICTS.items():
        states = [one.audit.verdicts[name].state for one in told]
        cells = [{"state": state, "word": glossary.STATES[state][0]} for state in states]
        rows.append({"title": title, "question": question, "cells": cells})
    return Chapter(
        kind="verdicts",
        title="Five verdicts",
        says=("“No problem found”: a test that could have found one did not, no more.",),
        content={"rows": rows, "titles": [one.title for one in told], "colours": palette.STATES},
    )


def _benefit(told: Sequence[Told]) -> Chapter:
    known = [one for one in told if one.benefit is not None]
    lines = [
        {"title": one.title, "text": shortened(first_glance.of(one.benefit.verdict.statement), sentences=2)}
        for one in known
        if one.benefit is not None
    ]
    says = "The last question: it is trained without and with synthetic images, and asked about real ones."
    missing = [one.title for one in told if one.benefit is None]
    if missing:
        lines.append({"title": listing(missing), "text": "Not measured here."})
    return Chapter(kind="benefit", title="Does it help a classifier?", says=(says,), content={"lines": lines})


def end(told: Sequence[Told]) -> Chapter:
    """Return what each generator was, for what it can be used, and what its audit could not see."""
    lines = []
    for one in told:
        name = words.clean(one.samples.name)
        text = in_one_sentence({name: verdict.state for name, verdict in one.audit.verdicts.items()})
        lines.append({"title": f"{one.title}: {name}" if one.letter else name, "text": text})
    blind = sorted(
        {
            glossary.VERDICTS[name][0].lower()
            for one in told
            for name, verdict in one.audit.verdicts.items()
            if verdict.state == "not_assessable"
        }
    )
    says = [f"Not assessable with these images: {listing(blind)}."] if blind else []
    says.append("No audit sees what no test was made for; research use only.")
    letters = [one.letter for one in told if one.letter]
    return Chapter(
        kind="end",
        title="Vote again" if letters else "What to take home",
        says=tuple(says),
        content={"lines": lines, "vote": letters},
    )


def shortened(statement: str, sentences: int = 1) -> str:
    """Return the first sentences of a statement without its brackets, but for intervals: an audit's page has the rest.

    A story tells on its map how many images there are.
    """
    first = re.split(r"(?<=\.) (?=[A-Z])", words.clean(statement))[:sentences]
    return re.sub(r" \((?!95 % interval)[^()]*\)", "", " ".join(first))
