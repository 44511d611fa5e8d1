"""The processes that work: one for each training run or experiment, and a warm one for all short jobs.

    python -m ganaug_core.jobs.worker run WORKSPACE JOB
    python -m ganaug_core.jobs.worker short WORKSPACE

Started by the supervisor. Each holds a lock for as long as it lives; what it achieved stands in the job table and in
the run folder, so it may die at any moment.
"""

import importlib
import logging
import signal
import sys
import time
from types import FrameType

from ganaug_core import pipeline, processor
from ganaug_core.config.requests import Request, Search, Train
from ganaug_core.errors import GanaugError, WorkspaceError
from ganaug_core.jobs import following, searching, store
from ganaug_core.storage import locks, platform
from ganaug_core.storage.workspace import Workspace

REPORT_SECONDS = 0.4
IDLE_POLL_SECONDS = 0.25

logger = logging.getLogger("ganaug.worker")


class Reporter:
    """Writes progress into the job table twice a second, and turns what the user wishes into `StopRequested`."""

    def __init__(self, workspace: Workspace, job: store.Job, *, gently: bool) -> None:
        """`gently`: a signal to end waits for the next report; else it cuts in at once."""
        self._workspace = workspace
        self._job = job
        self._gently = gently
        self._begun = time.monotonic()
        self._first: float | None = None
        self.asked: str | None = None
        self._written = float("-inf")
        self._signalled = False

    def __call__(self, share: float, message: str) -> None:
        if self._signalled:
            raise self._ask(self._ending())
        now = time.monotonic()
        if self._first is None and share > 0:
            self._first, self._begun = share, now
        if now - self._written < REPORT_SECONDS and share < 1:
            return
        self._written = now
        gained = share - self._first if self._first is not None else 0.0
        left = (now - self._begun) / gained * (1 - share) if gained > 0.02 else None
        requested_state = store.progress(self._workspace, self._job.id, share, message, left)
        if requested_state != "run":
            raise self._ask(requested_state)

    def _ask(self, requested_state: str) -> pipeline.StopRequested:
        self.asked = requested_state
        return pipeline.StopRequested(requested_state)

    def end(self, number: int, frame: FrameType | None) -> None:
        """Take the signal."""
        self._signalled = True
        if not self._gently:
            raise self._ask(self._ending())

    def _ending(self) -> str:
        return "stop" if store.get(self._workspace, self._job.id).requested_state == "stop" else "interrupt"


def work(workspace: Workspace, job: store.Job, *, gently: bool = False) -> None:
    """Do one job and write down how it ended; only a bug leaves a traceback, in the log."""
    reporter = Reporter(workspace, job, gently=gently)
    before = signal.signal(signal.SIGTERM, reporter.end)
    try:
        request = _checked_request(workspace, job)
        if isinstance(request, Train) and request.slurm is not None:
            result = following.train(workspace, request, reporter)
        elif isinstance(request, Search):
            result = searching.run(workspace, request, reporter)
        else:
            result = pipeline.run(workspace, request, reporter)
    except pipeline.StopRequested as asked:
        state = {"pause": "paused", "stop": "stopped", "interrupt": "interrupted"}[asked.requested_state]
        store.finish(workspace, job.id, state, error=store.why_gone(workspace, job) if state == "interrupted" else None)
    except GanaugError as error:
        logger.warning("job %s: %s", job.id, error)
        store.finish(workspace, job.id, "failed", error=error)
    except Exception as error:
        logger.exception("job %s failed by a bug", job.id)
        store.finish(workspace, job.id, "failed", error=_bug(error, job))
    else:
        store.finish(workspace, job.id, "stopped" if reporter.asked == "stop" else "done", result=result)
    finally:
        signal.signal(signal.SIGTERM, before)
        store.discard_upload(workspace, job)


def _checked_request(workspace: Workspace, job: store.Job) -> Request:
    """Return what was asked; its inputs must still have their names (a run looks at its cohort itself)."""
    if job.request is None:
        damaged = store.DAMAGED
        raise WorkspaceError(damaged["what"], do=damaged["do"], code=damaged["code"])
    if job.kind != Train.step and pipeline.outcome(workspace, job.request).key != job.key:
        raise WorkspaceError(
            f"What {job.name} was to be made of was replaced by something else of that name.",
            do="Ask for it again.",
            code="replaced",
        )
    return job.request


def run(workspace: Workspace, number: int) -> None:
    """Do one training run, one experiment or one search in this process."""
    job = store.get(workspace, number)
    with locks.hold(store.lock_of(workspace, job), f"The {job.kind} {job.name}"):
        if store.begin(workspace, number):
            work(workspace, job, gently=True)


def short(workspace: Workspace) -> None:
    """Do short jobs one after the other, until no supervisor lives any more."""
    with locks.hold(workspace.worker_lock, "The worker"):
        for left_over in store.jobs(workspace):
            if left_over.kind in store.SHORT and left_over.state in store.RUNNING:
                store.finish(workspace, left_over.id, "interrupted", error=store.why_gone(workspace, left_over))
                store.discard_upload(workspace, left_over)
        warm = False
        while locks.is_held(workspace.supervisor_lock):
            job = store.claim(workspace, store.SHORT)
            if job is not None and store.begin(workspace, job.id):
                work(workspace, job)
            elif not warm:
                importlib.import_module("ganaug_core.generators.files")  # pays for torch before anybody waits for it
                warm = True
            else:
                time.sleep(IDLE_POLL_SECONDS)


def _bug(error: Exception, job: store.Job) -> dict[str, str]:
    return {
        "what": f"Something inside ganaug went wrong ({type(error).__name__}), which is our mistake.",
        "do": f"Please report it with the end of the log of job {job.id}.",
        "code": "bug",
    }


def main(arguments: list[str]) -> None:
    """Run as the module says above."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    processor.spare_cores()
    workspace = Workspace(arguments[1])
    platform.lower_priority()  # the page stays quick while a run uses every core
    try:
        if arguments[0] == "run":
            run(workspace, int(arguments[2]))
        else:
            short(workspace)
    except locks.Held as error:
        logger.info("%s", error)


if __name__ == "__main__":
    main(sys.argv[1:])
