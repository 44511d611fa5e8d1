"""Numerical work in a thread beside the caller's: libraries that compute let go of the interpreter."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

from ganaug_core.interfaces import Report

Result = TypeVar("Result")
POLL_SECONDS = 0.2


class _Unwanted(Exception):
    """Nobody waits for the result any more."""


class Background(Generic[Result]):
    """Work that begins where the `with` begins; it ends with it, also where the caller fails or is stopped.

    Attributes:
        share: How much of the work is done, in [0, 1], and `doing` what, in words.
    """

    def __init__(self, work: Callable[[Report], Result]) -> None:
        """`work` reports often: only then can it be ended."""
        self.share, self.doing = 0.0, ""
        self._work = work
        self._result: list[Result] = []
        self._error: BaseException | None = None
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ganaug-background", daemon=True)

    def __enter__(self) -> "Background[Result]":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._unwanted.set()
        self._thread.join()

    def check(self) -> None:
        """Raise what the work has raised."""
        if self._error is not None:
            raise self._error

    def result(self, report: Report) -> Result:
        """Wait for the result, reporting how far the work is; raise what it raises."""
        while self._thread.is_alive():
            report(self.share, self.doing)
            self._thread.join(POLL_SECONDS)
        self.check()
        return self._result[0]

    def _run(self) -> None:
        try:
            self._result.append(self._work(self._heard))
            self.share = 1.0
        except BaseException as error:  # the caller's thread raises it
            self._error = error

    def _heard(self, share: float, doing: str) -> None:
        self.share, self.doing = max(self.share, share), doing  # several threads may report
        if self._unwanted.is_set():
            raise _Unwanted
