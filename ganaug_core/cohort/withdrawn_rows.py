"""What the database holds about a patient who withdrew: decisions about images, and jobs that used or name them."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ganaug_core.config.requests import ImportCohort, ImportSamples, ReduceClass, Sample, Train
from ganaug_core.errors import WorkspaceError
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace

Row = Mapping[str, Any]
SILENCED = {
    "what": "What went wrong named images of a patient who withdrew, and was deleted with them.",
    "do": "Resume the run, or train another one.",
    "code": "withdrawn",
}


@dataclass(frozen=True)
class Rows:
    """Numbers of rows.

    Attributes:
        jobs: That can go; what they made goes too, or does not need them.
        runs: Jobs of runs that stay and say something about the patient's images.
    """

    decisions: tuple[int, ...] = ()
    jobs: tuple[int, ...] = ()
    runs: tuple[int, ...] = ()


def find(workspace: Workspace, images: Mapping[str, Collection[str]], made_from: Mapping[str, Collection[str]]) -> Rows:
    """Find the rows about a patient.

    Decisions: those about the sample sets that were made from the cohorts, about earlier sets under the same names, and
    about the patient's own images. Jobs: those that made or used the cohorts or what was made from them, those that
    read the same source, and those that name the patient's images, files or folders.

    Args:
        images: Ids of the patient's images, by cohort.
        made_from: Names of what was made from these cohorts, by kind.

    Raises:
        WorkspaceError: The database cannot be read.
    """
    names = _names(workspace, images)
    database = Database(workspace.database_path)
    decisions, jobs = database.rows("decision"), database.rows("job")
    sets = set(made_from.get("samples", ()))
    digests = {_digest(workspace, name) for name in sets}
    about_images = [
        row["number"]
        for row in decisions
        if row["samples"] in sets or row["digest"] in digests or _tells(names, row["image"], row["reason"])
    ]
    used = {"cohort": set(images), "samples": sets, "generator": set(made_from.get("generators", ()))}
    using = [row for row in jobs if _uses(row, used)]
    sources = {_request(row).get("source") for row in using if row["kind"] == ImportCohort.step} - {None}
    telling = {row["id"] for row in jobs if _tells(names, *_texts(row))}
    concerned = {row["id"] for row in using} | telling
    concerned |= {row["id"] for row in jobs if _request(row).get("source") in sources}
    trainings = {row["id"] for row in jobs if row["kind"] == Train.step}
    return Rows(tuple(about_images), tuple(sorted(concerned - trainings)), tuple(sorted(telling & trainings)))


def erase(workspace: Workspace, rows: Rows) -> None:
    """Delete rows so that nothing of them can be read in the file any more; jobs of runs lose what they say.

    Raises:
        WorkspaceError: The database cannot be written, or somebody reads it all the time.
    """
    Database(workspace.database_path).erase(
        decisions=rows.decisions, jobs=rows.jobs, said_by=rows.runs, error=json.dumps(SILENCED)
    )


def _digest(workspace: Workspace, samples: str) -> str | None:
    with suppress(WorkspaceError):  # of a damaged set the name is known
        return str(workspace.manifest("samples", samples).get("digest"))
    return None


def _names(workspace: Workspace, images: Mapping[str, Collection[str]]) -> re.Pattern[str]:
    """Return what tells the patient in a text: ids, paths, and files and folders that no other patient has."""
    words = {image for ids in images.values() for image in ids}
    for cohort, ids in images.items():
        paths = workspace.paths(cohort)
        own = {path for image, path in paths.items() if image in ids}
        others = {part for image, path in paths.items() if image not in ids for part in PurePath(path).parts}
        folders = {part for path in own for part in PurePath(path).parts[:-1]} - others
        files = {PurePath(path).name for path in own} - others
        words |= {_as_path(name) for name in own | folders} | {rf"(?<![/\\]){re.escape(name)}" for name in files}
    return re.compile(rf"(?<![\w.-])(?:{'|'.join(words)})(?![\w-])")


def _as_path(name: str) -> str:
    """Return the pattern of a path or folder; a bare number is meant only where a path leads to it."""
    return rf"(?<=[/\\]){name}" if name.isdecimal() else re.escape(name)


def _tells(names: re.Pattern[str], *texts: str) -> bool:
    return any(names.search(text) for text in texts)


def _uses(row: Row, used: Mapping[str, Collection[str]]) -> bool:
    """Whether a job made one of the cohorts or sample sets, or was asked with one of these names."""
    made = {
        ImportCohort.step: "cohort",
        ReduceClass.step: "cohort",
        Sample.step: "samples",
        ImportSamples.step: "samples",
    }
    request = _request(row)
    return row["name"] in used.get(made.get(row["kind"], ""), ()) or any(
        request.get(role) in names for role, names in used.items()
    )


def _request(row: Row) -> dict[str, Any]:
    content = _parsed(row["request"])
    return {key: value for key, value in content.items() if isinstance(value, str)} if isinstance(content, dict) else {}


def _texts(row: Row) -> Iterator[str]:
    """Yield everything that a row says, as people would read it."""
    for column in ("name", "message", "result", "request", "error"):
        yield from _strings(_parsed(row[column]) if column in ("request", "error") else row[column])


def _parsed(text: str | None) -> Any:
    """Return JSON as values; what is damaged stays text."""
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *_strings(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
