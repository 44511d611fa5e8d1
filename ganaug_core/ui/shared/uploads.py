"""Files that come through the browser, and folders that may be opened on the server.

Streamlit keeps uploads in memory, so they are written to the workspace at once. An archive is checked before a byte of
it is written; each name that leaves it is one that a careful person would have given.
"""

import os
import shutil
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from ganaug_core.errors import CohortError, WorkspaceError
from ganaug_core.readers.tables import SUFFIXES as TABLES
from ganaug_core.storage.platform import is_legal_here
from ganaug_core.storage.uploads import discard, new_folder
from ganaug_core.storage.workspace import Workspace, translated

MOST_MEMBERS = 20_000
MOST_BYTES = 2 * 1024**3
MOST_RATIO = 200
SMALL = 64 * 1024  # a tiny member may pack well and is no bomb
SMALL_ARCHIVE = 64 * 1024**2  # nor are many tiny ones
MOST_SECONDS = 120.0
MOST_DEPTH = 12
MOST_NAME_BYTES = 200
_KIND, _REGULAR = 0o170000, 0o100000  # of a member made on Unix; 0 where another system made it


class Uploaded(Protocol):
    """What a file uploader returns; `name` is a relative path where a folder was chosen."""

    name: str

    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def read(self, size: int = -1, /) -> bytes: ...


def store_files(files: Iterable[Uploaded], workspace: Workspace) -> Path:
    """Write uploaded files below the workspace and return what can be imported: a folder, or one single file.

    One zip archive is unpacked; one other file is kept as it is; several are kept as a folder.

    Raises:
        CohortError: An archive or a name that is refused, or more than two gigabytes.
        WorkspaceError: The disk is full.
    """
    chosen = list(files)
    if not chosen:
        raise CohortError("No file was chosen.", do="Choose files, or a zip archive with one folder per class.")
    folder = new_folder(workspace)
    try:
        with translated(folder):
            if len(chosen) == 1 and chosen[0].name.lower().endswith(".zip"):
                unpack(chosen[0], folder)  # type: ignore[arg-type]
                return _class_folder(folder)
            names = _Names()
            for upload in chosen:
                target = folder / names.take(upload.name)
                target.parent.mkdir(parents=True, exist_ok=True)
                upload.seek(0)
                with target.open("wb") as file:
                    shutil.copyfileobj(upload, file)
            return target if len(chosen) == 1 else _class_folder(folder)
    except BaseException:
        discard(workspace, folder)
        raise


def unpack(archive: BinaryIO, folder: Path) -> None:
    """Unpack a zip archive below `folder`; everything is checked before anything is written.

    Raises:
        CohortError: Not a zip archive, damaged or encrypted; too many, too large or too tightly packed members; names
            that lead elsewhere, differ in capitals only, or are links; an archive inside.
    """
    try:
        archive.seek(0)
        with zipfile.ZipFile(archive) as opened:
            members = list(_checked_members(opened))
            deadline = time.monotonic() + MOST_SECONDS
            for info, name in members:
                if time.monotonic() > deadline:
                    raise CohortError(
                        "The zip archive takes too long to unpack.",
                        do="Use a folder on the server, or upload fewer files at a time.",
                        code="too_large",
                    )
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(info) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
        raise CohortError(
            "The zip archive is damaged or packed in a way that cannot be read.",
            do="Pack the folder again, and upload the new archive.",
            code="archive",
        ) from error
    if not members:
        raise CohortError("The zip archive is empty.", do="Pack a folder with one sub-folder per class.", code="empty")


