"""Connection, schema and decisions; nobody else knows the driver.

SQLite in WAL mode, every write under `BEGIN IMMEDIATE` with a 30 s busy timeout and synchronous FULL: what was
acknowledged stays, also after `kill -9`. With SQLAlchemy's own transaction handling updates are lost silently.
"""

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool

from ganaug_core.errors import WorkspaceError
from ganaug_core.storage import locks

SCHEMA_VERSION = 1
BUSY_TIMEOUT_MS = 30_000
CREATE_SECONDS = 60.0
DECISIONS = ("keep", "reject", "flag")

metadata = MetaData()
_ready: set[Path] = set()  # files whose schema this process has seen

job_table = Table(
    "job",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("request", String, nullable=False),
    Column("state", String, nullable=False),
    Column("wish", String, nullable=False),
    Column("share", Float, nullable=False),
    Column("message", String, nullable=False),
    Column("seconds_left", Float),
    Column("error", String),
    Column("result", String),
    Column("created", Float, nullable=False),
    Column("wished", Float, nullable=False),
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
    Column("samples", String, nullable=False),
    Column("image", String, nullable=False),
    Column("reader", String, nullable=False),
    Column("decision", String, CheckConstraint("decision IN ('keep', 'reject', 'flag')"), nullable=False),
    Column("reason", String, nullable=False),
    Column("written", String, nullable=False),
    Index("decision_by_image", "samples", "image", "reader"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True)
class Decision:
    """What a reader decided about a synthetic image; `written` is UTC text, `reason` may be empty."""

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
            WorkspaceError: It is damaged, of a newer version, or the folder may not be written.
        """
        self.path = path
        self._engine = _engine(path)
        if path not in _ready or not path.exists():
            with _in_words(path):
                _create_once(path, self._engine)
            _ready.add(path)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view that does not wait for writers."""
        with _in_words(self.path), self._engine.connect().execution_options(ganaug_begin="BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The one writer at a time; committed at the end, undone by an exception."""
        with _in_words(self.path), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close the pooled connections; the next use opens new ones."""
        self._engine.dispose()

    # decisions: insert-only, the newest of a reader about an image counts

    def decide(self, samples: str, image: str, decision: str, reason: str = "", *, reader: str = "local") -> None:
        """Add a decision; earlier ones stay in the history.

        Raises:
            WorkspaceError: `decision` is not keep, reject or flag.
        """
        if decision not in DECISIONS:
            raise WorkspaceError(
                f"{decision!r} is not a decision.", do=f"Choose one of: {', '.join(DECISIONS)}.", code="decision"
            )
        row = {"samples": samples, "image": image, "reader": reader, "decision": decision, "reason": reason}
        with self.writing() as connection:
            connection.execute(decision_table.insert().values(**row, written=_now()))

    def decisions(self, samples: str) -> list[Decision]:
        """Return the decision that counts for each image and reader, oldest first."""
        newest = (
            select(func.max(decision_table.c.number))
            .where(decision_table.c.samples == samples)
            .group_by(decision_table.c.image, decision_table.c.reader)
        )
        return self._select(decision_table.c.number.in_(newest))

    def history(self, samples: str, image: str) -> list[Decision]:
        """Return every decision ever made about an image, oldest first."""
        return self._select((decision_table.c.samples == samples) & (decision_table.c.image == image))

    def _select(self, condition: Any) -> list[Decision]:
        query = select(decision_table).where(condition).order_by(decision_table.c.number)
        with self.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [Decision(**{key: value for key, value in row.items() if key != "number"}) for row in rows]

    def decisions_csv(self, samples: str) -> str:
        """Return the decisions that count as CSV text; cells that a spreadsheet would compute are quoted."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["samples", "image", "reader", "decision", "reason", "written"])
        for each in self.decisions(samples):
            row = (each.samples, each.image, each.reader, each.decision, each.reason, each.written)
            writer.writerow([harmless(cell) for cell in row])
        return text.getvalue()


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe goes before = + - @ tab and return."""
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


@lru_cache(maxsize=64)
def _engine(path: Path) -> Engine:
    """One engine a file and process; an engine may be shared between threads, a connection never."""
    engine = create_engine(f"sqlite:///{path}", poolclass=QueuePool, pool_size=4, max_overflow=60)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("ganaug_begin", "BEGIN IMMEDIATE"))

    return engine


def _create_once(path: Path, engine: Engine) -> None:
    """Make the schema where there is none; under a lock, because several processes may come first at once."""
    lock = path.with_name(path.name + ".lock")
    with locks.hold(lock, "The set-up of the workspace's database", seconds=CREATE_SECONDS):
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA journal_mode=WAL")
        finally:
            raw.close()
        with engine.begin() as connection:
            version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            if version > SCHEMA_VERSION:
                raise WorkspaceError(
                    f"The workspace's database has version {version}; this ganaug knows {SCHEMA_VERSION}.",
                    do="Install the newer ganaug that made it, or choose another workspace.",
                    code="newer",
                )
            if version < SCHEMA_VERSION:
                metadata.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise WorkspaceError(
            "The workspace's database may not be written.",
            do="Give the user who runs ganaug write permission, or start it with another folder (--workspace).",
            code="permission",
        ) from error
    except (DatabaseError, sqlite3.DatabaseError) as error:
        reason = str(error)
        if "is full" in reason:
            raise WorkspaceError(
                "The disk is full: the workspace's database could not be written. Nothing that was there is lost.",
                do="Free some space and try again.",
                code="disk_full",
            ) from error
        if "not a database" in reason or "malformed" in reason:
            raise WorkspaceError(
                f"The workspace's database {path.name} is damaged.",
                do="Put a backup in its place, or move it away: runs and results stay, jobs and decisions start anew.",
                code="damaged",
            ) from error
        raise


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
