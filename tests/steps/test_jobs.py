"""A job is asked for once, handed out once, and ended when its user says so."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import digit_cohort
import pytest
from small_runs import PATIENCE, a_run, state_of, submit, until

from ganaug_core import pipeline
from ganaug_core.config.requests import AuditSamples, BuildMap, ImportCohort
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import launch, runs, store, supervisor, worker
from ganaug_core.storage import locks
from ganaug_core.storage import workspace as workspace_module
from ganaug_core.storage.database import Database, job_table
from ganaug_core.storage.workspace import Workspace


@pytest.fixture
def asleep(workspace: Workspace) -> Iterator[Workspace]:
    """A workspace where no supervisor starts, because its lock is taken."""
    workspace.keep(digit_cohort.cohort(), "digits")
    workspace.keep(digit_cohort.samples(), "drawn")
    with locks.hold(workspace.supervisor_lock, "The test"):
        yield workspace


def an_audit(workspace: Workspace, seed: int = 0) -> int:
    return store.submit(workspace, AuditSamples(cohort="digits", samples="drawn", seed=seed)).id


# the table


def test_eight_threads_that_submit_the_same_job_get_one(asleep: Workspace) -> None:
    jobs: list[store.Job] = []
    request = BuildMap(cohort="digits", samples="drawn", encoder="pixels")
    threads = [threading.Thread(target=lambda: jobs.append(store.submit(asleep, request))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(jobs) == 8
    assert len({job.id for job in jobs}) == 1
    assert [job.request for job in store.jobs(asleep)] == [request]


def test_eight_threads_that_claim_get_each_job_once(asleep: Workspace) -> None:
    for number in range(6):
        an_audit(asleep, seed=number)
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


def test_a_job_of_equal_name_that_asks_for_something_else_is_refused(asleep: Workspace) -> None:
    first = store.submit(asleep, ImportCohort(source="embedded:digits", name="more", size=16))
    assert store.submit(asleep, ImportCohort(source="embedded:digits", name="more", size=16)).id == first.id
    with pytest.raises(WorkspaceError, match=r"more is being made already.*choose another name"):
        store.submit(asleep, ImportCohort(source="embedded:digits", name="more", size=32))


def test_two_audits_that_differ_in_a_setting_are_two_jobs(asleep: Workspace) -> None:
    assert an_audit(asleep, seed=0) == an_audit(asleep, seed=0)
    assert an_audit(asleep, seed=0) != an_audit(asleep, seed=1)


def test_a_job_whose_cohort_was_replaced_meanwhile_is_refused_and_not_done_on_the_other(asleep: Workspace) -> None:
    number = an_audit(asleep)
    asleep.remove("cohorts", "digits")
    asleep.keep(digit_cohort.cohort(count=300), "digits")
    assert store.of(asleep, AuditSamples(cohort="digits", samples="drawn")) is None
    job = store.claim(asleep, store.SHORT)
    assert job is not None
    with locks.hold(asleep.worker_lock, "The test"):
        worker.work(asleep, job)
    error = store.get(asleep, number).error
    assert error is not None
    assert error["code"] == "replaced"
    assert asleep.names("audits") == []


def test_a_junk_row_does_not_hide_the_other_jobs(asleep: Workspace) -> None:
    number = an_audit(asleep)
    with Database(asleep.database_path).writing() as connection:
        row = dict(connection.execute(job_table.select()).mappings().one())
        for junk in ("{", "[1]", '{"cohort": 3}'):
            connection.execute(job_table.insert().values(**{**row, "id": None, "request": junk}))
        connection.execute(job_table.insert().values(**{**row, "id": None, "kind": "nothing"}))
    jobs = store.jobs(asleep)
    assert [job.id for job in jobs if job.live] == [number]
    assert [job.error["code"] for job in jobs if job.error] == ["damaged"] * 4
    assert an_audit(asleep) == number


def test_a_name_that_a_run_has_is_refused_unless_it_never_got_anywhere(asleep: Workspace) -> None:
    job = submit(asleep, "a")
    with pytest.raises(WorkspaceError, match=r"already a run named a\. Choose another name"):
        submit(asleep, "a")
    store.claim(asleep, ("train",))
    store.finish(asleep, job, "failed", error=WorkspaceError("x", do="y"))
    again = submit(asleep, "a", seed=3)
    assert runs.state(asleep, "a").seed == 3
    assert again != job


def test_a_run_without_a_row_says_what_its_folder_tells(asleep: Workspace) -> None:
    pipeline.begin_run(asleep, a_run("started-by-srun"))
    folder = asleep.folder("runs", "started-by-srun")
    (folder / "state.json").write_text('{"images": 400, "seconds": 2.0, "share": 0.1}')
    with locks.hold(folder / "lock", "The test"):
        state = runs.state(asleep, "started-by-srun")
        assert (state.state, state.live, state.share, state.error) == ("running", True, 0.1, None)
    state = runs.state(asleep, "started-by-srun")
    assert (state.state, state.share, state.job) == ("interrupted", 0.1, None)
    assert state.error is not None
    assert "it had not ended" in state.error["what"]
    (folder / "state.json").write_text('{"images": 4000, "seconds": 20.0, "share": 1.0}')
    state = runs.state(asleep, "started-by-srun")
    assert (state.state, state.share, state.error) == ("done", 1.0, None)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 101])
def test_a_name_that_is_no_name_makes_no_job(asleep: Workspace, name: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot be a name"):
        submit(asleep, name)
    assert store.jobs(asleep) == []


def test_a_run_on_a_cohort_that_is_not_there_makes_neither_job_nor_folder(asleep: Workspace) -> None:
    with pytest.raises(WorkspaceError, match=r"no cohort named none.*Known: digits"):
        store.submit(asleep, replace(a_run("a"), cohort="none"))
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
    short, long = an_audit(asleep), submit(asleep, "a")
    with pytest.raises(WorkspaceError, match=r"The job [0-9a-f]+ cannot be paused\. Stop it"):
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
    job_now = store.get(asleep, job)
    assert (job_now.state, job_now.share, job_now.seconds_left) == ("interrupted", 0.5, None)
    assert job_now.error is not None
    assert "Resume" in job_now.error["do"]


def test_a_pause_that_was_taken_back_meanwhile_goes_on(asleep: Workspace) -> None:
    job = submit(asleep, "a")
    store.claim(asleep, ("train",))
    with locks.hold(store.lock_of(asleep, store.get(asleep, job)), "The test"):
        store.ask(asleep, job, "pause")
        store.ask(asleep, job, "run")
        store.finish(asleep, job, "paused")
    assert state_of(asleep, job) == "queued"


def test_on_a_full_disk_a_lost_job_says_so_instead_of_blaming_somebody(
    asleep: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(asleep, "a")
    store.claim(asleep, ("train",))
    with locks.hold(store.lock_of(asleep, store.get(asleep, job)), "The test"):
        store.progress(asleep, job, 0.5, "half", 9.0)
    monkeypatch.setattr(Workspace, "is_full", lambda self: True)
    error = store.get(asleep, job).error
    assert error is not None
    assert error["code"] == "disk_full"
    assert "Free some space" in error["do"]


# the clock


@pytest.fixture
def unguarded(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace without a supervisor, and none starts."""
    monkeypatch.setattr(launch, "ensure", lambda workspace: None)
    workspace.keep(digit_cohort.cohort(), "digits")
    return workspace


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that comes up for ever."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def set_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let somebody set the clock of the machine; what counts seconds since the start is not touched by it."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds)


