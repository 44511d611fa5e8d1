"""Names from outside stay text, numbers read as people say them, and archives cannot leave their folder."""

import io
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ganaug_core import pipeline, server
from ganaug_core.config.requests import ImportCohort
from ganaug_core.errors import CohortError, WorkspaceError
from ganaug_core.jobs import launch, store, worker
from ganaug_core.storage.uploads import discard
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.shared import uploads, words


class File(io.BytesIO):
    def __init__(self, name: str, data: bytes) -> None:
        super().__init__(data)
        self.name = name


def archive(*members: tuple[str, bytes]) -> File:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in members:
            zipped.writestr(name, content)
    return File("images.zip", data.getvalue())


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.12345, "0.123"), (0, "0"), (1234567, "1.23e+06"), (12345, "12,345"), (float("nan"), "not known")],
)
def test_numbers_are_short(value: float, said: str) -> None:
    assert words.number(value) == said


def test_progress_says_how_long_it_will_take() -> None:
    assert words.progress(0.42, "reading", 660) == "42 %, about 11 minutes left: reading"


@pytest.mark.parametrize(
    "text", ["![x](http://a/b.png)", "[a](http://b)", "<b>", ":material/home:", "$x$", "# big", "1. x", "`c`"]
)
def test_markdown_marks_are_escaped(text: str) -> None:
    escaped = words.plain(text)
    assert escaped.replace("\\", "") == text
    assert "![x](http:" not in escaped
    assert escaped != text


def test_what_cannot_be_shown_is_replaced() -> None:
    assert words.plain("a\udce9b\u202ec\nd") == "a b c d"


def test_an_archive_is_unpacked_and_its_wrapping_folder_taken_off(home: Workspace) -> None:
    folder = uploads.store_files([archive(("set/a/1.png", b"1"), ("set/b/2.png", b"2"), ("__MACOSX/x", b""))], home)
    assert files_below(folder) == ["a/1.png", "b/2.png"]
    assert home.uploads in folder.parents


def test_two_classes_at_the_top_stay_as_they_are(home: Workspace) -> None:
    assert files_below(uploads.store_files([archive(("a/1.png", b"1"), ("b/2.png", b"2"))], home)) == [
        "a/1.png",
        "b/2.png",
    ]


def test_one_file_is_kept_as_a_file(home: Workspace) -> None:
    path = uploads.store_files([File("mine.npz", b"data")], home)
    assert (path.name, path.read_bytes()) == ("mine.npz", b"data")


def test_several_files_are_kept_as_a_folder(home: Workspace) -> None:
    folder = uploads.store_files([File("t.csv", b"t"), File("a/1.png", b"1")], home)
    assert files_below(folder) == ["a/1.png", "t.csv"]


