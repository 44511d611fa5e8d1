"""What readers decide about synthetic images, by route: a browser hears of it once it is on the disk."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganaug_core.errors import WorkspaceError
from ganaug_core.records import Samples
from ganaug_core.server.body import body
from ganaug_core.storage.database import DECISIONS, LOCAL, Database, Decision
from ganaug_core.storage.workspace import Workspace
from ganaug_core.wording import clean

REASONS = ("artefact", "blurred", "wrong class", "wrong anatomy", "resembles a patient")
UNDO = "undo"
LONGEST_NOTE = 200
LONGEST_READER = 40
LARGEST = 4 << 20  # bytes of a request: 100,000 images decided about at once are 1.5 MB
MOST_SESSIONS = 1000
_applied: OrderedDict[tuple[Path, str], int] = OrderedDict()
_turn = Lock()


class Decided(NamedTuple):
    """What decisions about a set are written under: its digest and name, and which ids it has."""

    digest: str
    name: str
    ids: frozenset[str]


def routes() -> list[Route]:
    """Return the route POST `/api/decide/ARTEFACT` of a set of samples; see `take` for what comes and goes."""
    return [Route("/api/decide/{artefact}", _decide, methods=["POST"])]


def address(artefact: str) -> str:
    """Return where decisions about a set go."""
    return f"/api/decide/{artefact}"


def take(workspace: Workspace, samples: Decided, outbox: Mapping[str, Any]) -> dict[str, Any]:
    """Write what a browser has decided and nobody has confirmed yet; each entry counts once, however often it comes.

    Args:
        outbox: `session`, and `entries` in order with `number`, `images`, `decision` (or `undo`), `reason`, `note`
            and `reader`, whose name may be missing.

    Returns:
        `applied`: up to which number everything was looked at; `problem`: why one of them was not written, or None;
        `decisions`: those of all readers now, as `by_reader` has them.
    """
    key, problem = (workspace.root, str(outbox["session"])), None
    with _turn:
        for entry in outbox["entries"]:
            number = int(entry["number"])
            if number <= _applied.get(key, 0):
                continue
            try:
                _write(workspace, samples, entry)
            except WorkspaceError as error:
                problem = clean(f"The decision was not written. {error.what} {error.do}")
            _applied[key] = number  # what was refused is said and not asked for again
            _applied.move_to_end(key)
        while len(_applied) > MOST_SESSIONS:
            _applied.popitem(last=False)
    return {
        "applied": _applied.get(key, 0),
        "problem": problem,
        "decisions": by_reader(of_every_reader(workspace, samples.digest)),
    }


def of_every_reader(workspace: Workspace, digest: str) -> list[Decision]:
    """Return what each reader decided last about each image of a set, oldest first; none without a database."""
    try:
        return Database(workspace.database_path).decisions(digest)
    except WorkspaceError:
        return []


def by_reader(decisions: Iterable[Decision]) -> dict[str, dict[str, list[str]]]:
    """Return decision, reason and note of each image, by reader, as the workbench takes them."""
    known: dict[str, dict[str, list[str]]] = {}
    for one in decisions:
        known.setdefault(clean(one.reader), {})[one.image] = [one.decision, *map(clean, reason_and_note(one.reason))]
    return known


def reason_and_note(text: str) -> tuple[str, str]:
    """Return the two that are kept as one text: a reason is one of the list, everything else is a note."""
    first, _, rest = text.partition("; ")
    return (first, rest) if first in REASONS else ("", text)


def _write(workspace: Workspace, samples: Decided, entry: Mapping[str, Any]) -> None:
    images = [image for image in entry["images"] if image in samples.ids]
    base, reader = Database(workspace.database_path), clean(entry.get("reader") or "")[:LONGEST_READER] or LOCAL
    if entry["decision"] == UNDO:
        base.take_back(samples.digest, images, reader=reader)
    elif entry["decision"] in DECISIONS:
        reason = entry.get("reason") if entry.get("reason") in REASONS else ""
        note = clean(entry.get("note") or "")[:LONGEST_NOTE]
        because = "; ".join(filter(None, (reason, note)))
        base.decide_all(samples.digest, images, entry["decision"], because, samples=samples.name, reader=reader)


async def _decide(request: Request) -> Response:
    return await asyncio.to_thread(_taken, request.path_params["artefact"], await body(request, LARGEST))


def _taken(artefact: str, content: bytes) -> Response:
    workspace = Workspace()
    try:
        samples = _opened(workspace.root, artefact)
    except WorkspaceError as error:
        raise HTTPException(404) from error
    try:
        answer = take(workspace, samples, json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:  # what no page sends
        raise HTTPException(400) from error
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def decided(samples: Samples) -> Decided:
    """Return what decisions about a set are written under."""
    return Decided(samples.digest, samples.name, frozenset(samples.ids.tolist()))


@lru_cache(maxsize=8)
def _opened(root: Path, artefact: str) -> Decided:
    return decided(Workspace(root).open(Samples, artefact))
