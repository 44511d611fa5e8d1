"""How much of an import is done, in time: reading and the search for near-duplicates take turns at being longer."""

import time
from collections.abc import Callable

from ganaug_core.interfaces import Report

WORTH_A_TRIAL = 500  # files; fewer are searched in a second or two
SEARCHED = 0.1  # share of the search from which on its own pace tells how long it takes


class ImportProgress:
    """Turns the shares of the two parts into one share of the time that all will have taken.

    Args:
        report: Who is told.
        files: Files to read, None where nobody knows: then each part is half.
        search_seconds: Returns how long the search takes for so many images.
        clock: Seconds.
    """

    def __init__(
        self,
        report: Report,
        files: int | None,
        search_seconds: Callable[[int], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report, self._clock = report, clock
        self._search: float | None = None
        if files is not None and files >= WORTH_A_TRIAL:
            self._search = search_seconds(files)
        self._begun = clock()
        self._read = 0.0
        self._from: tuple[float, float] | None = None  # share and seconds of the search when it first said something
        self._told = 0.0

    def reading(self, share: float, doing: str) -> None:
        self._read = self._clock() - self._begun
        if self._search is None:
            self._tell(0.5 * share, doing)
        elif share > 0:
            self._tell_time(self._read / share + self._search, doing)

    def searching(self, share: float, doing: str) -> None:
        if self._search is None:
            self._tell(0.5 + 0.49 * share, doing)
            return
        taken = self._clock() - self._begun - self._read
        # at first what was expected, later what it takes; what comes before the first word is not its pace
        self._from = self._from or (share, taken)
        done, seconds = share - self._from[0], taken - self._from[1]
        trust = min(1.0, done / SEARCHED)
        left = (1 - share) * ((1 - trust) * self._search + trust * seconds / max(done, 1e-6))
        self._tell_time(self._read + taken + left, doing)

    def _tell_time(self, whole: float, doing: str) -> None:
        self._tell(min(0.99, (self._clock() - self._begun) / max(whole, 1e-6)), doing)

    def _tell(self, share: float, doing: str) -> None:
        self._told = max(self._told, share)
        self._report(self._told, doing)
