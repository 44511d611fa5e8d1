"""What the header of a NIfTI file promises, checked against the bytes that are there.

SimpleITK reads a file cut in half, a header that claims a thousand times its data, and spacings of zero without an
exception: what is missing becomes 0. So nothing is decoded before it has passed here. NIfTI-2 differs in the places and
widths of its fields, so it is written anew as NIfTI-1. Runs in the decoder's process.

Source: nifti1.h and nifti2.h of https://nifti.nimh.nih.gov.
"""

import math
import struct
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ganaug_core.errors import CohortError
from ganaug_core.readers.refusals import damaged, require_memory, truncated

NIFTI_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
COLOURS = {128: 3, 2304: 4}
"""Bytes of a voxel of NIfTI's two colour types, red first."""
FIRST_LENGTH, SECOND_LENGTH = 352, 544
"""Bytes of the headers of NIfTI-1 and NIfTI-2, with the four that say whether there are extensions."""
_CONVERT = "Write the volume as a 3-D NIfTI-1 file (.nii or .nii.gz) and import it again."


@dataclass(frozen=True)
class Nifti:
    """Where the voxels lie.

    A slope of 0 or not-a-number means that values are as they are stored, whatever the intercept says.

    Attributes:
        offset: First byte of the voxels that are taken.
        length: Their bytes.
        slice_length: Of one plane.
        dtype: Of the values.
        first, whole: First byte of all voxels that the header promises, and their bytes.
        channels: Values a voxel: 1, or 3 or 4 in colour.
        rewritten: Header of a NIfTI-1 file of these voxels alone, in grey; None where the file can be taken as it is.
    """

    offset: int
    length: int
    slice_length: int
    dtype: np.dtype[Any]
    first: int
    whole: int
    channels: int = 1
    rewritten: bytes | None = None

    @property
    def end(self) -> int:
        """Byte after the last voxel."""
        return self.first + self.whole


def nifti(start: bytes, volume: int | None = None) -> Nifti:
    """Return what the first 544 bytes or more of a NIfTI file promise.

    Args:
        volume: Number of the volume to take of a 4-D file, from 1.

    Raises:
        CohortError: `nifti.header`, `.pair`, `.dims`, `.type`, `.spacing`, `.offset`, `.slope`, or `too_big`.
    """
    if start[4:8] not in (b"n+2\0", b"ni2\0"):
        return _first_version(start, volume, None)
    first, offset = _as_first(start)
    return _first_version(first, volume, offset)


def _first_version(start: bytes, volume: int | None, offset: int | None) -> Nifti:
    """Return what a NIfTI-1 header promises; `offset` where the voxels of the NIfTI-2 file begin that it stands for."""
    if start[344:348] == b"ni1\0":
        raise CohortError("the voxels are in a second file (.hdr/.img).", do=_CONVERT, code="nifti.pair")
    order = next((sign for sign in "<>" if start[:4] == struct.pack(sign + "i", 348)), None)
    if order is None or start[344:348] != b"n+1\0":
        raise damaged("the file does not start with a NIfTI header.", "nifti.header")
    dimensions, *sizes = struct.unpack(order + "8h", start[40:56])
    if not 2 <= dimensions <= 4 or any(size < 1 for size in sizes[:dimensions]):
        raise CohortError(
            f"the header gives {dimensions} dimensions of sizes {sizes}; 2 or 3 positive ones are read.",
            do=_CONVERT,
            code="nifti.dims",
        )
    volumes = sizes[3] if dimensions == 4 else 1
    if volumes > 1 and (volume is None or volume > volumes):
        which = "which one to use is not ours to choose" if volume is None else f"there is none of the number {volume}"
        raise CohortError(
            f"the file holds {volumes} volumes (4-D); {which}.",
            do="Choose one by its number (--volume), or save it as a 3-D file and import that.",
            code="nifti.dims",
        )
    code, bits = struct.unpack(order + "2h", start[70:74])
    channels = COLOURS.get(code, 1)
    dtype = np.dtype(order + NIFTI_TYPES[code]) if code in NIFTI_TYPES else np.dtype("u1")
    if code not in {*NIFTI_TYPES, *COLOURS} or bits != 8 * dtype.itemsize * channels:
        raise CohortError(
            f"voxels of NIfTI type {code} with {bits} bits are not read; integers, floats and 8-bit colours are.",
            do=_CONVERT,
            code="nifti.type",
        )
    spacing = struct.unpack(order + "3f", start[80:92])[: min(dimensions, 3)]
    if not all(0 < distance < 1000 for distance in spacing):
        raise damaged(f"the voxel spacing {spacing} is not positive.", "nifti.spacing")
    begins, slope, intercept = struct.unpack(order + "3f", start[108:120])
    if not FIRST_LENGTH <= begins < 1e7:
        raise damaged(f"voxels cannot start at byte {begins:g}.", "nifti.offset")
    is_scaled = not (math.isnan(slope) or slope == 0)
    if is_scaled and not (math.isfinite(slope) and math.isfinite(intercept)):
        raise damaged("the scale of the voxels is not a number.", "nifti.slope")
    plane = sizes[0] * sizes[1] * dtype.itemsize * channels
    length = plane * (sizes[2] if dimensions > 2 else 1)
    require_memory(length)
    begins = int(begins) if offset is None else offset
    first_taken = begins + ((volume or 1) - 1) * length if volumes > 1 else begins
    layout = Nifti(first_taken, length, plane, dtype, begins, volumes * length, channels)
    if offset is None and volumes == 1 and channels == 1 and (is_scaled or slope == intercept == 0):
        return layout
    return replace(layout, rewritten=_alone(start, order, dimensions, channels, is_scaled=is_scaled))


