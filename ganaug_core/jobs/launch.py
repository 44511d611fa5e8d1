"""Starting processes that outlive whoever started them."""

import subprocess
import sys
import threading
from pathlib import Path

from ganaug_core.storage import locks, platform
from ganaug_core.storage.workspace import Workspace

_supervisors: dict[Path, "subprocess.Popen[bytes]"] = {}
_one_at_a_time = threading.Lock()


def start(module: str, *arguments: str, log: Path) -> "subprocess.Popen[bytes]":
    """Start `python -m module` so that it outlives this process, its output appended to `log`."""
    return platform.start_detached([sys.executable, "-m", module, *arguments], log)


def ensure(workspace: Workspace) -> None:
    """Start a supervisor unless one lives; of two that start at once the second leaves by itself."""
    with _one_at_a_time:
        own_process = _supervisors.get(workspace.root)
        if (own_process is not None and own_process.poll() is None) or locks.is_held(workspace.supervisor_lock):
            return
        log = workspace.root / "supervisor.log"
        process = start("ganaug_core.jobs.supervisor", str(workspace.root), log=log)
        _supervisors[workspace.root] = process
        threading.Thread(target=process.wait, daemon=True).start()  # a child that nobody waits for stays as a zombie
