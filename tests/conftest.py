"""What every test may use: the folder of real images, and a workspace of its own."""

import os

# before torch is imported: on few cores many threads only wait for each other
for _variable in (
    "OMP_NUM_THREADS",
    "NUMBA_NUM_THREADS",
):
    os.environ.setdefault(_variable, "1")

from collections.abc import Callable
from pathlib import Path

import pytest

from ganaug_core.storage.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent


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


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")
