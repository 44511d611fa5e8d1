"""Limits, methods to paste, versions and digests, and the page to fill in before anything is shared."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields

from ganaug_core.config.requests import AUDIT_SPACES
from ganaug_core.records.made import versions as versions_now
from ganaug_core.report import crosswalk, limits
from ganaug_core.report.blocks import Block, Bullets, Facts, Listing, Section, Text, Together, table
from ganaug_core.report.edition import Edition
from ganaug_core.report.stored import Set, Stored
from ganaug_core.wording import clean, moment

NOT_STATED = "not stated"
LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """What a person types before a report is shared; ganaug answers none of it, and nothing is kept of it."""

    legal_basis: str = ""
    approval: str = ""
    recipients: str = ""
    licence: str = ""
    deletion_date: str = ""
    owner: str = ""

    def said(self) -> list[tuple[str, str]]:
        """Return each question with what was typed, else `not stated`."""
        return [
            (QUESTIONS[field.name], clean(getattr(self, field.name))[:LONGEST] or NOT_STATED) for field in fields(self)
        ]


QUESTIONS = {
    "legal_basis": "Legal basis or consent",
    "approval": "Approval number",
    "recipients": "Who may receive it",
    "licence": "Licence",
    "deletion_date": "Deletion date",
    "owner": "Owner",
}


def limits_(stored: Stored, edition: Edition) -> Section:
    """Return everything that this audit could not see."""
    looked = (
        stored.audit.made.in_words
        if stored.audit.made is not None
        else ("Looks at the hold-out share were not recorded.",)
    )
    told = [*limits.unseen(stored, edition), *map(edition.text, looked)]
    return Section("limits", "Limits", (Bullets(tuple(told)),))


def methods(stored: Stored, edition: Edition) -> Section:
    """Return the paragraph of the audit to paste into a paper."""
    paragraph, _, rest = stored.set.methods.partition("\n\n")
    if not paragraph:
        text = "This audit is older than the methods paragraph: run it again to get one."
        return Section("methods", "Methods to paste", (Text(text),))
    blocks: list[Block] = [Text(edition.text(paragraph))]
    if bibtex := rest.partition("\\begin{table}")[0].strip():
        blocks.append(Listing("Sources as BibTeX", bibtex))
    blocks.append(Text("ganaug audit --methods prints the same with BibTeX and LaTeX tables.", "small"))
    return Section("methods", "Methods to paste", tuple(blocks))


def versions(stored: Stored, edition: Edition) -> Section:
    """Return what computed it, commands with names of the workspace, and digests."""
    made = stored.audit.made
    used = made.versions if made is not None else {}
    rows = [(name, used.get(name, "not recorded"), version) for name, version in versions_now().items()]
    facts = [("Audit computed", moment(made.date) if made is not None else "not recorded")]
    facts += [("Command of the audit", command(stored.cohort.name, stored.set))]
    digests = [
        ("Cohort", edition.digest(stored.cohort.digest)),
        (f"Synthetic images {clean(stored.samples.name)}", stored.samples.digest),
    ]
    if generator := str(stored.samples.provenance.get("generator", "")):
        digests.append(("Generator", generator))
    if stored.against is not None:
        digests.append((f"Synthetic images {clean(stored.against.name)}", stored.against.samples.digest))
    if made is not None:
        digests += [
            (f"Feature space {name}", edition.digest(encoder.digest)) for name, encoder in made.encoders.items()
        ]
    blocks: tuple[Block, ...] = (
        table(("Software", "At the audit", "At this report"), rows, (2, 1, 1)),
        Facts(tuple(facts)),
        Together((Text("Digests (SHA-256)", "heading"), Facts(tuple(digests)))),
    )
    return Section("versions", "Versions and digests", blocks)


def command(cohort: str, found: Set) -> str:
    """Return the command that gives the audit again in this workspace: names, never paths."""
    settings: Mapping[str, object] = found.settings
    words = ["ganaug", "audit", cohort, found.name]
    encoders = settings.get("encoders")
    if isinstance(encoders, list) and tuple(encoders) != AUDIT_SPACES:
        words += [word for encoder in encoders for word in ("--encoder", str(encoder))]
    if settings.get("seed"):
        words += ["--seed", str(settings["seed"])]
    words += [f"--{key.replace('_', '-')}" for key in ("trust_split", "membership", "odd") if settings.get(key)]
    subgroups = settings.get("subgroups")
    for column in subgroups if isinstance(subgroups, list) else ():
        words += ["--subgroups", clean(column)]
    return shlex.join(words)


def sharing(stored: Stored, edition: Edition, typed: Sharing) -> Section:
    """Return the last page: what a person states, and what this report covers of two published lists."""
    blocks: list[Block] = [
        Text("A person answers these; ganaug answers none of them and checks none of the answers."),
        Facts(tuple(typed.said())),
        Text(limits.NO_PROOF),
        Text("Seven criteria of a scorecard for synthetic medical data", "heading"),
        table(
            ("Criterion", "In our words", "In this report"), crosswalk.CRITERIA, (1.2, 2.1, 5),
            f"Criteria: {crosswalk.SCORECARD}. Its authors work at the FDA; it is not a rule of the FDA.", small=True,
        ),
        Text("CLAIM, update of 2024", "heading"),
        table(
            ("Items", "Subject", "In this report"), crosswalk.ITEMS, (0.8, 3, 4),
            f"Items: {crosswalk.CLAIM}; told by number and subject. A study has to report them itself.", small=True,
        ),
    ]  # fmt: skip
    return Section("sharing", "Before sharing", tuple(blocks))
