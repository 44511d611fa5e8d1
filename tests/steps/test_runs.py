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
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with a live supervisor, shared by the tests with real processes: it pays for torch once."""
    workspace = Workspace(tmp_path_factory.mktemp("jobs"))
    workspace.keep(digit_cohort.cohort(), "digits")
    yield workspace
    end_processes(workspace)


def test_a_run_ends_with_a_generator_curves_previews_and_a_checkpoint(place: Workspace) -> None:
    job = submit(place, "whole", WHOLE)
    until(lambda: not store.get(place, job).live, "the run to end")
    seen = runs.state(place, "whole")
    assert (seen.state, seen.generator, seen.share, seen.error) == ("done", "whole", 1.0, None)
    assert seen.images >= WHOLE
    assert store.get(place, job).result == "whole"
    curves = runs.history(place, "whole")
    assert curves["images"][-1] == seen.images == acknowledged(place, "whole")
    assert len({len(values) for values in curves.values()}) == 1
    assert {"discriminator_loss", "generator_loss", "images_per_second", "share", "seconds"} <= set(curves)
    assert [images for images, _ in runs.previews(place, "whole")] == sorted(
        line["images"] for line in runs.logits(place, "whole")
    )
    assert set(runs.logits(place, "whole")[0]) == {"images", "train", "tuning", "generated"}
    assert stored.load(place, "whole").classes == tuple("0123456789")


def test_pause_and_resume_give_the_generator_of_an_uninterrupted_run(place: Workspace) -> None:
    job = submit(place, "halved", WHOLE)
    until(lambda: store.get(place, job).share > 0.1, "a tenth of the run")
    store.ask(place, job, "pause")
    until(lambda: state_of(place, job) == "paused", "the pause")
    rested = runs.state(place, "halved").images
    assert 0 < acknowledged(place, "halved") < WHOLE
    until(lambda: not locks.is_held(place.folder("runs", "halved") / "lock"), "the process to leave")
    store.ask(place, job, "run")
    until(lambda: not store.get(place, job).live, "the run to end")
    assert state_of(place, job) == "done"
    images = runs.history(place, "halved")["images"]
    assert images == sorted(set(images))
    assert rested <= max(images)
    whole, halved = (stored.load(place, name) for name in ("whole", "halved"))
    labels = np.arange(10)
    assert np.array_equal(whole.sample(labels, seed=1), halved.sample(labels, seed=1))


def test_kill_9_of_a_worker_loses_no_acknowledged_checkpoint(place: Workspace) -> None:
    job = submit(place, "killed", 40_000)
    until(lambda: store.get(place, job).share > 0.02, "the run to begin")
    store.ask(place, job, "pause")
    until(lambda: state_of(place, job) == "paused", "the pause")
    kept = acknowledged(place, "killed")
    store.ask(place, job, "run")
    until(lambda: (runs.history(place, "killed").get("images") or [0])[-1] > kept + 500, "the run to go on")
    process = locks.holder(place.folder("runs", "killed") / "lock")
    assert process is not None
    os.kill(process, signal.SIGKILL)
    until(lambda: state_of(place, job) == "interrupted", "the death to be seen")
    until(lambda: (store.get(place, job).error or {}).get("code") == "out_of_memory", "the reason")
    assert acknowledged(place, "killed") >= kept
    store.ask(place, job, "run")
    until(lambda: state_of(place, job) == "running", "the run to go on")
    until(lambda: runs.history(place, "killed")["images"][-1] > kept, "new reports")
    assert runs.history(place, "killed")["images"] == sorted(set(runs.history(place, "killed")["images"]))
    store.ask(place, job, "stop")
    until(lambda: not store.get(place, job).live, "the stop")
    seen = runs.state(place, "killed")
    assert (seen.state, seen.generator) == ("stopped", "killed")
    assert kept < stored.load(place, "killed").passport.images < 40_000


def test_a_killed_supervisor_does_not_disturb_the_run(place: Workspace) -> None:
    job = submit(place, "orphan", 6000)
    until(lambda: state_of(place, job) == "running", "the run to begin")
    process = locks.holder(place.supervisor_lock)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    until(lambda: not locks.is_held(place.supervisor_lock), "the supervisor to be gone")
    assert state_of(place, job) == "running"
    supervisor.ensure(place)
    until(lambda: not store.get(place, job).live, "the run to end")
    assert runs.state(place, "orphan").generator == "orphan"


def test_a_wrong_setting_ends_the_run_in_words(place: Workspace) -> None:
    asked = a_run("wrong")
    config = {**asked.config, "loss": {"name": "hindge", "settings": {}}}
    job = store.submit(place, replace(asked, config=config)).id
    until(lambda: not store.get(place, job).live, "the run to fail")
    seen = store.get(place, job)
    assert seen.state == "failed"
    assert seen.error is not None
    assert "hindge" in seen.error["what"]
    assert "relativistic_pairing" in seen.error["do"]


# short jobs, in the warm process


def draw(workspace: Workspace, name: str, per_class: int = 2) -> int:
    return store.submit(workspace, Sample(generator="whole", per_class=per_class, name=name)).id


def test_short_jobs_share_one_warm_process(place: Workspace) -> None:
    jobs = [draw(place, f"drawn{number}") for number in range(3)]
    until(lambda: all(not store.get(place, job).live for job in jobs), "the samples")
    assert [store.get(place, job).result for job in jobs] == ["drawn0", "drawn1", "drawn2"]
    assert len(place.samples("drawn1")) == 20
    warm = locks.holder(place.worker_lock)
    again = draw(place, "drawn3")
    until(lambda: not store.get(place, again).live, "another one")
    assert locks.holder(place.worker_lock) == warm


def test_what_is_known_to_fail_is_said_before_it_is_queued(place: Workspace) -> None:
    with pytest.raises(WorkspaceError, match=r"no generator named nobody.*Known: "):
        store.submit(place, Sample(generator="nobody", per_class=2))


def test_what_cannot_be_done_is_said_and_the_worker_lives_on(place: Workspace) -> None:
    job = store.submit(place, Sample(generator="whole", per_class=2, classes=("x",))).id
    until(lambda: not store.get(place, job).live, "the job to fail")
    seen = store.get(place, job)
    assert seen.state == "failed"
    assert seen.error is not None
    assert "no class named x" in seen.error["what"]
    assert seen.error["code"] == "unknown_class"


def test_kill_9_of_the_warm_process_is_seen_and_the_next_job_gets_a_new_one(place: Workspace) -> None:
    job = draw(place, "huge", per_class=200_000)
    until(lambda: state_of(place, job) == "running", "the huge job to begin")
    process = locks.holder(place.worker_lock)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    until(lambda: (store.get(place, job).error or {}).get("code") == "out_of_memory", "the reason")
    assert state_of(place, job) == "interrupted"
    assert not place.exists("samples", "huge")
    after = draw(place, "after")
    until(lambda: state_of(place, after) == "done", "the next job")
