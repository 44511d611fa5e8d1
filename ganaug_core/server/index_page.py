"""The page that every screen begins with: Streamlit's own, told where the server is and which look to begin with.

Without being told, its front end looks below the address of the screen first (`/audit/_stcore/health`), and the browser
notes two missing files for every deep link.
"""

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ganaug_core import app_root

FIRST = "start"
SOON = {
    "benefit": ("PlotlyChart.",),
    "cohort": ("PlotlyChart.", "Table."),
    "compare": ("PlotlyChart.", "Table."),
    "generators": ("Table.",),
    "training": ("Table.",),
}
"""What a screen shows at once, by the beginning of its script's name: the browser reads it while it waits."""
SCRIPT = "/api/where.js"
_WHERE = """window.__streamlit = { BACKEND_BASE_URL: window.location.origin }
// Streamlit keeps the look for the address that was opened first; here it holds for all, and a button changes it.
try {
  const own = "ganaug-look"
  const look = localStorage.getItem(own) === "Light" ? "Light" : "Dark" // reading rooms are dark
  document.documentElement.style.background = look === "Light" ? "#FFFFFF" : "#0B0D10" // no flash before it
  localStorage.setItem(`stActiveTheme-${location.pathname}-v2`, JSON.stringify(look))
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(".ganaug-look")) return
    localStorage.setItem(own, look === "Light" ? "Dark" : "Light")
    location.reload()
  })
} catch {
  // the browser keeps nothing: the look follows the operating system
}
// Streamlit's navigation nests list items in plain boxes, which readers of screens do not count as lists.
function nameLists() {
  const items = document.querySelector("[data-testid=stSidebarNavItems]")
  if (!items) return
  if (items.role !== "presentation") {
    items.role = "presentation"
    watcher.disconnect()
    watcher.observe(items, { childList: true, subtree: true })
  }
  for (const box of items.children) if (box.querySelector(":scope > li")) box.role = "list"
}
const watcher = new MutationObserver(nameLists)
watcher.observe(document, { childList: true, subtree: true })
"""
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
    return HTMLResponse(_content(SOON.get(request.url.path.strip("/"), ())), headers=_ALWAYS_ANEW)


@lru_cache
def _content(soon: tuple[str, ...]) -> str:
    """Return the page; its own script is a file, because the content policy lets none stand in a page."""
    static = files("streamlit").joinpath("static")
    scripts = [file.name for file in static.joinpath("static", "js").iterdir() if file.name.startswith(soon)]
    first = [f'<script src="{SCRIPT}"></script>']
    first += [f'<link rel="modulepreload" href="/static/js/{name}">' for name in scripts]
    looks = Path(__file__).with_name("frame.css").read_text("utf-8")
    page = static.joinpath("index.html").read_text("utf-8")
    page = page.replace("</body>", f"<style>\n{looks}</style>\n  </body>", 1)
    return page.replace("<head>", "\n    ".join(["<head>", *first]), 1)
