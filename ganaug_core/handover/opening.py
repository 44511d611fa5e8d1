"""File -> workspace; nothing that is here already is changed."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ganaug_core.errors import WorkspaceError
from ganaug_core.handover import container, real_ids
from ganaug_core.handover.container import Part
from ganaug_core.records import Audit, Cohort, Map, Samples, codec
from ganaug_core.records.consistency import check
from ganaug_core.records.digest import digest_of
from ganaug_core.records.origin import Origin
from ganaug_core.storage.database import DECISIONS, LOCAL, Database, Decision
from ganaug_core.storage.workspace import Workspace, check_name
from ganaug_core.wording import count, listing

_RECORDS: dict[str, type[Audit] | type[Map]] = {"audits": Audit, "maps": Map}
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What came of opening a file.

    Attributes:
        samples: Names of its sets here, by their names in the file.
        decisions: How many were new here.
        results: How many audits and maps are new here.
        cohort: Name of the cohort here that it was made with, empty where that is not here.
        waiting: Why audits and maps were left in the file; empty where they were not.
        view: The address of what was looked at, with the names of here; empty where there is none.
        reader: Who wrote it.
    """

    samples: dict[str, str]
    decisions: int
    results: int
    cohort: str
    waiting: str
    view: str
    reader: str

    @property
    def in_words(self) -> tuple[str, ...]:
        """What was opened, and what waits."""
        names = [here if here == there else f"{here} (there: {there})" for there, here in self.samples.items()]
        lines = [f"From {self.reader}: {listing(names)}; {count(self.decisions, 'new decision')}."]
        if self.cohort:
            new = count(self.results, "new audit or map", "new audits and maps")
            lines.append(f"The cohort is {self.cohort} here; {new}.")
        return (*lines, *([self.waiting] if self.waiting else []))


def open_file(workspace: Workspace, path: Path) -> Opened:
    """Take sets and decisions into the workspace, and audits and maps where the cohort is here.

    Raises:
        WorkspaceError: The file is refused, or the disk is full.
    """
    document, parts = container.read(path)
    try:
        sets = [_samples(part) for part in parts if part.kind == "samples"]
        decisions = [_decision(entry, sets) for entry in document["decisions"]]
        asked, reader, view = document["cohort"], str(document["reader"]), str(document["view"])
        cohort, waiting = _cohort(workspace, asked)
        results = [] if cohort is None else [_result(part, cohort) for part in parts if part.kind in _RECORDS]
        translated_view = real_ids.to_ids(cohort)(view) if cohort is not None and view else ""
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise container.refused(path, "What it holds does not fit together.") from error
    names = {record.name: _keep(workspace, record, origin) for record, origin in sets}
    added = _keep_results(workspace, results, cohort, names)
    new = Database(workspace.database_path).add(
        replace(decision, samples=names[decision.samples]) for decision in decisions
    )
    return Opened(
        samples=names,
        decisions=new,
        results=added,
        cohort=cohort.name if cohort is not None else "",
        waiting=waiting if any(part.kind in _RECORDS for part in parts) else "",
        view=_renamed(translated_view, asked["name"], cohort, names),
        reader=reader,
    )


def _samples(part: Part) -> tuple[Samples, Origin]:
    """Return a set of the file as a record that fits together and is what it says."""
    record = codec.decode(Samples, part.values, part.arrays)
    check(record)
    check_name(record.name)
    if record.paths or record.digest != digest_of(record.images, record.labels):
        raise ValueError(record.name)
    return record, codec.decode(Origin, part.origin)


def _decision(entry: Mapping[str, Any], sets: list[tuple[Samples, Origin]]) -> Decision:
    decision = codec.decode(Decision, dict(entry))
    (record,) = [record for record, _ in sets if record.digest == decision.digest][:1]
    if decision.decision not in DECISIONS or decision.image not in record.ids or decision.reader == LOCAL:
        raise ValueError(decision.image)
    return replace(decision, samples=record.name)


def _cohort(workspace: Workspace, asked: Mapping[str, Any]) -> tuple[Cohort | None, str]:
    """Return the cohort that a file was made with, or why audits and maps have to wait."""
    digest, images, rows = str(asked["digest"]), int(asked["images"]), int(asked["rows"])
    if not _DIGEST.fullmatch(digest):
        raise ValueError(digest)
    alike = []
    for name in workspace.names("cohorts"):
        with suppress(WorkspaceError):  # a damaged cohort fails alone
            if workspace.manifest("cohorts", name).get("digest") == digest:
                cohort = workspace.cohort(name)
                if real_ids.likeness(cohort) == asked["likeness"]:
                    return cohort, ""
                alike.append(name)
    if alike:
        return None, (
            f"{alike[0]} holds the same images in the same shares, but its patients or kept columns are others. Audits "
            "and maps stay in the file: import the cohort as the one who wrote it did, and open the file again."
        )
    return None, (
        f"Audits and maps stay in the file until their cohort is here: {count(images, 'image')} of {rows} rows, "
        f"classes {', '.join(map(str, asked['classes']))}, digest {digest[:12]}. Import it from the same images with "
        "the same choices, and open the file again."
    )


def _result(part: Part, cohort: Cohort) -> tuple[Audit | Map, Origin, dict[str, bytes]]:
    translate = real_ids.to_ids(cohort)
    values = real_ids.in_values(part.values, translate)
    arrays = {key: real_ids.in_array(array, translate) for key, array in part.arrays.items()}
    record: Audit | Map = codec.decode(_RECORDS[part.kind], values, arrays)
    check(record)
    return (
        record,
        codec.decode(Origin, part.origin),
        {name: translate(text).encode() for name, text in part.files.items()},
    )


def _keep(workspace: Workspace, record: Samples, origin: Origin) -> str:
    """Keep a set unless it is here; return its name here."""
    if existing := workspace.named("samples", record.identity):
        return existing
    name, number = record.name, 1
    taken = {other.casefold() for other in workspace.names("samples")}
    while name.casefold() in taken:
        number += 1
        name = f"{record.name[:90]}-{number}"
    workspace.keep(replace(record, name=name), name, origin=origin)
    return name


def _keep_results(
    workspace: Workspace,
    results: list[tuple[Audit | Map, Origin, dict[str, bytes]]],
    cohort: Cohort | None,
    names: Mapping[str, str],
) -> int:
    added = 0
    for record, origin, files in results:
        assert cohort is not None
        own = replace(
            origin,
            inputs={**origin.inputs, "cohort": cohort.identity},
            names={"cohort": cohort.name, "samples": names.get(origin.names.get("samples", ""), "")},
        )
        kind = "audits" if isinstance(record, Audit) else "maps"
        if not workspace.exists(kind, own.key(kind)):
            workspace.keep(record, own.key(kind), files=files, origin=own)
            added += 1
    return added


def _renamed(view: str, cohort_name: str, cohort: Cohort | None, names: Mapping[str, str]) -> str:
    """Return an address with the names that cohort and sets have here."""
    if cohort is None or not view.startswith("/") or view.startswith("//"):
        return ""
    renamed = {f"cohort={cohort_name}": f"cohort={cohort.name}"}
    renamed |= {f"samples={there}": f"samples={here}" for there, here in names.items()}
    page, _, query = view.partition("?")
    return f"{page}?{'&'.join(renamed.get(part, part) for part in query.split('&'))}"
