"""Starting processes that outlive whoever started them."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from ganaug_core.cores import available_cores
from ganaug_core.storage import locks, platform
from ganaug_core.storage.workspace import Workspace

_supervisors: dict[Path, "subprocess.Popen[bytes]"] = {}
_one_at_a_time = threading.Lock()


def spare_cores() -> None:
    """Let numerical libraries use half of the cores, unless the user said otherwise; call it before they are imported.

    With a thread on every core of a busy machine they wait for each other: small operations on images were 10 to 90
    times slower on 4 threads than on 2. numba sets the number for the whole process, so it is told too.
    """
    half = str(max(1, available_cores() // 2))
    threads = os.environ.setdefault("OMP_NUM_THREADS", half)
    os.environ.setdefault("NUMBA_NUM_THREADS", threads)


def start(module: str, *arguments: str, log: Path) -> "subprocess.Popen[bytes]":
    """Start `python -m module` so that it outlives this process, its output appended to `log`."""
    return platform.start_detached([sys.executable, "-m", module, *arguments], log)


def ensure(workspace: Workspace) -> None:
    """Start a supervisor unless one lives; of two that start at once the second leaves by itself."""
    with _one_at_a_time:
        ours = _supervisors.get(workspace.root)
        if (ours is not None and ours.poll() is None) or locks.is_held(workspace.supervisor_lock):
            return
        log = workspace.root / "supervisor.log"
        process = start("ganaug_core.jobs.supervisor", str(workspace.root), log=log)
        _supervisors[workspace.root] = process
        threading.Thread(target=process.wait, daemon=True).start()  # a child that nobody waits for stays as a zombie
