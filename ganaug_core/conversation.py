"""Speaking with a process through its pipes: it is asked one line at a time and answers in pieces of bytes.

Each piece comes after its length in four bytes, 0 ends the answer. An empty line that comes before the end ends the
answer early. The process leaves when its input ends, or when nobody has asked for anything for some minutes.
"""

import queue
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO, TextIO

IDLE_SECONDS = 300.0
STOP = ""


# the process that answers


def answer(pieces: Callable[[str], Iterator[bytes]]) -> None:
    """Answer what comes through the standard input until there is nothing more to answer.

    Args:
        pieces: A line to the pieces of its answer.
    """
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            return
        if line is None:
            return
        if line != STOP:
            _write(sys.stdout.buffer, pieces(line), lines)


def _listen(source: TextIO, lines: "queue.Queue[str | None]") -> None:
    for line in source:
        lines.put(line.strip())
    lines.put(None)


def _write(output: BinaryIO, pieces: Iterator[bytes], lines: "queue.Queue[str | None]") -> None:
    for piece in pieces:
        output.write(struct.pack("<I", len(piece)) + piece)
        output.flush()
        if not lines.empty():
            break
    output.write(struct.pack("<I", 0))
    output.flush()


# whoever asks


def say(process_input: BinaryIO, line: str) -> None:
    process_input.write(line.encode() + b"\n")
    process_input.flush()


def hear(process_output: BinaryIO) -> Iterator[bytes]:
    """Yield pieces up to the end of the answer.

    Raises:
        EOFError: The process ended.
    """
    while length := struct.unpack("<I", _exactly(process_output, 4))[0]:
        yield _exactly(process_output, length)


def _exactly(process_output: BinaryIO, length: int) -> bytes:
    data = process_output.read(length)
    if len(data) < length:
        raise EOFError("the process ended")
    return data
