"""Processes that answer while somebody waits: the web process itself loads nothing heavy."""

import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Generator, Iterator
from contextlib import suppress

from ganaug_core import conversation

MOST_KEPT = 12  # answers, of up to some MB each
MOST_WAITING = 8


class Players:
    """A few processes that answer, started when they are first wanted, and the last answers that came to their end.

    Args:
        most: Processes at a time.
        module: What each runs, as `python -m module`; it answers by `conversation.answer`.
        arguments: Of its command line.
    """

    def __init__(self, most: int, module: str, *arguments: str) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._free: list[subprocess.Popen[bytes]] = []
        self._places = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._waiting = self._busy = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def kept(self, line: str) -> bytes | None:
        """Return a whole answer that was given before."""
        with self._lock:
            if line in self._kept:
                self._kept.move_to_end(line)
            return self._kept.get(line)

    def may_wait(self) -> bool:
        """Whether the queue has a place."""
        return self._waiting < MOST_WAITING

    def play(self, line: str) -> Generator[bytes, None, None]:
        """Yield the pieces of the answer to a line; one that is left before its end is ended."""
        with self._lock:
            self._waiting += 1
        with self._places:
            with self._lock:
                self._waiting -= 1
                self._busy += 1
            player, whole = self._player(), False
            try:
                pieces = []
                for piece in _ask(player, line):
                    pieces.append(piece)
                    yield piece
                whole = True
                self._keep(line, b"".join(pieces))
            finally:
                self._give_back(player, whole)
                with self._lock:
                    self._busy -= 1

    def warm(self) -> None:
        """Start a process before anybody asks for one, unless there is one; it pays for torch meanwhile."""
        with self._lock:
            alive = [player for player in self._free if player.poll() is None]
            for player in self._free:
                if player not in alive:
                    _end(player)
            self._free = alive
            if not self._free and not self._busy:
                self._free = [self._start()]

    def _player(self) -> "subprocess.Popen[bytes]":
        with self._lock:
            while self._free:
                player = self._free.pop()
                if player.poll() is None:
                    return player
                _end(player)
        return self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _give_back(self, player: "subprocess.Popen[bytes]", whole: bool) -> None:
        if not whole:
            try:  # whoever watched has left: the process comes to an end at its next piece
                for _ in _ask(player, conversation.STOP):
                    pass
            except (OSError, EOFError, ValueError):  # the process has ended, or its pipe is closed
                _end(player)
                return
        with self._lock:
            self._free.append(player)

    def _keep(self, line: str, data: bytes) -> None:
        with self._lock:
            self._kept[line] = data
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


def _ask(process: "subprocess.Popen[bytes]", line: str) -> Iterator[bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    conversation.say(process.stdin, line)  # type: ignore[arg-type]
    yield from conversation.hear(process.stdout)  # type: ignore[arg-type]


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process, if it has not ended, and close its pipes."""
    process.kill()
    with suppress(OSError), process:  # what it did not read any more cannot be written
        pass
