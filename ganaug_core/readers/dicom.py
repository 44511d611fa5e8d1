"""One DICOM file in the decoder's process: first its facts, later its pixels, which must belong to the same header."""

import zlib
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray

from ganaug_core.errors import CohortError
from ganaug_core.readers import dicom_codes as codes
from ganaug_core.readers import dicom_header, dicom_masks, dicom_pixels
from ganaug_core.readers.dicom_header import Dicom, Plane
from ganaug_core.readers.refusals import LARGEST_IMAGE, LARGEST_RATIO, bomb, damaged

FIRST_PART = 1 << 16
"""Bytes of a file that nearly always hold its whole header."""
_PIXEL_TAGS = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")
_DEFLATED = codes.DEFLATED.encode()
_EXPLICIT = codes.EXPLICIT.encode().ljust(len(_DEFLATED), b"\0")
_MARK = b"DICM"
LONGEST_FIRST = 64
"""Bytes of the first element of a file, a character set or a kind of image."""


def part_10(content: bytes) -> bytes:
    """Return a file, or its start, as DICOM of part 10.

    Old programs leave out the preamble, and some the elements of group 2 as well: what begins with those, or with
    group 8 in little endian, is completed, and has to parse like any other file. Without group 2, only the first
    element tells whether types are named.

    Raises:
        CohortError: `type`: it begins like no DICOM.
    """
    if content[128:132] == _MARK:
        return content
    start, types = content[:4], content[4:6]
    if start == _MARK and content[4:6] == b"\2\0":
        return bytes(128) + content
    if start[:2] == b"\2\0" and start[3:] == b"\0" and types in (b"UL", b"OB", b"UI"):
        return bytes(128) + _MARK + content
    if start[:2] == b"\x08\0" and start[3:] == b"\0":
        if types in (b"UL", b"CS", b"UI", b"DA", b"TM", b"SH", b"LO"):
            return bytes(128) + _MARK + _syntax(codes.EXPLICIT) + content
        if int.from_bytes(content[4:8], "little") <= LONGEST_FIRST:
            return bytes(128) + _MARK + _syntax(codes.IMPLICIT) + content
    raise CohortError(
        "the content is not that of a DICOM file.",
        do="Look whether the name fits the content, or leave it out.",
        code="type",
    )


def _syntax(uid: str) -> bytes:
    value = uid.encode() + b"\0" * (len(uid) % 2)
    return b"\2\0\x10\0UI" + len(value).to_bytes(2, "little") + value


def header(start: bytes, rest: Any, label_tag: str | None) -> dict[str, Any]:
    """Return the facts of a file and, as `head`, the digest of the bytes that they stand in; of a mask, as `mask`, to
    which series it belongs.

    Args:
        start: The first `FIRST_PART` bytes.
        rest: Called for the whole content where these are not enough.

    Raises:
        CohortError: See `dicom_header.facts`; `dicom.no_image`, `dicom.parse`, `dicom.nesting` or `bomb`.
    """
    try:
        dataset, at = _parsed(start, header_only=True)
        enough = start[at : at + 4] in _PIXEL_TAGS
    except CohortError:
        enough = False
    if enough and (references := dicom_masks.references(dataset)) is not None:
        return {"mask": references}
    if enough:
        head = f"{at}:{sha256(start[:at]).hexdigest()}"
        return {**_plain(dicom_header.facts(dataset, label_tag)), "head": head}
    dataset, _ = _parsed(rest())
    if (references := dicom_masks.references(dataset)) is not None:
        return {"mask": references}
    _require_image(dataset)
    return {**_plain(dicom_header.facts(dataset, label_tag)), "head": None}


