"""Answers: each one is on the disk before anybody hears that it was taken, and none is changed.

A reader's answers are lines of a file in the study's own folder, so they go when the study goes. A line that a power
cut left half written was never confirmed; it is cut off before the next one is added. Until a reader has ended, nothing
here tells that reader what an image is.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ganaug_core.errors import EvidenceError, WorkspaceError
from ganaug_core.records import codec
from ganaug_core.records.reading import SCALE, TAGS, Answer, Reading
from ganaug_core.storage import locks, platform
from ganaug_core.storage.workspace import READINGS, Workspace, translated, write_atomic

CLOSED = "closed.json"
LONGEST_SECONDS = 24 * 3600.0
LOCK_SECONDS = 30.0


@dataclass(frozen=True)
class State:
    """How far a reader is.

    Attributes:
        done, total: Images answered and to answer, repeats among them.
        item: What the next image is called, None at the end.
        following: What the one after it is called, None where there is none.
    """

    done: int
    total: int
    item: str | None
    following: str | None

    @property
    def ended(self) -> bool:
        return self.done >= self.total


def reader_of(reading: Reading, key: str) -> int | None:
    """Return the number of the reader whom a key stands for, from 0; None for no key of this study."""
    keys = [str(own) for own in reading.keys]
    return keys.index(key) if key in keys else None


def state(folder: Path, reading: Reading, reader: int) -> State:
    """Return how far a reader is, by what is on the disk.

    Args:
        folder: Of the study's artefact.

    Raises:
        WorkspaceError: The answers are damaged.
    """
    return _state(reading, reader, len(of_reader(folder, reading, reader)))


def of_reader(folder: Path, reading: Reading, reader: int) -> list[Answer]:
    """Return a reader's answers in order.

    Raises:
        WorkspaceError: They are damaged.
    """
    lines, _ = _whole_lines(_path(folder, reader))
    try:
        given = [codec.decode(Answer, json.loads(line)) for line in lines]
        for place, answer in enumerate(given):
            if answer.place != place or answer.item != str(reading.items[reader, place]):
                raise ValueError(f"answer {place + 1} is about another image")
    except (ValueError, TypeError, IndexError, RecursionError) as error:
        raise WorkspaceError(
            f"The answers of R{reader + 1} in the study {reading.name} are damaged: {error}.",
            do="Bring the workspace back from a backup, or remove the study.",
            code="damaged",
        ) from error
    return given


def give(folder: Path, reading: Reading, reader: int, answer: Answer) -> State:
    """Write an answer down and return how far the reader is then.

    An answer that comes again, because the confirmation got lost, counts once. The next image in order is the only one
    that can be answered.

    Raises:
        EvidenceError: It is about another image, no answer, or the study is closed.
        WorkspaceError: The disk is full, the folder may not be written, or the answers are damaged.
    """
    _check(reading, answer)
    path = _path(folder, reader)
    with locks.hold(path.with_suffix(".lock"), f"Writing the answers of R{reader + 1}", seconds=LOCK_SECONDS):
        so_far = len(of_reader(folder, reading, reader))
        if any(str(item) == answer.item for item in reading.items[reader, :so_far]):
            return _state(reading, reader, so_far)  # it came again
        if is_closed(folder):
            raise EvidenceError(
                f"The study {reading.name} is closed, so no more answers are taken.",
                do="What was answered before is kept.",
                code="closed",
            )
        if so_far >= reading.places or str(reading.items[reader, so_far]) != answer.item:
            raise EvidenceError(
                "The answer is about another image than the next one.", do="Reload the page.", code="out_of_order"
            )
        written = replace(answer, place=so_far, written=datetime.now(UTC).isoformat(timespec="milliseconds"))
        _append(path, json.dumps(asdict(written), allow_nan=False))
    return _state(reading, reader, so_far + 1)


def close(workspace: Workspace, name: str) -> Path:
    """Close a study: no more answers are taken, and results and truth can be seen. Return its folder.

    Raises:
        WorkspaceError: There is no such study, or the disk is full.
    """
    folder = workspace.folder(READINGS, name)
    if not (folder / CLOSED).exists():
        write_atomic(folder / CLOSED, json.dumps({"when": datetime.now(UTC).isoformat(timespec="seconds")}).encode())
    return folder


def is_closed(folder: Path) -> bool:
    return (folder / CLOSED).is_file()


def is_over(folder: Path, reading: Reading) -> bool:
    """Whether results and truth may be seen: the study was closed, or every reader has ended."""
    return is_closed(folder) or all(state(folder, reading, reader).ended for reader in range(len(reading.keys)))


def by_reader(folder: Path, reading: Reading) -> list[list[Answer]]:
    """Return the answers of all readers."""
    return [of_reader(folder, reading, reader) for reader in range(len(reading.keys))]


def parsed(reading: Reading, content: Any) -> Answer:
    """Return an answer as a browser sends it.

    Raises:
        EvidenceError: It is none.
    """
    try:
        sent = {key: content[key] for key in ("item", "confidence", "label", "tags", "seconds", "pauses")}
        answer = codec.decode(Answer, {"place": 0, **sent})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _no_answer(str(error)) from error
    _check(reading, answer)
    return answer


def _check(reading: Reading, answer: Answer) -> None:
    if not 1 <= answer.confidence <= len(SCALE):
        raise _no_answer(f"the confidence {answer.confidence} is not on the scale")
    if not 0 <= answer.label < len(reading.classes):
        raise _no_answer(f"there is no class {answer.label}")
    if not set(answer.tags) <= set(TAGS) or len(set(answer.tags)) != len(answer.tags):
        raise _no_answer("a tag is not one of the list, or comes twice")
    if not 0 <= answer.seconds <= LONGEST_SECONDS or answer.pauses < 0:
        raise _no_answer(f"{answer.seconds:g} seconds with {answer.pauses} pauses cannot be")


def _no_answer(why: str) -> EvidenceError:
    return EvidenceError(f"This is no answer: {why}.", do="Reload the page.", code="answer")


def _state(reading: Reading, reader: int, done: int) -> State:
    names: Sequence[str] = [str(item) for item in reading.items[reader, done : done + 2]]
    item, following = (*names, None, None)[:2]
    return State(done, reading.places, item, following)


def _path(folder: Path, reader: int) -> Path:
    return folder / f"answers-R{reader + 1}.jsonl"


def _whole_lines(path: Path) -> tuple[list[bytes], int]:
    """Return the lines that end, and how many bytes they are."""
    content = b""
    with suppress(FileNotFoundError):
        content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    return whole.splitlines(), len(whole)


def _append(path: Path, line: str) -> None:
    """Add a line, and return when it is on the disk."""
    _, length = _whole_lines(path)
    is_new = not path.exists()
    with translated(path):
        with path.open("xb" if is_new else "r+b") as file:
            file.truncate(length)  # what a power cut left half written
            file.seek(length)
            file.write(line.encode() + b"\n")
        platform.sync_file(path)
        if is_new:
            platform.sync_folder(path.parent)
