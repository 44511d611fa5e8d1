"""The job table: the only queue, and the only truth about what runs.

    queued -> starting -> running -> done | failed | stopped | paused | interrupted
       ^------------------------------ resume ------------------'

A job that says it runs while nobody holds its lock is shown as interrupted, whoever looks. One that is being started is
believed as long as a supervisor lives: it knows its children, and no clock is asked. Pausing writes a checkpoint and
ends the process, so a paused run holds no memory and survives a restart of the machine.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from ganaug_core import pipeline, search
from ganaug_core.config.requests import REQUESTS, MeasureBenefit, Request, Search, Train
from ganaug_core.errors import GanaugError, TrainingError, WorkspaceError
from ganaug_core.jobs import launch, slurm
from ganaug_core.records import codec
from ganaug_core.storage import locks, uploads
from ganaug_core.storage.database import Database, job_table
from ganaug_core.storage.workspace import Workspace, check_name

KINDS = tuple(REQUESTS)
LONG = (
    Train.step,
    MeasureBenefit.step,
    Search.step,
)  # each has a process of its own, so that short work does not wait for it
SHORT = tuple(kind for kind in KINDS if kind not in LONG)
WAITING = ("queued",)
RUNNING = ("starting", "running")
LIVE = (*WAITING, *RUNNING)
RESTING = ("paused", "stopped", "failed", "interrupted")
STATES = (*LIVE, *RESTING, "done")
GONE = {
    "what": "The process is gone; the machine or somebody ended it.",
    "do": "Resume it or start it again: what was finished is kept, a run goes on from its last checkpoint.",
    "code": "interrupted",
}
DAMAGED = {
    "what": "What the job table holds of this job is damaged.",
    "do": "Start it again; what is finished is kept.",
    "code": "damaged",
}
UNFOLLOWED = {
    "what": "The process that follows the run on the cluster is gone. Its SLURM job goes on.",
    "do": "Resume the run to follow it again.",
    "code": "interrupted",
}
FULL = {
    "what": "The disk is full, so the process could not go on. Nothing that was written before is lost.",
    "do": "Free some space, then resume or start it again.",
    "code": "disk_full",
}


@dataclass(frozen=True)
class Job:
    """One row of the queue.

    Attributes:
        kind: The step of its request.
        name: What is made; `key` is equal for equal work on the same inputs.
        request: What was asked, None where the row is damaged.
        requested_state: What the user asked for last: `run`, `pause` or `stop`.
        share: Done so far, in [0, 1].
        seconds_left: Estimate, None while there is none.
        error: `what`, `do`, `code` where it failed or was interrupted.
        result: Name of what was made, where it is done.
        created, requested, started, finished: Seconds since 1970, for people: a clock may be set back.
    """

    id: int
    kind: str
    name: str
    key: str
    request: Request | None
    state: str
    requested_state: str
    share: float
    message: str
    seconds_left: float | None
    error: dict[str, str] | None
    result: str | None
    created: float
    requested: float
    started: float | None
    finished: float | None

    @property
    def live(self) -> bool:
        """Waiting or running: a page keeps looking."""
        return self.state in LIVE

    @property
    def elsewhere(self) -> bool:
        """Whether a cluster computes it, and a process here only follows."""
        return isinstance(self.request, Train) and self.request.slurm is not None


# asking for work


def submit(workspace: Workspace, request: Request, *, held: bool = False) -> Job:
    """Queue what a request asks and see to it that a supervisor lives; while the same is being made, return that job.

    Args:
        held: Make a paused job of it, that waits for `ask`.

    Raises:
        WorkspaceError: An input is not there, the name is taken or cannot be one, or something else is being made
            under it.
        CohortError: The cohort has images with likely burned-in text that nobody has looked at.
    """
    if isinstance(request, Train):
        _free_run(workspace, request)
    if isinstance(request, Search):
        search.prepare(workspace, request)
    expected = pipeline.prepare(workspace, request)
    with Database(workspace.database_path).writing() as connection:
        for job in _live_jobs(workspace, connection, request.step):
            if job.key == expected.key and job.name == expected.name and not isinstance(request, Train):
                return job
            if job.name == expected.name:
                raise WorkspaceError(
                    f"{expected.name} is being made already, from something else or in another way.",
                    do="Wait until it is ready, or choose another name.",
                    code="busy",
                )
        now = time.time()
        request_text = json.dumps(codec.plain(request))
        row = {"kind": request.step, "name": expected.name, "key": expected.key, "request": request_text}
        beginning = {
            "state": "paused" if held else "queued",
            "requested_state": "run",
            "share": 0.0,
            "message": "waiting",
            "created": now,
            "requested": now,
        }
        primary_key = connection.execute(job_table.insert().values(**row, **beginning)).inserted_primary_key
        if isinstance(request, Train):
            pipeline.begin_run(workspace, request)
        elif isinstance(request, Search):
            search.begin(workspace, request, expected.origin)
    launch.ensure(workspace)
    assert primary_key is not None
    return get(workspace, int(primary_key[0]))


def take_back(workspace: Workspace, job: Job) -> None:
    """Remove a run that nobody has begun to train, and its job."""
    with Database(workspace.database_path).writing() as connection:
        connection.execute(job_table.delete().where(job_table.c.id == job.id))
    workspace.remove("runs", job.name)


def remove_run(workspace: Workspace, name: str) -> dict[str, list[str]]:
    """Remove a run that rests, with its checkpoints and its job on a cluster; return what else was made from it.

    Raises:
        TrainingError: It is going on here, or its job on a cluster cannot be ended; then nothing is removed.
        WorkspaceError: Nothing has that name.
    """
    job = find(workspace, Train.step, name)
    if job is not None and job.live:
        raise TrainingError(f"The run {name} is going on.", do=f"Stop it first: ganaug run stop {name}.", code="busy")
    with suppress(WorkspaceError):  # where the reference is damaged, nobody knows the folder
        slurm.end(workspace.folder("runs", name))
    return workspace.remove_with_caches("runs", name)


def _live_jobs(workspace: Workspace, connection: Connection, kind: str) -> list[Job]:
    rows = select(job_table).where(job_table.c.kind == kind, job_table.c.state.in_(LIVE))
    jobs = [_true_state(workspace, row) for row in connection.execute(rows).mappings().all()]
    return [job for job in jobs if job.live]


def _free_run(workspace: Workspace, request: Train) -> None:
    """A run that ended without a checkpoint, by a wrong setting say, does not keep its name."""
    if not workspace.exists("runs", request.name):
        return
    previous = find(workspace, request.step, request.name)
    ended = previous is not None and previous.state in ("failed", "stopped")
    if ended and not has_checkpoint(workspace, request.name):
        slurm.end(workspace.folder("runs", request.name))
        workspace.remove("runs", request.name)
    workspace.free("runs", request.name)


def ask(workspace: Workspace, job: int, requested_state: str) -> Job:
    """Ask a job to `pause`, `stop` or `run` (which also resumes); returns at once, the state follows.

    Raises:
        WorkspaceError: A finished job cannot be paused or resumed, and only training can be paused.
    """
    if requested_state not in ("run", "pause", "stop"):
        raise KeyError(requested_state)
    with Database(workspace.database_path).writing() as connection:
        current = _true_state(workspace, _row(connection, job))
        _refuse(current, requested_state)
        change: dict[str, Any] = {"requested_state": requested_state, "requested": time.time()}
        if requested_state == "pause" and current.state == "queued":
            change["state"] = "paused"
        elif requested_state == "run" and current.state in RESTING:
            change |= {"state": "queued", "message": "waiting", "error": None, "seconds_left": None, "finished": None}
        elif requested_state == "stop" and current.state in ("queued", "paused", "interrupted"):
            # the worker makes a generator of the last checkpoint; where there is none, there is nothing to make
            # and a job on a cluster has to be ended
            is_run = current.kind == Train.step
            can_finish = is_run and (has_checkpoint(workspace, current.name) or current.elsewhere)
            change["state"] = "queued" if can_finish else "stopped"
        if not (requested_state == "stop" and current.state in ("stopped", "failed", "done")):
            connection.execute(update(job_table).where(job_table.c.id == job).values(**change))
    if change.get("state") == "stopped":
        discard_upload(workspace, current)
    launch.ensure(workspace)
    return get(workspace, job)


def divide(workspace: Workspace, job: int, devices: int) -> None:
    """Let a run that rests go on with so many devices.

    Raises:
        WorkspaceError: It is no run, or it does not rest.
        ConfigurationError: A part of it cannot be shared by several devices, or SLURM is asked for fewer GPUs.
    """
    from ganaug_core.config import TrainingConfig, refuse_division

    with Database(workspace.database_path).writing() as connection:
        current = _true_state(workspace, _row(connection, job))
        if not isinstance(current.request, Train) or current.state not in RESTING:
            raise WorkspaceError(
                f"{current.name} is {current.state}, so its devices cannot be changed.",
                do="Pause the run first, then resume it with other devices.",
                code="state",
            )
        if current.request.slurm is not None:
            slurm.parameters(current.request.slurm, devices)
        refuse_division(TrainingConfig.model_validate(current.request.config), devices * current.request.nodes)
        request_text = json.dumps(codec.plain(replace(current.request, devices=devices)))
        connection.execute(update(job_table).where(job_table.c.id == job).values(request=request_text))


def ask_cluster(workspace: Workspace, job: Job, asked: Mapping[str, str]) -> None:
    """Change what a run that rests asks SLURM for when it goes on.

    Raises:
        WorkspaceError: It is under way, or this machine trains it.
    """
    request = job.request
    if job.state not in RESTING or not isinstance(request, Train) or request.slurm is None:
        raise WorkspaceError(
            f"What SLURM is asked for cannot be changed: the run {job.name} is {job.state}"
            + ("." if job.elsewhere else ", and trained on this machine."),
            do="Pause it first, or leave --slurm out.",
            code="state",
        )
    changed = replace(request, slurm={**request.slurm, **asked})
    with Database(workspace.database_path).writing() as connection:
        this_row = update(job_table).where(job_table.c.id == job.id)
        connection.execute(this_row.values(request=json.dumps(codec.plain(changed))))


def discard_upload(workspace: Workspace, job: Job) -> None:
    """Remove the files that came through the browser for an import that has ended."""
    if job.request is not None and pipeline.source(job.request):
        uploads.discard(workspace, pipeline.source(job.request))


def sweep_uploads(workspace: Workspace) -> None:
    """Remove the files that came through the browser for imports that nobody will make any more."""
    waiting = [job.request for job in jobs(workspace) if job.live and job.request is not None]
    uploads.sweep(workspace, [pipeline.source(request) for request in waiting])


def has_checkpoint(workspace: Workspace, run: str) -> bool:
    """Whether there is something that a run can go on from."""
    return any(workspace.folder("runs", run).glob("checkpoints/*.json"))


def _refuse(job: Job, requested_state: str) -> None:
    name = f"The {'run' if job.kind == 'train' else 'job'} {job.name}"
    if requested_state == "pause" and job.kind != Train.step:
        raise WorkspaceError(f"{name} cannot be paused.", do="Stop it, and start it again later.", code="state")
    if requested_state == "pause" and job.state not in (*LIVE, "paused"):
        raise WorkspaceError(f"{name} is not running: it is {job.state}.", do="There is nothing to do.", code="state")
    if requested_state == "run" and job.state == "done":
        raise WorkspaceError(f"{name} is done.", do="Start a new one under another name.", code="state")


# looking


def require(workspace: Workspace) -> None:
    """Look whether the job table can be read.

    Raises:
        WorkspaceError: It cannot; the words say why.
    """
    with Database(workspace.database_path).reading() as connection:
        connection.execute(select(job_table.c.id).limit(1)).all()


def get(workspace: Workspace, job: int) -> Job:
    """Return a job as it truly is.

    Raises:
        WorkspaceError: There is none of that number.
    """
    with Database(workspace.database_path).reading() as connection:
        return _true_state(workspace, _row(connection, job))


def find(workspace: Workspace, kind: str, name: str) -> Job | None:
    """Return the newest job of that kind and name."""
    with Database(workspace.database_path).reading() as connection:
        row = _newest(connection, kind, name)
    return _true_state(workspace, row) if row is not None else None


def jobs(workspace: Workspace, kind: str | None = None) -> list[Job]:
    """Return all jobs, newest first."""
    query = select(job_table).order_by(job_table.c.id.desc())
    if kind is not None:
        query = query.where(job_table.c.kind == kind)
    with Database(workspace.database_path).reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [_true_state(workspace, row) for row in rows]


def of(workspace: Workspace, request: Request) -> Job | None:
    """Return the newest job that was asked for exactly this, with the inputs as they are now; None without one."""
    key = pipeline.outcome(workspace, request).key
    query = select(job_table).where(job_table.c.kind == request.step, job_table.c.key == key)
    with Database(workspace.database_path).reading() as connection:
        row = connection.execute(query.order_by(job_table.c.id.desc()).limit(1)).mappings().first()
    return _true_state(workspace, row) if row is not None else None


def about(workspace: Workspace, kind: str, cohort: str, samples: str) -> Job | None:
    """Return the newest job of a kind about these two as they are now, however it was asked for; None without one."""
    for job in jobs(workspace, kind):
        names = getattr(job.request, "cohort", None), getattr(job.request, "samples", None)
        if job.request and names == (cohort, samples) and pipeline.outcome(workspace, job.request).key == job.key:
            return job
    return None


def require_idle(workspace: Workspace, cohorts: Collection[str], concerned: Collection[int] = ()) -> None:
    """Refuse to change cohorts while something is being made from them.

    Args:
        concerned: Numbers of other jobs that must not be under way.

    Raises:
        WorkspaceError: A job on one of them waits or goes on, on a cluster too.
    """
    for job in jobs(workspace):
        cohort = getattr(job.request, "cohort", None)
        if job.live and (cohort in cohorts or job.id in concerned):
            raise WorkspaceError(
                f"{job.name} is being made from {cohort or 'the same data'} now.",
                do="Wait for it, or stop it first.",
                code="busy",
            )
    for run, number in _on_a_cluster(workspace, {workspace.identity("cohorts", cohort) for cohort in cohorts}):
        raise WorkspaceError(
            f"The SLURM job {number} of the run {run} may be training on these images.",
            do=f"Resume the run and stop it, or remove it: ganaug run remove {run}.",
            code="busy",
        )


def _on_a_cluster(workspace: Workspace, cohorts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the runs on these cohorts, told by identity, that SLURM may be training, and the number of its job."""
    for run in workspace.names("runs"):
        with suppress(WorkspaceError):  # a damaged one is no reason to refuse
            reference, job = workspace.reference("runs", run), slurm.noted(workspace.folder("runs", run))
            if job is not None and reference.origin.inputs.get("cohort") in cohorts:
                yield run, job.number


