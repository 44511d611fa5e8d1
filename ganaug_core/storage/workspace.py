"""Where things lie: folder layout, manifests, atomic writes. Nobody else builds paths.

An artefact is a folder `KIND/NAME` with a `manifest.json` and one `.npy` per array. It is written beside its place and
renamed into it, so it is there whole or not at all.
"""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path

from ganaug_core.errors import WorkspaceError
from ganaug_core.records import Audit, Cohort, Features, Map, Samples, codec
from ganaug_core.records.benefit import Benefit

KINDS = ("cohorts", "runs", "generators", "samples", "encoders", "features", "maps", "audits", "trials", "benefits")
LEAST_FREE_BYTES = 1 << 20
_PROCESS_SALT = secrets.token_bytes(32)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def digest_of(*parts: Any) -> str:
    """Return the SHA-256 of arrays (type, shape, bytes) and JSON values as 64 hex digits."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            sha.update(f"{part.dtype.str}{part.shape}".encode())
            if part.size:  # an empty array has no bytes to look at
                sha.update(memoryview(np.ascontiguousarray(part).data).cast("B"))
        else:
            sha.update(json.dumps(part, sort_keys=True, default=str).encode())
        sha.update(b"\0")
    return sha.hexdigest()


def installation_salt() -> bytes:
    """Return 32 random bytes that are the same for everything made on this installation, and stay on it.

    They lie beside the default workspace (`GANAUG_HOME`, or the platform's user data folder). Where that may not be
    written, they last as long as the process.
    """
    path = Path(os.environ.get("GANAUG_HOME") or user_data_path("ganaug")).expanduser() / "salt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".salt.") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                with suppress(FileExistsError):  # another process was first: its salt holds
                    os.link(file.name, path)
        return path.read_bytes()
    except OSError:
        return _PROCESS_SALT


def check_name(name: str) -> str:
    """Return the name of an artefact if it can be a folder's name.

    Raises:
        WorkspaceError: Empty, longer than 100 characters, or other characters than letters, digits, `.`, `_`, `-`.
    """
    if not _NAME.fullmatch(name):
        raise WorkspaceError(
            f"{name!r} cannot be a name here.",
            do="Use up to 100 letters, digits, '.', '_' and '-', beginning with a letter or digit.",
            code="name",
        )
    return name


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old content or the new one, also after a power cut.

    Raises:
        WorkspaceError: The disk is full; the old content is intact.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with translated(path):
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    with translated(path):
        _sync_folder(path.parent)


def scratch() -> Path:
    """Return the folder of temporary files.

    Raises:
        WorkspaceError: None of the usual ones takes a file: mostly their disk is full.
    """
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise WorkspaceError(
            "The disk is full: no folder for temporary files takes any. Nothing that was there is lost.",
            do="Free some space, or set TMPDIR to a folder on another disk, and try again.",
            code="disk_full",
        ) from error


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn a full disk or a folder that may not be written into words."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise WorkspaceError(
                f"{path.parent.name} in the workspace may not be written.",
                do="Give the user who runs ganaug write permission, or start it with another folder (--workspace).",
                code="permission",
            ) from error
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise WorkspaceError(
            f"The disk is full: {path.name} could not be written. Nothing that was there is lost.",
            do="Free some space and try again.",
            code="disk_full",
        ) from error


class Workspace:
    """One folder that holds everything ganaug made."""

    def __init__(self, root: str | Path | None = None) -> None:
        """Open `root`, else `GANAUG_HOME`, else the platform's user data folder; it is made if it is not there."""
        chosen = root or os.environ.get("GANAUG_HOME") or user_data_path("ganaug")
        self.root = Path(chosen).expanduser().resolve()
        with translated(self.root):
            for kind in KINDS:
                (self.root / kind).mkdir(parents=True, exist_ok=True)

    @property
    def database_path(self) -> Path:
        return self.root / "ganaug.sqlite"

    @property
    def supervisor_lock(self) -> Path:
        return self.root / "supervisor.lock"

    @property
    def worker_lock(self) -> Path:
        """Held by the warm process for short jobs."""
        return self.root / "worker.lock"

    @property
    def benefit_lock(self) -> Path:
        """Held by the process of the one benefit experiment that may run at a time."""
        return self.root / "benefit.lock"

    @property
    def app_lock(self) -> Path:
        """Shared by the web apps that are open on this workspace."""
        return self.root / "app.lock"

    @property
    def uploads(self) -> Path:
        """Files that came through the browser, kept until they are imported."""
        return self.root / "uploads"

    def free_bytes(self) -> int:
        """Free space on the workspace's disk."""
        return shutil.disk_usage(self.root).free

    def is_full(self) -> bool:
        """Whether there is not even room for writing down what happened."""
        return self.free_bytes() < LEAST_FREE_BYTES

    def folder(self, kind: str, name: str) -> Path:
        """Return the place of an artefact, whether or not it is there."""
        if kind not in KINDS:
            raise KeyError(kind)
        return self.root / kind / check_name(name)

    def names(self, kind: str) -> list[str]:
        """Names of the artefacts of a kind, oldest first."""
        seen = (path for path in (self.root / kind).iterdir() if not path.name.startswith("."))
        found = [path for path in seen if (path / "manifest.json").is_file()]
        return [path.name for path in sorted(found, key=lambda path: (path.stat().st_mtime, path.name))]

    def exists(self, kind: str, name: str) -> bool:
        return (self.folder(kind, name) / "manifest.json").is_file()

    def free(self, kind: str, name: str) -> None:
        """Return if an artefact may be made under that name; asked before long work.

        Raises:
            WorkspaceError: The name is taken, or cannot be a name.
        """
        if self.folder(kind, name).exists():
            raise WorkspaceError(
                f"There is already a {kind.removesuffix('s')} named {name}.",
                do="Choose another name, or remove the old one first.",
                code="name_taken",
            )

    def remove(self, kind: str, name: str) -> None:
        """Remove an artefact; its manifest goes first, so a half-removed one is not there."""
        folder = self._found(kind, name)
        (folder / "manifest.json").unlink()
        shutil.rmtree(folder)

    def manifest(self, kind: str, name: str) -> dict[str, Any]:
        """Return an artefact's manifest.

        Raises:
            WorkspaceError: It is not there, or damaged.
        """
        path = self._found(kind, name) / "manifest.json"
        try:
            content = json.loads(path.read_bytes())
        except ValueError as error:
            raise WorkspaceError(
                f"The description of {name} ({kind}) is damaged.", do="Remove it and make it again.", code="damaged"
            ) from error
        return dict(content)

    def write(
        self,
        kind: str,
        name: str,
        manifest: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]] | None = None,
        files: Mapping[str, bytes] | None = None,
        *,
        replace: bool = False,
        links: Mapping[str, Path] | None = None,
    ) -> Path:
        """Write an artefact whole; `links` are files on the same disk that become part of it without a copy.

        Raises:
            WorkspaceError: The name is taken (unless `replace`), or the disk is full.
        """
        place = self.folder(kind, name)
        if not replace:
            self.free(kind, name)
        with translated(place):
            made = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=place.parent))
        try:
            with translated(place):
                for key, array in (arrays or {}).items():
                    _save(made / f"{key}.npy", array)
                for key, data in (files or {}).items():
                    (made / key).write_bytes(data)
                for key, path in (links or {}).items():
                    os.link(path, made / key)
                stamped = {"written": datetime.now(UTC).isoformat(timespec="seconds"), **manifest}
                (made / "manifest.json").write_text(json.dumps(stamped, indent=1), "utf-8")
                for path in made.iterdir():
                    with path.open("rb") as file:
                        os.fsync(file.fileno())
                if place.exists():
                    shutil.rmtree(place)
                os.replace(made, place)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        with translated(place):
            _sync_folder(place.parent)
        return place

    def array(self, kind: str, name: str, key: str) -> NDArray[Any]:
        """Open one array of an artefact, memory-mapped and read-only."""
        path = self._found(kind, name) / f"{key}.npy"
        try:
            opened: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise WorkspaceError(
                f"The array {key} of {name} ({kind}) is missing or damaged.",
                do="Remove it and make it again.",
                code="damaged",
            ) from error
        return opened

    # records <-> folders

    def keep(
        self,
        record: Cohort | Samples | Features | Map | Audit | Benefit,
        name: str,
        *,
        files: Mapping[str, bytes] | None = None,
        replace: bool = False,
    ) -> Path:
        """Write a record: arrays as `.npy`, `files` beside them, the rest in the manifest."""
        manifest, arrays = codec.taken_apart(record)
        manifest = {"schema": f"ganaug.{_KIND[type(record)]}/1", **manifest}
        return self.write(_KIND[type(record)], name, manifest, arrays, files, replace=replace)

    def revise(self, cohort: Cohort, files: Mapping[str, bytes]) -> Path:
        """Write a cohort with the same pixels over the old one; `files` are those beside it, others go.

        Pixels and masks are linked, not copied, so that a large cohort changes as fast as a small one.
        """
        manifest, arrays = codec.taken_apart(cohort)
        large = [key for key in ("pixels", "masks") if arrays.pop(key, None) is not None]
        links = {f"{key}.npy": self._found("cohorts", cohort.name) / f"{key}.npy" for key in large}
        manifest = {"schema": "ganaug.cohorts/1", **manifest}
        return self.write("cohorts", cohort.name, manifest, arrays, files, replace=True, links=links)

    def attached(self, kind: str, name: str, file: str) -> bytes | None:
        """Return a file that lies beside an artefact, None where it is not there."""
        path = self._found(kind, name) / file
        return path.read_bytes() if path.is_file() else None

    def paths(self, cohort: str) -> dict[str, str]:
        """Return the local table from a cohort's image ids to paths relative to its source; never exported unasked."""
        return dict(json.loads(self.attached("cohorts", cohort, "paths.json") or b"{}"))

    def cohort(self, name: str) -> Cohort:
        return codec.cohort(*self._parts("cohorts", name))

    def samples(self, name: str) -> Samples:
        return codec.samples(*self._parts("samples", name))

    def features(self, name: str) -> Features:
        return codec.features(*self._parts("features", name))

    def map(self, name: str) -> Map:
        return codec.map_(*self._parts("maps", name))

    def audit(self, name: str) -> Audit:
        return codec.audit(*self._parts("audits", name))

    def benefit(self, name: str) -> Benefit:
        return codec.benefit(*self._parts("benefits", name))

    def _parts(self, kind: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        manifest = self.manifest(kind, name)
        for stamp in ("schema", "written"):
            manifest.pop(stamp, None)
        keys = [path.stem for path in self._found(kind, name).glob("*.npy")]
        return manifest, {key: self.array(kind, name, key) for key in keys}

    def _found(self, kind: str, name: str) -> Path:
        if not self.exists(kind, name):
            known = ", ".join(self.names(kind)[-8:]) or "none yet"
            raise WorkspaceError(
                f"There is no {kind.removesuffix('s')} named {name} in the workspace.",
                do=f"Known: {known}.",
                code="missing",
            )
        return self.folder(kind, name)


_KIND: dict[type, str] = {
    Cohort: "cohorts",
    Samples: "samples",
    Features: "features",
    Map: "maps",
    Audit: "audits",
    Benefit: "benefits",
}


def _save(path: Path, array: NDArray[Any]) -> None:
    """`numpy.save` through our own writes: by its own, numpy reports a full disk without an error number."""
    with path.open("wb") as file:
        np.lib.format.write_array(SimpleNamespace(write=file.write), np.ascontiguousarray(array), allow_pickle=False)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
