"""Numerical work in threads beside the caller's: libraries that compute let go of the interpreter."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

from ganaug_core.interfaces import Report
from ganaug_core.processor import available_cores

Result = TypeVar("Result")
POLL_SECONDS = 0.2
AT_HAND_SECONDS = 0.5  # tasks that only look up what is kept end in this time
AT_ONCE = 2  # tasks that compute at the same time; each takes one core


class _Unwanted(Exception):
    """Nobody waits for the results any more."""


class Background(Generic[Result]):
    """Tasks that begin where the `with` begins; they end with it, also where the caller fails or is stopped.

    The tasks take the cores that the caller leaves, the first ones first, and his own when he waits for the results:
    threads that share a core wait for each other, and two fits beside a search on two cores cost twice their time.

    Attributes:
        share: How much of the work is done, in [0, 1], and `doing` what, in words.
    """

    def __init__(self, tasks: Mapping[str, Callable[[Report], Result]]) -> None:
        """`tasks` by name, the longest first; they report often: only then can they be ended."""
        self.share, self.doing = 0.0, ""
        self._shares = dict.fromkeys(tasks, 0.0)
        self._tasks = tasks
        self._results: dict[str, Result] = {}
        self._error: BaseException | None = None
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ganaug-background", daemon=True)

    def __enter__(self) -> "Background[Result]":
        import torch  # only who computes loads it

        # asked here: else the first number of a task's threads becomes the caller's
        self._threads, cores = torch.get_num_threads(), available_cores()
        beside = max(1, min(AT_ONCE, cores - 1))
        self._free = threading.Semaphore(beside)
        self._thread.start()
        self._thread.join(AT_HAND_SECONDS)
        if self._thread.is_alive():
            torch.set_num_threads(min(self._threads, max(1, cores - beside)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._unwanted.set()
        self._leave_core()
        self._thread.join()

    def check(self) -> None:
        """Raise what a task has raised; call it often: it gives threads back when all tasks are done."""
        if not self._thread.is_alive():
            self._take_threads()
        if self._error is not None:
            raise self._error

    def results(self, report: Report) -> Mapping[str, Result]:
        """Wait for the results, by name, reporting how far the work is; raise what a task raises."""
        self._leave_core()
        while self._thread.is_alive():
            report(self.share, self.doing)
            self._thread.join(POLL_SECONDS)
        self.check()
        return self._results

    def _leave_core(self) -> None:
        """Let one more task compute, now that the caller does not."""
        self._take_threads()
        self._free.release()

    def _take_threads(self) -> None:
        import torch

        torch.set_num_threads(self._threads)

    def _run(self) -> None:
        try:
            with ThreadPoolExecutor(AT_ONCE, "ganaug-background") as threads:
                self._results = dict(zip(self._tasks, threads.map(self._one, self._tasks), strict=True))
            self.share = 1.0
        except BaseException as error:  # the caller's thread raises it
            self._error = error

    def _one(self, name: str) -> Result:
        def heard(share: float, doing: str) -> None:
            self._shares[name] = share
            self.share = max(self.share, sum(self._shares.values()) / len(self._shares))
            self.doing = doing
            if self._unwanted.is_set():
                raise _Unwanted

        with self._free:
            return self._tasks[name](heard)
