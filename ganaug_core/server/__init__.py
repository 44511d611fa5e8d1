"""What the web server does besides the pages: who may come, images by route, start and stop. Nothing here loads torch.

Every request passes `access` first, those of Streamlit's own routes and of its live channel too.
"""

import gc
import importlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware

from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import launch, store
from ganaug_core.server import (
    access,
    announcement,
    decisions,
    games,
    images,
    index_page,
    latents,
    looking,
    reading,
    scripts,
)
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace

SCRIPT = Path(__file__).resolve().parent.parent / "ui" / "shared" / "main.py"


def options() -> dict[str, Any]:
    """Return what `st.App` takes besides the script."""
    routes = [*index_page.routes(), *images.routes(), *looking.routes(), *reading.routes(), *games.routes()]
    routes += [*decisions.routes(), *latents.routes(), *scripts.routes()]
    return {"routes": routes, "middleware": [Middleware(access.Access)], "lifespan": lifespan}


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Answer at once; what can wait is done beside the first answers."""
    workspace = Workspace()
    with locks.hold(workspace.app_lock, "The app", shared=True):
        threading.Thread(target=announcement.announce, args=(workspace.root,), daemon=True).start()
        threading.Thread(target=_make_ready, args=(workspace,), daemon=True).start()
        yield {}


def _make_ready(workspace: Workspace) -> None:
    """Pay for the heavy imports of the pages, and see that a supervisor lives.

    Streamlit collects garbage after every run of a script; what is frozen once need not be looked at again, which
    makes a tick of a live chart ten times cheaper.
    """
    workspace.sweep()
    with suppress(WorkspaceError):  # a database that cannot be used is said on the pages
        store.sweep_uploads(workspace)
    for module in ("pandas", "plotly.graph_objects"):
        importlib.import_module(module)
    launch.ensure(workspace)
    gc.collect()
    gc.freeze()
