"""What a reader's browser is told: the next image under a random name, and that an answer is on the disk. No truth.

Real and synthetic images come from one array through one path: the same size, bytes as many and as quickly made
(nothing is compressed or filtered), the same headers, no word of what they are. Only the image that is to be read and
the one after it can be had.
"""

import asyncio
import io
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganaug_core.errors import GanaugError, WorkspaceError
from ganaug_core.reading import answers
from ganaug_core.records.reading import Reading
from ganaug_core.server import images
from ganaug_core.server.body import body
from ganaug_core.storage.workspace import READINGS, Workspace

LONGEST_ANSWER = 4096
HEADERS = {"Cache-Control": "no-store"}
_ITEM = re.compile("[0-9a-f]{32}")


def routes() -> list[Route]:
    """Return the routes; STUDY is the study's artefact, KEY stands for a reader, ITEM for an image at its place.

    - `/api/reading/STUDY/KEY.json`: how far the reader is, and what the next image and the one after it are called
    - `/api/reading/STUDY/KEY/ITEM.bmp`: one of these two, 8 bit, in the size of the screen
    - POST `/api/reading/STUDY/KEY`: an answer; the same as the first, once it is on the disk
    """
    return [
        Route("/api/reading/{study}/{key}.json", images.guard(_state)),
        Route("/api/reading/{study}/{key}/{item}.bmp", images.guard(_picture)),
        Route("/api/reading/{study}/{key}", _answer, methods=["POST"]),
    ]


def address(workspace: Workspace, name: str, key: str) -> str:
    """Return what the routes of a reader begin with."""
    return f"/api/reading/{workspace.artefact(READINGS, name)}/{key}"


def as_bytes(image: Image.Image) -> bytes:
    """Return a bitmap: how many bytes it has, and how long making them takes, depends on its size alone."""
    buffer = io.BytesIO()
    image.save(buffer, "BMP")
    return buffer.getvalue()


def _state(request: Request, workspace: Workspace) -> Response:
    reading, folder, reader = _asked(request, workspace)
    return JSONResponse(_told(folder, answers.state(folder, reading, reader)), headers=HEADERS)


def _picture(request: Request, workspace: Workspace) -> Response:
    reading, folder, reader = _asked(request, workspace)
    item, state = request.path_params["item"], answers.state(folder, reading, reader)
    if not _ITEM.fullmatch(item) or item not in (state.item, state.following):
        raise HTTPException(404)
    place = state.done if item == state.item else state.done + 1
    picture = images.picture(reading.pixels[int(reading.orders[reader, place])])
    rows, columns = reading.shown
    shown = picture.resize((columns, rows), Image.Resampling.BICUBIC)
    return Response(as_bytes(shown), media_type="image/bmp", headers=HEADERS)


async def _answer(request: Request) -> Response:
    return await asyncio.to_thread(_take, request, await body(request, LONGEST_ANSWER))


def _take(request: Request, content: bytes) -> Response:
    try:
        workspace = Workspace()
        reading, folder, reader = _asked(request, workspace)
    except WorkspaceError as error:
        raise HTTPException(404) from error
    try:
        state = answers.give(folder, reading, reader, answers.parsed(reading, json.loads(content)))
    except GanaugError as error:
        status = 503 if isinstance(error, WorkspaceError) else 409
        return JSONResponse({"what": error.what, "do": error.do}, status_code=status, headers=HEADERS)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400) from error
    return JSONResponse(_told(folder, state), headers=HEADERS)


def _told(folder: Path, state: answers.State) -> dict[str, Any]:
    """Return all that a browser is told."""
    closed = answers.is_closed(folder)
    return {**vars(state), "ended": state.ended, "closed": closed}


def _asked(request: Request, workspace: Workspace) -> tuple[Reading, Path, int]:
    """Return the study, its folder and the reader; 404 where the key opens nothing."""
    study = request.path_params["study"]
    folder = workspace.root / "artefacts" / study
    if not _ITEM.fullmatch(study) or not folder.is_dir():
        raise HTTPException(404)
    reading = _opened(workspace.root, study)
    reader = answers.reader_of(reading, request.path_params["key"])
    if reader is None:
        raise HTTPException(404)
    return reading, folder, reader


@lru_cache(maxsize=8)
def _opened(root: Path, artefact: str) -> Reading:
    return Workspace(root).open(Reading, artefact)
