"""The header of an NRRD file, attached (`.nrrd`) or detached (`.nhdr`).

Source: http://teem.sourceforge.net/nrrd/format.html; of its encodings, raw and gzip are read.
"""

import math
import re

import numpy as np

from ganaug_core.errors import CohortError
from ganaug_core.readers import volume_header as shared
from ganaug_core.readers.refusals import damaged, require_memory
from ganaug_core.readers.volume_header import Volume

_INTEGERS = {
    "i1": ("signed char", "int8", "int8_t"), "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"), "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
}  # fmt: skip
TYPES = {name: kind for kind, names in _INTEGERS.items() for name in names} | {"float": "f4", "double": "f8"}
_FOR_ITK = ("space", "space directions", "space origin", "spacings", "space dimension")
_HARMLESS = ("type", "dimension", "sizes", "endian", "encoding", "data file", "datafile", "kinds", "centers",
             "centerings", "space units", "units", "thicknesses", "byte skip", "line skip")  # fmt: skip
COLOURS = ("rgb-color", "rgba-color", "3-color", "4-color", "vector", "3-vector", "4-vector")
"""Kinds of a first axis of three or four bytes that are red, green, blue and perhaps opacity."""
_CONVERT = "Save the volume as a 3-D NRRD file with raw or gzip encoding and import it again."


def nrrd(start: bytes, *, detached: bool) -> Volume:
    """Return what the first 64 kB promise; `detached` says that the voxels may lie in another file.

    Raises:
        CohortError: `nrrd.header`, `.dims`, `.type`, `.encoding`, `.spacing`, `.scale`, `.data_file`, or `too_big`.
    """
    if not re.match(rb"NRRD000[1-5]\r?\n", start):
        raise damaged("the file does not start with an NRRD header.", "nrrd.header")
    end = re.search(rb"\n\r?\n", start[: shared.LONGEST_HEADER])
    if end is None and not (detached and len(start) < shared.LONGEST_HEADER):
        raise damaged(f"the header does not end within {shared.LONGEST_HEADER:,} bytes.", "nrrd.header")
    text = start[: end.start() if end else len(start)].decode("latin-1")
    fields, keys = _fields(text)
    dtype = _dtype(fields)
    dimensions, sizes = _wholes(fields, "dimension"), _wholes(fields, "sizes")
    channels = _channels(fields, sizes, dtype)
    if channels > 1:
        fields, sizes, dimensions = _without_first_axis(fields), sizes[1:], [dimensions[0] - 1] if dimensions else []
    sizes_kept = shared.require_sizes(sizes, (dimensions or [0])[0], "nrrd", dtype)
    require_memory(channels * math.prod(sizes_kept))
    _require_geometry(fields, len(sizes_kept))
    if quantised := [name for name in _QUANTISED if name in fields]:
        raise CohortError(
            f"its values were brought to whole numbers from others ({quantised[0]}), which is not undone.",
            do="Save the volume with its values as they were before (unu unquantize).",
            code="nrrd.scale",
        )
    encoding = fields.get("encoding", "").casefold()
    if encoding not in ("raw", "gzip", "gz") or any(_wholes(fields, name) not in ([], [0]) for name in _SKIPS):
        raise CohortError(
            "voxels that are neither raw nor gzip, or begin elsewhere, are not read.", do=_CONVERT, code="nrrd.encoding"
        )
    data_file = fields.get("data file", fields.get("datafile"))
    if (data_file is None) == detached:
        code, say = "nrrd.data_file", "the header and the voxels must be in one file, or the header in a .nhdr file."
        raise CohortError(say, do=_CONVERT, code=code)
    lines = [f"{name}: {fields[name]}" for name in _FOR_ITK if name in fields]
    kind = next(name for name, code in TYPES.items() if code == dtype.str[1:] and " " not in name)
    return Volume(
        "nrrd",
        dtype,
        sizes_kept,
        encoding != "raw",
        end.end() if end else len(start),
        shared.bare(data_file, "nrrd") if data_file is not None else None,
        (
            "NRRD0004",
            f"type: {kind}",
            f"dimension: {len(sizes_kept)}",
            *_space_first(lines),
            f"sizes: {' '.join(map(str, sizes_kept))}",
            f"endian: {'big' if dtype.byteorder == '>' else 'little'}",
            "encoding: raw",
            "",
            "",
        ),
        (*(("key/value pairs",) if keys else ()), *(("other fields",) if set(fields) - _known() else ())),
        channels,
    )


