"""What a NIfTI-1 header promises, checked against the bytes that are there.

SimpleITK reads a file cut in half, a header that claims a thousand times its data, and spacings of zero without an
exception: what is missing becomes 0. So nothing is decoded before it has passed here. Runs in the decoder's process.
"""

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganaug_core.errors import CohortError
from ganaug_core.readers.refusals import damaged, require_memory, truncated

NIFTI_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}


@dataclass(frozen=True)
class Nifti:
    """Where the voxels lie: `offset` and `length` in bytes, `slice_length` of one plane, their NumPy type."""

    offset: int
    length: int
    slice_length: int
    dtype: np.dtype[Any]


def nifti(start: bytes) -> Nifti:
    """Return what the first 348 bytes or more of a NIfTI-1 file promise.

    Raises:
        CohortError: `nifti.header`, `.pair`, `.dims`, `.type`, `.spacing`, `.offset`, `.slope`, or `too_big`.
    """
    convert = "Write the volume as a 3-D NIfTI-1 file (.nii or .nii.gz) and import it again."
    if start[4:8] in (b"n+2\0", b"ni2\0"):
        raise CohortError("the file is NIfTI-2, which is not read.", do=convert, code="nifti.header")
    if start[344:348] == b"ni1\0":
        raise CohortError("the voxels are in a second file (.hdr/.img).", do=convert, code="nifti.pair")
    order = next((each for each in "<>" if start[:4] == struct.pack(each + "i", 348)), None)
    if order is None or start[344:348] != b"n+1\0":
        raise damaged("the file does not start with a NIfTI-1 header.", "nifti.header")
    dimensions, *sizes = struct.unpack(order + "8h", start[40:56])
    if not 2 <= dimensions <= 4 or any(size < 1 for size in sizes[:dimensions]):
        raise CohortError(
            f"the header gives {dimensions} dimensions of sizes {sizes}; 2 or 3 positive ones are read.",
            do=convert,
            code="nifti.dims",
        )
    if dimensions == 4 and sizes[3] > 1:
        raise CohortError(
            f"the file holds {sizes[3]} takes of one volume (4-D); which one to use is not ours to choose.",
            do="Save the take you want as a 3-D file and import it again.",
            code="nifti.dims",
        )
    code, bits = struct.unpack(order + "2h", start[70:74])
    if code not in NIFTI_TYPES or bits != 8 * np.dtype(NIFTI_TYPES[code]).itemsize:
        raise CohortError(
            f"voxels of NIfTI type {code} with {bits} bits are not read; integers and floats are.",
            do=convert,
            code="nifti.type",
        )
    spacing = struct.unpack(order + "3f", start[80:92])[: min(dimensions, 3)]
    if not all(0 < each < 1000 for each in spacing):
        raise damaged(f"the voxel spacing {spacing} is not positive.", "nifti.spacing")
    offset, slope, intercept = struct.unpack(order + "3f", start[108:120])
    if not 352 <= offset < 1e7:
        raise damaged(f"voxels cannot start at byte {offset:g}.", "nifti.offset")
    if not (math.isfinite(slope) and math.isfinite(intercept)):
        raise damaged("the scale of the voxels is not a number.", "nifti.slope")
    dtype = np.dtype(order + NIFTI_TYPES[code])
    plane = sizes[0] * sizes[1] * dtype.itemsize
    length = plane * (sizes[2] if dimensions > 2 else 1)
    require_memory(length)
    return Nifti(int(offset), length, plane, dtype)


def nifti_holds(promised: Nifti, size: int) -> None:
    """Compare the promise with the `size` in bytes of the uncompressed file.

    Raises:
        CohortError: `truncated`, or `nifti.dims` where a whole plane more is there than the header knows of.
    """
    held = size - promised.offset
    if held < promised.length:
        raise truncated(promised.length, max(0, held))
    if held >= promised.length + promised.slice_length:
        raise damaged(f"the header promises {promised.length:,} bytes of image and the file holds more.", "nifti.dims")
