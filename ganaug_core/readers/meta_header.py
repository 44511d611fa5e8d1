"""The header of a MetaImage, with its voxels (`.mha`) or beside them (`.mhd`).

Source: https://itk.org/Wiki/ITK/MetaIO/Documentation; one channel or 8-bit colour, binary,
uncompressed or zlib.
"""

import math
import re

import numpy as np

from ganaug_core.errors import CohortError
from ganaug_core.readers import volume_header as shared
from ganaug_core.readers.refusals import damaged, require_memory
from ganaug_core.readers.volume_header import Volume

TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
_SPACING = ("ElementSpacing", "ElementSize")
_ORIGIN = ("Offset", "Position", "Origin")
_AXES = ("TransformMatrix", "Rotation", "Orientation")
_KNOWN = {
    *_SPACING, *_ORIGIN, *_AXES, "ObjectType", "ObjectSubType", "NDims", "DimSize", "ElementType", "BinaryData",
    "BinaryDataByteOrderMSB", "ElementByteOrderMSB", "CompressedData", "CompressedDataSize", "CompressionLevel",
    "CenterOfRotation", "AnatomicalOrientation", "ElementNumberOfChannels", "HeaderSize", "ElementDataFile", "Color",
    "ElementMin", "ElementMax", "ElementToIntensityFunctionSlope", "ElementToIntensityFunctionOffset",
}  # fmt: skip
_CONVERT = "Save the volume as a 3-D .mha file of one channel and import it again."


def is_meta(start: bytes) -> bool:
    """Whether a file that starts so is a MetaImage."""
    return re.match(rb"(ObjectType|NDims|Comment|ObjectSubType)\s*=", start) is not None


def meta(start: bytes, *, detached: bool) -> Volume:
    """Return what the first 64 kB promise; `detached` says that the voxels may lie in another file.

    Raises:
        CohortError: `meta.header`, `.dims`, `.type`, `.encoding`, `.spacing`, `.scale`, `.data_file`, or `too_big`.
    """
    if not is_meta(start):
        raise damaged("the file does not start with a MetaImage header.", "meta.header")
    # ElementDataFile ends the header; the voxels follow its line.
    last = re.search(rb"(?:^|\n)ElementDataFile\s*=\s*([^\r\n]*)(?:\r?\n|$)", start[: shared.LONGEST_HEADER])
    if last is None:
        raise damaged(f"the header does not end within {shared.LONGEST_HEADER:,} bytes.", "meta.header")
    fields = _fields(start[: last.end()].decode("latin-1"))
    dtype = _dtype(fields)
    dimensions = _wholes(fields, "NDims")
    sizes = shared.require_sizes(_wholes(fields, "DimSize"), (dimensions or [0])[0], "meta", dtype)
    channels = _channels(fields, dtype)
    require_memory(channels * math.prod(sizes))
    lines = _geometry(fields, len(sizes))
    _require_no_scale(fields)
    data_file = fields["ElementDataFile"]
    if (data_file.upper() != "LOCAL") != detached:
        raise CohortError(
            "the header and the voxels must be in one file (.mha), or the header in a .mhd file.",
            do=_CONVERT,
            code="meta.data_file",
        )
    kind = next(name for name, code in TYPES.items() if code == dtype.str[1:])
    return Volume(
        "meta",
        dtype,
        sizes,
        _true(fields, "CompressedData"),
        last.end(),
        shared.bare(data_file, "meta") if detached else None,
        (
            "ObjectType = Image",
            f"NDims = {len(sizes)}",
            "BinaryData = True",
            f"BinaryDataByteOrderMSB = {dtype.byteorder == '>'}",
            *lines,
            f"DimSize = {' '.join(map(str, sizes))}",
            f"ElementType = {kind}",
            "ElementDataFile = LOCAL",
            "",
        ),
        ("other fields",) if set(fields) - _KNOWN else (),
        channels,
    )


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, equal, value = line.partition("=")
        if not equal or name.strip() in fields:
            raise damaged("a line of the header is no field, or a field stands there twice.", "meta.header")
        fields[name.strip()] = value.strip()
    return fields


def _true(fields: dict[str, str], name: str) -> bool:
    return fields.get(name, "").casefold() in ("true", "1", "yes")


def _dtype(fields: dict[str, str]) -> "np.dtype[np.generic]":
    kind = TYPES.get(fields.get("ElementType", ""))
    if kind is None:
        raise CohortError(
            "the type of the voxels is unknown; integers and floats are read.", do=_CONVERT, code="meta.type"
        )
    big = _true(fields, "BinaryDataByteOrderMSB") or _true(fields, "ElementByteOrderMSB")
    return np.dtype((">" if big else "<") + kind)


def _wholes(fields: dict[str, str], name: str) -> list[int]:
    try:
        return [int(word) for word in fields.get(name, "").split()]
    except ValueError as error:
        raise damaged(f"{name} is not made of whole numbers.", "meta.header") from error


def _channels(fields: dict[str, str], dtype: "np.dtype[np.generic]") -> int:
    """Return how many values a voxel has: 1, or 3 or 4 bytes of red, green, blue and perhaps opacity."""
    channels = _wholes(fields, "ElementNumberOfChannels") or [1]
    if channels != [1] and not (channels in ([3], [4]) and dtype == np.uint8):
        raise CohortError("voxels of several channels, but for 8-bit colour, are not read.", do=_CONVERT,
                          code="meta.dims")  # fmt: skip
    if _wholes(fields, "HeaderSize") not in ([], [0]) or ("BinaryData" in fields and not _true(fields, "BinaryData")):
        raise CohortError(
            "voxels written as text, or behind a header of their own, are not read.", do=_CONVERT, code="meta.encoding"
        )
    return channels[0]


def _require_no_scale(fields: dict[str, str]) -> None:
    """Refuse voxels that the header scales: image libraries pass over it."""
    for name, neutral in (("ElementToIntensityFunctionSlope", 1), ("ElementToIntensityFunctionOffset", 0)):
        if name in fields and shared.finite(fields[name], "meta", name, 1) != [neutral]:
            raise CohortError(
                f"its values have a scale ({name} = {fields[name]}), which is not read.",
                do="Save the volume with its values as they are meant.",
                code="meta.scale",
            )


def _geometry(fields: dict[str, str], dimensions: int) -> list[str]:
    """Return the lines of spacing, origin and axes, checked."""
    lines = []
    for names, count in ((_SPACING, dimensions), (_ORIGIN, dimensions), (_AXES, dimensions**2)):
        name = next((name for name in names if name in fields), None)
        if name is None:
            continue
        values = shared.finite(fields[name], "meta", name, count)
        if names is _SPACING:
            shared.require_spacing(values, "meta")
        if names is _AXES and not np.allclose(
            np.reshape(values, (dimensions, -1)) @ np.reshape(values, (dimensions, -1)).T, np.eye(dimensions), atol=0.01
        ):
            raise damaged("the axes of the volume are not perpendicular and of length 1.", "meta.orientation")
        lines.append(f"{name} = {fields[name]}")
    return lines
