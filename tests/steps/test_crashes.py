"""Whatever happens to a run's process, disk, memory or arithmetic: nothing acknowledged is lost, and words say what."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_cohort import squares
from torch import Tensor

from ganaug_core import pipeline
from ganaug_core.config import configure
from ganaug_core.config.requests import Train
from ganaug_core.errors import TrainingError, WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.jobs import launch, runs, store, supervisor, worker
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training import Training, checkpoint_selection
from ganaug_core.training.adversarial_step import AdversarialNetworks

BATCH = 8


@pytest.fixture
def home(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with squares, where nothing is started by itself."""
    monkeypatch.setattr(launch, "ensure", lambda workspace: None)
    made = squares((60, 60))
    workspace.keep(replace(made, groups=np.arange(len(made)), patients=np.arange(len(made))), "squares")
    return workspace


def request(name: str = "r", images: int = 60 * BATCH, **fields: Any) -> Train:
    """Return what `pipeline.train` needs."""
    fields = {"images": images, "batch_size": BATCH, "threads": 1, "device": "cpu", **fields}
    config = configure(changes={"architecture.width": 16}, **fields).model_dump(mode="json")
    return Train(name=name, cohort="squares", config=config)


def begun(workspace: Workspace, **fields: Any) -> Train:
    """Return a request whose run folder is there, as the queue makes it."""
    asked = request(**fields)
    store.submit(workspace, asked)
    return asked


# killed


