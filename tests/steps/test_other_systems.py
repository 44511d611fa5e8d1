"""Everything that computes and keeps also works where Linux's own calls are missing, as on Windows.

`other_system.py` says what is taken away and how the lock of Windows is played. Windows itself and macOS are not here.
"""

import ast
import errno
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug_core.errors import WorkspaceError
from ganaug_core.readers import guarded_decoding
from ganaug_core.records import Skipped
from ganaug_core.storage import platform
from ganaug_core.storage.platform import files
from ganaug_core.storage.workspace import check_name, installation_salt
from ganaug_core.writers.file_names import of_classes
from tests.volume_files import ramp, write_dicom

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180
Elsewhere = Callable[..., str]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Environment of a Python that has no more than Windows."""
    if sys.platform != "linux":
        pytest.skip("the lock of Windows is played by one of Linux")
    poor = tmp_path / "poor"
    poor.mkdir()
    (poor / "sitecustomize.py").write_bytes(Path(__file__).with_name("other_system.py").read_bytes())
    search = os.pathsep.join((str(poor), str(ROOT), str(ROOT / "tests" / "steps")))
    return {**os.environ, "PYTHONPATH": search, "GANAUG_HOME": str(tmp_path / "home")}


@pytest.fixture
def elsewhere(environment: dict[str, str]) -> Elsewhere:
    """Return a function that runs a program there and returns what it says."""

    def run(program: str, *arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, "-c", f'__package__ = "ganaug_core"\n{program}', *map(str, arguments)],
            env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


# what is imported


def test_every_module_without_streamlit_can_be_imported_there(elsewhere: Elsewhere) -> None:
    paths = [path.relative_to(ROOT).with_suffix("") for path in sorted((ROOT / "ganaug_core").rglob("*.py"))]
    modules = [".".join(path.parts) for path in paths if path.parts[1] != "ui" and path.name != "__main__"]
    assert len(modules) > 150
    elsewhere("import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)", *modules)


def test_only_the_platform_knows_what_other_systems_lack() -> None:
    modules = {"fcntl", "resource", "pwd", "grp", "select", "msvcrt", "winreg"}
    calls = {
        "os": {"fork", "setsid", "killpg", "nice", "pwrite", "pread", "getuid", "kill", "O_NOFOLLOW", "O_NONBLOCK"},
        "signal": {"SIGKILL", "SIGALRM", "alarm", "setitimer"},
    }
    options = {"pass_fds", "start_new_session", "preexec_fn", "creationflags", "process_group"}
    told = []
    for path in (ROOT / "ganaug_core").rglob("*.py"):
        if path.parent.name == "platform":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                told += [(path.name, alias.name) for alias in node.names if alias.name in modules]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                told += [(path.name, node.attr)] if node.attr in calls.get(node.value.id, ()) else []
            elif isinstance(node, ast.keyword) and node.arg in options:
                told.append((path.name, node.arg))
    assert told == []


# reading


def write_pictures(home: Path) -> None:
    random = np.random.default_rng(0)
    for label in ("healthy", "lesion"):
        (home / label).mkdir(parents=True)
        for number in range(6):
            picture = random.integers(0, 255, (24, 24)).astype(np.uint8)
            Image.fromarray(picture).save(home / label / f"{number}.png")


COHORT = """
import sys
from ganaug_core.cohort import import_cohort
from ganaug_core.storage.workspace import Workspace
cohort, _ = import_cohort(sys.argv[1], "c", size=16)
Workspace(sys.argv[2]).keep(cohort, "c")
print(len(Workspace(sys.argv[2]).cohort("c")))
"""


def test_pictures_become_a_cohort_in_a_workspace_there(elsewhere: Elsewhere, tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures")
    assert elsewhere(COHORT, tmp_path / "pictures", tmp_path / "workspace") == "12\n"


def test_dicom_files_become_a_cohort_there(elsewhere: Elsewhere, tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / "slices" / label).mkdir(parents=True)
        for number in range(4):
            place = [0, 0, number]
            path = tmp_path / "slices" / label / f"{number}.dcm"
            uid, pixels = f"1.2.{ord(label)}", ramp() * (number + 2) + ord(label)
            write_dicom(path, pixels, PatientID=label, SeriesInstanceUID=uid, ImagePositionPatient=place)
    assert elsewhere(COHORT, tmp_path / "slices", tmp_path / "workspace") == "8\n"


TROUBLE = """
import sys, time
from ganaug_core.readers import decoder
usual = decoder.decode
def decode(request):
    content = open(request["path"], "rb").read()
    if b"HANG" in content:
        time.sleep(60)
    if b"GROW" in content:
        held = b"1" * (400 << 20)
        time.sleep(60)
    if b"PRINT" in content:
        import os
        os.write(1, b"a native library prints here" * 10000)
    return usual(request)
