"""The first start, by somebody who has never used ganaug or Streamlit: it asks nothing and opens a browser."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from ganaug_core import app_root

PATIENCE = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_app_starts_without_a_question_where_no_home_folder_knows_streamlit(tmp_path: Path) -> None:
    port, said = free_port(), tmp_path / "said.txt"
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "BROWSER": "true"}
    command = [sys.executable, "-m", "ganaug_core.cli", "app", "--port", str(port), "--workspace", str(tmp_path / "w")]
    with said.open("wb") as out:
        started = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(app_root()), **home},
        )  # fmt: skip
        try:
            assert answers(port, started), said.read_text("utf-8")
        finally:
            started.terminate()
            started.wait(30)
    assert "email" not in said.read_text("utf-8").casefold()


def answers(port: int, started: "subprocess.Popen[bytes]") -> bool:
    """Return whether the app answers before it ends or patience does."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and started.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                return bool(page.status == 200)
        except (URLError, OSError):
            time.sleep(0.2)
    return False
