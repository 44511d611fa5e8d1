"""The file itself: a zip of one JSON document and arrays; what comes from elsewhere is read with distrust."""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ganaug_core.errors import WorkspaceError

SCHEMA = "ganaug.handover/1"
DOCUMENT = "ganaug.json"
MOST_BYTES = 4 << 30
MOST_DOCUMENT_BYTES = 64 << 20
MOST_PARTS = 64
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.]{0,99}")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A set of samples, an audit or a map, as it lies in the file.

    Attributes:
        values: Of the record, as JSON.
        origin: What it was made from, as JSON; `inputs` are filled in where it is opened.
        arrays: Of the record, by name.
        files: Text beside it, by name.
    """

    kind: str
    name: str
    values: dict[str, Any]
    origin: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def write(file: BinaryIO, document: Mapping[str, Any], parts: Sequence[Part]) -> None:
    """Write a hand-over file."""
    listed = [
        {
            "kind": part.kind,
            "name": part.name,
            "values": part.values,
            "origin": part.origin,
            "arrays": sorted(part.arrays),
            "files": part.files,
        }
        for part in parts
    ]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(DOCUMENT, json.dumps({"schema": SCHEMA, **document, "parts": listed}, indent=1))
        for number, part in enumerate(parts):
            for key, array in part.arrays.items():
                with archive.open(_member(number, key), "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def read(path: Path) -> tuple[dict[str, Any], list[Part]]:
    """Return the document and the parts of a hand-over file; nothing in it is executed.

    Raises:
        WorkspaceError: It is no such file, is damaged, of a later version, or holds more than 4 GB.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if sum(sizes.values()) > MOST_BYTES:
                raise refused(path, "It holds more than 4 GB.")
            if sizes.get(DOCUMENT, MOST_DOCUMENT_BYTES) >= MOST_DOCUMENT_BYTES:
                raise refused(path, "It has no table of contents that can be read.")
            document = json.loads(archive.read(DOCUMENT))
            if not isinstance(document, dict) or document.get("schema") != SCHEMA:
                raise refused(path, "It is not a hand-over file of this version of ganaug.")
            parts = [
                _part(archive, number, entry) for number, entry in enumerate(document.pop("parts")[: MOST_PARTS + 1])
            ]
    except FileNotFoundError as error:
        raise WorkspaceError(f"There is no file {path.name}.", do="Check the path.", code="missing") from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        EOFError,
        MemoryError,
        OverflowError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise refused(path, "It is damaged, or was not written by ganaug.") from error
    if len(parts) > MOST_PARTS:
        raise refused(path, f"It holds more than {MOST_PARTS} sets and results.")
    return document, parts


def refused(path: Path, what: str) -> WorkspaceError:
    return WorkspaceError(
        f"{path.name} is refused. {what}",
        do="Ask for a file that ganaug has written (page Samples, Save, or `ganaug handover`).",
        code="foreign",
    )


def _part(archive: zipfile.ZipFile, number: int, entry: Mapping[str, Any]) -> Part:
    arrays = {}
    for key in entry["arrays"]:
        if not _KEY.fullmatch(key):
            raise ValueError(key)
        with archive.open(_member(number, key)) as member:
            arrays[key] = np.lib.format.read_array(io.BytesIO(member.read()), allow_pickle=False)
    kind, name, values, origin, files = (entry[key] for key in ("kind", "name", "values", "origin", "files"))
    texts = isinstance(kind, str) and isinstance(name, str) and all(isinstance(text, str) for text in files.values())
    if not (texts and isinstance(values, dict) and isinstance(origin, dict)):
        raise TypeError(kind)
    return Part(kind=kind, name=name, values=values, origin=origin, arrays=arrays, files=files)


def _member(number: int, key: str) -> str:
    return f"{number}/{key}.npy"