def _checked_members(opened: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    infos = [info for info in opened.infolist() if not info.is_dir()]
    total = sum(info.file_size for info in infos)
    if len(infos) > MOST_MEMBERS or total > MOST_BYTES:
        raise CohortError(
            f"The zip archive holds {len(infos):,} files of {total / 1e9:.1f} GB together.",
            do=f"At most {MOST_MEMBERS:,} files and 2 GB can be uploaded: use a folder on the server instead.",
            code="too_large",
        )
    if total > SMALL_ARCHIVE and total > MOST_RATIO * max(1, sum(info.compress_size for info in infos)):
        raise CohortError(
            "The zip archive would grow more than two-hundredfold when unpacked.",
            do="Pack images: what packs so well holds nothing to learn from.",
            code="archive",
        )
    names = _Names()
    for info in infos:
        if PurePosixPath(info.filename).name in (".DS_Store", "Thumbs.db") or info.filename.startswith("__MACOSX/"):
            continue
        if info.flag_bits & 0x1:
            raise CohortError("The zip archive is encrypted.", do="Pack it without a password.", code="archive")
        if info.external_attr >> 16 & _KIND not in (0, _REGULAR):
            raise _refused(info.filename, "is a link, a pipe or a device")
        if info.file_size > SMALL and info.file_size > MOST_RATIO * max(1, info.compress_size):
            raise _refused(info.filename, "would grow more than two-hundredfold when unpacked")
        if info.filename.lower().endswith((".zip", ".tar", ".tgz", ".7z", ".rar")):
            raise _refused(info.filename, "is an archive inside the archive")
        yield info, names.take(info.filename)


class _Names:
    """The names of one upload so far: no two may meet on a disk that does not tell capitals apart."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.folders: dict[str, str] = {}

    def take(self, name: str) -> str:
        """Return a relative path that stays below its folder and clashes with none before."""
        parts = name.split("/")
        if "\\" in name or name.startswith("/") or name[1:2] == ":":
            raise _refused(name, "is not a plain relative path")
        if any(part in ("", ".", "..") for part in parts) or len(parts) > MOST_DEPTH:
            raise _refused(name, "leads out of its folder, or lies too deep in it")
        if not all(map(is_legal_here, parts)):
            raise _refused(name, "is not one that this system takes")
        if not name.isprintable():
            raise _refused(name, "holds characters that cannot be shown")
        if any(len(part.encode("utf-8", "surrogatepass")) > MOST_NAME_BYTES for part in parts):
            raise _refused(name, "is too long")
        folders = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
        folded = name.casefold()
        clash = folded in self.files or folded in self.folders
        for folder in folders:
            clash |= folder.casefold() in self.files
            clash |= self.folders.setdefault(folder.casefold(), folder) != folder
        if clash:
            raise _refused(name, "appears twice, or differs from another name in capitals only")
        self.files.add(folded)
        return name


def _refused(name: str, why: str) -> CohortError:
    shown = "".join(character if character.isprintable() else "?" for character in name)[:80]
    return CohortError(f"The name {shown!r} {why}.", do="Rename or remove that file and upload again.", code="name")


def _class_folder(folder: Path) -> Path:
    """Return the folder that holds the classes: archives often wrap everything in one more folder."""
    entries = list(folder.iterdir())
    if len(entries) == 1 and entries[0].is_dir():
        below = list(entries[0].iterdir())
        if any(entry.is_dir() for entry in below) or any(entry.suffix.lower() in TABLES for entry in below):
            return entries[0]
    return folder


def roots() -> list[Path]:
    """Return the folders below which the server may be read: `GANAUG_ROOTS`, else the home of who started it."""
    setting = os.environ.get("GANAUG_ROOTS", "")
    chosen = [Path(root).expanduser() for root in setting.split(os.pathsep) if root] or [Path.home()]
    return [root.resolve() for root in chosen if root.is_dir()]


def below_roots(text: str) -> Path:
    """Return a file or folder that the user named, if it may be read.

    Raises:
        WorkspaceError: It is not there or not below an allowed folder; the message does not tell which.
    """
    refusal = WorkspaceError(
        "That path is not there, or may not be opened from here.",
        do="Choose something below: " + ", ".join(str(root) for root in roots()) + ".",
        code="path",
    )
    if "\0" in text or not text.strip():
        raise refusal
    path = Path(os.path.realpath(Path(text.strip()).expanduser()))
    if not any(path.is_relative_to(root) for root in roots()) or not path.exists():
        raise refusal
    return path


def folders_in(path: Path, most: int = 500) -> list[str]:
    """Return the names of the folders in a folder, without hidden ones and links."""
    try:
        with os.scandir(path) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return sorted((name for name in names if not name.startswith(".") and name.isprintable()), key=str.casefold)[:most]
