"""A node of a cluster trains what this machine would, and whoever follows it loses nothing: on a real SLURM."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import digit_cohort
import one_node_slurm
import pytest
from searching_in_place import a_search, no_supervisor
from searching_in_place import cohort as squares
from short_trainings import same
from small_runs import acknowledged, end_processes, state_of

from ganaug_core import pipeline
from ganaug_core.cli import run
from ganaug_core.config import TrainingConfig, configure
from ganaug_core.config.requests import Train
from ganaug_core.errors import ConfigurationError, TrainingError, WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.jobs import following, node, runs, searches, searching, slurm, store
from ganaug_core.search import beginning, study
from ganaug_core.storage import locks
from ganaug_core.storage.database import Database, job_table
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training import Training, latest_checkpoint

Until = Callable[[Callable[[], Any], str], None]
PATIENCE = 240.0
WHOLE = 2_000  # real images, some seconds
LONG = 100_000_000
ASKED = {"partition": "main", "time": "60", "cpus": "1"}

# as Python starts on a node: from then on it can open no database and no lock, and change nothing in the workspace but
# the folder of one run, which it says at its end
WATCHER = """
import atexit, os, sys

if "SUBMITIT_EXECUTOR" in os.environ and "GANAUG_WATCHED" in os.environ:
    workspace, cohort, installation = os.environ["GANAUG_WATCHED"].split(":")
    changed = set()

    def watch(event, arguments):
        if event == "sqlite3.connect":
            raise PermissionError("a node opens a database")
        if event == "open":
            path, _, flags = arguments
            paths = [path] if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else []
            if isinstance(path, str) and path.endswith((".sqlite", "lock")) and path.startswith(workspace):
                raise PermissionError(f"a node opens {path}")
        elif event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.link", "os.truncate"):
            paths = arguments[:2] if event in ("os.rename", "os.link") else arguments[:1]
        else:
            return
        for path in paths:
            if not isinstance(path, (str, bytes, os.PathLike)):
                continue
            place = os.path.abspath(os.fsdecode(path))
            if place.startswith((workspace, installation)) and not place.startswith(workspace + "/slurm/"):
                if place.startswith(cohort) or not place.startswith(workspace + "/artefacts/"):
                    raise PermissionError(f"a node changes {place}")
                changed.add(place.removeprefix(workspace + "/artefacts/").split("/")[0])

    sys.addaudithook(watch)
    atexit.register(lambda: sys.stderr.write(f"changed: {' '.join(sorted(changed))}\\n"))
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """A SLURM of one node, for the tests of this file."""
    if (reason := one_node_slurm.missing()) is not None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with one_node_slurm.running() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        yield folder


@pytest.fixture(scope="module")
def home(cluster: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path_factory.mktemp("cluster"))
    workspace.keep(digit_cohort.cohort(), "digits")
    workspace.keep(squares(), "squares")
    yield workspace
    end_processes(workspace)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which the run `whole` was trained on this machine."""
    workspace = Workspace(tmp_path_factory.mktemp("here"))
    workspace.keep(digit_cohort.cohort(), "digits")
    pipeline.train(workspace, request("whole", WHOLE))
    return workspace


@pytest.fixture
def until(cluster: Path, home: Workspace) -> Until:
    """Wait for something that SLURM or another process does; say what it said where it does not come."""

    def wait(condition: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                jobs = "\n".join(f"{job.name}: {job.state}, {job.message}, {job.error}" for job in store.jobs(home))
                said = "\n".join(f"--- log of {name}\n{runs.log(home, name)}" for name in runs.names(home))
                queue = command("squeue", "--states=all")
                logs = one_node_slurm.logs(cluster)
                pytest.fail(f"waited {PATIENCE:.0f} s for {what}\n{jobs}\n{queue}\n{said}\n{logs}")
            time.sleep(0.1)

    return wait


def watched(folder: Path, workspace: str, cohort: str) -> dict[str, str]:
    """Return the environment in which a node's Python is watched; `folder` takes what does it."""
    (folder / "sitecustomize.py").write_text(WATCHER)
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path, "GANAUG_WATCHED": f"{workspace}:{cohort}:{os.environ['GANAUG_HOME']}"}


