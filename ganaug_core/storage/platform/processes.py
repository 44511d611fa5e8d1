"""Processes: starting them on their own, ending them, and what they may take."""

import ctypes
import faulthandler
import math
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LIMITS_MEMORY = resource is not None and sys.platform == "linux"
"""Whether the system itself holds a process to `confine`; macOS takes the limit and passes over it."""
NICENESS = 5
SOON_KILLED = 500
"""For a Linux that runs out of memory, from -1000 to 1000: rather this process than the web server."""
_NEW_GROUP, _NO_WINDOW = 0x200, 0x8000000
_NO_MEMORY, _NO_COMMITMENT = 0xC0000017, 0xC000012D
_NO_DIALOGS = 0x1 | 0x2 | 0x8000
_FIRST_EXCEPTION = 0x80000000


def own_session() -> dict[str, Any]:
    """Return the arguments of `Popen` for a process that outlives its terminal and can be ended with its children."""
    if hasattr(os, "setsid"):
        return {"start_new_session": True}
    return {"creationflags": _NEW_GROUP | _NO_WINDOW}


def start_detached(command: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start a process that outlives whoever started it, without input, its output appended to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **own_session())


def ask_to_end(process: int) -> bool:
    """Tell a process to end as it sees fit; return False where the system has no word for that (Windows)."""
    if not hasattr(os, "setsid"):
        return False
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    return True


def end(process: int) -> None:
    """End a process at once; nothing if it has ended."""
    import psutil  # 20 ms that a command which ends nothing need not wait

    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # Windows denies it for one that is ending
        psutil.Process(process).kill()


def end_tree(process: "subprocess.Popen[bytes]") -> None:
    """End a process that was started with `own_session`, and what it started; the caller waits for it."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # macOS denies it for one that has ended
            os.killpg(process.pid, signal.SIGKILL)
        return
    import psutil

    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            end(child.pid)
    end(process.pid)


def lower_priority() -> None:
    """Let other programs go first, and be the first to go where memory runs out."""
    with suppress(OSError):  # only Linux has it, and a container may forbid it
        Path("/proc/self/oom_score_adj").write_text(str(SOON_KILLED))
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    else:
        import psutil

        psutil.Process().nice(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", NICENESS))


def confine(memory: int) -> None:
    """Hold this process to `memory` bytes of address space where `LIMITS_MEMORY`; a crash leaves no file or window."""
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if LIMITS_MEMORY:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    windows: Any = getattr(ctypes, "WinDLL", None)
    if windows is not None:
        windows("kernel32").SetErrorMode(_NO_DIALOGS)


def end_myself_after(seconds: float | None) -> None:
    """End this process then, also if a library hangs and holds the interpreter; None takes it back."""
    if hasattr(signal, "alarm"):
        signal.alarm(0 if seconds is None else math.ceil(seconds))
    elif seconds is None:
        faulthandler.cancel_dump_traceback_later()
    else:  # a thread, which makes reading measurably slower
        faulthandler.dump_traceback_later(seconds, exit=True)


def memory_of(process: int) -> int:
    """Return the bytes that a process holds: those promised to it on Windows, those in memory elsewhere; 0 if ended."""
    import psutil

    try:
        info = psutil.Process(process).memory_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(getattr(info, "private", info.rss))


def was_killed(returncode: int) -> bool:
    """Return whether the system ended a process, as it does where memory runs out."""
    if hasattr(signal, "SIGKILL"):
        return returncode == -signal.SIGKILL
    return returncode in (_NO_MEMORY, _NO_COMMITMENT)


def ending_in_words(returncode: int) -> str:
    """Return `SIGSEGV`, `exit status 3`, or a number of Windows such as `exit status 0xC0000005`."""
    if returncode < 0:
        return signal.Signals(-returncode).name
    return f"exit status 0x{returncode:X}" if returncode >= _FIRST_EXCEPTION else f"exit status {returncode}"