@pytest.mark.parametrize("seconds", [-3600.0, 3600.0])
def test_a_job_that_comes_up_is_believed_while_its_supervisor_lives_whatever_the_clock_says(
    asleep: Workspace, child: "subprocess.Popen[bytes]", seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(asleep, "a")
    store.claim(asleep, ("train",))
    looking = supervisor.Supervisor(asleep, adopt_seconds=0.0, _children={job: child})
    set_clock(monkeypatch, seconds)
    looking.look()
    assert state_of(asleep, job) == "starting"
    child.kill()
    child.wait()
    looking.look()
    assert state_of(asleep, job) == "interrupted"  # killed, as when memory runs out


@pytest.mark.parametrize("seconds", [-3600.0, 0.0])
def test_without_a_supervisor_and_a_lock_a_job_that_was_to_start_is_lost(
    unguarded: Workspace, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(unguarded, "a")
    store.claim(unguarded, ("train",))
    set_clock(monkeypatch, seconds)
    assert state_of(unguarded, job) == "interrupted"
    with locks.hold(store.lock_of(unguarded, store.get(unguarded, job)), "The test"):
        assert state_of(unguarded, job) == "starting"


def test_a_short_job_whose_worker_died_before_its_first_report_is_lost_at_once(asleep: Workspace) -> None:
    job = an_audit(asleep)
    with locks.hold(asleep.worker_lock, "The test"):
        store.claim(asleep, store.SHORT)
        assert state_of(asleep, job) == "starting"
    assert state_of(asleep, job) == "interrupted"


def test_a_supervisor_waits_for_a_process_that_its_predecessor_started_and_then_no_longer(
    asleep: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(asleep, "a")
    store.claim(asleep, ("train",))
    looking = supervisor.Supervisor(asleep, adopt_seconds=60.0)
    set_clock(monkeypatch, 3600.0)
    looking.look()
    assert state_of(asleep, job) == "starting"
    looking.adopt_seconds = 0.0
    looking.look()
    assert store.get(asleep, job).finished
    assert state_of(asleep, job) == "interrupted"
    assert not store.begin(asleep, job)  # one that comes up after all leaves


@pytest.mark.parametrize(("seconds", "patience", "signals"), [(3600.0, 60.0, []), (-3600.0, 0.0, [signal.SIGTERM])])
def test_how_long_a_stop_is_waited_for_does_not_depend_on_the_clock(
    asleep: Workspace, seconds: float, patience: float, signals: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, sent = submit(asleep, "a"), []
    store.claim(asleep, ("train",))
    monkeypatch.setattr(os, "kill", lambda process, number: sent.append(number))
    with locks.hold(store.lock_of(asleep, store.get(asleep, job)), "The test"):
        store.progress(asleep, job, 0.5, "half", None)
        store.ask(asleep, job, "stop")
        set_clock(monkeypatch, seconds)
        looking = supervisor.Supervisor(asleep, term_seconds=patience)
        looking.look()
        looking.look()
    assert sent == signals


def test_a_process_that_came_second_leaves_and_the_job_of_the_first_runs_on(asleep: Workspace) -> None:
    job = submit(asleep, "a")
    store.claim(asleep, ("train",))
    second = subprocess.Popen(["true"])
    second.wait()
    with locks.hold(store.lock_of(asleep, store.get(asleep, job)), "The test"):
        store.progress(asleep, job, 0.5, "half", None)
        supervisor.Supervisor(asleep, _children={job: second}).look()
        assert state_of(asleep, job) == "running"


def test_a_process_whose_job_table_was_put_away_is_forgotten(asleep: Workspace) -> None:
    done = subprocess.Popen(["true"])
    done.wait()
    looking = supervisor.Supervisor(asleep, _children={7: done})
    looking.look()
    assert not looking._children


# locks


def test_a_lock_is_free_as_soon_as_its_holder_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib\nfrom ganaug_core.storage import locks\n"
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


def test_of_two_supervisors_that_look_after_one_workspace_the_second_leaves(workspace: Workspace) -> None:
    first, second = (supervisor.Supervisor(workspace, poll_seconds=0.01, idle_seconds=1.0) for _ in range(2))
    thread = threading.Thread(target=first.run)
    thread.start()
    until(lambda: locks.is_held(workspace.supervisor_lock, also_shared=True), "the first supervisor")
    try:
        with pytest.raises(locks.Held, match="supervisor of this workspace is already running"):
            second.run()
    finally:
        thread.join(PATIENCE)


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


@pytest.mark.parametrize("code", ["disk_full", "busy"])
def test_a_supervisor_waits_while_the_disk_is_full_or_the_database_held(
    workspace: Workspace, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = supervisor.Supervisor(workspace, poll_seconds=0.01, idle_seconds=0.5)
    store.jobs(workspace)  # a disk may take its time to make the database
    looks: list[bool] = []

    def look(self: supervisor.Supervisor) -> None:
        looks.append(True)
        raise WorkspaceError("It does not go.", do="Wait.", code=code)

    monkeypatch.setattr(supervisor.Supervisor, "look", look)
    waiting.run()
    assert len(looks) > 1


def test_a_process_that_does_not_stop_is_asked_and_then_ended(asleep: Workspace) -> None:
    job = submit(asleep, "a")
    store.claim(asleep, ("train",))
    code = (
        "import pathlib, signal, sys, time\nfrom ganaug_core.storage import locks\n"
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
    job = an_audit(asleep)
    looking = supervisor.Supervisor(asleep)
    looking._warm = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    until(lambda: (looking.look(), state_of(asleep, job))[1] == "failed", "the job to fail")
    error = store.get(asleep, job).error
    assert error is not None
    assert "ended before it began" in error["what"]


# the worker's own doing, in this process


def test_a_bug_is_called_a_bug_and_leaves_a_traceback_in_the_log(
    asleep: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setitem(pipeline.STEPS, AuditSamples, broken)
    number = an_audit(asleep)
    job = store.claim(asleep, store.SHORT)
    assert job is not None
    worker.work(asleep, job)
    error = store.get(asleep, number).error
    assert error is not None
    assert error["code"] == "bug"
    assert "our mistake" in error["what"]
    assert "ZeroDivisionError" in caplog.text


def test_an_import_on_a_full_disk_fails_in_words_and_leaves_nothing_half_done(
    asleep: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = real_save(Path("/dev/full"))
    monkeypatch.setattr("ganaug_core.storage.workspace._save", full)
    number = store.submit(asleep, ImportCohort(source="embedded:digits", name="more", size=16)).id
    job = store.claim(asleep, store.SHORT)
    assert job is not None
    with locks.hold(asleep.worker_lock, "The test"):
        worker.work(asleep, job)
    error = store.get(asleep, number).error
    assert error is not None
    assert error["code"] == "disk_full"
    assert "Nothing that was there is lost" in error["what"]
    assert asleep.names("cohorts") == ["digits"]
    assert [path.name for path in (asleep.root / "cohorts").iterdir()] == ["digits.json"]
    assert len(list((asleep.root / "artefacts").iterdir())) == 2, "the cohort and the samples from before"


def real_save(device: Path) -> Callable[[Path, Any], None]:
    """Return what writes arrays to a device that is always full, through the workspace's own code."""
    save = workspace_module._save
    return lambda path, array: save(device, array)


def test_a_stop_reaches_a_short_job_at_its_next_report(asleep: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[float] = []

    def long_task(workspace: Workspace, request: Any, report: Any) -> str:
        for share in (0.1, 1.0):
            reports.append(share)
            report(share, "working")
        return "never"

    monkeypatch.setitem(pipeline.STEPS, AuditSamples, long_task)
    number = an_audit(asleep)
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

    monkeypatch.setitem(pipeline.STEPS, AuditSamples, deaf)
    number = an_audit(asleep)
    job = store.claim(asleep, store.SHORT)
    assert job is not None
    with locks.hold(asleep.worker_lock, "The test"):
        store.ask(asleep, number, "stop")
        worker.work(asleep, job)
    assert state_of(asleep, number) == "stopped"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