def command(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout


def request(name: str, images: int = LONG, asked: dict[str, str] | None = None) -> Train:
    config = configure(images=images, threads=1, rows=16, changes={"architecture.width": "8"})
    return Train(name=name, cohort="digits", config=config.model_dump(mode="json"), slurm=asked)


def submit(workspace: Workspace, name: str, images: int) -> int:
    [job] = following.submit(workspace, [request(name, images, ASKED)])
    return job.id


def number_of(workspace: Workspace, run: str) -> str:
    """Return the number that SLURM gave the job of a run."""
    job = slurm.noted(workspace.folder("runs", run))
    assert job is not None
    return job.number


def restarts(number: str) -> int:
    found = re.search(r"Restarts=(\d+)", command("scontrol", "show", "job", number))
    assert found is not None
    return int(found[1])


def trains(workspace: Workspace, run: str) -> bool:
    return node.state(workspace.folder("runs", run)).get("state") == "running"


def equal(one: Workspace, name: str, other: Workspace, other_name: str) -> bool:
    """Whether two runs ended with the same generator and the same checkpoint, bit for bit."""
    weights = one.attached("generators", name, stored.WEIGHTS)
    states = [
        latest_checkpoint(workspace.folder("runs", run) / "checkpoints")
        for workspace, run in ((one, name), (other, other_name))
    ]
    assert weights
    assert states[0] is not None
    assert states[1] is not None
    return weights == other.attached("generators", other_name, stored.WEIGHTS) and same(states[0], states[1])


# what needs no SLURM


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("queue=main", r"cannot be asked for 'queue'.*one of: partition, time, gpus"),
        ("partition", r"cannot be asked for 'partition'.*KEY=VALUE"),
        ("partition=a b", r"partition=a b cannot be asked for.*a name"),
        ("partition=a\n#SBATCH --x", r"cannot be asked for.*a name"),
        ("time=3", r"time=3 cannot.*minutes, at least 5"),
        ("time=soon", r"time=soon cannot.*minutes"),
        ("gpus=0", r"gpus=0 cannot.*1 or more"),
        ("memory=lots", r"memory=lots cannot.*gigabytes"),
    ],
)
def test_what_slurm_cannot_be_asked_for_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        slurm.options([text])


@pytest.mark.parametrize(("text", "minutes"), [("90", 90), ("2:00:00", 120), ("1-00:30", 1470), ("10:30", 11)])
def test_a_time_is_minutes_or_as_slurm_writes_it(text: str, minutes: int) -> None:
    assert slurm.parameters({"time": text})["time"] == minutes


def test_several_devices_are_as_many_tasks_and_no_fewer_gpus() -> None:
    assert slurm.parameters({}, devices=4, nodes=2) == {
        "time": 60,
        "nodes": 2,
        "ntasks_per_node": 4,
        "additional_parameters": {"requeue": True},
    }
    assert slurm.options(["gpus=4"], devices=4) == {"gpus": "4"}
    with pytest.raises(ConfigurationError, match=r"4 devices on each node.*SLURM for gpus=2.*gpus=4"):
        slurm.options(["gpus=2"], devices=4)


def test_values_become_submitits_parameters() -> None:
    asked = slurm.options(["partition=gpu", "gpus=2", "memory=32", "reservation=course"])
    assert slurm.parameters(asked) == {
        "time": 60,
        "partition": "gpu",
        "gpus_per_node": 2,
        "mem": "32GB",
        "additional_parameters": {"requeue": True, "reservation": "course"},
    }


