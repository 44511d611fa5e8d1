"""Lists in the workspace that only grow, one small JSON file each: what left it, what was withdrawn, who looked."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ganaug_core.errors import WorkspaceError
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace, write_atomic


def entries(workspace: Workspace, file: str) -> list[dict[str, Any]]:
    """Return the entries of a list, oldest first; none where it was never begun.

    Raises:
        WorkspaceError: The list is damaged.
    """
    path = workspace.root / file
    if not path.is_file():
        return []
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise WorkspaceError(
            f"The list {file} of the workspace is damaged.",
            do="Bring it back from a backup, or move it away: a new one is begun.",
            code="damaged",
        )
    return content


def append(workspace: Workspace, file: str, entry: Mapping[str, Any]) -> None:
    """Add an entry to a list.

    Raises:
        WorkspaceError: The list is damaged, or the disk is full.
    """
    extend(workspace, file, lambda _: [entry])


def extend(
    workspace: Workspace, file: str, added: Callable[[list[dict[str, Any]]], Sequence[Mapping[str, Any]]]
) -> list[dict[str, Any]]:
    """Add what is decided from the entries so far, while nobody else adds any; return those so far.

    Raises:
        WorkspaceError: The list is damaged, or the disk is full.
    """
    with locks.hold(workspace.root / f"{file}.lock", f"Writing {file}", seconds=30.0):
        so_far = entries(workspace, file)
        if more := list(added(so_far)):
            write_atomic(workspace.root / file, json.dumps([*so_far, *more], indent=1).encode())
        return so_far
