"""Images on a cohort's grid, gathered on disk: however many there are, memory holds one and 256 values of each."""

import hashlib
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import Floats, Integers, Pixels
from ganaug_core.storage.workspace import scratch, translated

VALUES = 256
"""Values of each image that are kept for percentiles: 20,000 images give five million."""


class Stack:
    """Images of one shape and any type, appended to a file that has no name and goes with the `with` block."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` says on which disk the file lies; by default that of temporary files."""
        self._folder = folder or scratch()
        with translated(self._folder):
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  closed with the stack
        self._offsets: list[int] = []
        self._shape: tuple[int, ...] = ()
        self._values: list[Floats] = []
        self.kinds: list[np.dtype[np.generic]] = []
        self.digests: list[bytes] = []
        self.lows: list[float] = []
        self.highs: list[float] = []

    def __enter__(self) -> "Stack":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # what was not written yet is not needed any more
            self._file.close()

    def __len__(self) -> int:
        return len(self.kinds)

    def add(self, image: Pixels) -> None:
        """Append a (channel, row, column) image.

        Raises:
            WorkspaceError: The disk is full.
        """
        content = np.ascontiguousarray(image)
        self._shape = content.shape
        self._offsets.append(self._offsets[-1] + self._bytes(-1) if self._offsets else 0)
        self.kinds.append(content.dtype)
        self.digests.append(hashlib.sha256(f"{content.dtype.str}{content.shape}".encode() + content.tobytes()).digest())
        self.lows.append(float(content.min()))
        self.highs.append(float(content.max()))
        self._values.append(content.reshape(-1)[_sampled(content.size)].astype(np.float32))
        with translated(self._folder):
            self._file.write(content.tobytes())

    def extremes(self, rows: Sequence[int]) -> tuple[float, float]:
        """Return the lowest and the highest value of these images."""
        return min(self.lows[row] for row in rows), max(self.highs[row] for row in rows)

    def percentiles(self, rows: Sequence[int], low: float, high: float) -> tuple[float, float]:
        """Return two percentiles, in percent, of the values that were kept of these images."""
        lower, upper = np.percentile(self.values(rows), [low, high])
        return float(lower), float(upper)

    def common_type(self, rows: Sequence[int]) -> np.dtype[np.generic]:
        """Return the smallest type that holds all values of these images."""
        kind = np.result_type(*{self.kinds[row] for row in rows})
        if kind.kind in "iu" and kind.itemsize > 2:
            low, high = self.extremes(rows)
            return np.dtype(np.int16 if low >= -(2**15) and high < 2**15 else np.float32)
        return np.dtype(np.float32) if kind.kind == "f" else kind

    def values(self, rows: Sequence[int]) -> Floats:
        """Return the values that were kept of these images, (n,), before any clipping."""
        return np.concatenate([self._values[row] for row in rows])

    def chosen(self, rows: Sequence[int], low: float, high: float) -> tuple[Pixels, tuple[float, float]]:
        """Return (n, channel, row, column) of these images, clipped to `low` and `high`, memory-mapped and read-only.

        With them comes the share of all values that were lower, and of those that were higher.

        Raises:
            WorkspaceError: The disk is full.
        """
        kind = self.common_type(rows)
        if kind.kind in "iu":
            bounds = np.iinfo(kind)  # type: ignore[type-var]
            low, high = max(np.ceil(low), bounds.min), min(np.floor(high), bounds.max)
        clipped = np.zeros(2, np.int64)
        with translated(self._folder), tempfile.TemporaryFile(dir=self._folder) as file:
            for row in rows:
                self._file.seek(self._offsets[row])
                image = np.frombuffer(self._file.read(self._bytes(row)), self.kinds[row])
                clipped += np.count_nonzero(image < low), np.count_nonzero(image > high)
                file.write(np.clip(image.astype(kind), kind.type(low), kind.type(high)).tobytes())
            file.flush()
            pixels = np.memmap(file, kind, "r", shape=(len(rows), *self._shape))
        below, above = (clipped / pixels.size).tolist()
        return pixels, (below, above)

    def _bytes(self, row: int) -> int:
        return int(np.prod(self._shape)) * self.kinds[row].itemsize


@cache
def _sampled(size: int) -> Integers:
    """Return which values of an image count for percentiles: at random, since even steps would meet one column."""
    positions: NDArray[np.int64] = np.random.default_rng(size).choice(size, min(VALUES, size), replace=False)
    return positions
