"""Where things lie: names, artefacts, atomic writes. Nobody else builds paths.

    KIND/NAME.json       the reference: which artefact has that name now, and what it was made from
    artefacts/ID/        an artefact: `manifest.json`, one `.npy` per array, other files; never changed once it is there

Writing makes a new artefact beside all others and then replaces the reference, so a name means the old content or the
new one whenever a process dies, and nobody who has a file open is in the way. An artefact without a reference is
removed by `sweep`. Three artefacts grow: a run, to which its worker adds, a search, to which its trials come, and a
reader study, to which its answers come.

What has no name of its own (maps, audits, encoders, ...) is named by the key of its `Origin` and looked up by `find`.
"""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path

from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import WorkspaceError
from ganaug_core.records import Audit, Cohort, Features, Map, Samples, codec
from ganaug_core.records.benefit import Benefit
from ganaug_core.records.consistency import check
from ganaug_core.records.digest import digest_of
from ganaug_core.records.origin import Origin
from ganaug_core.records.reading import Reading
from ganaug_core.storage import locks, platform

NAMED = ("cohorts", "runs", "generators", "samples")
SWEEPS = "sweeps"  # searches for settings: named, made from a cohort; what came of their runs grows in their folder
RESULTS = ("maps", "audits", "benefits")
READINGS = "readings"  # reader studies: named, made from a cohort and samples; answers grow in their folder
CACHES = ("encoders", "features", "searches", "trials")
KINDS = (*NAMED, *RESULTS, READINGS, SWEEPS, *CACHES)
LEAST_FREE_BYTES = 1 << 20
ID_LENGTH = 32
_PROCESS_SALT = secrets.token_bytes(32)
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")
_ID = re.compile(f"[0-9a-f]{{{ID_LENGTH}}}")
Record = TypeVar("Record", Cohort, Samples, Features, Map, Audit, Benefit, Reading)

__all__ = [
    "CACHES",
    "KINDS",
    "NAMED",
    "READINGS",
    "RESULTS",
    "SWEEPS",
    "Origin",
    "Reference",
    "Workspace",
    "check_name",
    "digest_of",
    "load_record",
]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Which artefact has a name now.

    Attributes:
        artefact: Its folder, 32 hex digits; another content has another one.
        identity: What results made from it are found by, 64 hex digits; empty for results.
        written: UTC, as text that sorts.
        origin: What it was made from.
        shipped: The digest of the shipped demo's artefact that it is, empty for everything else.
    """

    artefact: str
    identity: str = ""
    written: str = ""
    origin: Origin = field(default_factory=Origin)
    shipped: str = ""


def installation_folder() -> Path:
    """Return the folder of what belongs to the installation: `GANAUG_HOME`, or the platform's user data folder."""
    return Path(os.environ.get("GANAUG_HOME") or user_data_path("ganaug")).expanduser()


def installation_salt() -> bytes:
    """Return 32 random bytes that are the same for everything made on this installation, and stay on it.

    They lie beside the default workspace. Where that may not be written, they last as long as the process.
    """
    path = installation_folder() / "salt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with locks.hold(path.with_name("salt.lock"), "The set-up of the installation", seconds=10):
                if not path.exists():  # else another process was first: its salt holds
                    temporary = path.with_name("salt.tmp")
                    temporary.write_bytes(secrets.token_bytes(32))
                    platform.replace(temporary, path)
        return path.read_bytes()
    except (OSError, locks.Held):
        return _PROCESS_SALT


def one(kind: str) -> str:
    """Return what people call one of a kind."""
    return "search" if kind == SWEEPS else kind.removesuffix("s")