def image(
    content: bytes, earlier_header: dict[str, Any], label_tag: str | None, folder: Path
) -> tuple[NDArray[Any], NDArray[np.bool_] | None, Dicom] | None:
    """Return pixels (frame, row, column) in the physical unit, which of them are padding (None where the header names
    no such value), and the facts; None if the header is another one.

    Raises:
        CohortError: See `header`, `dicom_pixels.plain` and `dicom_pixels.decoded`.
    """
    expected = _restored(earlier_header)
    if earlier_header["head"] is not None:
        at, digest = earlier_header["head"].split(":")
        if sha256(content[: int(at)]).hexdigest() != digest:
            return None
        stored = dicom_pixels.plain(content, int(at), expected)
        # A look-up table in place of a slope is rare, and its name stands in the header.
        if stored is not None and "ModalityLUTSequence" not in expected.dropped:
            return dicom_pixels.physical(stored, expected, None), dicom_pixels.padding(stored, expected), expected
    dataset, _ = _parsed(content)
    _require_image(dataset)
    # What follows the pixels is dropped as well, but was not read with the header.
    if replace(dicom_header.facts(dataset, label_tag), dropped=expected.dropped) != expected:
        return None
    stored = dicom_pixels.decoded(dataset, expected, len(content), folder)
    return dicom_pixels.physical(stored, expected, dataset), dicom_pixels.padding(stored, expected), expected


def slice_masks(content: bytes, planes: list[dict[str, Any]], label: int | None, folder: Path) -> dict[str, Any]:
    """Return the facts of `dicom_masks.slice_masks` of a segmentation or structure set.

    Args:
        planes: `shape`, `position`, `orientation` and `spacing_mm` of each slice of the series.
        label: Number of the region, None for all.
        folder: For copies.

    Raises:
        CohortError: See `dicom_masks.slice_masks`; `dicom.parse`, `dicom.nesting` or `bomb`.
    """
    dataset, _ = _parsed(content)
    targets = [
        dicom_masks.plane_of(tuple(plane["shape"]), plane["position"], plane["orientation"], plane["spacing_mm"])
        for plane in planes
    ]
    return dicom_masks.slice_masks(dataset, targets, label, len(content), folder)


def _restored(facts: dict[str, Any]) -> Dicom:
    """Return the facts that went through JSON."""
    planes = tuple(Plane(**_tuples(plane)) for plane in facts["planes"])
    return Dicom(**{**_tuples({key: fact for key, fact in facts.items() if key != "head"}), "planes": planes})


def _plain(facts: Dicom) -> dict[str, Any]:
    """Return the facts for JSON; `dataclasses.asdict` takes longer than the parsing."""
    return {**vars(facts), "planes": [vars(plane) for plane in facts.planes]}


def _tuples(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(fact) if isinstance(fact, list) else fact for key, fact in facts.items()}


def _parsed(content: bytes, *, header_only: bool = False) -> tuple[Any, int]:
    """Return pydicom's dataset, and where it stopped reading."""
    if _DEFLATED in content[132:2048]:
        if header_only:
            raise damaged("a deflated file is read as a whole.", "dicom.parse")
        content = _inflated(content)
    stream = BytesIO(content)
    try:
        dataset = pydicom.dcmread(stream, stop_before_pixels=header_only)
    except RecursionError as error:
        raise CohortError("sequences are nested too deeply.", do="Leave it out.", code="dicom.nesting") from error
    except MemoryError:
        raise
    except Exception as error:  # pydicom lets whatever its parsers raise come through
        raise damaged("the header is damaged.", "dicom.parse") from error
    return dataset, stream.tell()


def _inflated(content: bytes) -> bytes:
    """Return a deflated file as the uncompressed one that it stands for, below a limit that pydicom does not have."""
    end = _end_of_meta(content)
    most = min(LARGEST_IMAGE, LARGEST_RATIO * len(content))
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = inflate.decompress(content[end:], most)
    except zlib.error as error:
        raise damaged("the deflated content is damaged.", "truncated") from error
    if inflate.unconsumed_tail:
        raise bomb(len(content), most)
    if not inflate.eof:
        raise damaged("the deflated content ends early.", "truncated")
    return content[:end].replace(_DEFLATED, _EXPLICIT) + body


def _end_of_meta(content: bytes) -> int:
    """Return the first byte after the elements of group 2; their own length is missing or wrong now and then."""
    at = 132
    while content[at : at + 2] == b"\2\0":
        long = content[at + 4 : at + 6] in (b"OB", b"UN")
        length = content[at + 8 : at + 12] if long else content[at + 6 : at + 8]
        at += (12 if long else 8) + int.from_bytes(length, "little")
    return at


def _require_image(dataset: Any) -> None:
    if not any(name in dataset for name in ("PixelData", *codes.FLOATING)):
        raise dicom_header.no_image(dataset)
