"""What the headers of NRRD and MetaImage share: where the voxels lie, and whether they are there.

Headers that point to another file are refused, but for the two formats that are made so (`.nhdr`, `.mhd`), where the
data file is a bare name in the same folder: anything else reads whatever the server can read.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganaug_core.errors import CohortError
from ganaug_core.readers.refusals import LARGEST_RATIO, bomb, damaged, require_memory, truncated

HARMLESS_LENGTH = 256 << 20
"""Bytes of voxels below which no ratio is suspicious: the mask of a whole CT packs a thousand times and more."""
LONGEST_HEADER = 1 << 16
"""Bytes; ITK takes minutes over headers of some megabytes."""


@dataclass(frozen=True)
class Volume:
    """The promise of one header.

    Attributes:
        format: `nrrd` or `meta`, which begins the codes of refusals.
        dtype: Of the voxels, with their byte order.
        sizes: From the fastest axis to the slowest, 2 or 3.
        packed: The voxels are compressed with zlib or gzip.
        at: First byte after the header.
        data_file: Bare name of the file of the voxels, None where they follow the header.
        lines: The header that is given to ITK: what it needs, and nothing else.
        dropped: Names of what else the header holds.
        channels: Values a voxel: 1, or 3 or 4 bytes of red, green, blue and opacity.
    """

    format: str
    dtype: np.dtype[Any]
    sizes: tuple[int, ...]
    packed: bool
    at: int
    data_file: str | None
    lines: tuple[str, ...]
    dropped: tuple[str, ...]
    channels: int = 1

    @property
    def length(self) -> int:
        """Bytes of all voxels."""
        return math.prod(self.sizes) * self.dtype.itemsize * self.channels

    @property
    def slice_length(self) -> int:
        """Bytes of one plane."""
        return self.sizes[0] * self.sizes[1] * self.dtype.itemsize * self.channels


def require_sizes(sizes: Sequence[int], dimensions: int, name: str, dtype: np.dtype[Any]) -> tuple[int, ...]:
    """Return the sizes of 2 or 3 axes.

    Raises:
        CohortError: `NAME.dims` or `too_big`.
    """
    if len(sizes) != dimensions or dimensions not in (2, 3) or not all(0 < size < 1 << 31 for size in sizes):
        raise CohortError(
            f"the header gives {dimensions} dimensions of sizes {list(sizes)[:5]}; 2 or 3 positive ones are read.",
            do="Save the one volume that you want as a 3-D file and import it again.",
            code=f"{name}.dims",
        )
    require_memory(math.prod(sizes) * dtype.itemsize)
    return tuple(sizes)


def bare(name: str, format: str) -> str:
    """Return the name of a data file if it can only lie beside its header.

    Raises:
        CohortError: `FORMAT.data_file`.
    """
    if not name or len(name) > 200 or name.startswith(".") or any(sign in name for sign in "/\\%\0\n "):
        raise CohortError(
            "the header points to a file that does not lie beside it under a plain name.",
            do="Save header and voxels as one file (.nrrd or .mha).",
            code=f"{format}.data_file",
        )
    return name


def voxels(header: Volume, content: bytes) -> bytes:
    """Return the uncompressed voxels.

    Raises:
        CohortError: `truncated`, `bomb`, or `FORMAT.dims` where a whole plane more is there.
    """
    most = header.length + header.slice_length
    if header.packed:
        if header.length > max(HARMLESS_LENGTH, LARGEST_RATIO * len(content)):
            raise bomb(len(content), header.length)
        inflate = zlib.decompressobj(47)  # zlib or gzip
        try:
            content = inflate.decompress(content, most)
        except zlib.error as error:
            raise damaged("the compressed voxels are damaged.", "truncated") from error
        if not inflate.eof and len(content) < most:
            raise damaged("the compressed voxels end early.", "truncated")
    if len(content) < header.length:
        raise truncated(header.length, len(content))
    if len(content) >= most:
        raise damaged(
            f"the header promises {header.length:,} bytes of image and the file holds more.",
            f"{header.format}.dims",
        )
    return content[: header.length]


def finite(text: str, name: str, what: str, count: int | None = None) -> list[float]:
    """Return the numbers of a field, all finite.

    Raises:
        CohortError: `NAME.spacing`.
    """
    try:
        values = [float(word) for word in text.replace("(", " ").replace(")", " ").replace(",", " ").split()]
    except ValueError as error:
        raise damaged(f"{what} is not made of numbers.", f"{name}.spacing") from error
    if not all(math.isfinite(value) for value in values) or count not in (None, len(values)):
        raise damaged(f"{what} is not made of {count} finite numbers.", f"{name}.spacing")
    return values


def require_spacing(spacing: Sequence[float], name: str) -> None:
    """Refuse a voxel spacing that cannot be.

    Raises:
        CohortError: `NAME.spacing`.
    """
    if not all(0 < distance < 1000 for distance in spacing):
        raise damaged(f"the voxel spacing {tuple(spacing)} is not positive.", f"{name}.spacing")
