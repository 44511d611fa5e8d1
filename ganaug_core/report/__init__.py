"""A report on an audited set: what the workspace holds, as one edition may say it, in HTML, PDF or JSON.

`stored` reads, `edition` knows what may be shown, the sections say it in `blocks`, and `html`, `pdf` and `as_json` show
the same blocks. Nothing is measured here, and no image is altered but in size.
"""

import hashlib
import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from ganaug_core import __version__
from ganaug_core.errors import ConfigurationError
from ganaug_core.records.codec import in_json
from ganaug_core.report import closing_sections, cohort_sections, evidence_sections, generator_section, use_sections
from ganaug_core.report.blocks import Block, Figure, Figures, Picture, Pictures, Report, Section, Tiles, Together
from ganaug_core.report.closing_sections import QUESTIONS, Sharing
from ganaug_core.report.comparison import comparison
from ganaug_core.report.edition import Edition, rules_for
from ganaug_core.report.front_page import answer, front_page
from ganaug_core.report.stored import Stored, read
from ganaug_core.storage import public_cohorts
from ganaug_core.storage.workspace import Workspace, installation_salt
from ganaug_core.wording import clean, listing, moment

__all__ = ["ALWAYS", "QUESTIONS", "SECTIONS", "Report", "Sharing", "as_json", "report"]

SECTIONS: dict[str, tuple[str, Callable[[Stored, Edition], Section]]] = {
    "verdicts": ("The five verdicts", evidence_sections.verdicts),
    "flow": ("From files to images", cohort_sections.flow),
    "split": ("Split", cohort_sections.split),
    "generator": ("Generator", generator_section.generator),
    "map": ("Map", evidence_sections.feature_map),
    "groups": ("Missing groups", evidence_sections.missing_groups),
    "pairs": ("Closest pairs and copies", evidence_sections.closest_pairs),
    "measurements": ("Measurements", evidence_sections.measurements),
    "decisions": ("Decisions", use_sections.decisions),
    "reading": ("Reading", use_sections.reading),
    "benefit": ("Benefit", use_sections.benefit),
    "against": ("Comparison", comparison),
    "limits": ("Limits", closing_sections.limits_),
    "methods": ("Methods to paste", closing_sections.methods),
    "versions": ("Versions and digests", closing_sections.versions),
}
"""What stands between the first and the last page, in order: name, title, and what writes it."""
ALWAYS = ("limits",)
"""Cannot be left out, as the first and the last page cannot."""


def report(
    workspace: Workspace,
    cohort: str,
    samples: str,
    *,
    against: str | None = None,
    inside: bool = False,
    without: Collection[str] = (),
    sharing: Sharing | None = None,
) -> Report:
    """Return the report on synthetic images that were audited.

    Args:
        cohort, samples, against: Names in the workspace.
        inside: The edition for those who may see the cohort's images.
        without: Names of `SECTIONS` to leave out; the first page says which.
        sharing: What a person states on the last page.

    Raises:
        ConfigurationError: A section has another name, or cannot be left out.
        EvidenceError: There is no audit of exactly these images.
        WorkspaceError: Something is not there, or damaged.
    """
    _check(without)
    stored = read(workspace, cohort, samples, against)
    sets = [stored.set, *([stored.against] if stored.against is not None else [])]
    rules = rules_for(
        stored.cohort,
        [(found.samples, found.audit) for found in sets],
        inside=inside,
        public=public_cohorts.source(workspace, stored.cohort),
        salt=installation_salt(),
    )
    compared = f", compared with {clean(against)}" if against else ""
    names = [name for name in SECTIONS if name not in without and (name != "against" or stored.against is not None)]
    return Report(
        cohort=clean(cohort),
        synthetic=clean(samples),
        edition=rules.name,
        band=rules.band,
        note=rules.note,
        made=moment(datetime.now(UTC).isoformat()),
        software=f"ganaug {__version__}",
        title=f"Report on the synthetic images {clean(samples)}{compared}",
        sections=(
            front_page(stored, rules),
            *(SECTIONS[name][1](stored, rules) for name in names),
            closing_sections.sharing(stored, rules, sharing or Sharing()),
        ),
        left_out=tuple(SECTIONS[name][0] for name in SECTIONS if name in without),
        facts={
            "answer": answer(stored),
            "verdicts": {
                name: {"state": verdict.state, "statement": rules.text(verdict.statement)}
                for name, verdict in stored.audit.verdicts.items()
            },
            "public": rules.public or None,
        },
    )


def _check(without: Collection[str]) -> None:
    free = [name for name in SECTIONS if name not in ALWAYS]
    for name in without:
        if name not in free:
            why = "cannot be left out" if name in ("summary", "sharing", *ALWAYS) else "is no section of a report"
            raise ConfigurationError(f"{name} {why}.", do=f"Leave out {listing(free, last='or')}.", code="unknown_name")


def as_json(made: Report) -> dict[str, Any]:
    """Return schema `ganaug.report/1`: the words and tables of this edition, without pictures.

    Numbers are those that are printed; the audit's own JSON has them unrounded.
    """
    sections = [
        {"name": section.name, "title": section.title, "blocks": [_plain(block) for block in section.blocks]}
        for section in made.sections
    ]
    content = {
        "schema": "ganaug.report/1",
        "cohort": made.cohort,
        "synthetic": made.synthetic,
        "edition": made.edition,
        "made": made.made,
        "software": made.software,
        **made.facts,
        "left_out": list(made.left_out),
        "sections": sections,
    }
    return {**content, "digest": hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()}


def _plain(block: Block) -> dict[str, Any]:
    """Return a block's words; of drawings and images what stands below them."""
    said: dict[str, Any] = {}
    match block:
        case Picture() | Figure():
            said = {"caption": block.caption}
        case Pictures(shown) | Figures(shown):
            said = {"captions": [one.caption for one in shown]}
        case Tiles(tiles):
            said = {
                "tiles": [{"title": tile.title, "state": tile.state, "shows": tile.shows.caption} for tile in tiles]
            }
        case Together(blocks):
            said = {"blocks": [_plain(part) for part in blocks]}
        case _:
            said = {name: value for name, value in in_json(block).items() if name not in ("widths", "small")}
    return {"kind": type(block).__name__.lower(), **said}
