"""Starting processes that outlive whoever started them."""

import subprocess
import sys
from pathlib import Path

from ganaug_core.jobs import locks
from ganaug_core.workspace import Workspace


def start(module: str, *arguments: str, log: Path) -> "subprocess.Popen[bytes]":
    """Start `python -m module` in its own session, without input, its output appended to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def ensure(workspace: Workspace) -> None:
    """Start a supervisor unless one lives; of two that start at once the second leaves by itself."""
    if not locks.is_held(workspace.supervisor_lock):
        start("ganaug_core.jobs.supervisor", str(workspace.root), log=workspace.root / "supervisor.log")
