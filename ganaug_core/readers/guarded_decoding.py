"""Decoding at arm's length: each file is copied, hashed and decoded in a child that may crash, hang or run dry.

A decoder that dies or takes too long costs one file, and the next one gets a new decoder. Several work side by side.
"""

import json
import math
import os
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Literal

import numpy as np

from ganaug_core.config.importing import Choices
from ganaug_core.errors import CohortError, WorkspaceError
from ganaug_core.processor import available_cores
from ganaug_core.readers.child_process import Child
from ganaug_core.readers.private_copies import DISK_FULL, is_full
from ganaug_core.readers.refusals import MEMORY, no_memory
from ganaug_core.records import Pixels, Skipped
from ganaug_core.storage import platform
from ganaug_core.storage.workspace import scratch

START_SECONDS = 60.0
COMMAND = (sys.executable, "-P", "-m", "ganaug_core.readers.decoder")
FILES_A_DECODER = 64
"""Starting a decoder costs half a second, as much as reading some hundred slices."""
BYTES_A_SECOND = 10_000_000
"""That a busy machine copies, unpacks and turns."""
ALONE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
    # The memory of one image serves the next: fresh pages cost a virtual machine more than decoding does.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}
"""Environment of a decoder; the C library of other systems passes over its memory settings."""
_PACKAGE_HOME = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Decoded:
    """A file that was read.

    Attributes:
        facts: Numbers and enumerations of its header.
        slices: Each (row, column), read-only; empty where only the header was asked for.
    """

    facts: dict[str, Any]
    slices: tuple[Pixels, ...] = ()


@dataclass(frozen=True)
class FileRequest:
    """A file to read.

    Attributes:
        name: By which refusals name it.
        kind: `dicom`, `nifti`, `nrrd` or `meta`.
        header_only: Return the facts of a DICOM file without its pixels.
        earlier_header: What was returned then; a file that has another header by now is refused.
        mask: Of a volume.
        packed_masks: Of the frames of a DICOM file, by their number.
        planes: Slices of a series, of which the file holds the masks: these are returned as facts, and no pixels.
    """

    path: Path
    name: str
    kind: str = "dicom"
    header_only: bool = False
    earlier_header: dict[str, Any] | None = None
    mask: Path | None = None
    packed_masks: dict[str, str] | None = None
    planes: list[dict[str, Any]] | None = None