@pytest.mark.parametrize(
    "name",
    [
        "../x.png",
        "/x.png",
        "a/../../x.png",
        "C:/x.png",
        "a\\x.png",
        "a\tb.png",
        "a/" + "x" * 201,
        "/".join("a" * 14),
        "a//x",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_and_nothing_is_written(home: Workspace, name: str) -> None:
    with pytest.raises(CohortError) as raised:
        uploads.store_files([File("one.png", b""), File(name, b"x")], home)
    assert raised.value.do
    assert files_below(home.uploads) == []


@pytest.mark.parametrize(
    "pair", [("a/X.png", "a/x.png"), ("a", "a/x.png"), ("A/1.png", "a/2.png"), ("a/1.png", "a/1.png")]
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_meet_on_another_disk_are_refused(home: Workspace, pair: tuple[str, str]) -> None:
    with pytest.raises(CohortError, match=r"twice|capitals"):
        uploads.store_files([archive(*((name, b"x") for name in pair))], home)
    assert files_below(home.uploads) == []


def test_a_bomb_is_refused_before_it_is_unpacked(home: Workspace) -> None:
    with pytest.raises(CohortError, match="two-hundredfold"):
        uploads.store_files([archive(("a/bomb.png", bytes(10_000_000)))], home)


def test_an_archive_inside_an_archive_is_refused(home: Workspace) -> None:
    with pytest.raises(CohortError, match="archive inside"):
        uploads.store_files([archive(("a/more.zip", b"x"))], home)


@pytest.mark.parametrize("kind", ["S_IFLNK", "S_IFIFO", "S_IFCHR", "S_IFBLK", "S_IFSOCK", "S_IFREG"])
def test_a_member_that_is_no_file_is_refused(home: Workspace, kind: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as zipped:
        info = zipfile.ZipInfo("a/passwd.png")
        info.external_attr = (getattr(stat, kind) | 0o777) << 16
        zipped.writestr(info, "/etc/passwd")
    upload = File("links.zip", data.getvalue())
    if kind == "S_IFREG":
        assert files_below(uploads.store_files([upload], home)) == ["a/passwd.png"]
        return
    with pytest.raises(CohortError, match="is a link, a pipe or a device"):
        uploads.store_files([upload], home)


def test_many_small_members_are_a_bomb_together(home: Workspace) -> None:
    upload = archive(*((f"a/{number}.png", bytes(65_000)) for number in range(1200)))
    with pytest.raises(CohortError, match="two-hundredfold"):
        uploads.store_files([upload], home)
    assert files_below(home.uploads) == []


def test_an_archive_has_so_long_as_a_whole(home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_SECONDS", 0.0)
    with pytest.raises(CohortError, match="takes too long"):
        uploads.store_files([archive(("a/1.png", b"1"))], home)
    assert files_below(home.uploads) == []


def test_an_encrypted_archive_is_refused(home: Workspace) -> None:
    data = bytearray(archive(("a/1.png", b"1")).getvalue())
    offset = data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, offset + 8, 1)
    with pytest.raises(CohortError, match="encrypted"):
        uploads.store_files([File("secret.zip", bytes(data))], home)


@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\x03\x04broken"])
def test_a_damaged_archive_is_said_to_be_damaged(home: Workspace, data: bytes) -> None:
    with pytest.raises(CohortError, match="damaged"):
        uploads.store_files([File("broken.zip", data)], home)


def test_an_empty_archive_is_said_to_be_empty(home: Workspace) -> None:
    with pytest.raises(CohortError, match="empty"):
        uploads.store_files([archive()], home)


def test_a_damaged_member_is_noticed_and_nothing_stays(home: Workspace) -> None:
    data = bytearray(archive(("a/1.png", b"some text that is long enough to be packed")).getvalue())
    data[45] ^= 0xFF
    with pytest.raises(CohortError, match="damaged"):
        uploads.store_files([File("bits.zip", bytes(data))], home)
    assert files_below(home.uploads) == []


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    allowed = tmp_path / "data"
    (allowed / "inside").mkdir(parents=True)
    (tmp_path / "data2").mkdir()
    (allowed / "link").symlink_to(tmp_path / "data2")
    monkeypatch.setenv("GANAUG_ROOTS", str(allowed))
    return allowed


def test_a_folder_below_a_root_may_be_opened(roots: Path) -> None:
    assert uploads.below_roots(f"{roots}/inside") == roots / "inside"
    assert uploads.below_roots(str(roots)) == roots


def test_what_lies_outside_the_roots_or_nowhere_is_answered_alike(roots: Path) -> None:
    messages = set()
    for path in (
        f"{roots}/../data2",
        f"{roots}2",
        f"{roots}/link",
        "/etc/passwd",
        f"{roots}/gone",
        "",
        "a\0b",
        "~root/x",
    ):
        with pytest.raises(WorkspaceError) as raised:
            uploads.below_roots(path)
        messages.add(str(raised.value))
    assert len(messages) == 1


def test_links_and_hidden_folders_are_not_offered(roots: Path) -> None:
    (roots / ".hidden").mkdir()
    assert uploads.folders_in(roots) == ["inside"]


# how long uploads stay


def test_an_upload_goes_when_its_import_ends_and_nothing_else_does(home: Workspace, tmp_path: Path) -> None:
    first = uploads.store_files([File("a/1.png", b"1"), File("b/2.png", b"2")], home)
    second = uploads.store_files([File("mine.npz", b"data")], home)
    (tmp_path / "own").mkdir()
    for other in (tmp_path / "own", home.uploads, home.uploads.parent, home.uploads / ".." / "cohorts", "digits:", ""):
        discard(home, other)
    assert (first.exists(), second.exists(), (tmp_path / "own").exists()) == (True, True, True)
    discard(home, first)
    discard(home, second)
    assert list(home.uploads.iterdir()) == []


def test_a_refused_upload_leaves_nothing(home: Workspace) -> None:
    with pytest.raises(CohortError):
        uploads.store_files([File("broken.zip", b"PK")], home)
    assert list(home.uploads.iterdir()) == []


@pytest.mark.parametrize("how", ["done", "failed", "stopped before it began", "a bug", "stopped halfway"])
def test_however_an_import_ends_what_was_uploaded_is_gone(
    home: Workspace, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(launch, "ensure", lambda *_: None)

    def ending(*_: object) -> str:
        if how == "a bug":
            raise ZeroDivisionError
        if how == "stopped halfway":
            raise pipeline.StopRequested("stop")
        if how == "failed":
            raise CohortError("No.", do="Nothing.")
        return "u"

    monkeypatch.setitem(pipeline.STEPS, ImportCohort, ending)
    path = uploads.store_files([File("mine.npz", b"data")], home)
    job = store.submit(home, ImportCohort(source=str(path), name="u"))
    if how == "stopped before it began":
        store.ask(home, job.id, "stop")
    else:
        assert store.claim(home, store.SHORT) is not None
        assert store.begin(home, job.id)
        worker.work(home, store.get(home, job.id))
    assert list(home.uploads.iterdir()) == []


def test_what_a_process_that_died_left_goes_at_the_next_start_and_what_is_awaited_stays(
    home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "ensure", lambda *_: None)
    code = (
        "import io, sys\nfrom ganaug_core.ui.shared import uploads\n"
        "from ganaug_core.storage.workspace import Workspace\n"
        "file = io.BytesIO(b'data'); file.name = 'mine.npz'\n"
        "print(uploads.store_files([file], Workspace(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(home.root)]
    left = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() for _ in range(2)]
    here = uploads.store_files([File("here.npz", b"data")], home)
    store.submit(home, ImportCohort(source=left[0], name="u"))
    (home.uploads / "tmpold").mkdir()
    (home.uploads / "alone.lock").touch()
    server._make_ready(home)
    assert (Path(left[0]).exists(), Path(left[1]).exists(), here.exists()) == (True, False, True)
    assert len(list(home.uploads.iterdir())) == 4
