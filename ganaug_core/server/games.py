"""Games and demonstrations by route: computed in a process of their own, a game while the browser already shows it.

    /api/game.bin?target=ring&loss=hinge&...     a stream of moments, see `playground.moments`
    /api/demonstration/NAME.json?seed=1&language=zh   a figure, see `lessons.demonstrations.figure`

What was shipped or computed before comes at once.
"""

import json
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ganaug_core import processor
from ganaug_core.errors import ConfigurationError
from ganaug_core.lessons import demonstrations, texts, translation
from ganaug_core.playground import from_text, load, shipped
from ganaug_core.server.players import Players

_BINARY = "application/octet-stream"
_BUSY = {"what": "Others are playing, and every player is taken.", "do": "Press Restart in a few seconds."}


def routes() -> list[Route]:
    return [Route("/api/game.bin", _game), Route("/api/demonstration/{name}.json", _demonstration)]


def _game(request: Request) -> Response:
    try:
        game = from_text(dict(request.query_params))
        game.configuration()
    except ConfigurationError as error:
        return JSONResponse({"what": error.what, "do": error.do}, status_code=400)
    file = shipped(game)
    if file.is_file():
        return Response(load(file).stream(), media_type=_BINARY)
    return _computed(asdict(game), _BINARY)


def _demonstration(request: Request) -> Response:
    name, seed = request.path_params["name"], request.query_params.get("seed", "0")
    language = request.query_params.get("language", "en")
    if name not in demonstrations.DEMONSTRATIONS or not (seed.isdecimal() and len(seed) < 10):
        raise HTTPException(404)
    if language not in texts.LANGUAGES:
        raise HTTPException(404)
    if int(seed) == 0 or name in demonstrations.SLOW:
        return JSONResponse(translation.figure(demonstrations.kept(name), language, name))
    return _computed({"demonstration": name, "seed": int(seed), "language": language}, "application/json")


def _computed(wish: Mapping[str, Any], media_type: str) -> Response:
    line = json.dumps(wish)
    if kept := PLAYERS.kept(line):
        return Response(kept, media_type=media_type)
    if not PLAYERS.may_wait():
        return JSONResponse(_BUSY, status_code=503)
    # nothing on the way shall wait for more in order to pack it
    return StreamingResponse(_stream(line), media_type=media_type, headers={"Content-Encoding": "identity"})


async def _stream(line: str) -> AsyncIterator[bytes]:
    """Yield the pieces of an answer; where the browser leaves, the game is ended beside the other answers."""
    pieces = PLAYERS.play(line)
    try:
        while piece := await to_thread.run_sync(next, pieces, b""):
            yield piece
    finally:
        threading.Thread(target=pieces.close, daemon=True).start()


PLAYERS = Players(min(2, processor.available_cores()), "ganaug_core.lessons.player")
