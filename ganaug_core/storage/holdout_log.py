"""Who looked at a hold-out share, when and for what; and what was planned before. One list, so order needs no clock.

A hold-out share is told by its images and their classes. So a cohort under another name, or with fewer training images,
has the looks of the first one; the same images in another split are another hold-out here. Results from before looks
were written down count as one look each as long as they are here. The list is a file like any other: who may write the
workspace can change it, so a plan's digest proves more where it was also left with somebody else.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ganaug_core.errors import WorkspaceError
from ganaug_core.records import HOLDOUT, UNKNOWN_PATIENT, Cohort
from ganaug_core.records.digest import digest_of
from ganaug_core.storage import ledger
from ganaug_core.storage.workspace import RESULTS, Workspace

LOG = "holdout.json"
READ, PLAN, SUCCESSOR = "read", "plan", "successor"
BY = {"audits": "audit", "maps": "map", "benefits": "benefit", "readings": "reading"}
"""By the kind of what was made, what looked."""
Entry = dict[str, Any]
_DIGESTS: dict[tuple[str, tuple[str, ...]], str] = {}


def about(cohort: Cohort) -> dict[str, Any]:
    """Return what tells a hold-out share: `digest`, `images`, and `patients`, None where one is unknown."""
    rows = cohort.where(HOLDOUT)
    patients = cohort.patients[rows]
    return {
        "digest": _digest(cohort),
        "images": len(rows),
        "patients": None if (patients == UNKNOWN_PATIENT).any() else len(np.unique(patients)),
    }


def record(
    workspace: Workspace, cohort: Cohort, kind: str, name: str, purpose: str, *, once: bool = False
) -> dict[str, int]:
    """Write down that a result was made from a hold-out share; return the looks before it, by what looked.

    Args:
        kind, name: Of the result in the workspace; `kind` is a key of `BY`.
        purpose: In words.
        once: A result that was begun before and goes on is no other look.

    Raises:
        WorkspaceError: The list is damaged, or the disk is full.
    """
    holdout = about(cohort)
    if not holdout["images"]:
        return {}
    own, before = _entry(kind, name, purpose, cohort, holdout), list[Entry]()

    def added(entries: list[Entry]) -> list[Entry]:
        unrecorded = _unrecorded(workspace, cohort, holdout, entries)
        looks = _looks([*entries, *unrecorded], holdout["digest"])
        places = [place for place, entry in enumerate(looks) if (entry["kind"], entry["name"]) == (kind, name)]
        begun = once and bool(places)
        before.extend(looks[: places[0]] if begun else looks)
        return unrecorded if begun else [*unrecorded, own]

    ledger.extend(workspace, LOG, added)
    return counts(before)


def add_plan(workspace: Workspace, cohort: Cohort, write: Callable[[dict[str, int], set[str]], Entry]) -> Entry:
    """Write down a plan for a hold-out share and return it.

    Args:
        write: From the looks so far, by what looked, and the names of all plans, to the plan; nobody looks or plans
            meanwhile.

    Raises:
        WorkspaceError: The list is damaged, or the disk is full.
    """
    holdout, written = about(cohort), dict[str, Any]()

    def added(entries: list[Entry]) -> list[Entry]:
        unrecorded = _unrecorded(workspace, cohort, holdout, entries)
        names = {str(entry["plan"].get("name")) for entry in entries if entry.get("what") == PLAN}
        written.update(write(counts(_looks([*entries, *unrecorded], holdout["digest"])), names))
        return [*unrecorded, {"what": PLAN, "holdout": holdout["digest"], "plan": written}]

    ledger.extend(workspace, LOG, added)
    return written


def plans(workspace: Workspace, cohort: Cohort) -> list[Entry]:
    """Return the plans for a hold-out share, and for those that it is the rest of, the oldest first.

    Raises:
        WorkspaceError: The list is damaged.
    """
    entries = ledger.entries(workspace, LOG)
    digests = _lineage(entries, about(cohort)["digest"])
    return [entry["plan"] for entry in entries if entry.get("what") == PLAN and entry.get("holdout") in digests]


def looks(workspace: Workspace, cohort: Cohort) -> list[Entry]:
    """Return every look at a hold-out share so far, oldest first: `when`, `by`, `purpose`, `kind`, `name`, `cohort`.

    Raises:
        WorkspaceError: The list is damaged.
    """
    holdout, entries = about(cohort), ledger.entries(workspace, LOG)
    return _looks([*entries, *_unrecorded(workspace, cohort, holdout, entries)], holdout["digest"])


def looks_by_hash(workspace: Workspace, cohort_hash: str) -> int:
    """Return how often the hold-out share of a cohort was looked at that may be gone, by its hash; 0 if unknown.

    Raises:
        WorkspaceError: The list is damaged.
    """
    for name in workspace.names("cohorts"):
        cohort = _with_hash(workspace, name, cohort_hash)
        if cohort is not None:
            return len(looks(workspace, cohort))
    entries = ledger.entries(workspace, LOG)
    digests = {str(entry.get("holdout")) for entry in entries if entry.get("hash") == cohort_hash}
    return max((len(_looks(entries, digest)) for digest in digests), default=0)


def succeed(workspace: Workspace, before: Cohort, after: Cohort) -> None:
    """Let the looks at one hold-out share count for another one, which is what is left of it.

    Raises:
        WorkspaceError: The list is damaged, or the disk is full.
    """
    old, new = about(before)["digest"], about(after)["digest"]
    if old != new:

        def added(entries: list[Entry]) -> list[Entry]:
            unrecorded = _unrecorded(workspace, before, about(before), entries)
            return [*unrecorded, {"what": SUCCESSOR, "when": _now(), "holdout": new, "of": old}]

        ledger.extend(workspace, LOG, added)


def counts(entries: Sequence[Entry]) -> dict[str, int]:
    """Return how many looks there are, by what looked."""
    return dict(Counter(str(entry["by"]) for entry in entries))


def _looks(entries: Sequence[Entry], digest: str) -> list[Entry]:
    digests = _lineage(entries, digest)
    return [entry for entry in entries if entry.get("what") == READ and entry.get("holdout") in digests]


def _lineage(entries: Sequence[Entry], digest: str) -> set[str]:
    """Return the digests of a hold-out share and of those that it is the rest of."""
    digests, grown = {digest}, True
    while grown:
        older = {
            str(entry.get("of"))
            for entry in entries
            if entry.get("what") == SUCCESSOR and entry.get("holdout") in digests
        }
        grown = not older <= digests
        digests |= older
    return digests


def _unrecorded(workspace: Workspace, cohort: Cohort, holdout: Entry, entries: Sequence[Entry]) -> list[Entry]:
    """Return entries for the results of a cohort that were made before looks were written down."""
    known = {(entry.get("kind"), entry.get("name")) for entry in entries}
    return [
        _entry(kind, name, "made before looks were written down", cohort, holdout, when=written)
        for kind in RESULTS
        for name, written in workspace.made_from(kind, "cohort", cohort.identity)
        if holdout["images"] and (kind, name) not in known
    ]


def _entry(kind: str, name: str, purpose: str, cohort: Cohort, holdout: Entry, *, when: str = "") -> Entry:
    told = {"what": READ, "when": when or _now(), "by": BY[kind], "purpose": purpose, "kind": kind, "name": name}
    return {**told, "cohort": cohort.identity, "hash": cohort.digest, "holdout": holdout["digest"]}


def _with_hash(workspace: Workspace, name: str, cohort_hash: str) -> Cohort | None:
    """Return the cohort of that name if it has the hash and can be read."""
    with suppress(WorkspaceError):
        if workspace.manifest("cohorts", name).get("digest") == cohort_hash:
            return workspace.cohort(name)
    return None


def _digest(cohort: Cohort) -> str:
    """Return the digest of the hold-out's pixels and class names, computed once a process and content."""
    key = cohort.digest, cohort.classes
    if key not in _DIGESTS:
        rows = cohort.where(HOLDOUT)
        names = [cohort.classes[label] for label in cohort.labels[rows]]
        _DIGESTS[key] = digest_of(np.asarray(cohort.pixels[rows]), names)
    return _DIGESTS[key]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