decoder.decode = decode
decoder.main()
"""
READING = f"""
import sys
from pathlib import Path
from ganaug_core.readers import guarded_decoding
guarded_decoding.COMMAND = (sys.executable, "-P", "-c", '__package__ = "ganaug_core"' + {TROUBLE!r})
guarded_decoding.MEMORY = 300 << 20
with guarded_decoding.Decoder(seconds=3) as decoder:
    answers = decoder.read([guarded_decoding.FileRequest(Path(file), Path(file).name) for file in sys.argv[1:]])
print(*(getattr(answer, "code", "read") for answer in answers))
"""


def troubled(home: Path) -> list[Path]:
    names = ("fine", "HANG", "PRINT", "GROW", "fine")
    return [write_dicom(home / f"{number}.dcm", ramp(), PatientID=name) for number, name in enumerate(names)]


def test_a_decoder_that_hangs_or_grows_costs_one_file_there(elsewhere: Elsewhere, tmp_path: Path) -> None:
    assert elsewhere(READING, *troubled(tmp_path)) == "read timeout read too_big read\n"


def test_what_the_system_does_not_limit_the_watch_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_decoding, "COMMAND", (sys.executable, "-P", "-c", TROUBLE))
    monkeypatch.setattr(guarded_decoding, "MEMORY", 300 << 20)
    monkeypatch.setattr(platform, "LIMITS_MEMORY", False)
    _, _, _, grown, _ = troubled(tmp_path)
    with guarded_decoding.Decoder() as decoder:
        (refused,) = decoder.read([guarded_decoding.FileRequest(grown, "grown.dcm")])
    assert isinstance(refused, Skipped)
    assert "grown.dcm: there is not enough memory to decode it." in refused.say


# locks and processes

HOLDING = """
import sys, time
from pathlib import Path
from ganaug_core.storage import locks
with locks.hold(Path(sys.argv[1]), "The test", shared=sys.argv[2] == "shared"):
    print("held", flush=True)
    time.sleep(100)
"""
LOOKING = """
import sys
from pathlib import Path
from ganaug_core.storage import locks
lock = Path(sys.argv[1])
print(locks.is_held(lock), locks.is_held(lock, also_shared=True), locks.holder(lock))
"""


@pytest.mark.parametrize(("way", "exclusively"), [("exclusive", True), ("shared", False)])
def test_a_lock_there_is_seen_by_others_and_goes_with_its_holder(
    way: str, exclusively: bool, elsewhere: Elsewhere, environment: dict[str, str], tmp_path: Path
) -> None:
    lock, program = tmp_path / "lock", f'__package__ = "ganaug_core"{HOLDING}'
    command = [sys.executable, "-c", program, str(lock), way]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        number = holder.pid if exclusively else None
        assert elsewhere(LOOKING, lock) == f"{exclusively} True {number}\n"
        holder.kill()
        holder.wait()
    assert elsewhere(LOOKING, lock) == "False False None\n"


ASKING = """
import sys
from ganaug_core.storage import platform
print(platform.ask_to_end(int(sys.argv[1])))
if sys.argv[2] == "end":
    platform.end(int(sys.argv[1]))