def check_name(name: str) -> str:
    """Return the name of an artefact if it can be a folder's name.

    Raises:
        WorkspaceError: Empty, longer than 100 characters, ending with a dot, other characters than letters, digits,
            `.`, `_`, `-`, or the name of a device on Windows.
    """
    if not _NAME.fullmatch(name):
        raise WorkspaceError(
            f"{name!r} cannot be a name here.",
            do="Use up to 100 letters, digits, '.', '_' and '-', first a letter or digit, no '.' last.",
            code="name",
        )
    if platform.is_device(name):
        raise WorkspaceError(
            f"{name!r} cannot be a name here: Windows keeps it for a device, and a workspace may move there.",
            do=f"Choose another one, such as {'my-' + name!r}.",
            code="name",
        )
    return name


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old content or the new one, also after a power cut.

    Raises:
        WorkspaceError: The disk is full; the old content is intact.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with translated(path):
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            platform.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    with translated(path):
        platform.sync_folder(path.parent)


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
        if not platform.is_disk_full(error):
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
        chosen = Path(root) if root else installation_folder()
        self.root = chosen.expanduser().resolve()
        with translated(self.root):
            platform.private_folder(self.root)
            for kind in (*KINDS, "artefacts"):
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
    def search_lock(self) -> Path:
        """Held by the process of the one search that may go on at a time."""
        return self.root / "search.lock"

    @property
    def app_lock(self) -> Path:
        """Shared by the web apps that are open on this workspace."""
        return self.root / "app.lock"

    @property
    def demo_lock(self) -> Path:
        """Held by the app that waits for the child that lays the demo."""
        return self.root / "demo.lock"

    @property
    def writing_lock(self) -> Path:
        """Shared by those who write an artefact, until it has its reference; `sweep` holds it alone."""
        return self.root / "writing.lock"

    @property
    def slurm(self) -> Path:
        """What SLURM and submitit write of jobs on a cluster; a job's files go when it has ended."""
        return self.root / "slurm"

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

    # names and what they mean now

    def names(self, kind: str) -> list[str]:
        """Names of a kind, oldest first; damaged ones too, so that they can be seen and removed."""
        paths = {path.stem: path for path in self._references(kind) if _NAME.fullmatch(path.stem)}
        return sorted(paths, key=lambda name: (_written(paths[name]), name))

    def exists(self, kind: str, name: str) -> bool:
        """Whether something has that name; it may be damaged."""
        return self._reference(kind, name).is_file()

    def reference(self, kind: str, name: str) -> Reference:
        """Return which artefact has that name now, and what it was made from.

        Raises:
            WorkspaceError: Nothing has that name, or its reference is damaged.
        """
        path = self._reference(kind, name)
        try:
            return _decoded(path.read_bytes())
        except FileNotFoundError as error:
            known = ", ".join(self.names(kind)[-8:]) or "none yet"
            raise WorkspaceError(
                f"There is no {one(kind)} named {name} in the workspace.",
                do=f"Known: {known}.",
                code="missing",
            ) from error
        except (OSError, ValueError, RecursionError) as error:
            raise _damaged(kind, name, "Its reference cannot be read.") from error

    def artefact(self, kind: str, name: str) -> str:
        """Return the artefact that has that name now: another content has another one, so it can be kept for ever."""
        return self.reference(kind, name).artefact

    def folder(self, kind: str, name: str) -> Path:
        """Return the folder of the artefact that has that name now."""
        return self.root / "artefacts" / self.artefact(kind, name)

    def identity(self, kind: str, name: str) -> str:
        """Return what results made from it are found by, 64 hex digits."""
        return self.reference(kind, name).identity

    def named(self, kind: str, identity: str) -> str | None:
        """Return the newest name of a cohort, run, generator or samples by identity, None where it is not here."""
        matches = [name for name, reference in self._readable_references(kind) if reference.identity == identity]
        return matches[-1] if matches else None

    def find(
        self, kind: str, inputs: Mapping[str, str], revision: int | None = 0, **settings: Any
    ) -> list[tuple[str, Reference]]:
        """Return what was made from exactly these inputs, the newest first: the one way to look a result up.

        Args:
            inputs: Identity of each input by its part in the work.
            revision: Of the method; 0 is the present one, None takes every one.
            settings: Those that matter; others may be anything.
        """
        wanted_revision = REVISIONS[kind] if revision == 0 else revision
        references = self._readable_references(kind)[::-1]
        return [
            (name, reference)
            for name, reference in references
            if reference.origin.agrees(inputs, settings, wanted_revision)
        ]

    def newest(self, kind: str, inputs: Mapping[str, str], **settings: Any) -> str | None:
        """Return the name of the newest result of exactly these inputs and the present method, None without one."""
        matching = self.find(kind, inputs, **settings)
        return matching[0][0] if matching else None

    def made_from(self, kind: str, role: str, identity: str) -> list[tuple[str, str]]:
        """Return name and time of everything of a kind that was made directly from an input, the oldest first."""
        references = self._readable_references(kind)
        return [
            (name, reference.written) for name, reference in references if reference.origin.inputs.get(role) == identity
        ]

    def earlier(self, kind: str, names: Mapping[str, str], inputs: Mapping[str, str]) -> list[tuple[str, Reference]]:
        """Return what was made from others that had these names, or by an earlier method; the newest first."""
        return [
            (name, reference)
            for name, reference in self._readable_references(kind)[::-1]
            if {role: reference.origin.names.get(role) for role in names} == dict(names)
            and not reference.origin.agrees(inputs, {}, REVISIONS[kind])
        ]

    def dependents(self, kind: str, name: str, through: Collection[str] = KINDS) -> list[tuple[str, str]]:
        """Return kind and name of everything that was made from it, directly or by way of something else.

        Args:
            through: Kinds by way of which it counts.
        """
        references = [
            (other_kind, other_name, reference)
            for other_kind in KINDS
            for other_name, reference in self._readable_references(other_kind)
        ]
        identities, dependent = {self.identity(kind, name)} - {""}, set[tuple[str, str]]()
        while True:
            added = [
                (other_kind, other_name, reference)
                for other_kind, other_name, reference in references
                if (other_kind, other_name) not in dependent and identities & set(reference.origin.inputs.values())
            ]
            if not added:
                return sorted(dependent, key=lambda entry: (KINDS.index(entry[0]), entry[1]))
            dependent |= {(other_kind, other_name) for other_kind, other_name, _ in added}
            identities |= {reference.identity for other_kind, _, reference in added if other_kind in through} - {""}

    def _readable_references(self, kind: str) -> list[tuple[str, Reference]]:
        """Return all references of a kind that can be read, oldest first."""
        references = []
        for name in self.names(kind):
            with suppress(WorkspaceError):
                references.append((name, self.reference(kind, name)))
        return references

    def _references(self, kind: str) -> list[Path]:
        with suppress(FileNotFoundError):
            return [path for path in (self.root / kind).iterdir() if path.suffix == ".json"]
        return []

    def _reference(self, kind: str, name: str) -> Path:
        if kind not in KINDS:
            raise KeyError(kind)
        return self.root / kind / f"{check_name(name)}.json"

    # writing

    def free(self, kind: str, name: str) -> None:
        """Return if an artefact may be made under that name; asked before long work.

        Raises:
            WorkspaceError: The name is taken, or cannot be a name.
        """
        check_name(name)
        clashes = [other for other in self.names(kind) if other.casefold() == name.casefold()]
        if clashes:  # on some systems files whose names differ in capitals only are one
            raise WorkspaceError(
                f"There is already a {one(kind)} named {clashes[0]}.",
                do="Choose another name, or remove the old one first.",
                code="name_taken",
            )

    def write(
        self,
        kind: str,
        name: str,
        manifest: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]] | None = None,
        files: Mapping[str, bytes] | None = None,
        *,
        identity: str = "",
        origin: Origin | None = None,
        replace: bool = False,
        links: Mapping[str, Path] | None = None,
        shipped: str = "",
    ) -> Path:
        """Write an artefact and let the name mean it; return its folder.

        Args:
            links: Files on the same disk that become part of it without a copy.

        Raises:
            WorkspaceError: The name is taken (unless `replace`), or the disk is full.
        """
        path = self._reference(kind, name)
        if not replace:
            self.free(kind, name)
        with self._may_write(), translated(path):
            previous = self._artefact_or_none(kind, name)
            written = datetime.now(UTC).isoformat(timespec="microseconds")
            content = {**manifest, "written": written}
            folder = self._make_artefact(content, arrays or {}, files or {}, links or {})
            made_from = origin or Origin(revision=REVISIONS[kind])
            reference = Reference(
                artefact=folder.name, identity=identity, written=written, origin=made_from, shipped=shipped
            )
            write_atomic(path, json.dumps(codec.plain(reference)).encode())
        self._discard(previous)
        return folder

    def _make_artefact(
        self,
        manifest: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        files: Mapping[str, bytes],
        links: Mapping[str, Path],
    ) -> Path:
        """Write the folder whole, under a name that nobody knows yet, and give it its own."""
        temporary = Path(tempfile.mkdtemp(prefix="new-", dir=self.root / "artefacts"))
        try:
            for key, array in arrays.items():
                _save(temporary / f"{key}.npy", array)
            for key, data in files.items():
                (temporary / key).parent.mkdir(parents=True, exist_ok=True)
                (temporary / key).write_bytes(data)
            for key, path in links.items():
                (temporary / key).parent.mkdir(parents=True, exist_ok=True)
                platform.link_or_copy(path, temporary / key)
            manifest_bytes = json.dumps(manifest, indent=1).encode()
            (temporary / "manifest.json").write_bytes(manifest_bytes)
            for path in temporary.rglob("*"):
                if path.is_file():
                    platform.sync_file(path)
            final = temporary.with_name(hashlib.sha256(manifest_bytes).hexdigest()[:ID_LENGTH])
            platform.replace(temporary, final)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        platform.sync_folder(final.parent)
        return final

    @contextmanager
    def _may_write(self) -> Iterator[None]:
        """Keep `sweep` away while an artefact has no reference yet."""
        with locks.hold(self.writing_lock, "A cleaning of the workspace", shared=True, seconds=30.0):
            yield

    def _artefact_or_none(self, kind: str, name: str) -> str | None:
        with suppress(WorkspaceError):
            return self.artefact(kind, name)
        return None

    def _discard(self, artefact: str | None) -> None:
        """Remove a folder that no name means any more; where somebody still reads it, `sweep` does so later."""
        if artefact is not None and _ID.fullmatch(artefact):
            shutil.rmtree(self.root / "artefacts" / artefact, ignore_errors=True)

    def remove(self, kind: str, name: str) -> None:
        """Remove an artefact; its reference goes first, so a half-removed one is not there.

        Raises:
            WorkspaceError: Nothing has that name, or it may not be removed.
        """
        path = self._reference(kind, name)
        artefact = self._artefact_or_none(kind, name)
        with translated(path):
            try:
                path.unlink()
            except FileNotFoundError:
                self.reference(kind, name)  # says that there is none
        self._discard(artefact)

    def remove_with_caches(self, kind: str, name: str) -> dict[str, list[str]]:
        """Remove an artefact and what can be computed again from its images; return what else was made from it."""
        try:
            dependent = self.dependents(kind, name)
        except WorkspaceError:  # damaged: nobody can say what was made from it
            dependent = []
        self.remove(kind, name)
        for other_kind, other_name in dependent:
            if other_kind in CACHES:
                with suppress(WorkspaceError):
                    self.remove(other_kind, other_name)
        kept_kinds = [other_kind for other_kind in KINDS if other_kind not in CACHES]
        return {
            kept_kind: [other_name for other_kind, other_name in dependent if other_kind == kept_kind]
            for kept_kind in kept_kinds
        }

    def sweep(self) -> int:
        """Remove what no name means: left by processes that died, or in use when it was replaced. Return how many.

        Nothing is done while somebody writes, or while a reference cannot be read.
        """
        try:
            with locks.hold(self.writing_lock, "The writing", seconds=0.0):
                artefacts_named = {self._artefact_or_none(kind, name) for kind in KINDS for name in self.names(kind)}
                if None in artefacts_named:  # a reference is damaged: what it means may be any of the folders
                    return 0
                folders = [path for path in (self.root / "artefacts").iterdir() if path.name not in artefacts_named]
                for folder in folders:
                    shutil.rmtree(folder, ignore_errors=True)
                for kind in KINDS:
                    for path in (self.root / kind).glob("*.tmp"):
                        path.unlink(missing_ok=True)
                return len(folders)
        except (locks.Held, OSError):
            return 0

    # reading

    def manifest(self, kind: str, name: str) -> dict[str, Any]:
        """Return an artefact's manifest.

        Raises:
            WorkspaceError: It is not there, or damaged.
        """
        return _manifest(self.folder(kind, name), kind, name)

    def array(self, kind: str, name: str, key: str) -> NDArray[Any]:
        """Open one array of an artefact, memory-mapped and read-only.

        Raises:
            WorkspaceError: It is missing or damaged.
        """
        return _array(self.folder(kind, name), kind, name, key)

    def attached(self, kind: str, name: str, file: str) -> bytes | None:
        """Return a file that lies beside an artefact, None where it is not there."""
        path = self.folder(kind, name) / file
        return path.read_bytes() if path.is_file() else None

    def paths(self, cohort: str) -> dict[str, str]:
        """Return the local table from a cohort's image ids to paths relative to its source; never exported unasked."""
        try:
            return dict(json.loads(self.attached("cohorts", cohort, "paths.json") or b"{}"))
        except (ValueError, TypeError, RecursionError) as error:
            raise _damaged("cohorts", cohort, "The table of its source files cannot be read.") from error

    def cohort(self, name: str) -> Cohort:
        return self.load(Cohort, name)

    def samples(self, name: str) -> Samples:
        return self.load(Samples, name)

    def features(self, name: str) -> Features:
        return self.load(Features, name)

    def map(self, name: str) -> Map:
        return self.load(Map, name)

    def audit(self, name: str) -> Audit:
        return self.load(Audit, name)

    def benefit(self, name: str) -> Benefit:
        return self.load(Benefit, name)

    def reading(self, name: str) -> Reading:
        return self.load(Reading, name)

    def load(self, record: type[Record], name: str) -> Record:
        """Return the record that has that name now.

        Raises:
            WorkspaceError: It is not there; or damaged: a part is missing, or its parts do not fit each other.
        """
        kind = _KIND[record]
        return load_record(record, self.folder(kind, name), name)

    def open(self, record: type[Record], artefact: str) -> Record:
        """Return the record of an artefact, whether or not a name still means it.

        Raises:
            WorkspaceError: It is not there, is something else, or is damaged.
        """
        kind = _KIND[record]
        folder = self.root / "artefacts" / artefact
        if not _ID.fullmatch(artefact) or not folder.is_dir():
            raise WorkspaceError(
                f"There is no such {kind.removesuffix('s')} any more.", do="Reload the page.", code="missing"
            )
        return load_record(record, folder, artefact[:12])

    def keep(
        self,
        record: Cohort | Samples | Features | Map | Audit | Benefit | Reading,
        name: str,
        *,
        files: Mapping[str, bytes] | None = None,
        origin: Origin | None = None,
        replace: bool = False,
    ) -> Path:
        """Write a record: arrays as `.npy`, `files` beside them, the rest in the manifest."""
        values, arrays = codec.encode(record)
        kind = _KIND[type(record)]
        identity = record.identity if isinstance(record, Cohort | Samples) else ""
        manifest = {"schema": f"ganaug.{kind}/1", **values}
        return self.write(kind, name, manifest, arrays, files, identity=identity, origin=origin, replace=replace)

    def revise(self, cohort: Cohort, files: Mapping[str, bytes]) -> Path:
        """Let a cohort's name mean the same pixels with other facts; `files` are those beside it, others go.

        Pixels and masks are linked, not copied, so that a large cohort changes as fast as a small one.
        """
        values, arrays = codec.encode(cohort)
        folder = self.folder("cohorts", cohort.name)
        large = [key for key in ("pixels", "masks") if arrays.pop(key, None) is not None]
        links = {f"{key}.npy": folder / f"{key}.npy" for key in large}
        origin = self.reference("cohorts", cohort.name).origin
        return self.write(
            "cohorts",
            cohort.name,
            {"schema": "ganaug.cohorts/1", **values},
            arrays,
            files,
            identity=cohort.identity,
            origin=origin,
            replace=True,
            links=links,
        )


