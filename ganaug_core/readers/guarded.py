"""Decoding at arm's length: each file is copied, hashed and decoded in a child that may crash, hang or run dry.

A file that changes while GDCM reads it kills the process, so only private copies are decoded; a decoder that dies or
takes too long costs one file, and the next one gets a new decoder.
"""

import errno
import json
import os
import select
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ganaug_core.errors import CohortError, WorkspaceError
from ganaug_core.records import Pixels, Skipped

LARGEST_FILE = 2 << 30
START_SECONDS = 60.0
COMMAND = (sys.executable, "-P", "-m", "ganaug_core.readers.decoder")
_PACKAGE_HOME = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Decoded:
    """A file that was read.

    Attributes:
        digest: SHA-256 of the bytes that were decoded.
        facts: Numbers and enumerations of its header.
        pixels: (slice, row, column) int16 or float32, read-only; None where only the header was asked for.
    """

    digest: str
    facts: dict[str, Any]
    pixels: Pixels | None


class Decoder:
    """A child process that reads DICOM and NIfTI; starts when first needed, ends with the `with` block.

    Settings:
        seconds: Time for one file.
    """

    def __init__(self, seconds: float = 20.0) -> None:
        self.seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._results = -1
        self._staging: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> "Decoder":
        self._staging = tempfile.TemporaryDirectory(prefix="ganaug-staging-")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if self._staging is not None:
            self._staging.cleanup()

    def header(self, path: Path, name: str, kind: str) -> Decoded | Skipped:
        """Return the facts of a `dicom` or `nifti` file; refusals name it `name`."""
        return self._read(path, name, kind, pixels=False)

    def image(self, path: Path, name: str, kind: str) -> Decoded | Skipped:
        """Return facts and pixels of a `dicom` or `nifti` file; refusals name it `name`."""
        return self._read(path, name, kind, pixels=True)

    def _read(self, path: Path, name: str, kind: str, *, pixels: bool) -> Decoded | Skipped:
        shown = name.encode("utf-8", "replace").decode()
        if self._staging is None:
            raise RuntimeError("A Decoder reads inside its with block only.")
        with tempfile.TemporaryDirectory(dir=self._staging.name) as folder:
            copy = Path(folder) / ("copy.dcm" if kind == "dicom" else "copy.nii")
            target = Path(folder) / "pixels.npy"
            try:
                digest = stage(path, copy)
                facts = self._ask({"path": str(copy), "kind": kind, "pixels": str(target) if pixels else None})
                # Mapped, so that a volume costs no memory here; the map outlives the file's name.
                values = np.load(target, mmap_mode="r", allow_pickle=False) if pixels else None
            except CohortError as error:
                return Skipped(shown, error.code, f"{shown}: {error.what}", error.do)
        return Decoded(digest, facts, values)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the facts, or raise `CohortError`: what the child refuses, `timeout` or `crash`."""
        process = self._process or self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = self._line(self.seconds)
        except BrokenPipeError:
            line = b""
        if line is None:
            self._stop()
            raise CohortError(
                f"reading took more than {self.seconds:g} seconds and was stopped.",
                do="Leave the file out, or write it again with another program.",
                code="timeout",
            )
        if not line.endswith(b"\n"):
            ended = self._stop()
            raise CohortError(
                f"the image library crashed on it ({_ending(ended)}).",
                do="Leave the file out, or write it again with another program.",
                code="crash",
            )
        answer: dict[str, Any] = json.loads(line)
        if "facts" not in answer:
            raise CohortError(answer["say"], do=answer["do"], code=answer["code"])
        facts: dict[str, Any] = answer["facts"]
        return facts

    def _start(self) -> "subprocess.Popen[bytes]":
        self._results, theirs = os.pipe()
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"), "1")
        search = os.pathsep.join(filter(None, (str(_PACKAGE_HOME), os.environ.get("PYTHONPATH"))))
        try:
            self._process = subprocess.Popen(
                [*COMMAND, str(theirs)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(theirs,),
                env={**os.environ, **single, "PYTHONPATH": search},
            )
        finally:
            os.close(theirs)
        if not self._line(START_SECONDS):
            ended = self._stop()
            raise WorkspaceError(
                f"The image decoder does not start ({_ending(ended)}).",
                do="Run `ganaug doctor`; SimpleITK or pydicom may be damaged, or memory may be short.",
                code="decoder",
            )
        return self._process

    def _line(self, seconds: float) -> bytes | None:
        """Return the next line of the child, less than a line if it has died, None if the time is over."""
        poll = select.poll()
        poll.register(self._results, select.POLLIN)
        end = time.monotonic() + seconds
        line = b""
        while not line.endswith(b"\n"):
            if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
                return None
            block = os.read(self._results, 65536)
            if not block:
                break
            line += block
        return line

    def _stop(self) -> int:
        """End the child and what it started; return its exit status, negative for a signal."""
        process, self._process = self._process, None
        if process is None:
            return 0
        # A child that crashed has closed its pipe and is ending: its own signal is told, not ours.
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        os.close(self._results)
        return status


def stage(path: Path, copy: Path) -> str:
    """Copy an ordinary file and return its SHA-256.

    Raises:
        CohortError: `name`, `link`, `not_file`, `permission`, `empty`, `too_big`, `changed` or `decode`.
        WorkspaceError: No room for the copy.
    """
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:
        raise CohortError("the name is not valid UTF-8.", do="Rename the file.", code="name") from error
    try:
        _require_ordinary(path.lstat())
        # Not blocking and not following: the file may have become a pipe or a link since.
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(source, "rb") as file:
            before = os.fstat(source)
            _require_ordinary(before)
            digest = _copy(file, copy)
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
    return digest


def _copy(source: Any, copy: Path) -> str:
    digest = sha256()
    with copy.open("wb") as target:
        while block := source.read(1 << 20):
            digest.update(block)
            try:
                target.write(block)
                target.flush()
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise WorkspaceError(
                    f"The disk of {tempfile.gettempdir()} has no room for the copy that is decoded.",
                    do="Free space there, or set TMPDIR to a folder on another disk.",
                    code="disk",
                ) from error
    return digest.hexdigest()


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


def _ending(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    return signal.Signals(-status).name
