"""Masks of the images of a cohort, on its grid, gathered on disk as the images are."""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ganaug_core.readers import resampling
from ganaug_core.records import NO_MASK
from ganaug_core.storage.workspace import scratch, translated


class Masks:
    """Masks of some of the images of a `Stack`; the file has no name and goes with the `with` block."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` says on which disk the file lies; by default that of temporary files."""
        self._folder = folder or scratch()
        with translated(self._folder):
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  closed with the block
        self._positions: dict[int, int] = {}
        self._size = 0

    def __enter__(self) -> "Masks":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # what was not written yet is not needed any more
            self._file.close()

    def __contains__(self, row: int) -> bool:
        return row in self._positions

    def add(self, row: int, mask: NDArray[np.uint8], size: int, spacing: resampling.Spacing | None) -> None:
        """Append the mask (row, column) of image `row` of the stack, brought to the cohort's grid.

        Raises:
            WorkspaceError: The disk is full.
        """
        self._positions[row], self._size = len(self._positions), size
        fitted = resampling.halved(resampling.fitted(mask[None].astype(np.float32), size, spacing, fill=0.0)[0])
        with translated(self._folder):
            self._file.write(fitted.tobytes())

    def chosen(self, rows: Sequence[int]) -> NDArray[np.uint8] | None:
        """Return (n, size, size) of these images, memory-mapped and read-only; None where none of them has a mask.

        Raises:
            WorkspaceError: The disk is full.
        """
        if not any(row in self for row in rows):
            return None
        length = self._size * self._size
        none = bytes([NO_MASK]) * length
        with translated(self._folder), tempfile.TemporaryFile(dir=self._folder) as file:
            for row in rows:
                if row in self:
                    self._file.seek(self._positions[row] * length)
                file.write(self._file.read(length) if row in self else none)
            file.flush()
            return np.memmap(file, np.uint8, "r", shape=(len(rows), self._size, self._size))
