"""What left the workspace, and when: a withdrawal can then say to whom somebody has to write."""

from datetime import UTC, datetime
from typing import Any

from ganaug_core.storage import ledger
from ganaug_core.storage.workspace import Workspace

LOG = "exports.json"


def record(workspace: Workspace, kind: str, name: str, form: str) -> None:
    """Write down that something leaves; no path and no receiver is kept, because none is known for sure.

    Args:
        form: What leaves: `generator file`, `images`.

    Raises:
        WorkspaceError: The list is damaged, the disk is full, or nothing has that name.
    """
    when, identity = datetime.now(UTC).isoformat(timespec="seconds"), workspace.identity(kind, name)
    ledger.append(workspace, LOG, {"when": when, "kind": kind, "name": name, "identity": identity, "form": form})


def of(workspace: Workspace, identities: set[str]) -> tuple[dict[str, Any], ...]:
    """Return what left of these, oldest first: `when`, `kind`, `name`, `form`.

    Raises:
        WorkspaceError: The list is damaged.
    """
    left = [entry for entry in ledger.entries(workspace, LOG) if entry.get("identity") in identities]
    return tuple({key: str(entry.get(key, "")) for key in ("when", "kind", "name", "form")} for entry in left)
