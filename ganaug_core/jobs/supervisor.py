"""One supervisor a workspace: it hands out the jobs, looks after the processes, and ends those that do not stop.

    python -m ganaug_core.jobs.supervisor WORKSPACE          (or `ganaug worker`)

Started on demand by the app, the demo and `train`. It leaves when no job is live and no web app has been open for two
minutes; whoever submits a job starts the next one. If it is killed, the workers go on and the next one adopts them.
Every duration is counted by a clock that nobody sets, from the supervisor's own first look.
"""

import contextlib
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from ganaug_core.config.requests import Train
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import launch, store
from ganaug_core.jobs.launch import ensure
from ganaug_core.storage import locks, platform
from ganaug_core.storage.workspace import Workspace

__all__ = ["Supervisor", "ensure", "main"]

logger = logging.getLogger("ganaug.supervisor")

OUT_OF_MEMORY = {
    "what": "The process was stopped by the system, probably because memory ran out.",
    "do": "Close other programs or choose smaller images, then start it again: what was finished is kept.",
    "code": "out_of_memory",
}
PASSING = ("disk_full", "busy", "replaced")  # codes of troubles that go away while one waits
DIED_AT_START = {
    "what": "The process ended before it began.",
    "do": "Look at log.txt in the run's folder, and at worker.log and supervisor.log in the workspace.",
    "code": "start",
}


