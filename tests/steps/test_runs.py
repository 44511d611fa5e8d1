"""Long work outlives whoever asked for it and loses nothing that it acknowledged."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import digit_cohort
import numpy as np
import pytest
from small_runs import a_run, acknowledged, end_processes, state_of, submit, until

from ganaug_core.config.requests import Sample
from ganaug_core.errors import WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.jobs import runs, store, supervisor
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace

WHOLE = 10_000  # real images, a few seconds


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with a live supervisor, shared by the tests with real processes: it pays for torch once."""
    workspace = Workspace(tmp_path_factory.mktemp("jobs"))
    workspace.keep(digit_cohort.cohort(), "digits")
    yield workspace
    end_processes(workspace)


def test_a_run_ends_with_a_generator_curves_previews_and_a_checkpoint(home: Workspace) -> None:
    job = submit(home, "whole", WHOLE)
    until(lambda: not store.get(home, job).live, "the run to end")
    state = runs.state(home, "whole")
    assert (state.state, state.generator, state.share, state.error) == ("done", "whole", 1.0, None)
    assert state.images >= WHOLE
    assert store.get(home, job).result == "whole"
    curves = runs.history(home, "whole")
    assert curves["images"][-1] == state.images == acknowledged(home, "whole")
    assert len({len(values) for values in curves.values()}) == 1
    assert {"discriminator_loss", "generator_loss", "images_per_second", "share", "seconds"} <= set(curves)
    assert [images for images, _ in runs.previews(home, "whole")] == sorted(
        line["images"] for line in runs.logits(home, "whole")
    )
    assert set(runs.logits(home, "whole")[0]) == {"images", "train", "tuning", "generated"}
    assert stored.load(home, "whole").classes == tuple("0123456789")


def test_pause_and_resume_give_the_generator_of_an_uninterrupted_run(home: Workspace) -> None:
    job = submit(home, "halved", WHOLE)
    until(lambda: store.get(home, job).share > 0.1, "a tenth of the run")
    store.ask(home, job, "pause")
    until(lambda: state_of(home, job) == "paused", "the pause")
    rested = runs.state(home, "halved").images
    assert 0 < acknowledged(home, "halved") < WHOLE
    until(lambda: not locks.is_held(home.folder("runs", "halved") / "lock"), "the process to leave")
    store.ask(home, job, "run")
    until(lambda: not store.get(home, job).live, "the run to end")
    assert state_of(home, job) == "done"
    images = runs.history(home, "halved")["images"]
    assert images == sorted(set(images))
    assert rested <= max(images)
    whole, halved = (stored.load(home, name) for name in ("whole", "halved"))
    labels = np.arange(10)
    assert np.array_equal(whole.sample(labels, seed=1), halved.sample(labels, seed=1))


def test_kill_9_of_a_worker_loses_no_acknowledged_checkpoint(home: Workspace) -> None:
    job = submit(home, "killed", 40_000)
    until(lambda: store.get(home, job).share > 0.02, "the run to begin")
    store.ask(home, job, "pause")
    until(lambda: state_of(home, job) == "paused", "the pause")
    checkpoint = acknowledged(home, "killed")
    store.ask(home, job, "run")
    until(lambda: (runs.history(home, "killed").get("images") or [0])[-1] > checkpoint + 500, "the run to go on")
    process = locks.holder(home.folder("runs", "killed") / "lock")
    assert process is not None
    os.kill(process, signal.SIGKILL)
    until(lambda: state_of(home, job) == "interrupted", "the death to be seen")
    until(lambda: (store.get(home, job).error or {}).get("code") == "out_of_memory", "the reason")
    assert acknowledged(home, "killed") >= checkpoint
    store.ask(home, job, "run")
    until(lambda: state_of(home, job) == "running", "the run to go on")
    until(lambda: runs.history(home, "killed")["images"][-1] > checkpoint, "new reports")
    assert runs.history(home, "killed")["images"] == sorted(set(runs.history(home, "killed")["images"]))
    store.ask(home, job, "stop")
    until(lambda: not store.get(home, job).live, "the stop")
    state = runs.state(home, "killed")
    assert (state.state, state.generator) == ("stopped", "killed")
    assert checkpoint < stored.load(home, "killed").passport.images < 40_000


def test_a_killed_supervisor_does_not_disturb_the_run(home: Workspace) -> None:
    job = submit(home, "orphan", 6000)
    until(lambda: state_of(home, job) == "running", "the run to begin")
    process = locks.holder(home.supervisor_lock)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    until(lambda: not locks.is_held(home.supervisor_lock), "the supervisor to be gone")
    assert state_of(home, job) == "running"
    supervisor.ensure(home)
    until(lambda: not store.get(home, job).live, "the run to end")
    assert runs.state(home, "orphan").generator == "orphan"


def test_a_wrong_setting_ends_the_run_in_words(home: Workspace) -> None:
    request = a_run("wrong")
    config = {**request.config, "loss": {"name": "hindge", "settings": {}}}
    job = store.submit(home, replace(request, config=config)).id
    until(lambda: not store.get(home, job).live, "the run to fail")
    job_now = store.get(home, job)
    assert job_now.state == "failed"
    assert job_now.error is not None
    assert "hindge" in job_now.error["what"]
    assert "relativistic_pairing" in job_now.error["do"]


# short jobs, in the warm process


def draw(workspace: Workspace, name: str, per_class: int = 2) -> int:
    return store.submit(workspace, Sample(generator="whole", per_class=per_class, name=name)).id


def test_short_jobs_share_one_warm_process(home: Workspace) -> None:
    jobs = [draw(home, f"drawn{number}") for number in range(3)]
    until(lambda: all(not store.get(home, job).live for job in jobs), "the samples")
    assert [store.get(home, job).result for job in jobs] == ["drawn0", "drawn1", "drawn2"]
    assert len(home.samples("drawn1")) == 20
    warm = locks.holder(home.worker_lock)
    again = draw(home, "drawn3")
    until(lambda: not store.get(home, again).live, "another one")
    assert locks.holder(home.worker_lock) == warm


def test_what_is_known_to_fail_is_said_before_it_is_queued(home: Workspace) -> None:
    with pytest.raises(WorkspaceError, match=r"no generator named nobody.*Known: "):
        store.submit(home, Sample(generator="nobody", per_class=2))


def test_what_cannot_be_done_is_said_and_the_worker_lives_on(home: Workspace) -> None:
    job = store.submit(home, Sample(generator="whole", per_class=2, classes=("x",))).id
    until(lambda: not store.get(home, job).live, "the job to fail")
    job_now = store.get(home, job)
    assert job_now.state == "failed"
    assert job_now.error is not None
    assert "no class named x" in job_now.error["what"]
    assert job_now.error["code"] == "unknown_class"


def test_kill_9_of_the_warm_process_is_seen_and_the_next_job_gets_a_new_one(home: Workspace) -> None:
    job = draw(home, "huge", per_class=200_000)
    until(lambda: state_of(home, job) == "running", "the huge job to begin")
    process = locks.holder(home.worker_lock)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    until(lambda: (store.get(home, job).error or {}).get("code") == "out_of_memory", "the reason")
    assert state_of(home, job) == "interrupted"
    assert not home.exists("samples", "huge")
    after = draw(home, "after")
    until(lambda: state_of(home, after) == "done", "the next job")
