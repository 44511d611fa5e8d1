"""How much there is to read, known before it is read: for the progress and the time left."""

import csv
import os
import zipfile
from pathlib import Path

import numpy as np

from ganaug_core.readers import Columns, embedded
from ganaug_core.readers.table_text import SUFFIXES as TEXT_TABLES


def expected(source: str | Path, columns: Columns | None = None) -> int | None:
    """Return the number of files, rows or images of a source, None where it is not known cheaply.

    A guess for the progress only: what cannot be opened counts as unknown, the readers say why.
    """
    if str(source).startswith(embedded.PREFIX):
        return None
    path = Path(source)
    table = Path(columns.labels) if columns and columns.labels else path
    try:
        if table.suffix.casefold() in TEXT_TABLES:
            return _rows(table)
        if path.is_dir():
            return _folder(path)
        return _arrays(path) if path.suffix.casefold() == ".npz" else None
    except (OSError, ValueError, csv.Error, zipfile.BadZipFile, NotImplementedError):
        return None


def _folder(path: Path) -> int | None:
    archives, tables = list(path.glob("*.npz")), [table for suffix in TEXT_TABLES for table in path.glob(f"*{suffix}")]
    has_folders = any(entry.is_dir() for entry in path.iterdir())
    if not has_folders and len(tables) == 1:
        return _rows(tables[0])
    if not has_folders and len(archives) == 1:
        return _arrays(archives[0])
    return sum(len([name for name in names if not name.startswith(".")]) for _, _, names in os.walk(path))


def _rows(table: Path) -> int:
    with table.open("rb") as file:
        return max(0, sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1)


def _arrays(path: Path) -> int | None:
    """Return the images of an NPZ file by the headers of its arrays."""
    count = 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if member.removesuffix(".npy").endswith("images"):
                with archive.open(member) as file:
                    version = np.lib.format.read_magic(file)
                    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else _header_2
                    count += read(file)[0][0]
    return count or None


_header_2 = np.lib.format.read_array_header_2_0
