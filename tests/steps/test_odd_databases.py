"""Whatever lies where the database should be: an answer in words, and what needs no database goes on."""

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import digit_cohort
import pytest

from ganaug_core import cli
from ganaug_core.config.requests import AuditSamples
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import launch, store, supervisor
from ganaug_core.storage import database as database_module
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace

SET = "a" * 64


def an_audit(workspace: Workspace, seed: int) -> store.Job:
    return store.submit(workspace, AuditSamples(cohort="digits", samples="drawn", seed=seed))


@pytest.fixture
def place(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a cohort, a waiting job and a decision, whose database this process does not have open."""
    monkeypatch.setattr(launch, "ensure", lambda workspace: None)
    workspace.keep(digit_cohort.cohort(count=60), "digits")
    workspace.keep(digit_cohort.samples(), "drawn")
    an_audit(workspace, 1)
    Database(workspace.database_path).decide(SET, "a", "keep", samples="s")
    unknown(workspace.database_path)
    return workspace


def unknown(file: Path) -> None:
    """Close the database, so that it is whole in one file, and let this process forget it."""
    Database(file).close()
    database_module._file.cache_clear()


def sql(script: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        raw = sqlite3.connect(file)
        raw.executescript(script)
        raw.close()

    return change


def instead(content: bytes) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        file.unlink()
        file.write_bytes(content)

    return change


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def link(file: Path) -> None:
    file.unlink()
    file.symlink_to("/nonexistent/x")


def half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def pages_of_junk(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xa5" * 8192 + content[12288:])


def other_program(file: Path) -> None:
    file.unlink()
    sql("CREATE TABLE decision(x); CREATE TABLE job(y)")(file)


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "a newer version": (sql("PRAGMA user_version=99"), "newer"),
    "version 0 with our tables": (sql("PRAGMA user_version=0"), "older"),
    "version 0, a column missing": (sql("PRAGMA user_version=0; ALTER TABLE job DROP COLUMN seconds_left"), "older"),
    "a negative version": (sql("PRAGMA user_version=-5"), "older"),
    "a column missing": (sql("ALTER TABLE decision DROP COLUMN reason"), "incomplete"),
    "a column too many": (sql("ALTER TABLE job ADD COLUMN owner TEXT NOT NULL DEFAULT 'x'"), "incomplete"),
    "no tables": (sql("DROP TABLE job; DROP TABLE decision"), "incomplete"),
    "no bytes": (instead(b""), "damaged"),
    "junk": (instead(b"\xa5" * 9000), "damaged"),
    "half of the file": (half, "damaged"),
    "a folder": (folder, "not_file"),
    "another program's": (other_program, "older"),
    "a link that leads nowhere": (link, "link"),
}


def calls(place: Workspace) -> dict[str, Callable[[], Any]]:
    """Return everything that asks the database."""
    file = place.database_path
    return {
        "jobs": lambda: store.jobs(place),
        "submit": lambda: an_audit(place, 2),
        "claim": lambda: store.claim(place, store.SHORT),
        "decisions": lambda: Database(file).decisions(SET),
        "decide": lambda: Database(file).decide(SET, "b", "flag", samples="s"),
        "decide all": lambda: Database(file).decide_all(SET, ["b", "c"], "keep", samples="s"),
        "take back": lambda: Database(file).take_back(SET, ["b"]),
    }


def require_the_rest(place: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """What lies in files is there, whatever the database is."""
    assert len(place.cohort("digits")) == 60
    capsys.readouterr()
    assert cli.run(["cohort", "list", "--workspace", str(place.root)]) == 0
    assert "digits" in capsys.readouterr().out


@pytest.mark.parametrize("kind", REFUSED)
def test_an_odd_database_is_refused_in_words_by_whoever_asks_it_and_stays_as_it_is(
    place: Workspace, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change, code = REFUSED[kind]
    change(place.database_path)
    before = place.database_path.read_bytes() if place.database_path.is_file() else None
    for call in calls(place).values():
        with pytest.raises(WorkspaceError) as caught:
            call()
        assert caught.value.code == code
        assert place.database_path.name in caught.value.what or "The workspace's database has version" in str(caught)
        assert any(word in caught.value.do for word in ("move it away", "Move it away", "Install", "remove the link"))
    assert before is None or place.database_path.read_bytes() == before
    require_the_rest(place, capsys)


def test_pages_of_junk_are_answered_or_refused_in_words(place: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    pages_of_junk(place.database_path)
    codes = set()
    for call in calls(place).values():
        try:
            call()
        except WorkspaceError as error:
            codes.add(error.code)
    assert codes == {"damaged"}
    require_the_rest(place, capsys)


def test_after_the_odd_file_was_moved_away_as_the_words_say_work_goes_on(place: Workspace) -> None:
    sql("PRAGMA user_version=0")(place.database_path)
    with pytest.raises(WorkspaceError, match=r"older ganaug or of another program \(version 0"):
        store.jobs(place)
    place.database_path.rename(place.root / "old.sqlite")
    assert store.jobs(place) == []
    assert an_audit(place, 2).state == "queued"


@pytest.mark.parametrize(
    "damage",
    [
        "request='not json'",
        "request='[1]'",
        "name='../x'",
        "kind='brew'",
        "state='resting'",
        "error='not json', state='failed'",
        "error='{}', state='failed'",
    ],
)
def test_a_damaged_row_is_a_failed_job_and_the_others_are_worked_on(place: Workspace, damage: str) -> None:
    sql(f"UPDATE job SET {damage}")(place.database_path)
    good = an_audit(place, 3)
    bad = store.jobs(place)[-1]
    assert bad.state == "failed"
    assert bad.error is not None
    assert "damaged" in bad.error["what"]
    claimed = store.claim(place, store.SHORT)
    assert claimed is not None
    assert claimed.id == good.id
    supervisor.Supervisor(place).look()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 1)
    monkeypatch.setattr(database_module, "WAIT_SECONDS", 0.0)


@pytest.fixture
def held(place: Workspace) -> Iterator[sqlite3.Connection]:
    """Another program that has begun to write."""
    other = sqlite3.connect(place.database_path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


@pytest.mark.usefixtures("impatient", "held")
def test_a_database_that_is_held_is_read_and_a_write_is_refused_in_words(
    place: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, call in calls(place).items():
        if name in ("jobs", "decisions", "csv"):
            assert len(call()) > 0
        else:
            with pytest.raises(WorkspaceError, match=r"held by another program\. Nothing was written\. Close what"):
                call()
    require_the_rest(place, capsys)


def test_a_decision_waits_until_the_other_program_lets_go(
    place: Workspace, held: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 1)  # many times that is waited
    later = threading.Timer(0.2, held.rollback)
    later.start()
    Database(place.database_path).decide(SET, "b", "flag", samples="s")
    later.join()
    assert [decision.image for decision in Database(place.database_path).decisions(SET)] == ["a", "b"]


def test_a_database_that_may_only_be_read_is_read_and_a_write_is_refused_in_words(
    place: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = database_module._engine
    monkeypatch.setattr(database_module, "_engine", lambda path, mode="ro": engine(path, mode))
    for name, call in calls(place).items():
        if name in ("jobs", "decisions", "csv"):
            assert len(call()) > 0
        else:
            with pytest.raises(WorkspaceError, match=r"may not be written\. Give the user") as caught:
                call()
            assert caught.value.code == "permission"
    require_the_rest(place, capsys)


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "disk_full"), (errno.EROFS, "permission"), (errno.EIO, "missing")]
)
def test_a_database_that_cannot_be_made_is_said_in_words_and_leaves_nothing(
    workspace: Workspace, number: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(WorkspaceError) as caught:
        store.jobs(workspace)
    assert caught.value.code == code
    assert [path.name for path in workspace.root.glob("ganaug.sqlite*")] == ["ganaug.sqlite.lock"]


@pytest.mark.parametrize("number", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN])
def test_an_error_of_the_disk_is_a_full_disk_where_it_is_full(
    place: Workspace, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(place.database_path)

    def fail() -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = number
        with database.writing():
            raise error

    with pytest.raises(WorkspaceError) as caught:
        fail()
    assert caught.value.code in ("disk", "permission")
    monkeypatch.setattr(database_module, "_is_full", lambda path: True)
    with pytest.raises(WorkspaceError, match="Free some space"):
        fail()


def test_a_supervisor_that_cannot_use_the_database_leaves_with_words_in_its_log(
    place: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    instead(b"\xa5" * 9000)(place.database_path)
    supervisor.main([str(place.root)])
    assert "ganaug.sqlite is damaged. Put a backup in its place" in caplog.text
