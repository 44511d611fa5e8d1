"""What the database must do: lose nothing that it acknowledged, and say in words what is wrong."""

import csv
import io
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ganaug_core.errors import WorkspaceError
from ganaug_core.storage.database import SCHEMA_VERSION, Database, harmless


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "ganaug.sqlite")


def test_the_newest_decision_of_a_reader_counts_and_the_earlier_ones_stay(database: Database) -> None:
    database.decide("d1-64-seed0", "aaaaaaaaaaaa", "keep")
    database.decide("d1-64-seed0", "bbbbbbbbbbbb", "flag", "looks copied")
    database.decide("d1-64-seed0", "aaaaaaaaaaaa", "reject", "ring artefact")
    database.decide("d1-64-seed0", "aaaaaaaaaaaa", "keep", reader="anna")
    database.decide("other", "aaaaaaaaaaaa", "flag")

    counting = {(each.image[0], each.reader): each.decision for each in database.decisions("d1-64-seed0")}
    assert counting == {("a", "local"): "reject", ("b", "local"): "flag", ("a", "anna"): "keep"}
    history = database.history("d1-64-seed0", "aaaaaaaaaaaa")
    assert [(each.decision, each.reason) for each in history] == [
        ("keep", ""),
        ("reject", "ring artefact"),
        ("keep", ""),
    ]
    assert [each.written for each in history] == sorted(each.written for each in history)


def test_another_word_than_keep_reject_or_flag_is_refused_twice(database: Database) -> None:
    with pytest.raises(WorkspaceError, match=r"'maybe' is not a decision. Choose one of: keep, reject, flag."):
        database.decide("s", "aaaaaaaaaaaa", "maybe")
    with sqlite3.connect(database.path) as raw, pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        raw.execute("INSERT INTO decision VALUES (1, 's', 'i', 'r', 'maybe', '', '')")
    raw.close()


def test_the_csv_disarms_what_a_spreadsheet_would_compute(database: Database) -> None:
    for image, reason in (
        ("a", "=cmd|'/c calc'!A0"),
        ("b", "+1"),
        ("c", "-1"),
        ("d", "@SUM(A1)"),
        ("e", "\tx"),
        ("f", "ok"),
    ):
        database.decide("s", image, "reject", reason)
    rows = list(csv.DictReader(io.StringIO(database.decisions_csv("s"))))
    assert [row["reason"] for row in rows] == ["'=cmd|'/c calc'!A0", "'+1", "'-1", "'@SUM(A1)", "'\tx", "ok"]
    assert list(rows[0]) == ["samples", "image", "reader", "decision", "reason", "written"]
    assert harmless("a=b") == "a=b"


def test_a_reason_with_quotes_commas_and_line_breaks_survives_the_csv(database: Database) -> None:
    reason = 'he said "no", twice\nand left; ✗'
    database.decide("s", "a", "reject", reason)
    assert next(csv.DictReader(io.StringIO(database.decisions_csv("s"))))["reason"] == reason


def test_no_decision_of_eight_threads_is_lost(database: Database) -> None:
    def decide(reader: int) -> None:
        for image in range(25):
            database.decide("s", f"{image:012x}", "keep", reader=f"reader{reader}")

    threads = [threading.Thread(target=decide, args=(reader,)) for reader in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(database.decisions("s")) == 8 * 25


def test_reading_does_not_wait_for_a_writer_and_does_not_see_half_of_it(database: Database) -> None:
    database.decide("s", "a", "keep")
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO decision VALUES (99, 's', 'b', 'local', 'keep', '', '')")
        assert [each.image for each in database.decisions("s")] == ["a"]
    assert [each.image for each in database.decisions("s")] == ["a", "b"]


def test_an_exception_undoes_the_whole_transaction(database: Database) -> None:
    def decide_and_fail() -> None:
        with database.writing() as connection:
            connection.exec_driver_sql("INSERT INTO decision VALUES (99, 's', 'b', 'local', 'keep', '', '')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        decide_and_fail()
    assert database.decisions("s") == []


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "ganaug.sqlite"
    Database(path)
    code = (
        "import sys, pathlib\nfrom ganaug_core.storage.database import Database\n"
        "database = Database(pathlib.Path(sys.argv[1]))\n"
        "for number in range(100000):\n"
        "    database.decide('s', str(number), 'keep')\n    sys.stdout.write(f'{number}\\n'); sys.stdout.flush()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(60)]
        os.kill(process.pid, signal.SIGKILL)
    images = {int(each.image) for each in Database(path).decisions("s")}
    assert images.issuperset(acknowledged)


def test_six_processes_that_come_first_at_once_make_one_schema(tmp_path: Path) -> None:
    path = tmp_path / "ganaug.sqlite"
    code = (
        "import sys, pathlib\nfrom ganaug_core.storage.database import Database\nsys.stdin.readline()\n"
        "Database(pathlib.Path(sys.argv[1])).decide('s', sys.argv[2], 'keep')"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(path), str(number)], stdin=subprocess.PIPE, text=True)
        for number in range(6)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0] * 6
    assert len(Database(path).decisions("s")) == 6


@pytest.mark.parametrize("content", [b"hello, not a database" * 50, b"SQLite format 3\0" + b"\xff" * 3000])
def test_a_damaged_file_is_named_with_a_next_step(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ganaug.sqlite"
    path.write_bytes(content)
    with pytest.raises(WorkspaceError, match=r"ganaug\.sqlite is damaged\. Put a backup in its place") as caught:
        Database(path)
    assert caught.value.code == "damaged"


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ganaug.sqlite"
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    raw.commit()
    with pytest.raises(WorkspaceError, match=f"version {SCHEMA_VERSION + 1}; this ganaug knows {SCHEMA_VERSION}"):
        Database(path)
    assert raw.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    raw.close()


def test_a_full_disk_is_said_in_words_and_loses_nothing(database: Database) -> None:
    database.decide("s", "a", "keep")

    def fill() -> None:
        with database.writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            row = f"'s', 'b', 'local', 'keep', '{'x' * 999}', ''"
            for number in range(2000):
                connection.exec_driver_sql(f"INSERT INTO decision VALUES ({number + 9}, {row})")

    with pytest.raises(WorkspaceError, match=r"The disk is full.*Free some space"):
        fill()
    database.close()
    assert [each.image for each in database.decisions("s")] == ["a"]


def test_the_file_is_written_ahead_and_waits_for_others(database: Database) -> None:
    with database.reading() as connection:
        settings = {
            key: connection.exec_driver_sql(f"PRAGMA {key}").scalar_one()
            for key in ("journal_mode", "synchronous", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000}
