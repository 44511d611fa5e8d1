"""Checkpoints: whatever happens while one is written, the one before it is still there."""

import errno
import json
import logging
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
import torch

from ganaug_core.errors import TrainingError, WorkspaceError
from ganaug_core.training import checkpoints
from ganaug_core.training.checkpoints import latest_checkpoint, save_checkpoint


def state(value: float, size: int = 50) -> dict[str, Any]:
    return {"images": int(value), "networks": {"generator": {"weight": torch.full((size,), value)}, "skipped": 0}}


def value_of(checkpoint: dict[str, Any] | None) -> float:
    assert checkpoint is not None
    return float(checkpoint["networks"]["generator"]["weight"][0])


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the checkpoints of 1 and 2 images."""
    for images in (1, 2):
        save_checkpoint(tmp_path / "checkpoints", state(images), images)
    return tmp_path / "checkpoints"


def test_the_newest_checkpoint_comes_back(folder: Path) -> None:
    checkpoint = latest_checkpoint(folder)
    assert value_of(checkpoint) == 2
    assert checkpoint == {**state(2), "networks": checkpoint["networks"]}  # type: ignore[index]


def test_a_folder_without_any_gives_nothing(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path) is None
    assert latest_checkpoint(tmp_path / "not there") is None


def test_two_are_kept_and_what_killed_writers_left_is_cleared(folder: Path) -> None:
    (folder / "checkpoint-000000000009.pt").write_bytes(b"payload without a manifest")
    (folder / "checkpoint-000000000009.json.tmp").write_bytes(b"{")
    assert value_of(latest_checkpoint(folder)) == 2
    save_checkpoint(folder, state(3), 3)
    assert names(folder) == [f"checkpoint-{images:012d}.{end}" for images in (2, 3) for end in ("json", "pt")]


def flip(payload: Path, manifest: Path) -> None:
    content = bytearray(payload.read_bytes())
    content[len(content) // 2] ^= 1
    payload.write_bytes(content)


def shorten(payload: Path, manifest: Path) -> None:
    payload.write_bytes(payload.read_bytes()[:-1])


def lose(payload: Path, manifest: Path) -> None:
    payload.unlink()


def scribble(payload: Path, manifest: Path) -> None:
    manifest.write_bytes(b"{ half")


def empty(payload: Path, manifest: Path) -> None:
    manifest.write_text(json.dumps([]))


@pytest.mark.parametrize("harm", [flip, shorten, lose, scribble, empty])
def test_a_damaged_checkpoint_is_passed_over_and_named(
    harm: Any, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newest = folder / "checkpoint-000000000002.pt"
    harm(newest, newest.with_suffix(".json"))
    with caplog.at_level(logging.WARNING):
        assert value_of(latest_checkpoint(folder)) == 1
    assert "checkpoint-000000000002 is damaged" in caplog.text


def test_a_full_disk_is_noticed_before_writing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(checkpoints.shutil, "disk_usage", lambda path: usage(10, 10, 100))
    with pytest.raises(WorkspaceError, match=r"disk is full.*still are.*Free some space and resume") as caught:
        save_checkpoint(folder, state(3), 3)
    assert caught.value.code == "disk_full"
    assert value_of(latest_checkpoint(folder)) == 2


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_a_disk_that_fills_up_in_the_middle_loses_nothing(
    call: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the four fsyncs (payload, folder, manifest, folder) fails in turn."""
    real, calls = os.fsync, []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == call:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises((WorkspaceError, OSError)):
        save_checkpoint(folder, state(3), 3)
    monkeypatch.undo()
    assert value_of(latest_checkpoint(folder)) in (2, 3)
    assert not [name for name in names(folder) if name.endswith(".tmp")]
    save_checkpoint(folder, state(4), 4)
    assert value_of(latest_checkpoint(folder)) == 4


@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_never_saved(broken: float, folder: Path) -> None:
    with pytest.raises(TrainingError, match=r"not finite in networks.generator.weight, so it was not saved"):
        save_checkpoint(folder, state(2) | {"networks": {"generator": {"weight": torch.tensor([1.0, broken])}}}, 3)
    assert value_of(latest_checkpoint(folder)) == 2


_WRITERS = """
import os, random, signal, sys, time
from pathlib import Path
import torch
from ganaug_core.training.checkpoints import latest_checkpoint, save_checkpoint

torch.set_num_threads(1)
folder, damaged, chooser = Path(sys.argv[1]), 0, random.Random(0)
state = lambda n: {"weight": torch.full((200_000,), float(n))}
last = 0
for _ in range(25):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        for number in range(last + 1, last + 1000):
            save_checkpoint(folder, state(number), number)
            os.write(writing, b"%d " % number)
    os.close(writing)
    time.sleep(chooser.uniform(0.02, 0.12))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    acknowledged = os.read(reading, 1 << 16).split()
    os.close(reading)
    promised = int(acknowledged[-1]) if acknowledged else last
    checkpoint = latest_checkpoint(folder)
    number = 0 if checkpoint is None else int(checkpoint["weight"][0])
    assert promised <= number <= promised + 1, (promised, number)
    last = number
print(last)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_killed_writer_loses_no_acknowledged_checkpoint(tmp_path: Path) -> None:
    """Twenty-five writers are killed with SIGKILL at random moments."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _WRITERS, str(tmp_path / "checkpoints")],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 10
