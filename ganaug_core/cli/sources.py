"""COHORT and SYNTHETIC: a name in the workspace, or a path that is imported on the fly."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ganaug_core import pipeline
from ganaug_core.config.requests import Sample
from ganaug_core.errors import EvidenceError, WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.interfaces import Report
from ganaug_core.records.origin import Origin
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    from ganaug_core.records import Cohort, Samples

EMBEDDED = "embedded:"
MOST_PER_CLASS, LEAST_PER_CLASS, MOST_DRAWN = 600, 400, 4000


def cohort(workspace: Workspace, text: str, report: Report) -> str:
    """Return the name of the cohort that `text` means, imported if it is a path.

    The same images under the same path are imported once; others under a name that is taken get one with their digest.

    Raises:
        WorkspaceError: Neither a cohort nor a path.
        CohortError: The path holds no usable cohort.
    """
    if _is_name(text) and workspace.exists("cohorts", text):
        return text
    if not text.startswith(EMBEDDED) and not Path(text).exists():
        raise _missing(workspace, text, ("cohorts",), "cohort")
    from ganaug_core.cohort import import_cohort

    record, paths = import_cohort(text if text.startswith(EMBEDDED) else Path(text), _name_for(text), report=report)
    if existing := workspace.named("cohorts", record.identity):
        return existing
    name = _free_name(workspace, "cohorts", record)
    workspace.keep(replace(record, name=name), name, files={"paths.json": json.dumps(paths).encode()})
    return name


def synthetic(workspace: Workspace, text: str, cohort: str, *, seed: int, report: Report) -> str:
    """Return the name of the samples that `text` means.

    A generator's name draws 600 images of each class, fewer where there are many classes but at least 400: what the
    copy test and the search for missing modes need (evidence.md 1). A path is anybody's images.

    Raises:
        WorkspaceError: Neither a generator, nor samples, nor a path.
        CohortError: The images do not fit the cohort.
    """
    if is_generator(workspace, text):
        classes = len(stored.passport(workspace, text).classes)
        per_class = max(LEAST_PER_CLASS, min(MOST_PER_CLASS, MOST_DRAWN // classes))
        return pipeline.sample(workspace, Sample(generator=text, per_class=per_class, seed=seed), report)
    if _is_name(text) and workspace.exists("samples", text):
        return text
    if not Path(text).exists():
        raise _missing(workspace, text, ("generators", "samples"), "generator")
    from ganaug_core.cohort import import_samples

    record = import_samples(Path(text), workspace.cohort(cohort), _name_for(text), report=report)
    if existing := workspace.named("samples", record.identity):
        return existing
    for note in record.provenance["notes"]:
        typer.echo(note, err=True)
    name = _free_name(workspace, "samples", record)
    origin = Origin(inputs={"cohort": workspace.identity("cohorts", cohort)}, names={"cohort": cohort})
    workspace.keep(replace(record, name=name), name, origin=origin)
    return name


def audited(workspace: Workspace, text: str, cohort: str, report: Report) -> str:
    """Return the name of samples that were audited: of a generator, those of the newest audit against the cohort.

    Raises:
        EvidenceError: Nothing of this generator was audited against the cohort.
        WorkspaceError: Neither a generator, nor samples, nor a path.
        CohortError: The images do not fit the cohort.
    """
    if not is_generator(workspace, text):
        return synthetic(workspace, text, cohort, seed=0, report=report)
    sample_sets = workspace.made_from("samples", "generator", workspace.identity("generators", text))
    by_identity = {workspace.identity("samples", name): name for name, _ in sample_sets}
    judged = [
        (reference.written, by_identity[reference.origin.inputs["samples"]])
        for identity in by_identity
        for _, reference in workspace.find(
            "audits", {"cohort": workspace.identity("cohorts", cohort), "samples": identity}
        )
    ]
    if not judged:
        raise EvidenceError(
            f"No images of the generator {text} were audited against {cohort}.",
            do=f"Audit some first: ganaug audit {cohort} {text}",
            code="no_audit",
        )
    return max(judged)[1]


def small_classes(workspace: Workspace, cohort: str) -> list[str]:
    """Return what to know of a cohort's small classes before they are learnt or judged."""
    from ganaug_core.cohort import small_classes

    return small_classes.sentences(workspace.cohort(cohort))


def is_generator(workspace: Workspace, text: str) -> bool:
    """Return whether `text` names a generator; a path does not."""
    return _is_name(text) and workspace.exists("generators", text)


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", text) is not None


def _name_for(text: str) -> str:
    stem = text.removeprefix(EMBEDDED) if text.startswith(EMBEDDED) else Path(text).resolve().stem
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:80] or "images"


def _free_name(workspace: Workspace, kind: str, record: "Cohort | Samples") -> str:
    """Return the record's own name, or one with its identity where that is taken by other images."""
    name = record.name if not workspace.exists(kind, record.name) else f"{record.name}-{record.identity[:8]}"
    workspace.free(kind, name)
    return name


def _missing(workspace: Workspace, text: str, kinds: tuple[str, ...], what: str) -> WorkspaceError:
    names = [name for kind in kinds for name in workspace.names(kind)][-8:]
    return WorkspaceError(
        f"There is no {what} named {text} in the workspace, and no such file or folder.",
        do=f"Known: {', '.join(names)}." if names else f"Import or make a {what} first, or give a path.",
        code="missing",
    )
