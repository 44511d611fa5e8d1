"""Files that came through the browser: originals may name patients, so they live no longer than their import.

An upload is removed when its import ends, however it ends. What is left by a process that died goes at the next start:
the lock beside an upload lives as long as the process that received it.
"""

import os
import secrets
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from ganaug_core.storage import locks
from ganaug_core.storage.platform import try_lock
from ganaug_core.storage.workspace import Workspace

_LOCK = ".lock"
_received: dict[str, int] = {}
"""Open lock of each upload that this process received."""


def new_folder(workspace: Workspace) -> Path:
    """Make a folder for one upload that only the owner may read; it stays while this process lives and awaits it."""
    workspace.uploads.mkdir(mode=0o700, exist_ok=True)
    for name in [name for name in _received if not (workspace.uploads / name).exists()]:  # a worker imported it
        os.close(_received.pop(name))
    folder = workspace.uploads / secrets.token_hex(8)
    descriptor = os.open(_lock(folder), os.O_RDWR | os.O_CREAT, 0o600)  # first, so that no sweep takes the folder
    try_lock(descriptor)
    _received[folder.name] = descriptor
    folder.mkdir(mode=0o700)
    return folder


def discard(workspace: Workspace, source: str | Path) -> None:
    """Remove the upload that a source belongs to; any other source is not touched."""
    path = Path(os.path.abspath(source))
    if workspace.uploads not in path.parents:
        return
    folder = workspace.uploads / path.relative_to(workspace.uploads).parts[0]
    shutil.rmtree(folder, ignore_errors=True)
    if folder.name in _received:
        os.close(_received.pop(folder.name))
    with suppress(OSError):  # Windows keeps a file that another process holds; the next start removes it
        _lock(folder).unlink(missing_ok=True)


def sweep(workspace: Workspace, awaited: Collection[str]) -> int:
    """Remove uploads that nobody will import any more, and return how many.

    Args:
        awaited: Sources of the imports that wait or go on.
    """
    if not workspace.uploads.is_dir():
        return 0
    kept = {Path(source).relative_to(workspace.uploads).parts[0] for source in awaited if _is_below(workspace, source)}
    removed = 0
    for name in {entry.name.removesuffix(_LOCK) for entry in workspace.uploads.iterdir()} - kept:
        if not locks.is_held(_lock(workspace.uploads / name)):
            discard(workspace, workspace.uploads / name)
            removed += 1
    return removed


def _is_below(workspace: Workspace, source: str) -> bool:
    return workspace.uploads in Path(source).parents


def _lock(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{_LOCK}")
