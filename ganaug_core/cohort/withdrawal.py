"""A patient withdraws: what was made from these images is found, deleted or marked, and what was done is written down.

A cohort without the patient takes the place of each cohort with it. What shows images (samples, maps, audits,
experiments, previews of runs) goes with them, because synthetic images can be copies; so do learnt feature spaces. A
generator cannot forget: it and its run are marked "made from withdrawn data", and leave the workspace only where that
is confirmed. Decisions and jobs in the database go too. The log holds no id.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

import numpy as np

from ganaug_core.cohort import draft_split, withdrawn_rows
from ganaug_core.cohort.subset import subset
from ganaug_core.config.requests import MADE_OF
from ganaug_core.errors import CohortError
from ganaug_core.records import UNKNOWN_PATIENT, Cohort, Integers
from ganaug_core.storage import exports, holdout_log, ledger
from ganaug_core.storage.workspace import CACHES, KINDS, Workspace

MARKED = ("runs", "generators")
"""What stays and is marked where the images are deleted."""
LOG = "withdrawals.json"
KIND = {**MADE_OF, "run": "runs"}


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What is there of a patient.

    Attributes:
        images: Ids of the patient's images, by cohort.
        made_from: Names of what was made from these cohorts, by kind; also from images of other patients.
        exports: What of it left the workspace: `when`, `kind`, `name`, `form`.
        rows: What the database holds: decisions about images, and jobs.
    """

    images: dict[str, tuple[str, ...]]
    made_from: dict[str, tuple[str, ...]]
    exports: tuple[dict[str, str], ...] = ()
    rows: withdrawn_rows.Rows = field(default_factory=withdrawn_rows.Rows)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of the database there are of each kind."""
        return {"decisions": len(self.rows.decisions), "jobs": len(self.rows.jobs) + len(self.rows.runs)}


def traces(workspace: Workspace, patient: str, cohort: str | None = None) -> Traces:
    """Find a patient's images in all cohorts, and what was made from these cohorts.

    Other cohorts hold the patient where an image has the same pixels or came from the same file.

    Args:
        patient: Number of the patient in the cohort, as `cohort show --json` gives it (`patient 12` or `12`), the id of
            one of the images, or the name of a file or folder that they came from.
        cohort: Its name; may be left out where there is one cohort, or where no number is given.

    Raises:
        CohortError: No cohort, no patient or no image is meant by this.
        WorkspaceError: The database, or a list of what was done, cannot be read.
    """
    name, rows = _asked(workspace, patient, cohort)
    first = workspace.cohort(name)
    known = _fingerprints(workspace, first, rows)
    images = {name: tuple(first.ids[rows].tolist())}
    for other in workspace.names("cohorts"):
        if other != name and len(others := _same_patient(workspace, workspace.cohort(other), known)):
            images[other] = tuple(workspace.cohort(other).ids[others].tolist())
    made_from: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for cohort_name in images:
        # what was made by way of a cohort that does not hold the patient holds nothing of the patient
        for kind, dependent in workspace.dependents("cohorts", cohort_name, through=set(KINDS) - {"cohorts"}):
            if kind != "cohorts":
                made_from[kind].add(dependent)
    identities = {workspace.identity(kind, made) for kind, names in made_from.items() for made in names} - {""}
    return Traces(
        images=images,
        made_from={kind: tuple(sorted(names)) for kind, names in made_from.items() if names},
        exports=exports.of(workspace, identities),
        rows=withdrawn_rows.find(workspace, images, made_from),
    )


def delete(workspace: Workspace, patient_traces: Traces) -> dict[str, Any]:
    """Delete the images and what shows, describes or names them; mark runs and generators; return the log's entry.

    Raises:
        CohortError: A split is still a proposal, or a class would be empty.
        WorkspaceError: The database cannot be written, or somebody reads it all the time.
    """
    reduced = {name: _without(workspace, name, set(ids)) for name, ids in patient_traces.images.items()}
    marks = {
        kind: [workspace.identity(kind, name) for name in patient_traces.made_from.get(kind, ())] for kind in MARKED
    }
    _write_down(workspace, patient_traces, marks=marks)
    for name, cohort in reduced.items():
        holdout_log.succeed(workspace, workspace.cohort(name), cohort)
    # rows are found by what goes next, and that by the cohorts: where this is killed, the same request finds the rest
    withdrawn_rows.erase(workspace, patient_traces.rows)
    for kind, names in patient_traces.made_from.items():
        for name in names:
            if kind == "runs":
                shutil.rmtree(workspace.folder(kind, name) / "previews", ignore_errors=True)
            elif kind not in MARKED:
                workspace.remove(kind, name)
    for name, cohort in reduced.items():
        left = set(cohort.ids.tolist())
        paths = {image: path for image, path in workspace.paths(name).items() if image in left}
        origin = workspace.reference("cohorts", name).origin
        files = {draft_split.PATHS: json.dumps(paths).encode()}
        workspace.keep(cohort, name, files=files, origin=origin, replace=True)
    return _write_down(workspace, patient_traces, deleted=True)


def mark(workspace: Workspace, patient_traces: Traces) -> dict[str, Any]:
    """Delete nothing and mark the cohorts and everything that was made from them; return the log's entry."""
    shown = {kind: names for kind, names in patient_traces.made_from.items() if kind not in CACHES}
    named = {"cohorts": tuple(patient_traces.images), **shown}
    marks = {kind: [_token(workspace, kind, name) for name in names] for kind, names in named.items()}
    return _write_down(workspace, patient_traces, marks=marks)