"""


def test_a_process_there_cannot_be_asked_but_ended(elsewhere: Elsewhere) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"]) as process:
        assert elsewhere(ASKING, process.pid, "ask") == "False\n"
        assert process.poll() is None
        elsewhere(ASKING, process.pid, "end")
        assert process.wait(10) != 0
        assert elsewhere(ASKING, process.pid, "end") == "False\n"


JOB = """
import sys, time
from pathlib import Path
from ganaug_core.config.requests import ImportCohort
from ganaug_core.jobs import store
from ganaug_core.storage import locks, platform
from ganaug_core.storage.workspace import Workspace
workspace = Workspace(sys.argv[1])
number = store.submit(workspace, ImportCohort(source=sys.argv[2], name="c", size=16)).id
deadline = time.monotonic() + 120
while store.get(workspace, number).live and time.monotonic() < deadline:
    time.sleep(0.1)
job = store.get(workspace, number)
holders = {lock: locks.holder(lock) for lock in (workspace.supervisor_lock, workspace.worker_lock)}
for lock, process in holders.items():
    print(process is not None, end=" ")
    if process is not None:
        platform.end(process)
    while locks.is_held(lock):
        time.sleep(0.02)
print(job.state, job.error, len(workspace.cohort("c")))
"""


def test_a_job_there_is_done_by_a_worker_of_a_supervisor(elsewhere: Elsewhere, tmp_path: Path) -> None:
    write_pictures(tmp_path / "pictures")
    assert elsewhere(JOB, tmp_path / "workspace", tmp_path / "pictures") == "True True done None 12\n"


@pytest.mark.parametrize(
    ("status", "words"), [(3, "exit status 3"), (-11, "SIGSEGV"), (0xC0000005, "exit status 0xC0000005")]
)
def test_how_a_process_ended_is_said_as_its_system_says_it(status: int, words: str) -> None:
    assert platform.ending_in_words(status) == words


# files


def test_a_file_without_links_is_copied_and_never_over_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links on this disk")

    (tmp_path / "a").write_bytes(b"content")
    platform.link_or_copy(tmp_path / "a", tmp_path / "linked")
    assert os.path.samefile(tmp_path / "a", tmp_path / "linked")
    monkeypatch.setattr(os, "link", refuse)
    platform.link_or_copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"content"
    assert not os.path.samefile(tmp_path / "a", tmp_path / "b")
    monkeypatch.delattr(os, "link")
    platform.link_or_copy(tmp_path / "a", tmp_path / "c")
    (tmp_path / "c").write_bytes(b"other")
    with pytest.raises(FileExistsError):
        platform.link_or_copy(tmp_path / "a", tmp_path / "c")
    assert (tmp_path / "c").read_bytes() == b"other"


def sharing_violation() -> PermissionError:
    error = PermissionError(errno.EACCES, "The process cannot access the file")
    error.winerror = 32  # type: ignore[attr-defined,unused-ignore]
    return error


def reluctant(monkeypatch: pytest.MonkeyPatch, refusals: float, error: PermissionError) -> list[int]:
    """Let `os.replace` refuse so many times; return where every attempt is noted."""
    attempts: list[int] = []
    usual = os.replace

    def replace(source: Path, target: Path) -> None:
        attempts.append(1)
        if len(attempts) <= refusals:
            raise error
        usual(source, target)

    monkeypatch.setattr(os, "replace", replace)
    return attempts


def two_files(home: Path) -> tuple[Path, Path]:
    (home / "new").write_text("new")
    (home / "old").write_text("old")
    return home / "new", home / "old"


def test_a_target_that_is_open_for_a_moment_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = two_files(tmp_path)
    attempts = reluctant(monkeypatch, 3, sharing_violation())
    platform.replace(new, old)
    assert (old.read_text(), new.exists(), len(attempts)) == ("new", False, 4)


def test_a_target_that_stays_open_is_refused_in_words_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = two_files(tmp_path)
    monkeypatch.setattr(files, "REPLACE_SECONDS", 0.2)
    attempts = reluctant(monkeypatch, float("inf"), sharing_violation())
    with pytest.raises(WorkspaceError, match=r"old is open in another program.*it is as it was\. Close the program"):
        platform.replace(new, old)
    assert len(attempts) > 1
    assert old.read_text() == "old"


def test_a_folder_that_may_not_be_written_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = two_files(tmp_path)
    attempts = reluctant(monkeypatch, float("inf"), PermissionError(errno.EACCES, "Permission denied"))
    with pytest.raises(PermissionError):
        platform.replace(new, old)
    assert len(attempts) == 1


def test_an_empty_folder_is_replaced_where_the_system_itself_would_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "content").touch()
    (tmp_path / "old").mkdir()
    reluctant(monkeypatch, 1, sharing_violation())
    platform.replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old" / "content").exists()


def test_files_and_folders_are_written_through_where_the_system_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, old = two_files(tmp_path)
    through: list[int] = []
    monkeypatch.setattr(os, "fsync", through.append)
    platform.sync_file(old)
    platform.sync_folder(tmp_path)
    assert len(through) == 2

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    platform.sync_folder(tmp_path)
    assert len(through) == 2


def test_processes_that_make_the_salt_at_once_share_it(elsewhere: Elsewhere, tmp_path: Path) -> None:
    program = "from ganaug_core.storage.workspace import installation_salt\nprint(installation_salt().hex())"
    with ThreadPoolExecutor(4) as threads:
        made = set(threads.map(elsewhere, [program] * 4))
    assert len(made) == 1
    assert len(made.pop().strip()) == 64
    assert [path.name for path in (tmp_path / "home").iterdir() if path.suffix == ".tmp"] == []


# names

HOSTILE = (
    "con", "CON", "Nul", "prn", "AUX", "com1", "COM9.x", "lpt1", "LPT5.tar.gz", "nul.txt", "con.png", "run.", "run..",
    "run ", " run", ".run", "-run", "_run", "", ".", "..", "a/b", "a\\b", "a:b", "a*b", "a?b", 'a"b', "a<b", "a|b",
    "a\0b", "a\nb", "ä", "run\u202e", "a" * 101,
)  # fmt: skip
HARMLESS = (
    "a", "A", "0", "run-1", "run.1", "run_1-", "console", "com", "com10", "com0", "lpt", "nul-1", "my.con", "a" * 100,
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_that_some_system_does_not_take_is_refused_in_words(name: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot be a name here"):
        check_name(name)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_every_system_takes_is_a_name(name: str) -> None:
    assert check_name(name) == name


def test_the_name_of_a_device_is_refused_with_its_reason_and_another_one() -> None:
    with pytest.raises(WorkspaceError, match=r"'aux\.1' .*Windows keeps it for a device.* such as 'my-aux\.1'\."):
        check_name("aux.1")


@pytest.mark.parametrize(
    ("name", "known", "twin"),
    [
        ("Run", ["a", "run"], "run"),
        ("run", ["run"], None),
        ("run", [], None),
        ("straße", ["STRASSE"], "STRASSE"),
        ("run-1", ["run-2"], None),
    ],
)
def test_a_name_that_differs_in_capitals_only_is_known(name: str, known: Sequence[str], twin: str | None) -> None:
    assert platform.same_but_for_case(name, known) == twin


def test_classes_named_like_devices_are_exported_under_other_names() -> None:
    assert of_classes(("con", "aux.1", "Benign", "benign", "end. ")) == [
        "con 0", "aux.1 1", "Benign", "benign 3", "end",
    ]  # fmt: skip


def test_the_salt_of_an_installation_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))
    assert installation_salt() == installation_salt()
    assert (tmp_path / "home" / "salt").read_bytes() == installation_salt()
