"""Long work outlives whoever asked for it, is never done twice, and loses nothing that it acknowledged.

Where it matters the processes are real and are really killed.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import digit_cohort
import numpy as np
import pytest

from ganaug_core.config import configure
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import locks, recorder, runs, store, supervisor, tasks, worker
from ganaug_core.records import Progress
from ganaug_core.workspace import Workspace

PATIENCE = 60.0
WHOLE = 10_000  # real images, a few seconds


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.02)


def end_processes(workspace: Workspace) -> None:
    """Kill what holds this workspace's locks: nothing that a test started may outlive it."""
    for lock in (workspace.supervisor_lock, workspace.worker_lock, *workspace.root.glob("runs/*/lock")):
        if (process := locks.holder(lock)) is not None:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            until(lambda lock=lock: not locks.is_held(lock), f"{lock.name} to be free")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with a live supervisor, shared by the tests with real processes: it pays for torch once."""
    workspace = Workspace(tmp_path_factory.mktemp("jobs"))
    workspace.keep(digit_cohort.cohort(), "digits")
    yield workspace
    end_processes(workspace)


@pytest.fixture
def asleep(workspace: Workspace) -> Iterator[Workspace]:
    """A workspace where no supervisor starts, because its lock is taken."""
    workspace.keep(digit_cohort.cohort(), "digits")
    with locks.hold(workspace.supervisor_lock, "The test"):
        yield workspace


def a_run(images: int = 4000, **changes: Any) -> dict[str, Any]:
    config = configure(images=images, threads=1, changes={"architecture.width": 8}, **changes)
    return {"cohort": "digits", "config": config.model_dump(mode="json")}


def submit(workspace: Workspace, name: str, images: int = 4000, **changes: Any) -> int:
    return store.submit(workspace, "train", name, a_run(images, **changes)).id


def state_of(workspace: Workspace, job: int) -> str:
    return store.get(workspace, job).state


def acknowledged(workspace: Workspace, run: str) -> int:
    """Real images shown up to the newest checkpoint."""
    return max((each["images"] for each in runs.as_json(workspace, run)["checkpoints"]), default=0)


# the table


def test_eight_threads_that_submit_the_same_job_get_one(asleep: Workspace) -> None:
    jobs: list[store.Job] = []
    request = {"cohort": "digits", "samples": "s", "encoder": "pixels"}
    threads = [
        threading.Thread(target=lambda: jobs.append(store.submit(asleep, "map", "digits--s--pixels", request)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(jobs) == 8
    assert len({job.id for job in jobs}) == 1
    assert [job.request for job in store.jobs(asleep)] == [request]


def test_eight_threads_that_claim_get_each_job_once(asleep: Workspace) -> None:
    for number in range(6):
        store.submit(asleep, "audit", f"a{number}", {})
    claimed: list[int] = []

    def claim() -> None:
        while job := store.claim(asleep, store.SHORT, slots=99):
            claimed.append(job.id)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(job.id for job in store.jobs(asleep))
    assert len(claimed) == 6


def test_the_second_run_waits_for_the_slot(asleep: Workspace) -> None:
    first, second = submit(asleep, "a"), submit(asleep, "b")
    claimed = store.claim(asleep, ("train",), slots=1)
    assert claimed is not None
    assert claimed.id == first
    assert store.claim(asleep, ("train",), slots=1) is None
    store.finish(asleep, first, "done", result="a")
    claimed = store.claim(asleep, ("train",), slots=1)
    assert claimed is not None
    assert claimed.id == second


def test_a_name_that_a_run_has_is_refused_unless_it_never_got_anywhere(asleep: Workspace) -> None:
    job = submit(asleep, "a")
    with pytest.raises(WorkspaceError, match=r"already a run named a\. Choose another name"):
        submit(asleep, "a")
    store.claim(asleep, ("train",))
    store.finish(asleep, job, "failed", error=WorkspaceError("x", do="y"))
    again = submit(asleep, "a", seed=3)
    assert runs.state(asleep, "a").seed == 3
    assert again != job


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 101])
def test_a_name_that_is_no_name_makes_no_job(asleep: Workspace, name: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot be a name"):
        submit(asleep, name)
    assert store.jobs(asleep) == []


def test_a_run_on_a_cohort_that_is_not_there_makes_neither_job_nor_folder(asleep: Workspace) -> None:
    with pytest.raises(WorkspaceError, match=r"no cohort named none.*Known: digits"):
        store.submit(asleep, "train", "a", {**a_run(), "cohort": "none"})
    assert store.jobs(asleep) == []
    assert asleep.names("runs") == []


def test_what_waits_can_be_paused_resumed_and_stopped_without_a_process(asleep: Workspace) -> None:
    job = submit(asleep, "a")
    assert store.ask(asleep, job, "pause").state == "paused"
    assert store.claim(asleep, ("train",)) is None
    assert store.ask(asleep, job, "run").state == "queued"
    assert store.ask(asleep, job, "stop").state == "stopped"
    assert store.claim(asleep, ("train",)) is None


def test_requests_that_make_no_sense_are_refused_in_words(asleep: Workspace) -> None:
    short, long = store.submit(asleep, "audit", "a", {}).id, submit(asleep, "a")
    with pytest.raises(WorkspaceError, match=r"The job a cannot be paused\. Stop it"):
        store.ask(asleep, short, "pause")
    store.claim(asleep, ("train",))
    store.finish(asleep, long, "done", result="a")
    with pytest.raises(WorkspaceError, match=r"The run a is done\. Start a new one"):
        store.ask(asleep, long, "run")
    with pytest.raises(WorkspaceError, match="The run a is not running: it is done"):
        store.ask(asleep, long, "pause")
    with pytest.raises(WorkspaceError, match="no job number 99"):
        store.get(asleep, 99)


def test_a_running_job_whose_lock_is_free_is_seen_as_interrupted(asleep: Workspace) -> None:
    job = submit(asleep, "a")
    store.claim(asleep, ("train",))
    assert state_of(asleep, job) == "starting"
    with locks.hold(store.lock_of(asleep, store.get(asleep, job)), "The test"):
        store.progress(asleep, job, 0.5, "half", 9.0)
        assert state_of(asleep, job) == "running"
    seen = store.get(asleep, job)
    assert (seen.state, seen.share, seen.seconds_left) == ("interrupted", 0.5, None)
    assert seen.error is not None
    assert "Resume" in seen.error["do"]


def test_a_pause_that_was_taken_back_meanwhile_goes_on(asleep: Workspace) -> None:
    job = submit(asleep, "a")
    store.claim(asleep, ("train",))
    with locks.hold(store.lock_of(asleep, store.get(asleep, job)), "The test"):
        store.ask(asleep, job, "pause")
        store.ask(asleep, job, "run")
        store.finish(asleep, job, "paused")
    assert state_of(asleep, job) == "queued"


# locks


def test_a_lock_is_free_as_soon_as_its_holder_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib\nfrom ganaug_core.jobs import locks\n"
        "with locks.hold(pathlib.Path(sys.argv[1]), 'x'):\n    print(flush=True); time.sleep(60)"
    )
    lock = tmp_path / "lock"
    assert not locks.is_held(lock)
    with subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert locks.holder(lock) == process.pid
        with pytest.raises(locks.Held, match="The run a is already running in another process"):
            locks.hold(lock, "The run a").__enter__()
        process.kill()
        process.wait()
        assert locks.holder(lock) is None
        with locks.hold(lock, "The run a"):
            assert locks.holder(lock) == os.getpid()


def test_those_who_only_look_never_keep_a_holder_out(tmp_path: Path) -> None:
    lock, stop = tmp_path / "lock", threading.Event()
    lock.touch()

    def look() -> None:
        while not stop.is_set():
            locks.is_held(lock)

    watchers = [threading.Thread(target=look) for _ in range(4)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(100):
            with locks.hold(lock, "x"):
                pass
    finally:
        stop.set()
        for watcher in watchers:
            watcher.join()


def test_a_shared_lock_has_many_holders_and_is_seen(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with locks.hold(lock, "x", shared=True), locks.hold(lock, "x", shared=True):
        assert locks.is_held(lock, also_shared=True)
        assert not locks.is_held(lock)
    assert not locks.is_held(lock, also_shared=True)


# the supervisor


def test_a_second_supervisor_leaves_at_once(asleep: Workspace) -> None:
    with pytest.raises(locks.Held, match="supervisor of this workspace is already running"):
        supervisor.Supervisor(asleep).run()


def test_a_supervisor_leaves_when_idle_but_not_while_the_app_is_open(workspace: Workspace) -> None:
    idle = supervisor.Supervisor(workspace, poll_seconds=0.01, idle_seconds=0.15)
    idle._warm = subprocess.Popen(["sleep", "60"])  # stands for the warm process, which an open app would start
    with locks.hold(workspace.app_lock, "The app", shared=True):
        thread = threading.Thread(target=idle.run)
        thread.start()
        thread.join(0.6)
        assert thread.is_alive()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not locks.is_held(workspace.supervisor_lock)
    idle._warm.kill()
    idle._warm.wait()


def test_a_process_that_does_not_stop_is_asked_and_then_ended(asleep: Workspace) -> None:
    job = submit(asleep, "a")
    store.claim(asleep, ("train",))
    code = (
        "import pathlib, signal, sys, time\nfrom ganaug_core.jobs import locks\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True))\n"
        "with locks.hold(pathlib.Path(sys.argv[1]), 'x'):\n    print('up', flush=True)\n"
        "    while True: time.sleep(0.01)"
    )
    lock = store.lock_of(asleep, store.get(asleep, job))
    looking = supervisor.Supervisor(asleep, term_seconds=0.2, kill_seconds=0.6)
    with subprocess.Popen([sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        store.progress(asleep, job, 0.5, "half", None)
        store.ask(asleep, job, "stop")
        looking.look()
        assert process.poll() is None
        while process.poll() is None:
            looking.look()
            time.sleep(0.02)
        assert process.stdout.read() == "asked\n"
    assert process.returncode == -signal.SIGKILL
    looking.look()
    assert state_of(asleep, job) == "stopped"


def test_a_worker_that_cannot_start_is_said_and_not_tried_for_ever(asleep: Workspace) -> None:
    job = store.submit(asleep, "audit", "a", {}).id
    looking = supervisor.Supervisor(asleep)
    looking._warm = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    until(lambda: (looking.look(), state_of(asleep, job))[1] == "failed", "the job to fail")
    error = store.get(asleep, job).error
    assert error is not None
    assert "ended before it began" in error["what"]


# one run, with real processes


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
    assert tasks.load_generator(place, "whole").classes == tuple("0123456789")


def test_pause_and_resume_give_the_generator_of_an_uninterrupted_run(place: Workspace) -> None:
    job = submit(place, "halved", WHOLE)
    until(lambda: store.get(place, job).share > 0.1, "a tenth of the run")
    store.ask(place, job, "pause")
    until(lambda: state_of(place, job) == "paused", "the pause")
    rested = runs.state(place, "halved").images
    assert 0 < acknowledged(place, "halved") < WHOLE
    assert not locks.is_held(place.folder("runs", "halved") / "lock")
    store.ask(place, job, "run")
    until(lambda: not store.get(place, job).live, "the run to end")
    assert state_of(place, job) == "done"
    images = runs.history(place, "halved")["images"]
    assert images == sorted(set(images))
    assert rested <= max(images)
    whole, halved = (tasks.load_generator(place, name) for name in ("whole", "halved"))
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
    assert kept < tasks.load_generator(place, "killed").passport.images < 40_000


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
    config = a_run()["config"]
    config["loss"] = {"name": "hindge", "settings": {}}
    job = store.submit(place, "train", "wrong", {"cohort": "digits", "config": config}).id
    until(lambda: not store.get(place, job).live, "the run to fail")
    seen = store.get(place, job)
    assert seen.state == "failed"
    assert seen.error is not None
    assert "hindge" in seen.error["what"]
    assert "relativistic_pairing" in seen.error["do"]


# short jobs, in the warm process


def draw(workspace: Workspace, name: str, per_class: int = 2) -> int:
    request = {"generator": "whole", "per_class": per_class, "seed": 0, "truncation": 1.0, "name": name}
    return store.submit(workspace, "sample", name, request).id


def test_short_jobs_share_one_warm_process(place: Workspace) -> None:
    jobs = [draw(place, f"drawn{number}") for number in range(3)]
    until(lambda: all(not store.get(place, job).live for job in jobs), "the samples")
    assert [store.get(place, job).result for job in jobs] == ["drawn0", "drawn1", "drawn2"]
    assert len(place.samples("drawn1")) == 20
    warm = locks.holder(place.worker_lock)
    again = draw(place, "drawn3")
    until(lambda: not store.get(place, again).live, "another one")
    assert locks.holder(place.worker_lock) == warm


def test_what_cannot_be_done_is_said_and_the_worker_lives_on(place: Workspace) -> None:
    request = {"generator": "nobody", "per_class": 2, "seed": 0, "truncation": 1.0, "name": "x"}
    job = store.submit(place, "sample", "x", request).id
    until(lambda: not store.get(place, job).live, "the job to fail")
    seen = store.get(place, job)
    assert seen.state == "failed"
    assert seen.error is not None
    assert "no generator named nobody" in seen.error["what"]
    assert seen.error["code"] == "missing"


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


# the worker's own doing, in this process


def test_a_bug_is_called_a_bug_and_leaves_a_traceback_in_the_log(
    asleep: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setitem(tasks.TASKS, "audit", broken)
    store.submit(asleep, "audit", "a", {})
    job = store.claim(asleep, store.SHORT)
    assert job is not None
    worker.work(asleep, job)
    error = store.find(asleep, "audit", "a").error  # type: ignore[union-attr]
    assert error is not None
    assert error["code"] == "bug"
    assert "our mistake" in error["what"]
    assert "ZeroDivisionError" in caplog.text


def test_a_stop_reaches_a_short_job_at_its_next_report(asleep: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[float] = []

    def long_task(workspace: Workspace, request: Any, report: Any) -> str:
        for share in (0.1, 1.0):
            reports.append(share)
            report(share, "working")
        return "never"

    monkeypatch.setitem(tasks.TASKS, "audit", long_task)
    number = store.submit(asleep, "audit", "a", {}).id
    job = store.claim(asleep, store.SHORT)
    assert job is not None
    with locks.hold(asleep.worker_lock, "The test"):
        store.ask(asleep, number, "stop")
        worker.work(asleep, job)
    assert reports == [0.1]
    assert (state_of(asleep, number), store.get(asleep, number).result) == ("stopped", None)


def test_a_signal_cuts_into_a_short_job_that_never_reports(asleep: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def deaf(*_: Any) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return "went on"

    monkeypatch.setitem(tasks.TASKS, "audit", deaf)
    number = store.submit(asleep, "audit", "a", {}).id
    job = store.claim(asleep, store.SHORT)
    assert job is not None
    with locks.hold(asleep.worker_lock, "The test"):
        store.ask(asleep, number, "stop")
        worker.work(asleep, job)
    assert state_of(asleep, number) == "stopped"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


# the run's folder


class NoTraining:
    device_in_words = "a test"


def test_a_resumed_run_cuts_what_it_will_do_again(tmp_path: Path) -> None:
    (tmp_path / "previews").mkdir()
    for images in (100, 200, 300):
        (tmp_path / "previews" / f"{images:09d}.png").touch()
    lines = [json.dumps({"images": images}) for images in (100, 200, 300)]
    (tmp_path / "history.jsonl").write_text("\n".join(lines) + '\n{"images": 40')
    recorder.Recorder(tmp_path, NoTraining(), images=200)  # type: ignore[arg-type]
    assert (tmp_path / "history.jsonl").read_text() == "\n".join(lines[:2]) + "\n"
    assert sorted(path.name for path in (tmp_path / "previews").iterdir()) == ["000000100.png", "000000200.png"]


def test_the_sheet_shows_eight_images_a_row_with_white_as_one() -> None:
    import io

    from PIL import Image

    images = np.full((9, 1, 2, 3), -1, np.float32)
    images[8], images[1, 0, 0, 0] = 1, 0
    sheet = np.asarray(Image.open(io.BytesIO(recorder.sheet_of(images))))
    assert sheet.shape == (4, 24)
    assert (sheet[2:, :3] == 255).all()
    assert sheet[0, 3] == 128
    assert int(sheet.astype(int).sum()) == 2 * 3 * 255 + 128
    coloured = recorder.sheet_of(np.zeros((1, 3, 2, 3), np.float32))
    assert np.asarray(Image.open(io.BytesIO(coloured))).shape == (2, 24, 3)


def test_a_measure_that_is_no_number_becomes_null_and_the_history_stays_json(workspace: Workspace) -> None:
    folder = workspace.write("runs", "r", {})
    written = recorder.Recorder(folder, NoTraining(), images=0)  # type: ignore[arg-type]
    for images in (10, 20):
        loss = float("nan") if images == 20 else 1.5
        written.write(Progress(images, images / 10, images / 40, {"discriminator_loss": loss}))
    assert runs.history(workspace, "r")["discriminator_loss"] == [1.5, None]


def test_a_long_history_is_thinned_evenly_with_both_ends(workspace: Workspace) -> None:
    folder = workspace.write("runs", "r", {})
    lines = [{"images": n, "seconds": n / 10, "share": n / 5000, "measures": {"loss": -n}} for n in range(5000)]
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    curves = runs.history(workspace, "r", points=50)
    assert len(curves["images"]) == 50
    assert (curves["images"][0], curves["images"][-1]) == (0, 4999)
    assert curves["loss"] == [-images for images in curves["images"] if images is not None]
    assert runs.history(workspace.__class__(workspace.root), "r", points=9999)["images"][1] == 1