@dataclass
class Supervisor:
    """Looks at the table and the processes, twice a second.

    Settings:
        trainings: Runs that may train at once; the others wait.
        poll_seconds: Between two looks.
        term_seconds, kill_seconds: After a stop was asked for, when the process is told to end, and when it is ended.
        adopt_seconds: How long a process may take to come up that a supervisor started which is gone; the own ones
            may take as long as they live.
        idle_seconds: Without a live job and without an open web app, when to leave.
    """

    workspace: Workspace
    trainings: int = 1
    poll_seconds: float = 0.5
    term_seconds: float = 10.0
    kill_seconds: float = 60.0
    adopt_seconds: float = 60.0
    idle_seconds: float = 120.0
    _children: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    _warm: "subprocess.Popen[bytes] | None" = None
    _asked_to_end: set[int] = field(default_factory=set)
    _stops: dict[int, float] = field(default_factory=dict)  # job -> when its stop was first seen, monotonic
    _awaited: dict[int, float] = field(default_factory=dict)  # the same of processes that somebody else started

    def run(self) -> None:
        """Look until there is nothing to do.

        Raises:
            Held: Another supervisor lives.
        """
        while True:
            with locks.hold(self.workspace.supervisor_lock, "The supervisor of this workspace"):
                self._until_idle()
            if not self._work_left():  # a job may have come between the last look and letting go
                return

    def look(self) -> None:
        """Look once: who died, who must stop, who may start."""
        self._record_dead()
        stopping = [
            job for job in store.jobs(self.workspace) if job.state in store.RUNNING and job.requested_state == "stop"
        ]
        self._stops = {job.id: self._stops.get(job.id, time.monotonic()) for job in stopping}
        for job in stopping:
            self._enforce_stop(job)
        for kind in store.LONG:
            while job_or_none := store.claim(
                self.workspace, (kind,), slots=self.trainings if kind == Train.step else 1
            ):
                self._start(job_or_none)
        self._keep_warm()

    def _until_idle(self) -> None:
        last_use = time.monotonic()
        while time.monotonic() - last_use < self.idle_seconds and self.workspace.root.exists():
            with _waiting_out():
                self.look()
            with _waiting_out():
                if self._work_left() or self._app_is_open():
                    last_use = time.monotonic()
            time.sleep(self.poll_seconds)

    def _work_left(self) -> bool:
        return self.workspace.root.exists() and any(job.live for job in store.jobs(self.workspace))

    def _app_is_open(self) -> bool:
        return locks.is_held(self.workspace.app_lock, also_shared=True)

    def _start(self, job: store.Job) -> None:
        arguments = ("run", str(self.workspace.root), str(job.id))
        is_run = job.kind == Train.step
        log = self.workspace.folder("runs", job.name) / "log.txt" if is_run else self.workspace.root / "worker.log"
        self._children[job.id] = launch.start("ganaug_core.jobs.worker", *arguments, log=log)
        logger.info("started %s %s", job.kind, job.name)

    def _keep_warm(self) -> None:
        """An open app or the first short job starts the warm process; it then stays as long as the supervisor."""
        waiting = any(job.state == "queued" and job.kind in store.SHORT for job in store.jobs(self.workspace))
        alive = self._warm is not None or locks.is_held(self.workspace.worker_lock)
        if not alive and (waiting or self._app_is_open()) and not self.workspace.is_full():
            log = self.workspace.root / "worker.log"
            self._warm = launch.start("ganaug_core.jobs.worker", "short", str(self.workspace.root), log=log)

    def _record_dead(self) -> None:
        """Write down who died: our own children by how they ended, others by the lock that nobody holds."""
        jobs_by_id = {job.id: job for job in store.jobs(self.workspace)} if self._children else {}
        for number, child in list(self._children.items()):
            if child.poll() is None:
                continue
            job = jobs_by_id.get(number)  # none where the job table was put away meanwhile
            if job is not None and not self._is_worked_on(job):
                self._record_end(job, child.returncode)
            del self._children[number]
        if self._warm is not None and self._warm.poll() is not None:
            code, self._warm = self._warm.returncode, None
            unfinished = [job for job in store.jobs(self.workspace) if job.kind in store.SHORT and not job.finished]
            working = [job for job in unfinished if job.state != "queued"]
            if not working and code and (unlucky := store.claim(self.workspace, store.SHORT)):
                working = [unlucky]  # it cannot even start: say so, instead of trying for ever
            for job in working:
                self._record_end(job, code)
        jobs = store.jobs(self.workspace)
        awaited = [job for job in jobs if self._is_awaited(job)]
        self._awaited = {job.id: self._awaited.get(job.id, time.monotonic()) for job in awaited}
        late = [job for job in awaited if time.monotonic() - self._awaited[job.id] >= self.adopt_seconds]
        for job in [job for job in jobs if job.state == "interrupted" and not job.finished] + late:
            self._record_end(job, None)

    def _is_awaited(self, job: store.Job) -> bool:
        """Whether a supervisor that is gone started the job's process, which holds no lock yet."""
        return job.state == "starting" and job.id not in self._children and not self._is_worked_on(job)

    def _is_worked_on(self, job: store.Job) -> bool:
        return locks.is_held(store.lock_of(self.workspace, job))

    def _record_end(self, job: store.Job, code: int | None) -> None:
        """`finish` does nothing where the process said itself how it ended."""
        if job.requested_state == "stop":
            store.finish(self.workspace, job.id, "stopped")
        elif code is not None and platform.was_killed(code) and not job.elsewhere:
            store.finish(self.workspace, job.id, "interrupted", error=_out_of_memory(job))
        elif code is not None and job.state == "starting":
            store.finish(self.workspace, job.id, "failed", error=DIED_AT_START)
        else:
            store.finish(self.workspace, job.id, "interrupted", error=store.why_gone(self.workspace, job))
        self._asked_to_end.discard(job.id)

    def _enforce_stop(self, job: store.Job) -> None:
        """A user asked for a stop some time ago: ask the process, then insist.

        Who follows a job on a cluster insists there, and takes as long as the cluster does.
        """
        if job.elsewhere:
            return
        process = locks.holder(store.lock_of(self.workspace, job))
        waited = time.monotonic() - self._stops[job.id]
        if process is None or waited < self.term_seconds:
            return
        if waited > self.kill_seconds:
            platform.end(process)
        elif job.id not in self._asked_to_end:
            self._asked_to_end.add(job.id)
            platform.ask_to_end(process)


@contextlib.contextmanager
def _waiting_out() -> Iterator[None]:
    """On a full disk, or while somebody holds the database, nothing can be written down: wait until it can be again."""
    try:
        yield
    except WorkspaceError as error:
        if error.code not in PASSING:
            raise
        logger.warning("%s", error)


def _out_of_memory(job: store.Job) -> dict[str, str]:
    """Return the words for a process that the system ended; a run is told how to need less."""
    if not isinstance(job.request, Train):
        return OUT_OF_MEMORY
    images = job.request.config.get("batch_size", 0)
    fewer = f"fewer images per step (batch_size={images // 2}) or smaller images" if images >= 4 else "smaller images"
    do = f"Close other programs and resume: the last checkpoint is kept. If it comes again, start a run with {fewer}."
    return {**OUT_OF_MEMORY, "do": do}


def main(arguments: list[str]) -> None:
    """Run as the module says above; a second supervisor leaves at once."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        Supervisor(Workspace(arguments[0])).run()
    except locks.Held:
        return
    except WorkspaceError as error:  # the database cannot be used: whoever asks for work next starts another one
        logger.error("%s", error)


if __name__ == "__main__":
    main(sys.argv[1:])
