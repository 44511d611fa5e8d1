"""The first page: what was asked, the answer in one sentence, five verdicts, the worst finding, what was not seen."""

from ganaug_core.report import findings, limits
from ganaug_core.report.blocks import Block, Bullets, Section, Text, Tile, Tiles
from ganaug_core.report.edition import Edition
from ganaug_core.report.stored import Stored
from ganaug_core.terms import STATES, VERDICTS, in_one_sentence
from ganaug_core.wording import clean, count, listing

FIRST_LIMITS = 5


def front_page(stored: Stored, edition: Edition) -> Section:
    """Return the first page; nobody can leave it out."""
    blocks: list[Block] = [
        Text("What was asked", "heading"),
        Text(_asked(stored, edition)),
        Text(answer(stored), "lead"),
        Tiles(tuple(_tile(stored, edition, name) for name in VERDICTS)),
        *_worst(stored, edition),
        Text("What this audit could not see", "heading"),
        Bullets(tuple(limits.unseen(stored, edition)[:FIRST_LIMITS])),
    ]
    return Section("summary", "", tuple(blocks))


def answer(stored: Stored) -> str:
    """Return the answer in one sentence."""
    return in_one_sentence({name: verdict.state for name, verdict in stored.audit.verdicts.items()})


def _asked(stored: Stored, edition: Edition) -> str:
    cohort, samples = stored.cohort, stored.samples
    drawn = f"drawn by the generator {stored.set.generator}" if stored.set.generator else "made by another program"
    classes = listing(map(clean, cohort.classes), most=8)
    return (
        f"Can {count(len(samples), 'synthetic image')} ({clean(samples.name)}, {drawn}) stand in for images of the "
        f"cohort {clean(cohort.name)} ({edition.real(len(cohort))} real images, "
        f"{count(len(cohort.classes), 'class', 'classes')}: {classes})? Do they repeat real images, is every kind of "
        "image made, do classes and pixel values hold, and do they look real as a set?"
    )


def _tile(stored: Stored, edition: Edition, name: str) -> Tile:
    title, question = VERDICTS[name]
    state = stored.audit.verdicts[name].state
    return Tile(
        title=title, question=question, state=state, word=STATES[state], shows=findings.shows(stored, edition, name)
    )


def _worst(stored: Stored, edition: Edition) -> list[Block]:
    name = findings.worst_verdict(stored.audit)
    if name is None:
        return [Text("The worst finding", "heading"), Text("Nothing was found that asks for a second look.")]
    verdict = stored.audit.verdicts[name]
    title = f"The worst finding: {VERDICTS[name][0].lower()}"
    blocks: list[Block] = [Text(title, "heading"), Text(edition.text(verdict.statement))]
    if (shown := findings.evidence(stored, edition, name)) is not None:
        blocks.append(shown)
    if verdict.do:
        blocks.append(Text(f"What to do: {edition.text(verdict.do)}"))
    return blocks
