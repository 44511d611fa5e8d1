"""Images from recipes by route, drawn by a sampler of its own process: one for the workspace, ended when it is idle.

    POST /api/latents/ARTEFACT      a list of recipes (see `generators.latent_recipes`); ARTEFACT is a generator

The answer is a line of JSON and pixels, see `generators.sampler`. No job is made, and this process loads nothing heavy.
"""

import asyncio
import json
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganaug_core.errors import WorkspaceError
from ganaug_core.server.body import body
from ganaug_core.server.players import Players
from ganaug_core.storage.workspace import Workspace

LONGEST_WISH = 1 << 20
_HEADERS = {"Cache-Control": "no-store"}
_BUSY = {"what": "Others are drawing, and the sampler is taken.", "do": "Try again in a few seconds."}
_ENDED = {"what": "The sampler ended.", "do": "Try again: another one starts."}


def routes() -> list[Route]:
    return [Route("/api/latents/{artefact}", _draw, methods=["POST"])]


@lru_cache(maxsize=1)
def sampler(root: Path) -> Players:
    """Return what draws for a workspace."""
    return Players(1, "ganaug_core.generators.sampler", str(root))


def warm() -> None:
    """Start the sampler before anybody asks for an image; it pays for torch meanwhile."""
    sampler(Workspace().root).warm()


async def _draw(request: Request) -> Response:
    return await asyncio.to_thread(_drawn, request.path_params["artefact"], await body(request, LONGEST_WISH))


def _drawn(artefact: str, content: bytes) -> Response:
    workspace = Workspace()
    name = _name(workspace, artefact)
    try:
        recipes = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400) from error
    if name is None or not isinstance(recipes, list):
        raise HTTPException(404)
    line = json.dumps({"generator": name, "artefact": artefact, "recipes": recipes})
    players = sampler(workspace.root)
    body = players.kept(line)
    if body is None:
        if not players.may_wait():
            return JSONResponse(_BUSY, status_code=503, headers=_HEADERS)
        try:
            body = _asked(players, line)
        except (OSError, EOFError):
            return JSONResponse(_ENDED, status_code=503, headers=_HEADERS)
    if b"\n" not in body[:LONGEST_WISH]:  # no images: it says why
        return Response(body, status_code=400, media_type="application/json", headers=_HEADERS)
    return Response(body, media_type="application/octet-stream", headers=_HEADERS)


def _asked(players: Players, line: str) -> bytes:
    """Return the whole answer; a sampler that was idle too long may leave in the moment in which it is asked."""
    with suppress(OSError, EOFError):
        return b"".join(players.play(line))
    return b"".join(players.play(line))


def _name(workspace: Workspace, artefact: str) -> str | None:
    """Return the generator that is this artefact, None where there is none."""
    for name in workspace.names("generators"):
        try:
            if workspace.artefact("generators", name) == artefact:
                return name
        except WorkspaceError:  # a damaged one does not hide the others
            continue
    return None