_QUANTISED = ("old min", "oldmin", "old max", "oldmax")
_SKIPS = ("byte skip", "line skip")


def _channels(fields: dict[str, str], sizes: list[int], dtype: "np.dtype[np.generic]") -> int:
    """Return how many bytes of colour a voxel has, 1 where it has none."""
    kinds = fields.get("kinds", "").casefold().split()
    is_colour = kinds[:1] and kinds[0] in COLOURS and len(kinds) == len(sizes)
    return sizes[0] if is_colour and sizes[0] in (3, 4) and dtype == np.uint8 else 1


def _without_first_axis(fields: dict[str, str]) -> dict[str, str]:
    """Return the fields of the grey volume that a volume in colour becomes."""
    return {
        name: value.split(maxsplit=1)[-1] if name in ("kinds", "space directions", "spacings") else value
        for name, value in fields.items()
    }


def _known() -> set[str]:
    return {*_FOR_ITK, *_HARMLESS}


def _space_first(lines: list[str]) -> list[str]:
    return sorted(lines, key=lambda line: not line.startswith("space"))


def _fields(text: str) -> tuple[dict[str, str], bool]:
    """Return the fields by their name in small letters, and whether there are key/value pairs."""
    fields: dict[str, str] = {}
    keys = False
    for line in text.splitlines()[1:]:
        if line.startswith("#") or not line.strip():
            continue
        if ":=" in line and ": " not in line.split(":=", 1)[0]:
            keys = True
            continue
        name, colon, value = line.partition(":")
        if not colon or name.casefold().strip() in fields:
            raise damaged("a line of the header is no field, or a field stands there twice.", "nrrd.header")
        fields[name.casefold().strip()] = value.strip()
    return fields, keys


def _dtype(fields: dict[str, str]) -> "np.dtype[np.generic]":
    kind = TYPES.get(fields.get("type", "").casefold())
    order = {"little": "<", "big": ">"}.get(fields.get("endian", "").casefold())
    if kind is None or (order is None and kind[1] != "1"):
        raise CohortError(
            "the type or byte order of the voxels is unknown; integers and floats are read.",
            do=_CONVERT,
            code="nrrd.type",
        )
    return np.dtype((order or "<") + kind)


def _wholes(fields: dict[str, str], name: str) -> list[int]:
    try:
        return [int(word) for word in fields.get(name, "").split()]
    except ValueError as error:
        raise damaged(f"{name} is not made of whole numbers.", "nrrd.header") from error


def _require_geometry(fields: dict[str, str], dimensions: int) -> None:
    if "kinds" in fields and not all(
        kind in ("domain", "space", "???", "none") for kind in fields["kinds"].casefold().split()
    ):
        raise CohortError("voxels that are vectors, colours or takes are not read.", do=_CONVERT, code="nrrd.dims")
    if "spacings" in fields:
        spacing = fields["spacings"].casefold().replace("nan", "1")
        shared.require_spacing(shared.finite(spacing, "nrrd", "spacings", dimensions), "nrrd")
    if "space directions" in fields:
        if "none" in fields["space directions"].casefold():
            raise CohortError("one axis of the volume has no direction.", do=_CONVERT, code="nrrd.spacing")
        directions = shared.finite(fields["space directions"], "nrrd", "space directions", dimensions**2)
        axes = np.reshape(directions, (dimensions, dimensions))
        shared.require_spacing(np.linalg.norm(axes, axis=1).tolist(), "nrrd")
    if "space origin" in fields:
        shared.finite(fields["space origin"], "nrrd", "space origin", dimensions)
