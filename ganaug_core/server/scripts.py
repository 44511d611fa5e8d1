"""Scripts of the pages' components by route, so that a browser keeps them: what is sent again and again is an address.

Streamlit's own way sends the whole script with every answer to every click.
"""

from hashlib import blake2b

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_scripts: dict[str, str] = {}
_KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}  # another script has another address


def routes() -> list[Route]:
    """Return the route `/api/script/NAME-DIGEST.js`."""
    return [Route("/api/script/{script}.js", _script)]


def address(name: str, script: str) -> str:
    """Return where the browser finds a script from now on."""
    key = f"{name}-{blake2b(script.encode(), digest_size=8).hexdigest()}"
    _scripts[key] = script
    return f"/api/script/{key}.js"


def _script(request: Request) -> Response:
    try:
        script = _scripts[request.path_params["script"]]
    except KeyError as error:
        raise HTTPException(404) from error
    return Response(script, media_type="text/javascript", headers=_KEPT)