def lock_of(workspace: Workspace, job: Job) -> Path:
    """Return the lock that whoever works on the job holds; a run that was removed has none that can be held."""
    if job.kind == Train.step:
        is_here = workspace.exists("runs", job.name)
        return (workspace.folder("runs", job.name) if is_here else workspace.root / "runs" / job.name) / "lock"
    return {MeasureBenefit.step: workspace.benefit_lock, Search.step: workspace.search_lock}.get(
        job.kind, workspace.worker_lock
    )


def why_gone(workspace: Workspace, job: Job) -> dict[str, str]:
    """Return why a process is gone that could not say so itself: on a full disk nobody can write down a reason."""
    return dict(FULL if workspace.is_full() else UNFOLLOWED if job.elsewhere else GONE)


# doing the work


def claim(workspace: Workspace, kinds: tuple[str, ...], *, slots: int = 1) -> Job | None:
    """Take the oldest waiting job of these kinds, unless `slots` of them run already; nobody else gets the same one.

    What a cluster computes waits in the cluster's queue and takes no slot.
    """
    of_kind = job_table.c.kind.in_(kinds)
    with Database(workspace.database_path).writing() as connection:
        running = connection.execute(select(job_table).where(of_kind, job_table.c.state.in_(RUNNING))).mappings().all()
        full = sum(not _job(row).elsewhere for row in running) >= slots
        oldest = select(job_table).where(of_kind, job_table.c.state == "queued").order_by(job_table.c.id)
        change = {"state": "starting", "started": time.time(), "message": "starting", "error": None, "result": None}
        for row in connection.execute(oldest).mappings().all():
            job = _job(row, **change)
            if full and not job.elsewhere:
                continue
            this_row = update(job_table).where(job_table.c.id == row["id"])
            if job.state == "starting":
                connection.execute(this_row.values(**change))
                return job
            connection.execute(this_row.values(state=job.state, error=json.dumps(job.error), finished=time.time()))
        return None