def is_marked(workspace: Workspace, kind: str, name: str) -> bool:
    """Whether something was made from withdrawn data, also later, as images drawn by a marked generator are."""
    marked = {token for entry in log(workspace) for tokens in entry.get("marked", {}).values() for token in tokens}
    return bool(marked) and _is_among(workspace, kind, name, marked)


def _is_among(workspace: Workspace, kind: str, name: str, marked: set[str]) -> bool:
    reference = workspace.reference(kind, name)
    inputs = reference.origin.inputs
    if {reference.identity or name, *inputs.values()} & marked:
        return True
    made_of = [(KIND[role], workspace.named(KIND[role], identity)) for role, identity in inputs.items()]
    return any(_is_among(workspace, other, there, marked) for other, there in made_of if there is not None)


def require_unmarked(workspace: Workspace, kind: str, name: str, *, confirmed: bool) -> None:
    """Refuse to let something leave that was made from withdrawn data, unless that is confirmed.

    Raises:
        CohortError: It was, and is not confirmed.
    """
    if not confirmed and is_marked(workspace, kind, name):
        raise CohortError(
            f"{name} was made from a cohort with data of a patient who withdrew.",
            do="Train another one without them; where it may leave all the same, add --withdrawn-data.",
            code="withdrawn",
        )