def test_without_submitit_or_slurm_nothing_is_queued(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.keep(digit_cohort.cohort(), "digits")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigurationError, match=r"no sbatch.*login node.*--on local"):
        following.submit(workspace, [request("nowhere", asked={})])
    monkeypatch.setattr(slurm, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"submitit.*ganaug\[slurm\]"):
        following.submit(workspace, [request("nowhere", asked={})])
    assert store.jobs(workspace) == []
    assert runs.names(workspace) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--slurm", "partition=main"], "--slurm asks a cluster"),
        (["--on", "moon"], "--on moon is not known"),
        (["--seeds", "0-x"], "--seeds 0-x is no list of seeds"),
        (["--seeds", "5-2000"], "--seeds 5-2000 is no list of seeds"),
    ],
)
def test_the_command_line_refuses_in_words(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    workspace.keep(digit_cohort.cohort(), "digits")
    assert run(["train", "digits", "--name", "never", *words, "--workspace", str(workspace.root)]) == 2
    assert said in capsys.readouterr().err
    assert runs.names(workspace) == []


def test_runs_side_by_side_need_a_cluster(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["search", "digits", "--name", "never", "--at-once", "2", "--workspace", str(workspace.root)]
    assert run(words) == 2
    assert "--at-once 2 asks for runs side by side" in capsys.readouterr().err
    assert searches.names(workspace) == []


@pytest.mark.parametrize("state", [*slurm.ENDED, slurm.UNKNOWN])
def test_every_way_to_end_has_words(state: str) -> None:
    error = slurm.why(slurm.Job("12", "/nowhere"), slurm.Seen(state), "No module named torch")
    assert "12" in error["what"]
    assert error["do"].startswith("Resume")


@pytest.mark.parametrize(
    "code",
    [
        "import sqlite3; sqlite3.connect('{root}/ganaug.sqlite')",
        "open('{root}/supervisor.lock')",
        "open('{root}/artefacts/run/lock', 'a')",
        "open('{root}/artefacts/cohort/pixels.npy', 'ab')",
        "import os; os.mkdir('{root}/runs')",
        "import os; os.rename('{root}/artefacts/run/a', '{root}/runs/a')",
    ],
)
def test_the_watcher_of_a_node_refuses_what_a_node_must_not_do(tmp_path: Path, code: str) -> None:
    environment = watched(tmp_path, f"{tmp_path}/home", f"{tmp_path}/home/artefacts/cohort")
    words = [sys.executable, "-c", code.format(root=f"{tmp_path}/home")]
    ended = subprocess.run(
        words, env={**environment, "SUBMITIT_EXECUTOR": "slurm"}, capture_output=True, text=True, check=False
    )
    assert "PermissionError: a node " in ended.stderr


def unfollowed(workspace: Workspace, name: str) -> int:
    """Begin a run that SLURM was to train, by a job that no SLURM here can say anything of; return its job."""
    with no_supervisor():
        job = store.submit(workspace, request(name, asked={}), held=True).id
    (workspace.folder("runs", name) / slurm.NOTE).write_text(json.dumps({"number": "12", "folder": "/nowhere"}))
    return job


def test_a_run_whose_slurm_job_may_live_on_is_not_removed_and_its_images_stay(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.keep(digit_cohort.cohort(), "digits")
    unfollowed(workspace, "far")
    with pytest.raises(WorkspaceError, match=r"SLURM job 12 of the run far may be training.*ganaug run remove far"):
        store.require_idle(workspace, ["digits"])
    store.require_idle(workspace, [])
    monkeypatch.setenv("PATH", "/nowhere")
    assert run(["run", "remove", "far", "--workspace", str(workspace.root)]) != 0
    said = capsys.readouterr().err
    assert "The SLURM job 12 of this run may live on." in said
    assert "delete slurm.json in the run's folder" in said
    assert runs.names(workspace) == ["far"]
    (workspace.folder("runs", "far") / slurm.NOTE).unlink()
    store.require_idle(workspace, ["digits"])
    assert run(["run", "remove", "far", "--workspace", str(workspace.root)]) == 0
    assert runs.names(workspace) == []


def test_a_run_without_a_row_whose_slurm_job_nobody_follows_says_so(workspace: Workspace) -> None:
    workspace.keep(digit_cohort.cohort(), "digits")
    job = unfollowed(workspace, "far")
    with Database(workspace.database_path).writing() as connection:
        connection.execute(job_table.delete().where(job_table.c.id == job))
    state = runs.state(workspace, "far")
    assert (state.state, state.share) == ("interrupted", 0.0)
    assert state.error is not None
    assert state.error["what"].startswith("Nobody follows the SLURM job 12")


# on a node


def test_two_seeds_are_one_job_array_and_train_what_this_machine_trains(
    home: Workspace, here: Workspace, tmp_path: Path
) -> None:
    environment = watched(tmp_path, str(home.root), str(home.folder("cohorts", "digits")))
    words = ["train", "digits", "--name", "array", "--seeds", "0,1", "--images", str(WHOLE), "--on", "slurm"]
    words += [word for key, value in ASKED.items() for word in ("--slurm", f"{key}={value}")]
    words += ["--set", "threads=1", "--set", "architecture.width=8", "--workspace", str(home.root), "--json", "-"]
    ended = subprocess.run(
        [sys.executable, "-m", "ganaug_core.cli", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert [run["name"] for run in json.loads(ended.stdout)["runs"]] == ["array-seed0", "array-seed1"]
    assert {run["state"] for run in json.loads(ended.stdout)["runs"]} == {"done"}
    assert "images shown" in ended.stderr
    for task, name in enumerate(("array-seed0", "array-seed1")):
        log = runs.log(home, name)
        assert re.search(rf"job_id=\d+_{task},", log), log
        assert f"changed: {home.artefact('runs', name)}\n" in f"{log}\n"
    assert equal(home, "array-seed0", here, "whole")
    assert not equal(home, "array-seed1", here, "whole")
    assert list(home.slurm.iterdir()) == []


def test_what_slurm_refuses_is_said_and_nothing_is_left_of_it(home: Workspace) -> None:
    before = (len(store.jobs(home)), runs.names(home))
    for asked, words in (({"partition": "nope"}, "partition"), ({"gpus": "1"}, r"node configuration|gres|Gres")):
        with pytest.raises(TrainingError, match=rf"SLURM did not take the job: .*({words})"):
            following.submit(home, [request("refused", asked=asked)])
    assert (len(store.jobs(home)), runs.names(home)) == before


def test_a_preempted_run_goes_on_bit_for_bit_until_it_is_stopped(home: Workspace, until: Until) -> None:
    job = submit(home, "preempted", LONG)
    until(lambda: runs.state(home, "preempted").images > 0, "the run to begin")
    number = number_of(home, "preempted")
    command("sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=true")
    until(lambda: restarts(number) > 0, "SLURM to give the node away")
    until(lambda: acknowledged(home, "preempted") > 0, "a checkpoint")
    checkpoint = acknowledged(home, "preempted")
    until(lambda: runs.history(home, "preempted")["images"][-1] > checkpoint, "the run to go on")
    store.ask(home, job, "stop")
    until(lambda: not store.get(home, job).live, "the stop")
    state = runs.state(home, "preempted")
    assert (state.state, state.generator, state.error) == ("stopped", "preempted", None)
    assert checkpoint < state.images < LONG
    images = runs.history(home, "preempted")["images"]
    assert images == sorted(set(images))
    training = Training(home.cohort("digits"), TrainingConfig.model_validate(request("straight", LONG).config))
    training.advance(state.images // training.config.batch_size)
    ours, theirs = training.state(), latest_checkpoint(home.folder("runs", "preempted") / "checkpoints")
    assert theirs is not None
    assert ours["images"] == theirs["images"] == state.images
    assert same(ours["networks"], theirs["networks"])


def test_before_its_time_limit_a_run_is_put_back_and_a_cancelled_one_says_so(home: Workspace, until: Until) -> None:
    begun = time.monotonic()
    job = submit(home, "limited", LONG)
    until(lambda: trains(home, "limited"), "the run to begin")
    number = number_of(home, "limited")
    minutes = 2 + int((time.monotonic() - begun) / 60)  # SLURM gives notice two minutes before, looking twice a minute
    command("scontrol", "update", f"JobId={number}", f"TimeLimit={minutes}")
    until(lambda: restarts(number) > 0, "the notice, and the requeue")
    command("scontrol", "update", f"JobId={number}", "TimeLimit=60")
    until(lambda: acknowledged(home, "limited") > 0, "a checkpoint")
    checkpoint = acknowledged(home, "limited")
    until(lambda: trains(home, "limited"), "the run to begin again")
    until(lambda: runs.history(home, "limited")["images"][-1] > checkpoint, "the run to go on")

    checkpoint = runs.history(home, "limited")["images"][-1]
    store.ask(home, job, "pause")
    until(lambda: state_of(home, job) == "paused", "the pause")
    assert acknowledged(home, "limited") >= checkpoint
    assert slurm.look(slurm.Job(number, "")).ended
    store.ask_cluster(home, store.get(home, job), {"cpus": "2"})
    store.ask(home, job, "run")
    until(lambda: trains(home, "limited"), "the run to begin in another SLURM job")
    assert number_of(home, "limited") != number
    number = number_of(home, "limited")
    assert "NumCPUs=2 " in command("scontrol", "show", "job", number)

    command("scancel", number)
    until(lambda: not store.get(home, job).live, "the end to be seen")
    job_now = store.get(home, job)
    assert job_now.state == "failed"
    assert job_now.error is not None
    assert job_now.error["what"] == f"The SLURM job {number} was cancelled."
    assert job_now.error["do"].startswith("Resume the run")

    store.ask(home, job, "run")
    until(lambda: slurm.noted(home.folder("runs", "limited")) is not None, "another SLURM job")
    store.ask(home, job, "stop")  # before it trains: the generator is made of the last checkpoint
    until(lambda: not store.get(home, job).live, "the stop")
    state = runs.state(home, "limited")
    assert (state.state, state.generator, state.error) == ("stopped", "limited", None)
    assert checkpoint <= acknowledged(home, "limited") < LONG


def test_a_run_that_waits_in_slurms_queue_is_paused_and_leaves_it(home: Workspace, until: Until) -> None:
    urgent = command(
        "sbatch", "--parsable", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=sleep 99"
    )
    try:
        job = submit(home, "waiting", LONG)
        until(lambda: "waiting in SLURM's queue (" in store.get(home, job).message, "the wait to be seen")
        number = number_of(home, "waiting")
        store.ask(home, job, "pause")
        until(lambda: state_of(home, job) == "paused", "the pause")
    finally:
        command("scancel", urgent.strip())
    assert slurm.look(slurm.Job(number, "")).state == "CANCELLED"
    assert slurm.noted(home.folder("runs", "waiting")) is None
    store.ask(home, job, "stop")
    until(lambda: state_of(home, job) == "stopped", "the stop")
    assert "ganaug-waiting" not in command("squeue", "--noheader", "--format=%j")


def test_two_devices_are_two_tasks_that_are_put_back_together_and_end_with_their_run(
    home: Workspace, until: Until, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {**ASKED, "time": "120"}
    wanted = replace(request("pair", LONG, asked), devices=2)
    wanted = replace(wanted, config={**wanted.config, "device": "cpu", "precision": "float32"})
    [job] = following.submit(home, [wanted])
    until(lambda: runs.state(home, "pair").images > 0, "the run to begin")
    number = number_of(home, "pair")
    assert "NumTasks=2 " in command("scontrol", "show", "job", number)
    assert (runs.state(home, "pair").device or "").startswith("2 devices, each CPU")
    assert run(["run", "remove", "pair", "--workspace", str(home.root)]) != 0
    assert "Stop it first" in capsys.readouterr().err

    command("scancel", "--signal=USR2", number)  # as before the time limit
    until(lambda: restarts(number) > 0, "SLURM to put it back")
    checkpoint = acknowledged(home, "pair")
    assert checkpoint > 0
    until(lambda: runs.history(home, "pair")["images"][-1] > checkpoint, "both to go on")
    images = runs.history(home, "pair")["images"]
    assert images == sorted(set(images))

    follower = locks.holder(store.lock_of(home, job))
    assert follower is not None
    os.kill(follower, signal.SIGKILL)
    until(lambda: state_of(home, job.id) == "interrupted", "the follower's death to be seen")
    assert slurm.look(slurm.Job(number, "")).state == "RUNNING"
    with pytest.raises(WorkspaceError, match=rf"SLURM job {number} of the run pair may be training"):
        store.require_idle(home, ["digits"])
    assert run(["run", "remove", "pair", "--workspace", str(home.root)]) == 0
    assert slurm.look(slurm.Job(number, "")).state == "CANCELLED"
    assert "pair" not in runs.names(home)
    assert list(home.slurm.iterdir()) == []


def test_the_trials_of_a_search_are_job_arrays_and_one_that_is_behind_leaves_the_cluster(
    home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = {"architecture.width": [8, 64], "beta1": [0.0, 0.5]}
    wanted = a_search("far", space=space, sampler="grid", images=2000, changes={"threads": 1}, slurm=ASKED, at_once=2)
    with monkeypatch.context() as patch:  # which is behind is the study's to say, and chance with so few
        report = study.OpenTrial.report
        patch.setattr(
            study.OpenTrial,
            "report",
            lambda trial, *seen: report(trial, *seen) or trial.settings["architecture.width"] == 64,
        )
        beginning.prepare(home, wanted)
        beginning.begin(home, wanted, pipeline.prepare(home, wanted).origin)
        said = []
        searching.run(home, wanted, lambda share, message: said.append(message))
    results = searches.read(home, "far")
    states = {trial.run: (trial.settings["architecture.width"], trial.state) for trial in results.trials}
    assert list(states) == [f"far-{number:03d}" for number in range(3)]
    assert {state for _, state in states.values()} == {"done", "pruned"}
    for name, (width, state) in states.items():
        run_now = runs.state(home, name)
        assert state == ("done" if width == 8 else "pruned")
        assert run_now.state == ("done" if width == 8 else "stopped")
        assert run_now.images >= 2000 or width == 64
        assert run_now.generator == name
    places = [re.search(r"job_id=(\d+)(?:_(\d))?,", runs.log(home, name, 1000)) for name in states]
    first, second, third = [place.groups() if place else None for place in places]
    assert first is not None
    assert first == (first[0], "0")
    assert second == (first[0], "1")
    assert third is not None
    assert third[0] != first[0]
    assert results.best is not None
    assert "0 of 3 trials over, 2 under way" in said
    assert list(home.slurm.iterdir()) == []