def begin(workspace: Workspace, job: int) -> bool:
    """Say that the claimed job is worked on; False where it was taken away meanwhile."""
    with Database(workspace.database_path).writing() as connection:
        this_row = update(job_table).where(job_table.c.id == job, job_table.c.state == "starting")
        return connection.execute(this_row.values(started=time.time())).rowcount == 1


def progress(workspace: Workspace, job: int, share: float, message: str, seconds_left: float | None) -> str:
    """Write down how far a job is and return what the user wishes."""
    with Database(workspace.database_path).writing() as connection:
        change = {"state": "running", "share": share, "message": message, "seconds_left": seconds_left}
        connection.execute(update(job_table).where(job_table.c.id == job).values(**change))
        return str(_row(connection, job)["requested_state"])


def finish(
    workspace: Workspace,
    job: int,
    state: str,
    *,
    message: str = "",
    result: str | None = None,
    error: GanaugError | dict[str, str] | None = None,
) -> None:
    """End a running job; one that paused while the user asked to go on is queued again."""
    if isinstance(error, GanaugError):
        error = {"what": error.what, "do": error.do, "code": error.code}
    change: dict[str, Any] = {"state": state, "seconds_left": None, "finished": time.time(), "result": result}
    change |= {"message": message or state, "error": json.dumps(error) if error else None}
    if state == "done":
        change["share"] = 1.0
    with Database(workspace.database_path).writing() as connection:
        row = _row(connection, job)
        if row["state"] not in RUNNING:
            return
        if state == "paused" and row["requested_state"] == "run":
            change |= {"state": "queued", "finished": None}
        connection.execute(update(job_table).where(job_table.c.id == job).values(**change))