def _alone(start: bytes, order: str, dimensions: int, channels: int, *, is_scaled: bool) -> bytes:
    """Return the header of a grey NIfTI-1 file of one volume."""
    header = bytearray(start[:348] + b"\0" * 4)
    if not is_scaled:
        struct.pack_into(order + "2f", header, 112, 1, 0)
    if dimensions == 4:
        struct.pack_into(order + "h", header, 40, 3)
    if channels > 1:
        struct.pack_into(order + "2h", header, 70, 2, 8)
    struct.pack_into(order + "f", header, 108, FIRST_LENGTH)
    return bytes(header)


_NUMBERS = (
    ("h", 70, "h", 12, 2),  # type of the voxels, bits
    ("f", 76, "d", 104, 8),  # handedness and spacings
    ("f", 112, "d", 176, 2),  # slope and intercept
    ("f", 256, "d", 352, 6),  # quaternion and its offset
    ("f", 280, "d", 400, 12),  # matrix
    ("h", 252, "i", 344, 2),  # which of the two counts
)
"""Type and first byte in NIfTI-1, type and first byte in NIfTI-2, and how many there are, of numbers that are kept."""
_TEXTS = ((148, 240, 80), (228, 320, 24), (328, 508, 16))


def _as_first(start: bytes) -> tuple[bytes, int]:
    """Return the NIfTI-1 header that says the same as a NIfTI-2 header, and where the voxels begin."""
    order = next((sign for sign in "<>" if start[:4] == struct.pack(sign + "i", 540)), None)
    if order is None or len(start) < SECOND_LENGTH:
        raise damaged("the file does not start with a NIfTI header.", "nifti.header")
    if start[4:8] == b"ni2\0":
        raise CohortError("the voxels are in a second file (.hdr/.img).", do=_CONVERT, code="nifti.pair")
    sizes = struct.unpack(order + "8q", start[16:80])
    if not all(-1 < size < 1 << 15 for size in sizes):
        raise CohortError(
            f"the header gives sizes of {sizes[1:]}; up to {(1 << 15) - 1:,} voxels a side are read.",
            do=_CONVERT,
            code="nifti.dims",
        )
    (offset,) = struct.unpack(order + "q", start[168:176])
    if not SECOND_LENGTH <= offset < 1e7:
        raise damaged(f"voxels cannot start at byte {offset}.", "nifti.offset")
    header = bytearray(348)
    struct.pack_into(order + "i", header, 0, 348)
    struct.pack_into(order + "8h", header, 40, *sizes)
    struct.pack_into(order + "f", header, 108, FIRST_LENGTH)
    header[123] = start[503 if order == ">" else 500]  # units
    header[344:348] = b"n+1\0"
    try:
        for first_type, first_at, second_type, second_at, count in _NUMBERS:
            numbers = struct.unpack_from(f"{order}{count}{second_type}", start, second_at)
            struct.pack_into(f"{order}{count}{first_type}", header, first_at, *numbers)
    except (struct.error, OverflowError) as error:
        raise damaged("a number of the header is too large.", "nifti.header") from error
    for first_at, second_at, length in _TEXTS:
        header[first_at : first_at + length] = start[second_at : second_at + length]
    return bytes(header), offset


def nifti_holds(header: Nifti, size: int) -> None:
    """Compare the promise with the `size` in bytes of the uncompressed file.

    Raises:
        CohortError: `truncated`, or `nifti.dims` where a whole plane more is there than the header knows of.
    """
    if size < header.end:
        raise truncated(header.whole, max(0, size - header.first))
    if size >= header.end + header.slice_length:
        raise damaged(f"the header promises {header.whole:,} bytes of image and the file holds more.", "nifti.dims")
