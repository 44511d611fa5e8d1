"""What the database must do: lose nothing that it acknowledged, and say in words what is wrong."""

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

SET, OTHER = "a" * 64, "b" * 64  # digests of two sample sets


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "ganaug.sqlite")


def test_the_newest_decision_of_a_reader_counts_and_the_earlier_ones_stay(database: Database) -> None:
    database.decide(SET, "aaaaaaaaaaaa", "keep", samples="s")
    database.decide(SET, "bbbbbbbbbbbb", "flag", "looks copied", samples="s")
    database.decide(SET, "aaaaaaaaaaaa", "reject", "ring artefact", samples="s")
    database.decide(SET, "aaaaaaaaaaaa", "keep", reader="anna", samples="s")
    database.decide(OTHER, "aaaaaaaaaaaa", "flag", samples="s")

    counting = {(decision.image[0], decision.reader): decision.decision for decision in database.decisions(SET)}
    assert counting == {("a", "local"): "reject", ("b", "local"): "flag", ("a", "anna"): "keep"}
    history = database.history(SET, "aaaaaaaaaaaa")
    assert [(decision.decision, decision.reason) for decision in history] == [
        ("keep", ""),
        ("reject", "ring artefact"),
        ("keep", ""),
    ]
    assert [decision.written for decision in history] == sorted(decision.written for decision in history)


def test_another_word_than_keep_reject_or_flag_is_refused_twice(database: Database) -> None:
    with pytest.raises(WorkspaceError, match=r"'maybe' is not a decision. Choose one of: keep, reject, flag."):
        database.decide(SET, "aaaaaaaaaaaa", "maybe", samples="s")
    with sqlite3.connect(database.path) as raw, pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        raw.execute("INSERT INTO decision VALUES (1, hex(zeroblob(32)), 's', 'i', 'r', 'maybe', '', '')")
    raw.close()


