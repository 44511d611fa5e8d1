"""What left the workspace, and when: a withdrawal can then say to whom somebody has to write."""

import json
from datetime import UTC, datetime
from typing import Any

from ganaug_core.errors import WorkspaceError
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace, write_atomic

LOG = "exports.json"


def record(workspace: Workspace, kind: str, name: str, form: str) -> None:
    """Write down that something leaves; no path and no receiver is kept, because none is known for sure.

    Args:
        form: What left: `generator file`, `images`.

    Raises:
        WorkspaceError: The disk is full, or the name is none.
    """
    entry = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "kind": kind,
        "name": name,
        "identity": workspace.identity(kind, name),
        "form": form,
    }
    with locks.hold(workspace.root / "exports.lock", "The list of exports", seconds=30.0):
        write_atomic(workspace.root / LOG, json.dumps([*records(workspace), entry], indent=1).encode())


def records(workspace: Workspace) -> list[dict[str, Any]]:
    """Return what left so far, oldest first.

    Raises:
        WorkspaceError: The list is damaged.
    """
    path = workspace.root / LOG
    if not path.is_file():
        return []
    try:
        entries = json.loads(path.read_text("utf-8"))
        return [{key: str(entry[key]) for key in ("when", "kind", "name", "identity", "form")} for entry in entries]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WorkspaceError(
            f"The list of exports ({LOG}) is damaged.", do="Move it away; a new one is begun.", code="damaged"
        ) from error
