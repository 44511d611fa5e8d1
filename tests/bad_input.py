"""Images as hospitals and the internet send them: good ones to start from, and ways to damage them."""

import csv
import gzip
import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def pictures(folder: Path, classes: Mapping[str, int], seed: int = 0, size: int = 16) -> Path:
    """Write CLASS/00.png ...: 8-bit noise that is different in every image, and return the folder."""
    random = np.random.default_rng(seed)
    for name, count in classes.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            Image.fromarray(random.integers(0, 256, (size, size), dtype=np.uint8)).save(
                folder / name / f"{number:02}.png"
            )
    return folder


def table(path: Path, rows: Sequence[Sequence[str]], separator: str = ",", encoding: str = "utf-8") -> Path:
    """Write a CSV table."""
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return path


def truncated(path: Path, share: float = 0.5) -> Path:
    """Cut a file off."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def huge_png(path: Path, side: int = 30_000) -> Path:
    """Write a PNG of a few hundred bytes that claims `side` x `side` pixels of one bit."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )
    return path


def nifti(path: Path, voxels: NDArray[np.int16], claimed: tuple[int, int, int] | None = None) -> Path:
    """Write (z, y, x) voxels as NIfTI-1; `claimed` (x, y, z) lies about their number."""
    shape = claimed or voxels.shape[::-1]
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *shape, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[344:348] = b"n+1\0"
    content = bytes(header) + voxels.astype("<i2").tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def idx(path: Path, values: NDArray[np.uint8]) -> Path:
    """Write an IDX file of bytes, gzip if its name says so."""
    content = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def npz(path: Path, **arrays: Any) -> Path:
    """Write an NPZ file."""
    np.savez_compressed(path, **arrays)
    return path


def nameless(folder: Path, content: bytes) -> Path:
    """Write a file whose name is no valid UTF-8."""
    path = os.path.join(os.fsencode(folder), b"caf\xe9.png")
    with open(path, "wb") as file:
        file.write(content)
    return Path(os.fsdecode(path))