class Decoder:
    """A child process that reads DICOM and volumes; starts when first needed, ends with the `with` block.

    Settings:
        choices: What to take of each file.
        seconds: Time for one file, and one more for each `BYTES_A_SECOND` of it.
    """

    def __init__(self, choices: Choices | None = None, seconds: float = 20.0) -> None:
        self.choices = asdict(choices or Choices())
        self.seconds = seconds
        self._child: Child | None = None
        self._staging: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> "Decoder":
        try:
            self._staging = tempfile.TemporaryDirectory(prefix="ganaug-staging-", dir=scratch())
        except OSError as error:
            if not is_full(error):
                raise
            raise _no_room() from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if self._staging is not None:
            self._staging.cleanup()

    def read(self, files: Sequence[FileRequest]) -> list[Decoded | Skipped]:
        """Return what is in each file; one that kills the child, or takes too long, costs itself alone.

        Raises:
            WorkspaceError: The child does not start, or there is no room for the copies.
        """
        if self._staging is None:
            raise RuntimeError("A Decoder reads inside its with block only.")
        folder = Path(self._staging.name)
        answers: list[Decoded | Skipped] = []
        try:
            while len(answers) < len(files):
                answers += self._until_a_crash(files[len(answers) :], folder)
        finally:
            _clear(folder)
        return answers

    def _until_a_crash(self, files: Sequence[FileRequest], folder: Path) -> list[Decoded | Skipped]:
        """Return what is in the files, up to and with the first one that ends the child."""
        requests: list[dict[str, Any]] = [
            {
                "path": str(file.path),
                "kind": file.kind,
                "pixels": None if file.header_only or file.planes else str(folder / f"pixels-{number}.npy"),
                "earlier_header": file.earlier_header,
                "mask": file.mask and str(file.mask),
                "packed_masks": file.packed_masks,
                "planes": file.planes,
                "seconds": self.seconds + _size(file.path) / BYTES_A_SECOND,
            }
            for number, file in enumerate(files)
        ]
        sent = [request for request in requests if _is_utf8(request["path"])]
        child = self._child or self._start()
        child.send(json.dumps({"folder": str(folder), "choices": self.choices, "files": sent}).encode() + b"\n")
        answers: list[Decoded | Skipped] = []
        for file, request in zip(files, requests, strict=True):
            try:
                answers.append(self._answer(child, request))
            except CohortError as error:
                shown = file.name.encode("utf-8", "replace").decode()
                answers.append(Skipped(shown, error.code, f"{shown}: {error.what}", error.do))
            if self._child is None:
                break
        return answers

    def _answer(self, child: Child, request: dict[str, Any]) -> Decoded:
        """Return the child's next answer.

        Raises:
            CohortError: What the child refuses, or `name`, `timeout`, `too_big` or `crash`.
        """
        if not _is_utf8(request["path"]):  # no library sees such a name: SimpleITK aborts on it
            raise CohortError("the name is not valid UTF-8.", do="Rename the file.", code="name")
        line = child.line(request["seconds"])
        if line is None:
            self._stop()
            if child.overrun == "memory":
                raise no_memory()
            raise CohortError(
                f"reading took more than {request['seconds']:.0f} seconds and was stopped.",
                do="Leave the file out, or write it again with another program.",
                code="timeout",
            )
        if not line.endswith(b"\n"):
            ended = self._stop()
            raise CohortError(
                f"the image library crashed on it ({platform.ending_in_words(ended)}).",
                do="Leave the file out, or write it again with another program.",
                code="crash",
            )
        answer: dict[str, Any] = json.loads(line)
        if "facts" in answer:
            return self._decoded(child, answer["facts"], request["pixels"])
        if answer["code"] == DISK_FULL:
            self._stop()
            raise _no_room()
        raise CohortError(answer["say"], do=answer["do"], code=answer["code"])

    def _decoded(self, child: Child, facts: dict[str, Any], stored: str | None) -> Decoded:
        if stored is None:
            return Decoded(facts)
        if "type" not in facts:
            # Mapped, so that a volume costs no memory here, where a map outlives the file's name.
            mode: Literal["r"] | None = "r" if platform.OPEN_FILES_CAN_GO else None
            return Decoded(facts, _cut(np.load(stored, mmap_mode=mode, allow_pickle=False), facts["shapes"]))
        kind = np.dtype(facts["type"])
        content = child.bytes(kind.itemsize * sum(rows * columns for rows, columns in facts["shapes"]), self.seconds)
        if content is None:
            self._stop()
            raise CohortError("the pixels did not come.", do="Leave the file out.", code="crash")
        return Decoded(facts, _cut(np.frombuffer(content, kind), facts["shapes"]))

    def _start(self) -> Child:
        search = os.pathsep.join(filter(None, (str(_PACKAGE_HOME), os.environ.get("PYTHONPATH"))))
        child = self._child = Child(COMMAND, {**os.environ, **ALONE, "PYTHONPATH": search}, MEMORY)
        greeting = child.line(START_SECONDS)
        if not greeting:
            ended = self._stop()
            raise WorkspaceError(
                f"The image decoder does not start ({platform.ending_in_words(ended)}).",
                do="SimpleITK or pydicom may be damaged, or memory may be short: `ganaug doctor` on the server tells.",
                code="decoder",
            )
        child.works_as = json.loads(greeting)["process"]
        return child

    def _stop(self) -> int:
        """End the child; return its exit status, negative for a signal."""
        child, self._child = self._child, None
        return 0 if child is None else child.end()


class Decoders:
    """Several decoders side by side, at most one a core; results come in the order of the work."""

    def __init__(self, choices: Choices, files: int) -> None:
        self.count = max(1, min(available_cores(), math.ceil(files / FILES_A_DECODER)))
        self._choices = choices
        self._idle: SimpleQueue[Decoder] = SimpleQueue()
        self._stack = ExitStack()
        self._threads = ThreadPoolExecutor(self.count, "ganaug-decoder")

    def __enter__(self) -> "Decoders":
        for _ in range(self.count):
            self._idle.put(self._stack.enter_context(Decoder(self._choices)))
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._stack.close()

    def read(self, batches: Iterable[Sequence[FileRequest]]) -> Iterator[Decoded | Skipped]:
        """Yield what is in all files of all batches; only a few batches are ahead of the reader."""
        ahead: deque[Future[list[Decoded | Skipped]]] = deque()
        for batch in batches:
            ahead.append(self._threads.submit(self._decode, batch))
            if len(ahead) > 2 * self.count:
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()

    def _decode(self, batch: Sequence[FileRequest]) -> list[Decoded | Skipped]:
        decoder = self._idle.get()
        try:
            return decoder.read(batch)
        finally:
            self._idle.put(decoder)


def _no_room() -> WorkspaceError:
    return WorkspaceError(
        f"The disk is full: {tempfile.gettempdir()} has no room for the copy that is decoded.",
        do="Free some space there, or set TMPDIR to a folder on another disk.",
        code=DISK_FULL,
    )


def _is_utf8(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _size(path: Path) -> int:
    """Return the bytes of a file, 0 where there is none: the decoder says why."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _cut(flat: Pixels, shapes: list[tuple[int, int]]) -> tuple[Pixels, ...]:
    slices, start = [], 0
    for rows, columns in shapes:
        slices.append(flat[start : start + rows * columns].reshape(rows, columns))
        start += rows * columns
    return tuple(slices)


def _clear(folder: Path) -> None:
    """Remove what lies in the staging folder: a mask has a folder of its own in it."""
    for entry in list(os.scandir(folder)):
        if entry.is_dir(follow_symlinks=False):
            _clear(Path(entry.path))
            os.rmdir(entry.path)
        else:
            os.unlink(entry.path)
