"""A run on several devices is the run on one: the same weights, or a refusal that names the part."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import digit_cohort
import psutil
import pytest
from small_runs import a_run
from two_processes import EXTRA, plan

from ganaug_core import pipeline, processor
from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.augmentations import AUGMENTATIONS
from ganaug_core.config import RECIPES, TrainingConfig, refuse_division
from ganaug_core.config.requests import Train
from ganaug_core.errors import ConfigurationError, TrainingError, WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.jobs import runs, store
from ganaug_core.losses import LOSSES, TERMS
from ganaug_core.regularisers import REGULARISERS
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training import processes

pytestmark = pytest.mark.numerical

PATIENCE = 300.0
FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "architecture": ARCHITECTURES,
    "loss": LOSSES,
    "terms": TERMS,
    "regularisers": REGULARISERS,
    "augmentations": AUGMENTATIONS,
}
EVERY_PART = [f"{family}:{name}" for family, parts in FAMILIES.items() for name in sorted(parts)]


def is_refused(config: TrainingConfig) -> bool:
    try:
        refuse_division(config, 2)
    except ConfigurationError:
        return True
    return False


EQUAL = [case for case in [*EXTRA, *EVERY_PART] if case.startswith("recipe:") or not is_refused(plan(case))]


def two_processes(kind: str, out: Path, *cases: str) -> Any:
    script = Path(__file__).with_name("two_processes.py")
    command = [sys.executable, "-W", "error", str(script), kind, str(out), *cases]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(out.read_text())


@pytest.fixture(scope="module")
def differences(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """The largest difference of a weight in float64, by case: after twenty steps, or six where only the part is new."""
    return two_processes("float64", tmp_path_factory.mktemp("two") / "differences.json", *EQUAL)


@pytest.mark.parametrize("case", [*EXTRA, *EVERY_PART])
def test_every_part_trains_the_same_weights_on_two_devices_or_refuses(case: str, differences: dict[str, float]) -> None:
    if case in differences:
        assert differences[case] < 1e-8
        return
    with pytest.raises(ConfigurationError, match=rf"^{case.partition(':')[2]} cannot be trained on several devices"):
        refuse_division(plan(case), 2)


def test_what_is_refused_is_what_needs_its_batch_whole() -> None:
    assert sorted(set(EVERY_PART) - set(EQUAL)) == [
        "architecture:attention",
        "architecture:biggan",
        "architecture:dcgan",
        "architecture:residual",
        "architecture:style",
        "architecture:upsample",
        "regularisers:dragan",
        "regularisers:minibatch_deviation",
        "regularisers:minibatch_discrimination",
        "regularisers:unrolled",
        "terms:feature_matching",
    ]
    fit = {name for name, recipe in RECIPES.items() if not is_refused(recipe.config_at(64))}
    assert {"recommended", "recommended-gpu", "gpu-128", "gpu-256", "wgan-gp", "cgan"} <= fit


def test_a_batch_that_cannot_be_shared_evenly_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"8 images cannot be shared evenly by 3 devices.*such as 9"):
        refuse_division(plan("recipe:recommended"), 3)
    with pytest.raises(ConfigurationError, match=r"two or more each.*such as 16"):
        refuse_division(plan("recipe:recommended"), 8)


def test_the_first_gradients_agree_in_float32_and_a_lost_process_ends_the_run_in_words(tmp_path: Path) -> None:
    result = two_processes("float32", tmp_path / "result.json")
    assert result["count"] == 20
    assert result["largest"] > 1e-2
    assert result["difference"] < 1e-5
    assert result["error"]["code"] == "device_lost"
    assert "Another process of this run has ended" in result["error"]["what"]
    assert "then resume the run" in result["error"]["do"]


# coming together


def test_a_process_that_cannot_begin_is_said_in_words() -> None:
    command = [sys.executable, "-c", "raise SystemExit(1)"]
    with (
        pytest.raises(TrainingError, match=r"process for device 2 of this run ended before it began"),
        processes.joined(2, 1, "cpu", command),
    ):
        pytest.fail("it joined nobody")


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    with (
        pytest.raises(ConfigurationError, match=r"needs the package lightning-fabric.*ganaug\[devices\]"),
        processes.joined(2, 1, "cpu"),
    ):
        pytest.fail("it joined nobody")


def test_one_device_needs_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    with processes.joined(1, 1, "auto") as group:
        assert group is processes.ALONE


def test_more_gpus_than_there_are_are_refused() -> None:
    with (
        pytest.raises(ConfigurationError, match=r"64 GPUs were asked for on each machine, and PyTorch finds"),
        processes.joined(64, 1, "cuda"),
    ):
        pytest.fail("it joined nobody")


def test_machines_that_nobody_started_are_not_waited_for() -> None:
    with (
        pytest.raises(ConfigurationError, match=r"this machine alone, and 2 machines.*torchrun.*srun"),
        processes.joined(1, 2, "cpu"),
    ):
        pytest.fail("it joined nobody")


# whole runs


@pytest.fixture
def home(workspace: Workspace) -> Workspace:
    workspace.keep(digit_cohort.cohort(), "digits")
    return workspace


def on_two(name: str, images: int, **changes: Any) -> Train:
    return replace(a_run(name, images, device="cpu", precision="float32", **changes), devices=2)


def test_a_run_on_two_devices_pauses_and_goes_on_with_one(home: Workspace) -> None:
    request = on_two("pair", 1600)

    def pausing(share: float, message: str) -> None:
        if share > 0.4:
            raise pipeline.StopRequested("pause")

    with pytest.raises(pipeline.StopRequested):
        pipeline.train(home, request, pausing)
    assert not [child for child in psutil.Process().children() if "follower" in " ".join(child.cmdline())]
    rested = runs.state(home, "pair")
    assert (rested.device or "").startswith("2 devices, each CPU")
    assert 0 < rested.images < 1600
    pipeline.train(home, replace(request, devices=1))
    ended = runs.state(home, "pair")
    assert (ended.images, ended.generator) == (1600, "pair")
    assert (ended.device or "").startswith("CPU")
    curves = runs.history(home, "pair")
    assert curves["images"] == sorted(set(curves["images"]))
    assert len(runs.previews(home, "pair")) >= 2
    assert stored.load(home, "pair").classes == tuple("0123456789")


def test_a_run_that_slurm_started_writes_with_its_first_process_and_rests_when_told(home: Workspace) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    job = {"SLURM_JOB_ID": "7", "SLURM_JOB_NAME": "train", "SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "2"}
    place = {"SLURM_NODELIST": "localhost", "SLURM_NODEID": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    budget = ["--images", "10000000", "--device", "cpu", "--devices", "2", "--set", "architecture.width=8"]
    command = [sys.executable, "-m", "ganaug_core.cli", "train", "digits", "--name", "batch", *budget]
    tasks = [
        subprocess.Popen(
            [*command, "--workspace", str(home.root)],
            env={**os.environ, **job, **place, "SLURM_PROCID": rank, "SLURM_LOCALID": rank},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in ("0", "1")
    ]
    try:
        assert tasks[0].stdout is not None
        lines = []
        for line in tasks[0].stdout:
            lines.append(line)
            if "images shown" in line:
                break
        for task in tasks:
            task.terminate()
        output = "".join(lines) + tasks[0].communicate(timeout=PATIENCE)[0]
        others = tasks[1].communicate(timeout=PATIENCE)[0]
    finally:
        for task in tasks:
            task.kill()
    assert [task.returncode for task in tasks] == [130, 0], output + others
    assert "To go on: the same command." in output
    assert "images shown" not in others
    assert list(home.folder("runs", "batch").glob("checkpoints/*.json"))


@pytest.mark.parametrize(
    ("variables", "launcher", "rank"),
    [
        ({}, None, 0),
        ({"TORCHELASTIC_RUN_ID": "none", "RANK": "3"}, "torchrun", 3),
        ({"SLURM_NTASKS": "4", "SLURM_PROCID": "2"}, "slurm", 2),
        ({"SLURM_NTASKS": "1", "SLURM_PROCID": "0"}, None, 0),
        ({"SLURM_NTASKS": "4"}, None, 0),
    ],
)
def test_who_started_a_process_is_read_from_its_environment(
    variables: dict[str, str], launcher: str | None, rank: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TORCHELASTIC_RUN_ID", "RANK", "SLURM_NTASKS", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (processor.launcher(), processor.rank()) == (launcher, rank)


def test_a_run_that_rests_is_given_other_devices_and_one_that_goes_on_is_not(home: Workspace) -> None:
    with locks.hold(home.supervisor_lock, "The test"):
        job = store.submit(home, on_two("later", 1600))
        with pytest.raises(WorkspaceError, match=r"later is queued.*Pause the run first"):
            store.divide(home, job.id, 4)
        store.ask(home, job.id, "pause")
        with pytest.raises(ConfigurationError, match=r"16 images cannot be shared evenly by 3 devices"):
            store.divide(home, job.id, 3)
        store.divide(home, job.id, 4)
    request = store.get(home, job.id).request
    assert isinstance(request, Train)
    assert (request.devices, request.config) == (4, job.request.config if isinstance(job.request, Train) else None)
