"""The page that every screen begins with: Streamlit's own, told where the server is.

Without being told, its front end looks below the address of the screen first (`/audit/_stcore/health`), and the browser
notes two missing files for every deep link.
"""

from functools import lru_cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ganaug_core import app_root

FIRST = "cohort"
SCRIPT = "/api/where.js"
_WHERE = "window.__streamlit = { BACKEND_BASE_URL: window.location.origin }\n"
_ALWAYS_ANEW = {"Cache-Control": "no-cache"}


def routes() -> list[Route]:
    """Return the routes of every screen, and of the script that they carry."""
    others = sorted({path.stem for path in (app_root() / "pages").glob("*.py")} - {FIRST})
    screens = [Route(f"/{screen}", _index) for screen in others]
    return [Route("/", _index), Route(f"/{FIRST}", _first), *screens, Route(SCRIPT, _script)]


def _first(request: Request) -> Response:
    """Lead to the first screen, which Streamlit knows by the bare address alone."""
    query = request.url.query
    return RedirectResponse(f"/?{query}" if query else "/")


def _script(request: Request) -> Response:
    return Response(_WHERE, media_type="text/javascript", headers=_ALWAYS_ANEW)


def _index(request: Request) -> Response:
    return HTMLResponse(_content(), headers=_ALWAYS_ANEW)


@lru_cache
def _content() -> str:
    """Return the page; the script is a file, because the content policy lets none stand in a page."""
    page = files("streamlit").joinpath("static", "index.html").read_text("utf-8")
    return page.replace("<head>", f'<head>\n    <script src="{SCRIPT}"></script>', 1)
