"""Makes an interpreter as poor as Windows, for ganaug alone: what it lacks, and the four calls that it has instead.

A process with this file as its `sitecustomize` gives every module of `ganaug_core` copies of `os`, `signal`, `select`,
`subprocess` and `ctypes` without what only Linux or macOS have, and no `fcntl`, `resource` or `pwd`. Other libraries
keep theirs, since on Windows they have ways of their own. The lock of Windows is played by byte-range locks of Linux
that belong to the open file, as those of Windows do, and the end of a process by SIGKILL.
"""

import builtins
import ctypes
import fcntl
import os
import select
import signal
import struct
import subprocess
from types import ModuleType
from typing import Any

MISSING_MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "posix")
MISSING = {
    "os": (
        "fork", "forkpty", "setsid", "setpgid", "getpgid", "killpg", "link", "getuid", "geteuid", "getgid", "nice",
        "sched_getaffinity", "sched_setaffinity", "pread", "pwrite", "preadv", "pwritev", "statvfs", "mkfifo",
        "memfd_create", "sync", "wait", "WNOHANG", "O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY", "O_CLOEXEC", "uname",
    ),
    "signal": ("SIGKILL", "SIGALRM", "alarm", "setitimer", "SIGHUP", "SIGUSR1", "SIGCHLD", "pthread_kill"),
    "select": ("poll", "epoll", "select"),
    "subprocess": (),
    "ctypes": (),
}  # fmt: skip
FAIL_IMMEDIATELY, EXCLUSIVE, LOCK_VIOLATION = 1, 2, 33
KNOWN_FLAGS = 0x200 | 0x8000000


class LockFileEx:
    """The lock of Windows: on a range of bytes, shared or not, for as long as the file is open."""

    last_error = 0
    argtypes: tuple[Any, ...] = ()

    def __call__(self, handle: int, flags: int, reserved: int, low: int, high: int, place: Any) -> int:
        assert flags & FAIL_IMMEDIATELY
        start = place._obj.offset | place._obj.offset_high << 32
        assert start > 1 << 40, "others could not read the content: locks of Windows are mandatory"
        kind = fcntl.F_WRLCK if flags & EXCLUSIVE else fcntl.F_RDLCK
        try:
            fcntl.fcntl(handle, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", kind, os.SEEK_SET, start, low, 0))
        except BlockingIOError:
            LockFileEx.last_error = LOCK_VIOLATION
            return 0
        return 1


class Kernel32:
    """What ganaug calls of the library of that name."""

    LockFileEx = LockFileEx()

    def SetErrorMode(self, mode: int) -> int:
        return 0


class Popen(subprocess.Popen):  # type: ignore[type-arg]
    """Starts processes with what Windows takes, and refuses the rest."""

    def __init__(self, *arguments: Any, creationflags: int = 0, **options: Any) -> None:
        for name in ("pass_fds", "preexec_fn", "start_new_session", "process_group"):
            if options.get(name):
                raise ValueError(f"{name} is not supported on Windows platforms")
        if creationflags & ~KNOWN_FLAGS:
            raise OSError(22, "The parameter is incorrect")
        super().__init__(*arguments, start_new_session=bool(creationflags), **options)


def end_process(process: int, number: int) -> None:
    """`os.kill` of Windows ends a process, whatever the signal."""
    os.kill(process, signal.SIGKILL)


def open_file(path: Any, flags: int, mode: int = 0o777) -> int:
    """`os.open` of Windows opens no folders."""
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", str(path))
    return os.open(path, flags, mode)


def write_through(descriptor: int) -> None:
    """`os.fsync` of Windows asks for a file that may be written."""
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(9, "Bad file descriptor")
    os.fsync(descriptor)


def poor(module: ModuleType) -> ModuleType:
    copy = ModuleType(module.__name__)
    missing = MISSING[module.__name__]
    copy.__dict__.update({name: value for name, value in vars(module).items() if name not in missing})
    return copy


POOR = {name: poor(module) for name, module in (("os", os), ("signal", signal), ("select", select))}
POOR |= {"subprocess": poor(subprocess), "ctypes": poor(ctypes), "msvcrt": ModuleType("msvcrt")}
vars(POOR["os"]).update(name="nt", kill=end_process, O_BINARY=0)
POOR_FILES = poor(POOR["os"])
vars(POOR_FILES).update(open=open_file, fsync=write_through)
vars(POOR["subprocess"]).update(Popen=Popen)
vars(POOR["ctypes"]).update(WinDLL=lambda name, **_: Kernel32(), get_last_error=lambda: LockFileEx.last_error)
vars(POOR["msvcrt"]).update(get_osfhandle=lambda descriptor: descriptor)

usual = builtins.__import__


def import_module(name: str, *arguments: Any, **options: Any) -> ModuleType:
    scope = (arguments[0] if arguments else options.get("globals")) or {}
    if str(scope.get("__package__")).split(".")[0] == "ganaug_core":
        if name in MISSING_MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name == "os":
            return POOR_FILES
        if name in POOR:
            return POOR[name]
    return usual(name, *arguments, **options)


if __name__ == "sitecustomize":
    builtins.__import__ = import_module
