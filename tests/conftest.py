"""What every test may use: the folder of real images, and a workspace of its own; and how tests share the cores."""

import os

# before torch is imported: on few cores many threads only wait for each other
for _variable in (
    "OMP_NUM_THREADS",
    "NUMBA_NUM_THREADS",
):
    os.environ.setdefault(_variable, "1")

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from ganaug_core.processor import available_cores
from ganaug_core.storage.workspace import Workspace

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
MOST_PROCESSES = 4  # each takes about a gigabyte
# these start servers, supervisors and workers, which want a core of their own: one after the other
STARTING = {
    "test_benefit_command.py",
    "test_checkpoints.py",
    "test_cli.py",
    "test_crashes.py",
    "test_first_start.py",
    "test_jobs.py",
    "test_other_systems.py",
    "test_runs.py",
    "test_slurm.py",
}


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: a process a core, at most four; named files run without further processes, so that pdb works."""
    named = [Path(argument.partition("::")[0]) for argument in config.args]
    return 0 if any(path.is_file() for path in named) else min(available_cores(), MOST_PROCESSES)


def pytest_report_header(config: pytest.Config) -> str:
    processes = getattr(config.option, "numprocesses", None) or 0
    if processes < 2:
        return "tests run one after the other (-n auto: a process a core)"
    return f"tests run in {processes} processes; what starts servers or a browser, in one of them (-n 0: none but this)"


class Sharing(LoadScopeScheduling):
    """Gives a process whole files, because their tests share fixtures, and one process all files in `STARTING`.

    xdist's own groups (`--dist loadgroup`, 3.8) are without effect from pytest 9.2 on.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        return "processes" if file.name in STARTING or file.parent.name == "browser" else str(file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    return Sharing(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long each part took, in minutes of one process."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[Path(report.nodeid.partition("::")[0]).parent.name] += report.duration
    if sum(seconds.values()) > 60:
        parts = ", ".join(f"{part} {taken / 60:.1f}" for part, taken in seconds.most_common())
        terminalreporter.write_line(f"minutes of one process: {parts}")


@pytest.fixture(scope="session")
def data() -> Callable[[str], Path]:
    """Return a function from a name below the folder of real images to its path; skips where it is absent."""
    home = Path(os.environ.get("GANAUG_TEST_DATA", ROOT.parent / "shared" / "data"))

    def find(name: str) -> Path:
        if not (home / name).exists():
            if os.environ.get("CI"):
                pytest.fail(f"{name} is missing below GANAUG_TEST_DATA, and CI must not skip")
            pytest.skip(f"real images {name} are not here: set GANAUG_TEST_DATA")
        return home / name

    return find


@pytest.fixture(scope="session", autouse=True)
def _installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What an installation keeps (salt, measured threads, the default workspace) is not the user's here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANAUG_HOME", str(tmp_path_factory.mktemp("installation")))
        yield


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")