_KILLED = """
import os, random, signal, sys, time
from pathlib import Path
import torch
from ganaug_core import pipeline
from ganaug_core.config.requests import Train
from ganaug_core.training import recorder
from ganaug_core.storage import locks
from ganaug_core.training import checkpoint_selection, latest_checkpoint, run
from ganaug_core.storage.workspace import Workspace

torch.set_num_threads(1)
recorder.CHECKPOINT_SECONDS, run.REPORT_SECONDS = 0.05, 0.02
checkpoint_selection.IMAGES_BETWEEN, checkpoint_selection.MOST_SHARE = 400, 100.0
workspace, config, chooser = Workspace(sys.argv[1]), eval(sys.argv[2]), random.Random(3)


def train(name):
    pipeline.train(workspace, Train(name=name, cohort="squares", config=config))


def tensors(value, name=""):
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from tensors(part, f"{name}.{key}")


train("straight")
kills, rested = 0, []
while kills < 7:
    child = os.fork()
    if child == 0:
        train("killed")
        os._exit(0)
    time.sleep(chooser.uniform(0.1, 0.9))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        break
    kills += 1
    state = latest_checkpoint(workspace.folder("runs", "killed") / "checkpoints")
    rested.append(0 if state is None else state["images"])
train("killed")
assert rested == sorted(rested), rested
ends = [latest_checkpoint(workspace.folder("runs", name) / "checkpoints") for name in ("straight", "killed")]
ours, theirs = (dict(tensors(end)) for end in ends)
assert ours.keys() == theirs.keys() and len(ours) > 40
differ = [name for name in ours if not torch.equal(ours[name], theirs[name])]
assert not differ, differ
assert ends[0]["selection"]["selected"] == ends[1]["selection"]["selected"] is not None
print(len(set(rested)), kills)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_run_killed_at_random_points_ends_bit_for_bit_like_one_that_was_not(home: Workspace) -> None:
    asked = request(images=250 * BATCH)
    for name in ("straight", "killed"):
        begun(home, name=name, images=250 * BATCH)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _KILLED, str(home.root), repr(asked.config)],
        capture_output=True,
        text=True,
        timeout=200,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    stops, kills = map(int, done.stdout.split())
    assert kills >= 3
    assert stops >= 2  # killed at different moments, some after a checkpoint
    (ours, kept), (theirs, kept_straight) = (runs.checkups(home, name) for name in ("killed", "straight"))
    assert (ours, kept) == (theirs, kept_straight)


def test_a_second_worker_leaves_a_run_alone(home: Workspace) -> None:
    begun(home)
    job = store.claim(home, ("train",))
    assert job is not None
    with (
        locks.hold(store.lock_of(home, job), "The run r"),
        pytest.raises(locks.Held, match=r" r is already running in another process"),
    ):
        worker.run(home, job.id)
    assert not (home.folder("runs", "r") / "history.jsonl").exists()


def test_of_two_workers_that_start_at_once_one_trains(home: Workspace) -> None:
    begun(home, images=20 * BATCH)
    job = store.claim(home, ("train",))
    assert job is not None
    command = [sys.executable, "-W", "ignore", "-m", "ganaug_core.jobs.worker", "run", str(home.root), str(job.id)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert store.get(home, job.id).state == "done"
    assert sum("already running" in output for output in said) <= 1
    images = runs.history(home, "r")["images"]
    assert images == sorted(set(images))


# a full disk


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_fills_up_ends_the_run_in_words_and_it_goes_on_later(home: Workspace) -> None:
    asked = begun(home)
    history = home.folder("runs", "r") / "history.jsonl"

    def fill(share: float, message: str) -> None:
        if not history.is_symlink() and not history.exists():
            history.symlink_to("/dev/full")

    with pytest.raises(WorkspaceError, match=r"disk is full: history.jsonl.*Free some space") as caught:
        pipeline.train(home, asked, fill)
    assert caught.value.code == "disk_full"
    history.unlink()
    pipeline.train(home, asked)
    assert stored.load(home, "r").passport.images == 60 * BATCH


# arithmetic that breaks down


def breaks(monkeypatch: pytest.MonkeyPatch, rate: float) -> None:
    """From update 20 on the loss is no number, as long as the learning rate is above `rate`."""
    original = AdversarialNetworks._discriminator_loss

    def loss(networks: AdversarialNetworks, update: int, *rest: Any) -> Tensor:
        value = original(networks, update, *rest)
        return value * float("nan") if update >= 20 and networks.config.discriminator_learning_rate > rate else value

    monkeypatch.setattr(AdversarialNetworks, "_discriminator_loss", loss)


def test_a_run_that_breaks_down_goes_on_with_half_the_learning_rates(
    home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch, 0.0006)  # the recipe's rate is 0.001
    asked = begun(home)
    pipeline.train(home, asked)
    alarms = [alarm.raised for alarm in runs.alarms(home, "r")]
    assert alarms[-1].name == "not_a_number"
    assert "went back to 0 images and goes on with half the learning rates" in alarms[-1].say
    rates = [rate for rate in runs.history(home, "r")["learning_rate"] if rate]  # reports come by the clock
    assert 0.1 * 0.0005 <= max(rates) <= 0.000501
    assert stored.load(home, "r").passport.images == 60 * BATCH


def test_a_run_that_breaks_down_again_and_again_is_ended_in_words(
    home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch, 0.0)
    with pytest.raises(TrainingError, match=r"unstable.*lower learning rate") as caught:
        pipeline.train(home, begun(home))
    assert caught.value.code == "nonfinite"


def test_a_resumed_run_stays_gentle() -> None:
    config = configure(changes={"architecture.width": 16}, images=80, batch_size=BATCH, threads=1, device="cpu")
    state = Training(squares(), config, rescues=1).state()
    assert Training(squares(), config, state=state).rescues == 1
    assert Training(squares(), config, state=state).networks.config.generator_learning_rate == pytest.approx(0.0005)


# memory


@pytest.mark.parametrize(
    "run_out",
    [lambda: torch.empty(10**16), lambda: np.zeros(10**16), lambda: (_ for _ in ()).throw(torch.OutOfMemoryError("x"))],
)
def test_too_little_memory_suggests_a_smaller_batch(run_out: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def step(networks: AdversarialNetworks, number: int, share: float) -> dict[str, Tensor]:
        run_out() if not hasattr(result := run_out(), "send") else next(result)
        return {}

    config = configure(images=80, batch_size=BATCH, threads=1, device="cpu")
    training = Training(squares(), config)
    monkeypatch.setattr(AdversarialNetworks, "step", step)
    with pytest.raises(TrainingError, match=r"memory of the .* with 8 images. .*batch_size 4") as caught:
        training.advance(1)
    assert caught.value.code == "out_of_memory"


def test_another_error_of_a_step_stays_our_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def step(networks: AdversarialNetworks, number: int, share: float) -> dict[str, Tensor]:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    training = Training(squares(), configure(images=80, batch_size=BATCH, threads=1, device="cpu"))
    monkeypatch.setattr(AdversarialNetworks, "step", step)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        training.advance(1)


def test_a_run_that_the_system_ended_is_told_a_smaller_batch(home: Workspace) -> None:
    begun(home)
    job = store.claim(home, ("train",))
    assert job is not None
    looking = supervisor.Supervisor(home)
    looking._children[job.id] = subprocess.Popen([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])
    looking._children[job.id].wait()
    looking._record_dead()
    error = store.get(home, job.id).error
    assert error is not None
    assert error["code"] == "out_of_memory"
    assert "batch_size=4" in error["do"]


def test_checkups_come_at_their_own_images_whatever_the_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_selection, "IMAGES_BETWEEN", 100)
    monkeypatch.setattr(checkpoint_selection, "MOST_SHARE", 100.0)
    made = squares((60, 60))
    made = replace(made, groups=np.arange(len(made)))
    config = configure(
        changes={"architecture.width": 16}, images=200 * BATCH, batch_size=BATCH, threads=1, device="cpu"
    )
    moments = [report.images for report in Training(made, config) if report.checkup is not None]
    assert moments == [400, 800, 1200, 1600]  # 100 images at 32 pixels are 400 at 16