def test_a_cell_that_a_spreadsheet_would_compute_is_quoted() -> None:
    cells = ("=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "ok", "a=b")
    assert [cell for cell in cells if harmless(cell) == f"'{cell}"] == list(cells[:5])
    assert [harmless(cell) for cell in cells[5:]] == ["ok", "a=b"]


def test_many_images_are_decided_about_together_or_not_at_all(database: Database) -> None:
    database.decide_all(SET, ["a", "b"], "reject", "blurred", samples="s")
    assert [(one.image, one.reason) for one in database.decisions(SET)] == [("a", "blurred"), ("b", "blurred")]
    with pytest.raises(WorkspaceError, match="is not a decision"):
        database.decide_all(SET, ["c", "d"], "perhaps", samples="s")
    database.decide_all(SET, [], "keep", samples="s")
    assert len(database.decisions(SET)) == 2


def test_what_is_taken_back_gives_way_to_what_that_reader_said_before(database: Database) -> None:
    database.decide(SET, "a", "keep", samples="s")
    database.decide(SET, "a", "flag", samples="s", reader="other")
    database.decide_all(SET, ["a", "b"], "reject", samples="s")
    database.take_back(SET, ["a", "b", "never seen"])
    assert [(one.image, one.reader, one.decision) for one in database.decisions(SET)] == [
        ("a", "local", "keep"),
        ("a", "other", "flag"),
    ]
    assert database.decisions(OTHER) == []


def test_no_decision_of_eight_threads_is_lost(database: Database) -> None:
    def decide(reader: int) -> None:
        for image in range(25):
            database.decide(SET, f"{image:012x}", "keep", reader=f"reader{reader}", samples="s")

    threads = [threading.Thread(target=decide, args=(reader,)) for reader in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(database.decisions(SET)) == 8 * 25


def test_writers_of_a_process_come_to_their_turn_in_the_order_in_which_they_asked(database: Database) -> None:
    queue, order = database._file.queue, []

    def write(number: int) -> None:
        with database.writing():
            order.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    with queue.turn(database.path):
        for waiting, thread in enumerate(threads, start=2):
            thread.start()
            while len(queue._waiting) < waiting:
                pass
    for thread in threads:
        thread.join()
    assert order == list(range(12))
    assert not queue._waiting


def test_a_sample_set_drawn_anew_under_the_same_name_inherits_no_decisions(database: Database) -> None:
    database.decide(SET, "a", "keep", samples="d1-64-seed0")
    assert database.decisions(OTHER) == database.history(OTHER, "a") == []
    database.decide(OTHER, "a", "reject", samples="d1-64-seed0")
    assert [(decision.digest, decision.samples, decision.decision) for decision in database.decisions(SET)] == [
        (SET, "d1-64-seed0", "keep")
    ]


def test_half_a_character_in_a_reason_becomes_a_question_mark(database: Database) -> None:
    database.decide(SET, "a", "reject", "\udce9", samples="s")
    assert database.decisions(SET)[0].reason == "?"


def test_a_database_put_in_the_place_of_the_open_one_gets_the_next_decision(tmp_path: Path) -> None:
    path, backup = tmp_path / "ganaug.sqlite", tmp_path / "backup.sqlite"
    Database(backup).close()
    database = Database(path)
    database.decide(SET, "a", "keep", samples="s")
    os.replace(backup, path)
    database.decide(SET, "b", "keep", samples="s")
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT image FROM decision").fetchall() == [("b",)]
    raw.close()


def test_a_decision_that_went_into_a_file_that_is_not_there_any_more_is_not_taken_for_written(tmp_path: Path) -> None:
    path, backup = tmp_path / "ganaug.sqlite", tmp_path / "backup.sqlite"
    Database(backup).close()
    database = Database(path)

    def decide_and_replace() -> None:
        with database.writing() as connection:
            connection.exec_driver_sql(f"INSERT INTO decision VALUES (99, '{SET}', 's', 'b', 'local', 'keep', '', '')")
            os.replace(backup, path)

    with pytest.raises(WorkspaceError, match=r"was replaced while it was written.*Do it again") as caught:
        decide_and_replace()
    assert caught.value.code == "replaced"


def test_what_a_moved_database_left_behind_does_not_come_into_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "ganaug.sqlite"
    database = Database(path)
    database.decide(SET, "a", "keep", samples="s")  # stands in ganaug.sqlite-wal as long as the file is open
    path.rename(tmp_path / "away.sqlite")
    assert database.decisions(SET) == []
    database.decide(SET, "b", "keep", samples="s")
    assert [decision.image for decision in database.decisions(SET)] == ["b"]
    assert (tmp_path / "ganaug.sqlite-wal.old").exists()


def test_reading_does_not_wait_for_a_writer_and_does_not_see_half_of_it(database: Database) -> None:
    database.decide(SET, "a", "keep", samples="s")
    with database.writing() as connection:
        connection.exec_driver_sql(f"INSERT INTO decision VALUES (99, '{SET}', 's', 'b', 'local', 'keep', '', '')")
        assert [decision.image for decision in database.decisions(SET)] == ["a"]
    assert [decision.image for decision in database.decisions(SET)] == ["a", "b"]


def test_an_exception_undoes_the_whole_transaction(database: Database) -> None:
    def decide_and_fail() -> None:
        with database.writing() as connection:
            connection.exec_driver_sql(f"INSERT INTO decision VALUES (99, '{SET}', 's', 'b', 'local', 'keep', '', '')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        decide_and_fail()
    assert database.decisions(SET) == []


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "ganaug.sqlite"
    Database(path)
    code = (
        "import sys, pathlib\nfrom ganaug_core.storage.database import Database\n"
        "database = Database(pathlib.Path(sys.argv[1]))\n"
        "for number in range(100000):\n"
        "    database.decide('a' * 64, str(number), 'keep', samples='s')\n"
        "    sys.stdout.write(f'{number}\\n'); sys.stdout.flush()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(60)]
        os.kill(process.pid, signal.SIGKILL)
    images = {int(decision.image) for decision in Database(path).decisions(SET)}
    assert images.issuperset(acknowledged)


def test_six_processes_that_come_first_at_once_make_one_schema(tmp_path: Path) -> None:
    path = tmp_path / "ganaug.sqlite"
    code = (
        "import sys, pathlib\nfrom ganaug_core.storage.database import Database\nsys.stdin.readline()\n"
        "Database(pathlib.Path(sys.argv[1])).decide('a' * 64, sys.argv[2], 'keep', samples='s')"
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
    assert len(Database(path).decisions(SET)) == 6


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
    database.decide(SET, "a", "keep", samples="s")

    def fill() -> None:
        with database.writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            row = f"'{SET}', 's', 'b', 'local', 'keep', '{'x' * 999}', ''"
            for number in range(2000):
                connection.exec_driver_sql(f"INSERT INTO decision VALUES ({number + 9}, {row})")

    with pytest.raises(WorkspaceError, match=r"The disk is full.*Free some space"):
        fill()
    database.close()
    assert [decision.image for decision in database.decisions(SET)] == ["a"]


def test_the_file_is_written_ahead_and_waits_for_others(database: Database) -> None:
    with database.reading() as connection:
        settings = {
            key: connection.exec_driver_sql(f"PRAGMA {key}").scalar_one()
            for key in ("journal_mode", "synchronous", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000}
