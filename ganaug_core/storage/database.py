"""Connection, schema and decisions; nobody else knows the driver.

SQLite in WAL mode, every write under `BEGIN IMMEDIATE` with a 30 s busy timeout and synchronous FULL: what was
acknowledged stays, also after `kill -9`. With SQLAlchemy's own transaction handling updates are lost silently.

The file is made beside its place and renamed into it, so one that is there is whole, or somebody else's. It is known by
its inode: one that was put in its place meanwhile is looked at anew.
"""

import errno
import os
import shutil
import sqlite3
import stat
import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.pool import QueuePool

from ganaug_core.errors import WorkspaceError
from ganaug_core.storage import locks, platform

SCHEMA_VERSION = 2
BUSY_TIMEOUT_MS = 30_000
CREATE_SECONDS = 60.0
WAIT_SECONDS = 60.0  # that a transaction waits for others; its last try may take a busy timeout more
DECISIONS = ("keep", "reject", "flag")
STRICTEST = ("reject", "flag", "keep")
LOCAL = "local"  # a reader without a name
_FULL_BYTES = 1 << 20  # less than that free, and an input/output error is a full disk
_SIDE_FILES = ("-wal", "-shm", "-journal")

metadata = MetaData()

job_table = Table(
    "job",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("request", String, nullable=False),
    Column("state", String, nullable=False),
    Column("requested_state", String, nullable=False),
    Column("share", Float, nullable=False),
    Column("message", String, nullable=False),
    Column("seconds_left", Float),
    Column("error", String),
    Column("result", String),
    Column("created", Float, nullable=False),
    Column("requested", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Index("job_by_name", "kind", "name"),
    Index("job_by_key", "kind", "key"),
    Index("job_by_state", "state"),
    sqlite_autoincrement=True,
)

decision_table = Table(
    "decision",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("digest", String, CheckConstraint("length(digest) = 64"), nullable=False),
    Column("samples", String, nullable=False),
    Column("image", String, nullable=False),
    Column("reader", String, nullable=False),
    Column("decision", String, CheckConstraint("decision IN ('keep', 'reject', 'flag')"), nullable=False),
    Column("reason", String, nullable=False),
    Column("written", String, nullable=False),
    Index("decision_by_image", "digest", "image", "reader"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True)
class Decision:
    """What a reader decided about a synthetic image.

    Attributes:
        digest: Content of the sample set, 64 hex digits; decisions are found by it.
        samples: What the set was called then, for people.
        reason: May be empty.
        written: UTC text.
    """

    digest: str
    samples: str
    image: str
    reader: str
    decision: str
    reason: str
    written: str


class Database:
    """The workspace's database file, made with its schema if it is not there. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            WorkspaceError: It is damaged, empty, of another version or another program, held by somebody, or may not be
                written.
        """
        self.path = path
        self._file = _file(path)
        self._require_known()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view that does not wait for writers."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The one writer at a time; committed at the end, undone by an exception.

        Raises:
            WorkspaceError: `busy` after `WAIT_SECONDS`, `replaced` if the file is another one by now, and as above.
        """
        with self._file.queue.turn(self.path), self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection
        with _in_words(self.path):
            if (identity := _identity(self.path)) is None or identity != self._file.identity:
                raise _replaced(self.path)
            self._file.journal = (identity, _inode(_journal(self.path)))

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return all rows of the table `job` or `decision` as they are stored."""
        with self.reading() as connection:
            return [dict(row) for row in connection.execute(select(metadata.tables[table])).mappings()]

    def erase(self, *, decisions: Collection[int], jobs: Collection[int], said_by: Collection[int], error: str) -> None:
        """Delete decisions and jobs so that nothing of them can be read in the file any more.

        Args:
            said_by: Jobs that stay and lose their message; their error, where they have one, becomes `error`.

        Raises:
            WorkspaceError: As `rewrite`; the rows are deleted then, and doing it again mends the file.
        """
        with self.writing() as connection:
            for number in decisions:
                connection.execute(decision_table.delete().where(decision_table.c.number == number))
            for number in jobs:
                connection.execute(job_table.delete().where(job_table.c.id == number))
            for number in said_by:
                this_row = job_table.update().where(job_table.c.id == number)
                connection.execute(this_row.values(message=job_table.c.state))
                connection.execute(this_row.where(job_table.c.error.is_not(None)).values(error=error))
        self.rewrite()

    def rewrite(self) -> None:
        """Write the file anew, so that nothing of what was deleted stays in it or in the log beside it.

        Raises:
            WorkspaceError: Somebody reads it all the time (`busy`), the disk is full, and as above.
        """
        with self._file.queue.turn(self.path), _in_words(self.path):
            self._require_known()
            connection = self._file.engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("VACUUM")
                is_read = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                connection.close()
        if is_read:
            raise WorkspaceError(
                f"Another program reads the workspace's database {self.path.name}, so what was deleted from it may "
                "still be found in the file beside it.",
                do="Close what else has it open (a backup, a database viewer), then do it again.",
                code="busy",
            )

    def close(self) -> None:
        """Close the pooled connections; the next use opens new ones."""
        self._file.engine.dispose()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        connection = self._begun(begin)
        try:
            with _in_words(self.path), connection:
                yield connection
                connection.commit()
        except WorkspaceError as error:
            if isinstance(error.__cause__, DBAPIError):
                self._forget()
            raise

    def _begun(self, begin: str) -> Connection:
        """Return a connection with its transaction; somebody who holds the file is waited for, with a bound."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            connection: Connection | None = None
            try:
                with _in_words(self.path):
                    self._require_known()
                    connection = self._file.engine.connect().execution_options(ganaug_begin=begin)
                    connection.begin()
                return connection
            except WorkspaceError as error:
                if connection is not None:
                    connection.close()
                if error.code != "busy":
                    self._forget()
                    raise
                if time.monotonic() >= deadline:
                    raise

    def _require_known(self) -> None:
        """Make the file if it is not there; one that this process has not seen yet is looked at."""
        with _in_words(self.path, opening=True):
            identity = _identity(self.path)
            if identity is not None and identity == self._file.identity:
                return
            self._forget()
            owner, journal = self._file.journal
            if journal is not None and owner != identity and _inode(_journal(self.path)) == journal:
                _leave_aside(self.path)
            if identity is None:
                _create_once(self.path)
                identity = _identity(self.path)
            _require_schema(self.path, self._file.engine)
            self._file.identity = identity

    def _forget(self) -> None:
        """Look at the file anew when it is next needed: it may have been mended or replaced."""
        self._file.identity = None
        self._file.engine.dispose()

    # decisions: the newest of a reader about an image counts; one that is taken back is removed

    def decide(
        self, digest: str, image: str, decision: str, reason: str = "", *, samples: str, reader: str = LOCAL
    ) -> None:
        """Add a decision; earlier ones stay in the history.

        Args:
            digest: Of the sample set's content: a set drawn anew under the same name begins without decisions.
            samples: Name of the set, for people.

        Raises:
            WorkspaceError: `decision` is not keep, reject or flag; or it was not written, and then the words say why.
        """
        self.decide_all(digest, [image], decision, reason, samples=samples, reader=reader)

    def decide_all(
        self,
        digest: str,
        images: Iterable[str],
        decision: str,
        reason: str = "",
        *,
        samples: str,
        reader: str = LOCAL,
    ) -> None:
        """Add the same decision about several images, all of them or none; as `decide` besides."""
        if decision not in DECISIONS:
            raise WorkspaceError(
                f"{decision!r} is not a decision.", do=f"Choose one of: {', '.join(DECISIONS)}.", code="decision"
            )
        row = {"digest": digest, "samples": samples, "reader": reader, "decision": decision}
        row = {key: _storable(value) for key, value in {**row, "reason": reason}.items()}
        rows = [{**row, "image": _storable(image), "written": _now()} for image in images]
        if rows:
            with self.writing() as connection:
                connection.execute(decision_table.insert(), rows)

    def add(self, decisions: Iterable[Decision]) -> int:
        """Add decisions as they were made elsewhere, but for those that are here already; return how many are new.

        Raises:
            WorkspaceError: They were not written, and the words say why.
        """
        table, added = decision_table.c, 0
        with self.writing() as connection:
            for decision in decisions:
                row = {key: _storable(value) for key, value in asdict(decision).items()}
                same = [table[key] == value for key, value in row.items() if key != "samples"]
                if connection.execute(select(table.number).where(*same).limit(1)).first() is None:
                    connection.execute(decision_table.insert(), row)
                    added += 1
        return added

    def take_back(self, digest: str, images: Iterable[str], *, reader: str = LOCAL) -> None:
        """Remove a reader's newest decision about each image, so that the one before it counts again, if there is one.

        Raises:
            WorkspaceError: It was not written, and the words say why.
        """
        table = decision_table.c
        with self.writing() as connection:
            for image in images:
                of_image = (table.digest == digest) & (table.image == image) & (table.reader == reader)
                newest = select(func.max(table.number)).where(of_image).scalar_subquery()
                connection.execute(decision_table.delete().where(table.number == newest))

    def decisions(self, digest: str) -> list[Decision]:
        """Return the decision that counts for each image and reader of a sample set, oldest first."""
        newest = (
            select(func.max(decision_table.c.number))
            .where(decision_table.c.digest == digest)
            .group_by(decision_table.c.image, decision_table.c.reader)
        )
        return self._select(decision_table.c.number.in_(newest))

    def history(self, digest: str, image: str) -> list[Decision]:
        """Return every decision ever made about an image of a sample set, oldest first."""
        return self._select((decision_table.c.digest == digest) & (decision_table.c.image == image))

    def _select(self, condition: Any) -> list[Decision]:
        query = select(decision_table).where(condition).order_by(decision_table.c.number)
        with self.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [Decision(**{key: value for key, value in row.items() if key != "number"}) for row in rows]


def counting(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return the decision that counts for each image: where readers disagree the strictest, of equal ones the first."""
    result: dict[str, Decision] = {}
    for one in decisions:
        before = result.get(one.image)
        if before is None or STRICTEST.index(one.decision) < STRICTEST.index(before.decision):
            result[one.image] = one
    return result


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe goes before = + - @ tab and return."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _storable(value: str) -> str:
    """Return text that can be stored: half a character (a file name that is no UTF-8) becomes a question mark."""
    return value.encode("utf-8", "replace").decode()


class _Queue:
    """The writers of this process, first come, first served.

    SQLite lets in whoever happens to ask at the right moment, so under load some never are.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, path: Path) -> Iterator[None]:
        """Be the one writer inside the block.

        Raises:
            WorkspaceError: `busy`: those before did not get through.
        """
        own_turn = threading.Event()
        try:
            with self._lock:
                self._waiting.append(own_turn)
                self._waiting[0].set()
            if not own_turn.wait(WAIT_SECONDS):
                raise _busy(path)
            yield
        finally:
            with self._lock:
                if own_turn in self._waiting:
                    self._waiting.remove(own_turn)
                if self._waiting:
                    self._waiting[0].set()


@dataclass
class _File:
    """What this process knows of a database file.

    Attributes:
        identity: Of the one whose schema it has seen.
        journal: Of the one that it has written to last, and of the write-ahead log beside it then.
    """

    engine: Engine
    queue: _Queue = field(default_factory=_Queue)
    identity: tuple[int, int] | None = None
    journal: tuple[tuple[int, int] | None, tuple[int, int] | None] = (None, None)


@lru_cache(maxsize=64)
def _file(path: Path) -> _File:
    """One engine and one queue a file and process; an engine may be shared between threads, a connection never."""
    return _File(_engine(path))


def _engine(path: Path, mode: str = "rw") -> Engine:
    """`mode`: `rw` never makes a file, `rwc` does."""

    def connect() -> sqlite3.Connection:
        address = f"{path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        try:
            connection.isolation_level = None  # the driver must not begin transactions by itself
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            connection.execute("PRAGMA synchronous=FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=60)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("ganaug_begin", "BEGIN IMMEDIATE"))

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one under the same name, None where there is none.

    Raises:
        WorkspaceError: No file but something else, or an empty one: ours are never empty.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise WorkspaceError(
                f"The workspace's database {path.name} is a link that leads nowhere.",
                do="Bring back what it leads to, or remove the link.",
                code="link",
            ) from None
        return None
    if not stat.S_ISREG(status.st_mode):
        raise WorkspaceError(
            f"{path.name} in the workspace is a folder or a device, not the database.",
            do="Move it away; the database is then made anew.",
            code="not_file",
        )
    if status.st_size == 0:
        raise WorkspaceError(
            f"The workspace's database {path.name} is empty: another program or a full disk cut it.",
            do=_put_away(path),
            code="damaged",
        )
    return status.st_dev, status.st_ino


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _journal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _create_once(path: Path) -> None:
    """Make the file where there is none; under a lock, because several processes may come first at once."""
    lock = path.with_name(path.name + ".lock")
    with locks.hold(lock, "The set-up of the workspace's database", seconds=CREATE_SECONDS):
        if path.exists():
            return
        new_file = path.with_name(path.name + ".new")
        try:
            _remove(new_file)  # of a process that was killed meanwhile
            new_file.touch(mode=0o600)  # SQLite gives the files beside it the same mode
            _create(new_file)
            _leave_aside(path)
            platform.replace(new_file, path)
        finally:
            _remove(new_file)


def _create(path: Path) -> None:
    engine = _engine(path, "rwc")
    try:
        with engine.begin() as connection:
            metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA journal_mode=WAL")
        finally:
            raw.close()
    finally:
        engine.dispose()


def _remove(path: Path) -> None:
    for end in ("", *_SIDE_FILES):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _leave_aside(path: Path) -> None:
    """Rename what a database that was moved or replaced left behind: SQLite would play it into the one there now."""
    for end in _SIDE_FILES:
        with suppress(FileNotFoundError):
            os.replace(path.with_name(path.name + end), path.with_name(path.name + end + ".old"))


def _require_schema(path: Path, engine: Engine) -> None:
    """Refuse a file of another version, of another program, or one of which tables or columns are missing."""
    with engine.connect().execution_options(ganaug_begin="BEGIN") as connection:
        version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
        columns = {name: _columns(connection, name) for name in metadata.tables}
    if version > SCHEMA_VERSION:
        raise WorkspaceError(
            f"The workspace's database has version {version}; this ganaug knows {SCHEMA_VERSION}.",
            do="Install the newer ganaug that made it, or choose another workspace.",
            code="newer",
        )
    if version < SCHEMA_VERSION:
        raise WorkspaceError(
            f"The workspace's database {path.name} is of an older ganaug or of another program "
            f"(version {version}; this one knows {SCHEMA_VERSION}).",
            do=_put_away(path),
            code="older",
        )
    if columns != {name: {column.name for column in table.columns} for name, table in metadata.tables.items()}:
        raise _incomplete(path)


def _columns(connection: Connection, table: str) -> set[str]:
    return {str(row[1]) for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")}


@contextmanager
def _in_words(path: Path, *, opening: bool = False) -> Iterator[None]:
    """Turn what the driver raises into words; `opening`: also what the folder causes."""
    try:
        yield
    except NoConnection as error:
        raise _busy(path) from error
    except (DBAPIError, sqlite3.Error) as error:
        if (translated := _words_for(path, error)) is None:
            raise
        raise translated from error
    except OSError as error:
        if not opening:
            raise
        raise _of_the_folder(path, error) from error


def _words_for(path: Path, error: DBAPIError | sqlite3.Error) -> WorkspaceError | None:
    """Return the words for an error of SQLite, None where the mistake is ours."""
    original = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(original, "sqlite_errorcode", None)
    kind = None if code is None else code & 0xFF
    if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return _busy(path)
    if kind == sqlite3.SQLITE_FULL or (kind in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _is_full(path)):
        return _full()
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return _replaced(path)
    if kind in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return _forbidden()
    return _damage(path, original, kind)


def _damage(path: Path, error: BaseException | None, kind: int | None) -> WorkspaceError | None:
    """Return the words for what is wrong with the content of the file or with its disk, None where neither is."""
    text = str(error)
    if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "decode to UTF-8" in text:
        return WorkspaceError(f"The workspace's database {path.name} is damaged.", do=_put_away(path), code="damaged")
    if kind == sqlite3.SQLITE_IOERR:
        return WorkspaceError(
            f"The workspace's database {path.name} could not be read or written ({text}).",
            do="Check the disk that it lies on, then try again. A network drive is no place for a workspace.",
            code="disk",
        )
    if kind == sqlite3.SQLITE_ERROR and ("no such" in text or "has no column" in text):
        return _incomplete(path)  # another program changed it since it was looked at
    return None


def _of_the_folder(path: Path, error: OSError) -> WorkspaceError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full()
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _forbidden()
    return WorkspaceError(
        f"The workspace's database {path.name} cannot be opened ({error.strerror}).",
        do="Look whether the workspace's folder is still there, or choose another one (--workspace).",
        code="missing",
    )


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _FULL_BYTES
    except OSError:
        return False


def _put_away(path: Path) -> str:
    return (
        f"Put a backup in its place, or move it away (with {path.name}-wal and {path.name}-shm, if they are there): "
        "runs and results stay, jobs and decisions start anew."
    )


def _busy(path: Path) -> WorkspaceError:
    return WorkspaceError(
        f"The workspace's database {path.name} is held by another program. Nothing was written.",
        do="Close what else has it open (a backup, a database viewer), then try again.",
        code="busy",
    )


def _full() -> WorkspaceError:
    return WorkspaceError(
        "The disk is full: the workspace's database could not be written. Nothing that was there is lost.",
        do="Free some space and try again.",
        code="disk_full",
    )


def _forbidden() -> WorkspaceError:
    return WorkspaceError(
        "The workspace's database may not be written.",
        do="Give the user who runs ganaug write permission, or start it with another folder (--workspace).",
        code="permission",
    )


def _incomplete(path: Path) -> WorkspaceError:
    return WorkspaceError(
        f"The workspace's database {path.name} lacks tables or columns, or has others: it is half made, or another "
        "program changed it.",
        do=_put_away(path),
        code="incomplete",
    )


def _replaced(path: Path) -> WorkspaceError:
    return WorkspaceError(
        f"The workspace's database {path.name} was replaced while it was written: the last change is not in the new "
        "one.",
        do="Do it again.",
        code="replaced",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