def log(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what was done so far, oldest first: when, how many images, what is marked, what was deleted.

    Raises:
        WorkspaceError: The list is damaged.
    """
    return ledger.entries(workspace, LOG)


def _write_down(
    workspace: Workspace,
    patient_traces: Traces,
    *,
    marks: Mapping[str, list[str]] = MappingProxyType({}),
    deleted: bool = False,
) -> dict[str, Any]:
    counts = {kind: len(names) for kind, names in patient_traces.made_from.items() if kind not in MARKED}
    entry = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cohorts": len(patient_traces.images),
        "images": sum(len(ids) for ids in patient_traces.images.values()),
        "deleted": counts | patient_traces.counts if deleted else {},
        "marked": {kind: tokens for kind, tokens in marks.items() if tokens},
    }
    ledger.append(workspace, LOG, entry)
    return entry


def _token(workspace: Workspace, kind: str, name: str) -> str:
    """Return what tells an artefact: its identity, a result's name where it has none."""
    return workspace.identity(kind, name) or name


def _asked(workspace: Workspace, patient: str, cohort: str | None) -> tuple[str, Integers]:
    """Return the name of a cohort and the rows of the patient who is meant."""
    names = [cohort] if cohort is not None else workspace.names("cohorts")
    if re.fullmatch("[0-9a-f]{12}", patient):
        for name in names:
            row = np.flatnonzero(workspace.cohort(name).ids == patient)
            if len(row):
                return name, _of_patient(workspace.cohort(name), row)
        raise CohortError(f"No image has the id {patient}.", do="Take an id from cohort show --json.", code="missing")
    number = patient.removeprefix("patient ").strip()
    if not number.isdecimal():
        for name in names:
            if len(rows := _of_source(workspace, name, patient)):
                return name, _of_patient(workspace.cohort(name), rows)
    if len(names) != 1:
        raise CohortError(
            "A patient's number counts within one cohort.", do="Name the cohort with --cohort.", code="cohort"
        )
    wanted = int(number) if number.isdecimal() and len(number) < 10 else UNKNOWN_PATIENT - 1
    rows = np.flatnonzero(workspace.cohort(names[0]).patients == wanted)
    if not len(rows):
        raise CohortError(
            f"The cohort {names[0]} knows no patient {number}.",
            do="Give the number as cohort show --json has it, the id of an image, or the name of a file or folder.",
            code="missing",
        )
    return names[0], rows


def _of_source(workspace: Workspace, name: str, text: str) -> Integers:
    """Return the rows of images whose file, or a folder on the way to it, has this name."""
    paths = workspace.paths(name)
    meant = [image for image, path in paths.items() if text in {*PurePath(path).parts, PurePath(path).stem, path}]
    return np.flatnonzero(np.isin(workspace.cohort(name).ids, meant))


def _of_patient(cohort: Cohort, rows: Integers) -> Integers:
    """Return the rows of all images of the patients of these; where patients are not known, of their groups."""
    known = cohort.patients[rows] != UNKNOWN_PATIENT
    same = np.isin(cohort.patients, cohort.patients[rows][known])
    return np.flatnonzero(same | np.isin(cohort.groups, cohort.groups[rows][~known]))


def _fingerprints(workspace: Workspace, cohort: Cohort, rows: Integers) -> set[str]:
    """Return what tells these images in other cohorts: digests of their pixels, and where they came from."""
    paths = workspace.paths(cohort.name)
    sources = {f"path {path}" for row in rows if (path := paths.get(str(cohort.ids[row])))}
    return sources | {_digest(cohort, int(row)) for row in rows}


def _same_patient(workspace: Workspace, cohort: Cohort, known: set[str]) -> Integers:
    paths = workspace.paths(cohort.name)
    same = [
        row
        for row in range(len(cohort))
        if _digest(cohort, row) in known or f"path {paths.get(str(cohort.ids[row]))}" in known
    ]
    return _of_patient(cohort, np.array(same, np.int64)) if same else np.zeros(0, np.int64)


def _digest(cohort: Cohort, row: int) -> str:
    pixels = np.ascontiguousarray(cohort.pixels[row])
    return hashlib.sha256(str(pixels.shape).encode() + pixels.astype("<f8").tobytes()).hexdigest()


def _without(workspace: Workspace, name: str, ids: set[str]) -> Cohort:
    cohort = workspace.cohort(name)
    if not cohort.fixed:
        raise CohortError(
            f"The split of {name} is still a proposal.", do="Fix it first, or delete the whole cohort.", code="draft"
        )
    rows = np.flatnonzero(~np.isin(cohort.ids, list(ids)))
    empty = set(range(len(cohort.classes))) - set(cohort.labels[rows].tolist())
    if empty:
        raise CohortError(
            f"Without this patient {name} has no image of {', '.join(cohort.classes[label] for label in empty)}.",
            do=f"Delete the whole cohort: ganaug cohort remove {name}.",
            code="empty",
        )
    return subset(cohort, rows, name=name, provenance=cohort.provenance)