_KIND: dict[type, str] = {
    Cohort: "cohorts",
    Samples: "samples",
    Features: "features",
    Map: "maps",
    Audit: "audits",
    Benefit: "benefits",
    Reading: READINGS,
}


def load_record(record: type[Record], folder: Path, name: str) -> Record:
    """Return the record in an artefact's folder; no workspace is needed, and nothing is written.

    Raises:
        WorkspaceError: It is something else, or damaged.
    """
    kind = _KIND[record]
    manifest = _manifest(folder, kind, name)
    if manifest.get("schema") != f"ganaug.{kind}/1":
        raise _damaged(kind, name, "It is something else.")
    arrays = {path.stem: _array(folder, kind, name, path.stem) for path in folder.glob("*.npy")}
    try:
        loaded = codec.decode(record, manifest, arrays)
        check(loaded)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _damaged(kind, name, f"{error}."[:200].capitalize()) from error
    return loaded


@lru_cache(maxsize=4096)
def _decoded(content_bytes: bytes) -> Reference:
    content = json.loads(content_bytes)
    if not isinstance(content, dict):
        raise ValueError("no object")
    reference = codec.decode(Reference, content)
    if not _ID.fullmatch(reference.artefact):
        raise ValueError("no artefact")
    return reference


def _written(path: Path) -> str:
    """Return when a name was given to an artefact; damaged references come first."""
    try:
        return _decoded(path.read_bytes()).written
    except (OSError, ValueError, RecursionError):
        return ""


def _damaged(kind: str, name: str, what: str) -> WorkspaceError:
    return WorkspaceError(
        f"The {one(kind)} {name} is damaged. {what}", do="Remove it and make it again.", code="damaged"
    )


def _manifest(folder: Path, kind: str, name: str) -> dict[str, Any]:
    try:
        content = json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(kind, name, "Its description is missing or cannot be read.") from error
    if not isinstance(content, dict):
        raise _damaged(kind, name, "Its description is no object.")
    return content


def _array(folder: Path, kind: str, name: str, key: str) -> NDArray[Any]:
    try:
        opened: NDArray[Any] = np.load(folder / f"{key}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise _damaged(kind, name, f"The array {key} is missing or damaged.") from error
    return opened


def _save(path: Path, array: NDArray[Any]) -> None:
    """`numpy.save` through our own writes: by its own, numpy reports a full disk without an error number."""
    with path.open("wb") as file:
        np.lib.format.write_array(SimpleNamespace(write=file.write), np.ascontiguousarray(array), allow_pickle=False)
