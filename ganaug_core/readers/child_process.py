"""A child process that may crash, hang or fill the memory: requests go in, bytes come out, a watch ends it in time.

Only ordinary pipes and one thread, because no system but Linux waits for a pipe with a time limit.
"""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Literal

from ganaug_core.storage import platform

WATCH_SECONDS = 0.1
"""Between two looks at the clock and, where the system sets no limit, at the child's memory."""
PIPE_BYTES = 1 << 20
Overrun = Literal["time", "memory"]


class Child:
    """A process that reads lines from standard input and answers on standard output."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], memory: int) -> None:
        """Start the process; with more than `memory` bytes it is ended where the system does not limit it."""
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment,
            **platform.own_session(),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout.fileno()
        platform.widen_pipe(self._answers, PIPE_BYTES)  # a slice at once
        self._memory = memory
        self._ahead = b""
        self._deadline: float | None = None
        self._changing = threading.Lock()
        self._ending = threading.Event()
        self.works_as = self._process.pid
        """The process whose memory counts: that of a virtual environment on Windows starts another one."""
        self.overrun: Overrun | None = None
        """What the child was ended for by the watch."""
        self._watch = threading.Thread(target=self._look, name="ganaug-watch", daemon=True)
        self._watch.start()

    def send(self, line: bytes) -> None:
        """Write a request; if the child has died, whoever waits for the answer sees it."""
        with suppress(OSError):
            while line:
                line = line[self._requests.write(line) :]

    def line(self, seconds: float) -> bytes | None:
        """Return the next line, less than a line if the child has died, None if the watch has ended it."""
        self._deadline = time.monotonic() + seconds
        while b"\n" not in self._ahead:
            block = os.read(self._answers, PIPE_BYTES)
            if not block:
                break
            self._ahead += block
        if self._overran():
            return None
        line, newline, self._ahead = self._ahead.partition(b"\n")
        return line + newline

    def bytes(self, count: int, seconds: float) -> bytes | None:
        """Return the next bytes, None if they do not come."""
        self._deadline = time.monotonic() + seconds
        blocks, held = [self._ahead], len(self._ahead)
        while held < count:
            block = os.read(self._answers, PIPE_BYTES)
            if not block:
                break
            blocks.append(block)
            held += len(block)
        if self._overran() or held < count:
            return None
        content = b"".join(blocks)
        self._ahead = content[count:]
        return content[:count]

    def end(self) -> int:
        """End the child and what it started; return its exit status, negative for a signal."""
        self._ending.set()
        self._watch.join()
        # A child that crashed has closed its pipe and is ending: its own signal is told, not ours.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.05)
        platform.end_tree(self._process)
        status = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        return status

    def _overran(self) -> bool:
        """Say that nobody waits for the child any more, and whether that came too late."""
        with self._changing:
            self._deadline = None
            return self.overrun is not None

    def _look(self) -> None:
        while not self._ending.wait(WATCH_SECONDS):
            with self._changing:
                if self._deadline is None:
                    continue
                if time.monotonic() > self._deadline:
                    self.overrun = "time"
                elif not platform.LIMITS_MEMORY and platform.memory_of(self.works_as) > self._memory:
                    self.overrun = "memory"
                if self.overrun is not None:
                    platform.end_tree(self._process)
                    return
