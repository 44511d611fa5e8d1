"""Two sets of synthetic images of one cohort side by side."""

from ganaug_core.records import Measurement
from ganaug_core.report.blocks import Block, Section, Text, table
from ganaug_core.report.edition import Edition
from ganaug_core.report.evidence_sections import SHARES
from ganaug_core.report.stored import Set, Stored
from ganaug_core.terms import MAIN, MEASURES, STATES, VERDICTS, in_one_sentence, space
from ganaug_core.wording import clean, listing, number, percent


def comparison(stored: Stored, edition: Edition) -> Section:
    """Return verdicts and main measurements of both sets."""
    assert stored.against is not None
    one, other = stored.set, stored.against
    names = clean(one.name), clean(other.name)
    changed = [
        title
        for name, (title, _) in VERDICTS.items()
        if one.audit.verdicts[name].state != other.audit.verdicts[name].state
    ]
    differ = f"The verdicts differ on {listing(changed).lower()}." if changed else "All five verdicts are the same."
    blocks: list[Block] = [
        Text(f"{names[0]}: {_answer(one)}"),
        Text(f"{names[1]}: {_answer(other)}"),
        Text(
            f"{differ} Both were compared with the same real images, so their intervals hang together: this lists both "
            f"and tests no difference. All else in this report is about {names[0]}."
        ),
        table(
            ("Question", *names),
            [
                (title, STATES[one.audit.verdicts[name].state], STATES[other.audit.verdicts[name].state])
                for name, (title, _) in VERDICTS.items()
            ],
            (2, 2, 2),
        ),
        table(
            ("What was found", *names),
            [
                (
                    title,
                    edition.text(one.audit.verdicts[name].statement),
                    edition.text(other.audit.verdicts[name].statement),
                )
                for name, (title, _) in VERDICTS.items()
            ],
            (1, 3, 3),
        ),
        table(("Measure", "Space", *names), _measured(one, other), (2.4, 1.4, 2, 2), "Values with 95 % intervals."),
        table(("Made with", *names), _made(one, other, edition), (2, 2, 2)),
    ]
    return Section("against", f"Compared with {names[1]}", tuple(blocks))


def _answer(found: Set) -> str:
    return in_one_sentence({name: verdict.state for name, verdict in found.audit.verdicts.items()})


def _measured(one: Set, other: Set) -> list[tuple[str, ...]]:
    sides = [
        {(row.name, row.encoder): row for row in found.audit.measurements if row.class_name is None}
        for found in (one, other)
    ]
    keys = [key for name in MAIN for key in sides[0] if key[0] == name and key in sides[1]]
    return [
        (MEASURES.get(name, (name, ""))[0], space(encoder), *(_said(side[name, encoder]) for side in sides))
        for name, encoder in keys
    ]


def _said(row: Measurement) -> str:
    say = percent if row.name in SHARES else number
    return say(row.value) if row.interval is None else f"{say(row.value)} ({' to '.join(map(say, row.interval))})"


def _made(one: Set, other: Set, edition: Edition) -> list[tuple[str, ...]]:
    rows = [("Synthetic images", *(f"{len(found.samples):,}" for found in (one, other)))]
    rows.append(("Generator", *(clean(found.generator) or "not known" for found in (one, other))))
    recipes = [
        f"{found.passport.recipe}, seed {found.passport.seed}" if found.passport else "not known"
        for found in (one, other)
    ]
    shown = [f"{found.passport.images:,}" if found.passport else "not known" for found in (one, other)]
    return [*rows, ("Recipe", *map(edition.text, recipes)), ("Training images shown", *shown)]
