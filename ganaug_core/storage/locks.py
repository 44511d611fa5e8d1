"""Who is alive: a lock that can be taken or not, never a number of a process.

The system frees a lock when its holder dies, however it dies. The file holds the holder's process number, which means
something only while the lock is held. Not for network file systems.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ganaug_core.errors import WorkspaceError
from ganaug_core.storage.platform import try_lock

RETRY_SECONDS = 0.5


class Held(WorkspaceError):
    """Another process holds the lock."""

    code = "held"


@contextmanager
def hold(path: Path, what: str, *, shared: bool = False, seconds: float = RETRY_SECONDS) -> Iterator[None]:
    """Hold the lock inside the block; a shared lock has many holders and shuts out the exclusive one.

    Args:
        path: The lock file, made if it is not there.
        what: The subject of the message, `The run d1`.
        seconds: How long to wait for it; a process that only looks lets go sooner.

    Raises:
        Held: Somebody has held it for that long.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + seconds
        while not try_lock(descriptor, shared=shared):
            if time.monotonic() > deadline:
                raise Held(f"{what} is already running in another process.", do="Wait for it, or stop it first.")
            time.sleep(0.02)
        if not shared:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path, *, also_shared: bool = False) -> bool:
    """Return whether somebody holds the lock exclusively, or at all if `also_shared`."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not try_lock(descriptor, shared=not also_shared)
    finally:
        os.close(descriptor)


def holder(path: Path) -> int | None:
    """Return the number of the process that holds the lock exclusively, None where nobody does."""
    if not is_held(path):
        return None
    text = path.read_text("ascii")
    return int(text) if text.isdigit() else None
