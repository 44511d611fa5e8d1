"""Pictures of any depth, sign and polarity, written from bytes: no library here writes them."""

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]
RAW, DEFLATED = 1, 8
_FORMS = {"u": 1, "i": 2, "f": 3}
_LETTERS = {3: "H", 4: "I"}


def tiff(
    path: Path,
    pixels: Pixels,
    photometric: int = 1,
    *,
    order: str = "<",
    compression: int = RAW,
    tags: Mapping[int, tuple[int, Any] | None] | None = None,
) -> Path:
    """Write (row, column) or (row, column, sample) in one strip; `tags` are type (2 text, 3, 4) and values, or None."""
    samples = pixels.shape[2] if pixels.ndim == 3 else 1
    content = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()  # type: ignore[arg-type]
    content = zlib.compress(content) if compression == DEFLATED else content
    kind = pixels.dtype
    fields: dict[int, Any] = {
        256: (4, [pixels.shape[1]]), 257: (4, [pixels.shape[0]]), 258: (3, [8 * kind.itemsize] * samples),
        259: (3, [compression]), 262: (3, [photometric]), 273: (4, [8]), 277: (3, [samples]),
        278: (4, [pixels.shape[0]]), 279: (4, [len(content)]), 339: (3, [_FORMS[kind.kind]] * samples), **(tags or {}),
    }  # fmt: skip
    fields = {tag: field for tag, field in fields.items() if field is not None}
    content += b"\0" * (len(content) % 2)
    begin = 8 + len(content)
    entries, after = b"", b""
    for tag, (form, numbers) in sorted(fields.items()):
        raw = numbers if form == 2 else struct.pack(f"{order}{len(numbers)}{_LETTERS[form]}", *numbers)
        place = raw.ljust(4, b"\0")
        if len(raw) > 4:
            place = struct.pack(order + "I", begin + 6 + 12 * len(fields) + len(after))
            after += raw + b"\0" * (len(raw) % 2)
        entries += struct.pack(order + "2HI", tag, form, len(numbers)) + place
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", begin)
    directory = struct.pack(order + "H", len(fields)) + entries + bytes(4) + after
    path.write_bytes(start + content + directory)
    return path


def png16(path: Path, pixels: Pixels) -> Path:
    """Write (row, column) or (row, column, 2 to 4) as PNG of 16 bits: grey with alpha, colour, colour with alpha."""
    kinds = {1: 0, 2: 4, 3: 2, 4: 6}
    kind = kinds[pixels.shape[2] if pixels.ndim == 3 else 1]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">2I5B", pixels.shape[1], pixels.shape[0], 16, kind, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    return path


def shades(low: int, high: int, kind: Any, side: int = 9) -> Pixels:
    """Return (side, side + 2) noise."""
    return np.random.default_rng(0).integers(low, high, (side, side + 2)).astype(kind)
