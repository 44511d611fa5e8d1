"""Files: locks, writing through to the disk, replacing, linking, and opening without following."""

import ctypes
import errno
import os
import shutil
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ganaug_core.errors import WorkspaceError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
try:
    import msvcrt
except ImportError:  # everywhere else
    msvcrt = None  # type: ignore[assignment]

OPEN_FILES_CAN_GO = os.name == "posix"
"""Whether the name of a file can be removed while the file is open or mapped."""
ACCESS_SECONDS = 20.0
REPLACE_SECONDS = 5.0
"""A search index or a virus scanner lets a file go after a moment."""
_ACCESS_DENIED, _SHARING_VIOLATION, _LOCK_VIOLATION = 5, 32, 33
_FAIL_IMMEDIATELY, _EXCLUSIVE = 1, 2
_LOCKED_BYTE = 1 << 62
"""Locks are mandatory on Windows: this byte lies far behind any content, so that others can read the file."""


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock an open file; return False at once where another descriptor has locked it, here or in another process.

    Closing the descriptor frees the lock, and so does the end of the process, however it ends.

    Raises:
        WorkspaceError: This system has no such locks.
    """
    if fcntl is not None:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            return True
        return False
    if msvcrt is not None:
        return _try_lock_byte(descriptor, shared)
    raise WorkspaceError(
        "This system has no file locks that end with their process.",
        do="Run ganaug on Linux, macOS or Windows.",
        code="platform",
    )


class _Overlapped(ctypes.Structure):
    """Where in the file the lock lies, as Windows asks for it."""

    _fields_ = (
        ("internal", ctypes.c_void_p),
        ("internal_high", ctypes.c_void_p),
        ("offset", ctypes.c_uint32),
        ("offset_high", ctypes.c_uint32),
        ("event", ctypes.c_void_p),
    )


def _try_lock_byte(descriptor: int, shared: bool) -> bool:
    windows: Any = ctypes
    lock = windows.WinDLL("kernel32", use_last_error=True).LockFileEx
    number = ctypes.c_uint32
    lock.argtypes = (ctypes.c_void_p, number, number, number, number, ctypes.POINTER(_Overlapped))
    location = _Overlapped(offset=_LOCKED_BYTE & 0xFFFFFFFF, offset_high=_LOCKED_BYTE >> 32)
    mode = _FAIL_IMMEDIATELY | (0 if shared else _EXCLUSIVE)
    handle = msvcrt.get_osfhandle(descriptor)  # type: ignore[attr-defined,unused-ignore]
    if lock(handle, mode, 0, 1, 0, ctypes.byref(location)):
        return True
    reason = windows.get_last_error()
    if reason != _LOCK_VIOLATION:
        raise OSError(errno.ENOLCK, f"the lock was refused (Windows error {reason})")
    return False


def private_folder(path: Path) -> None:
    """Make a folder into which its owner alone may look; one that is there and open to others is closed.

    Where the disk knows no owners, it is a folder like any other.
    """
    is_new = not path.is_dir()
    path.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    with suppress(OSError, subprocess.TimeoutExpired):
        if os.name == "posix":
            if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                path.chmod(stat.S_IRWXU)
        elif is_new and (owner := os.environ.get("USERNAME")):
            command = ["icacls", str(path), "/inheritance:r", "/grant:r", f"{owner}:(OI)(CI)F"]
            subprocess.run(command, capture_output=True, check=False, timeout=ACCESS_SECONDS)


def replace(source: Path, target: Path) -> None:
    """Rename a file or folder over another one, at once for whoever looks.

    Windows refuses while another process has the target open; that is tried again for `REPLACE_SECONDS`.

    Raises:
        WorkspaceError: The target stays open elsewhere; it is as it was.
    """
    deadline = time.monotonic() + REPLACE_SECONDS
    while True:
        try:
            os.replace(source, target)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in (_ACCESS_DENIED, _SHARING_VIOLATION, _LOCK_VIOLATION):
                raise
            if source.is_dir() and target.is_dir():
                with suppress(OSError):
                    target.rmdir()  # only Linux and macOS replace an empty folder
            if time.monotonic() > deadline:
                raise WorkspaceError(
                    f"{target.name} is open in another program and could not be replaced; it is as it was.",
                    do="Close the program that shows it, or let the virus scanner leave the workspace out; try again.",
                    code="open",
                ) from error
        time.sleep(0.05)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name; where the disk or the system has no hard links, copy it.

    Raises:
        FileExistsError: The target is there already.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):
        with source.open("rb") as content, target.open("xb") as copy:
            try:
                shutil.copyfileobj(content, copy, 1 << 20)
            except BaseException:
                copy.close()
                target.unlink()
                raise


def sync_file(path: Path) -> None:
    """Wait until a file is on the disk; it must be writable, because Windows asks for that."""
    with path.open("r+b") as file:
        full = getattr(fcntl, "F_FULLFSYNC", None)  # on macOS fsync stops at the cache of the disk
        if full is None:
            os.fsync(file.fileno())
        else:
            fcntl.fcntl(file.fileno(), full)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk; nothing where a folder cannot be opened (Windows)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_unfollowed(path: Path) -> int:
    """Open a file for reading its bytes, neither following a link nor waiting for a pipe, where the system can."""
    flags = (getattr(os, name, 0) for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"))
    return os.open(path, os.O_RDONLY | sum(flags))


def widen_pipe(descriptor: int, size: int) -> None:
    """Let a pipe hold `size` bytes where the system can; elsewhere the same bytes come in more pieces."""
    command = getattr(fcntl, "F_SETPIPE_SZ", None)
    if command is not None:
        with suppress(OSError):
            fcntl.fcntl(descriptor, command, size)


def is_disk_full(error: OSError) -> bool:
    """Return whether there is no space left, or none that this user may use."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
