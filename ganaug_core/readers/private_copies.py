"""Private copies: a file that changes while a decoder reads it kills the process, so only copies are decoded.

Runs in the decoder's process, so that a disk that hangs costs one file.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from ganaug_core.errors import CohortError
from ganaug_core.storage import platform

LARGEST_FILE = 2 << 30
DISK_FULL = "disk_full"
"""Code of the one trouble that is not the file's."""


def content_of(path: Path) -> bytes:
    """Return all bytes of an ordinary file.

    Raises:
        CohortError: `link`, `not_file`, `permission`, `empty`, `too_big`, `changed` or `decode`.
    """
    with _opened(path) as file:
        return file.read()


def start_of(path: Path, count: int) -> bytes:
    """Return the first bytes of an ordinary file; errors as in `content_of`."""
    with _opened(path) as file:
        return file.read(count)


def copied(path: Path, copy: Path) -> str:
    """Copy an ordinary file and return its SHA-256; errors as in `content_of`, and `disk_full`."""
    digest = sha256()
    with _opened(path) as file, writing(copy) as target:
        while block := file.read(1 << 20):
            digest.update(block)
            target.write(block)
    return digest.hexdigest()


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Open a file of the decoder's own for writing.

    Raises:
        CohortError: `disk_full`, which is not the fault of the file that is read.
    """
    try:
        with path.open("wb") as file:
            yield file
            file.flush()
    except OSError as error:
        if is_full(error):
            raise disk_full() from error
        raise


def is_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def disk_full() -> CohortError:
    """What is not the file's fault; whoever asked for the file ends the import."""
    return CohortError("the disk is full.", do="Free space.", code=DISK_FULL)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open an ordinary file, neither waiting nor following, and look afterwards whether it has changed."""
    try:
        _require_ordinary(path.lstat())
        # It may have become a pipe or a link since.
        source = platform.open_unfollowed(path)
        with os.fdopen(source, "rb") as file:
            before = os.fstat(source)
            _require_ordinary(before)
            yield file
            after = os.fstat(source)
    except PermissionError as error:
        raise CohortError("it may not be read.", do="Give yourself read permission.", code="permission") from error
    except FileNotFoundError as error:
        raise CohortError("it is not there any more.", do="Look for the file.", code="not_file") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _link() from error
        raise CohortError(f"it cannot be read ({error.strerror}).", do="Check the disk.", code="decode") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise changed()


def _require_ordinary(status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _link()
    if not stat.S_ISREG(status.st_mode):
        raise CohortError("it is not an ordinary file.", do="Leave it out.", code="not_file")
    if status.st_size == 0:
        raise CohortError("it is empty.", do="Export the file from its source again.", code="empty")
    if status.st_size > LARGEST_FILE:
        raise CohortError(
            f"it has {status.st_size / 2**30:.1f} GB; {LARGEST_FILE / 2**30:g} GB is the limit.",
            do="Split it, or leave it out.",
            code="too_big",
        )


def _link() -> CohortError:
    return CohortError("it is a link, and links are not followed.", do="Put the file itself there.", code="link")


def changed() -> CohortError:
    """The refusal of a file that somebody writes to while it is read."""
    return CohortError("it changed while it was read.", do="Import again when nothing writes to it.", code="changed")