def _newest(connection: Connection, kind: str, name: str) -> RowMapping | None:
    query = select(job_table).where(job_table.c.kind == kind, job_table.c.name == name)
    return connection.execute(query.order_by(job_table.c.id.desc()).limit(1)).mappings().first()


def _row(connection: Connection, job: int) -> RowMapping:
    row = connection.execute(select(job_table).where(job_table.c.id == job)).mappings().first()
    if row is None:
        raise WorkspaceError(f"There is no job number {job}.", do="Look at the list of runs.", code="missing")
    return row


def _job(row: RowMapping, **changes: Any) -> Job:
    """Return a row as a job; one that something else wrote is a failed job, and the others are not touched by it."""
    try:
        check_name(row["name"])
        request = codec.decode(REQUESTS[row["kind"]], json.loads(row["request"]))
        error = json.loads(row["error"]) if row["error"] else None
        if row["state"] not in STATES or not (error is None or error.keys() >= GONE.keys()):
            raise ValueError(row["id"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, GanaugError):
        return Job(**{**row, "request": None, "state": "failed", "error": DAMAGED})
    return Job(**{**row, "request": request, "error": error, **changes})


def _true_state(workspace: Workspace, row: RowMapping) -> Job:
    """A row that says it runs is believed only as long as its lock is held.

    A long job gets its lock after its process has come up; until then the supervisor answers for it. A short one is
    claimed by the process that works on it, which holds the lock already.
    """
    job = _job(row)
    if job.state not in RUNNING or locks.is_held(lock_of(workspace, job)):
        return job
    if job.state == "starting" and job.kind in LONG and locks.is_held(workspace.supervisor_lock):
        return job
    return _job(row, state="interrupted", error=why_gone(workspace, job), seconds_left=None)
