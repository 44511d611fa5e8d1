"""Memory of an import by number of slices: python tests/benchmarks/import_memory.py [SLICES] [SIDE].

Prints the anonymous memory that the process holds at its peak, for a tenth of the slices and for all of them, beside
the size of the pixels. The search of twins is left out: it holds 32 x 32 numbers an image.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ganaug_core import readers
from ganaug_core.cohort import import_cohort
from ganaug_core.records import Slice


def slices(count: int, side: int) -> Iterator[Slice]:
    base = np.random.default_rng(0).integers(-900, 900, (side, side), dtype=np.int16)
    for number in range(count):
        yield Slice(
            (base + np.int16(number % 97))[None] ^ np.int16(number & 1023), str(number), "ab"[number % 2], unit="HU"
        )


def anonymous() -> float:
    """Return MB of memory that is no file, now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1e3


def one(count: int, side: int) -> None:
    readers.read = lambda *_, **__: slices(count, side)
    before, most, begun = anonymous(), 0.0, time.perf_counter()

    def report(share: float, words: str) -> None:
        nonlocal most
        most = max(most, anonymous())

    cohort, _ = import_cohort(tempfile.gettempdir(), "c", size=side, twin_limit=0, report=report)
    seconds = time.perf_counter() - begun
    print(
        f"{count:,} slices of {side} px: {len(cohort):,} kept, {count * side * side * 2 / 1e6:,.0f} MB of pixels, "
        f"peak {most - before:,.0f} MB more than before, {1e3 * seconds / count:.2f} ms a slice"
    )


if __name__ == "__main__":
    asked, edge = (int(each) for each in (sys.argv[1:] + ["20000", "128"][len(sys.argv) - 1 :])[:2])
    if os.environ.get("ONE"):
        one(asked, edge)
    else:
        for count in (asked // 10, asked):
            subprocess.run(
                [sys.executable, __file__, str(count), str(edge)], env={**os.environ, "ONE": "1"}, check=True
            )
