"""Following a run on a cluster: the process that would train it here watches the queue and keeps what came out.

    queued here -> waiting in SLURM's queue -> training on a node -> its generator is kept here
                        ^----- put back by SLURM -----'

Run folder and queue are the only truth, so this process may die: the job goes on, and resuming follows it again.
"""

import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from ganaug_core import pipeline
from ganaug_core.config.requests import Train
from ganaug_core.errors import TrainingError
from ganaug_core.interfaces import Report
from ganaug_core.jobs import node, slurm, store
from ganaug_core.jobs.node import TrainOnNode
from ganaug_core.storage.workspace import Workspace

LOOK_SECONDS = 0.5
MOST_QUEUE_SECONDS = 10.0  # between two questions to SLURM, which many may ask; what the node writes is seen at once
CANCEL_SECONDS = 120.0  # after which a job that was asked to end is cancelled
END_SECONDS = 240.0
UNKNOWN_LOOKS = 3  # a controller that starts again may not know its jobs yet
LATE_SECONDS = 10.0  # that a network file system may take to show what a node wrote last


def submit(workspace: Workspace, requests: Sequence[Train]) -> list[store.Job]:
    """Queue runs for SLURM, several as one job array; where SLURM refuses, nothing is left of them.

    Raises:
        ConfigurationError: No job can be submitted here.
        TrainingError: SLURM refused.
        WorkspaceError: A name is taken.
    """
    slurm.require()
    jobs: list[store.Job] = []
    try:
        for request in requests:
            jobs.append(store.submit(workspace, request, held=True))
        slurm.submit(workspace, requests)
    except BaseException:
        for job in jobs:
            store.take_back(workspace, job)
        raise
    return [store.ask(workspace, job.id, "run") for job in jobs]


def train(workspace: Workspace, request: Train, report: Report) -> str:
    """Cohort -> run -> generator, as `pipeline.train`, on a node.

    Raises:
        StopRequested: Paused or stopped, after the node wrote a checkpoint; interrupted, and the job goes on.
        TrainingError: SLURM refused the job, or it died; the message says why.
    """
    folder = pipeline.run_folder(workspace, request)
    job = slurm.noted(folder)
    try:
        if job is None:
            report(_progress(folder)[0], "asking SLURM for a node")  # who stops what rests needs none
            job = slurm.submit(workspace, [request])[0]
        watch = _Watch(folder, job)
        seen = watch.until_ended(report)
    except pipeline.StopRequested as asked:
        if asked.requested_state == "interrupt":
            raise
        if job is not None:
            watch.end(asked.requested_state)
            slurm.forget(folder, job)
        if asked.requested_state == "stop":
            return _stopped(workspace, request, folder)
        raise
    said = watch.last_word(seen)
    last_line = watch.last_line
    slurm.forget(folder, job)
    if said.get("state") in ("done", "stopped"):
        return _kept(workspace, request, folder, said)
    error = said.get("error") or slurm.why(job, seen, last_line)
    raise TrainingError(error["what"], do=error["do"], code=error["code"])


def _stopped(workspace: Workspace, request: Train, folder: Path) -> str:
    """Keep the generator that a node made when it was told to stop; else make it here of the last checkpoint."""
    said = node.state(folder)
    if said.get("state") in ("done", "stopped"):
        return _kept(workspace, request, folder, said)
    if not store.has_checkpoint(workspace, request.name):
        raise pipeline.StopRequested("stop")
    return pipeline.train(workspace, replace(request, config={**request.config, "device": "auto"}), _stop_at_once)


def _stop_at_once(share: float, message: str) -> NoReturn:
    raise pipeline.StopRequested("stop")


def _kept(workspace: Workspace, request: Train, folder: Path, said: dict[str, Any]) -> str:
    trained = folder / TrainOnNode.TRAINED
    pipeline.keep_trained(workspace, request, pipeline.Trained(trained.read_bytes(), int(said["images"])))
    for path in (trained, folder / TrainOnNode.STATE):
        path.unlink(missing_ok=True)
    return request.name


def _progress(folder: Path) -> tuple[float, int]:
    """Return the share and the images that the run has by what the node wrote."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        progress = json.loads((folder / "state.json").read_bytes())
        return float(progress.get("share", 0.0)), int(progress.get("images", 0))
    return 0.0, 0


class _Watch:
    """Looks at a job in SLURM's queue, at what its node writes, and repeats what it says on standard error.

    Attributes:
        last_line: Of its log.
    """

    def __init__(self, folder: Path, job: slurm.Job) -> None:
        self._folder, self._job = folder, job
        self._seen, self._asked, self._changed = slurm.Seen("PENDING"), float("-inf"), time.monotonic()
        self._read, self._unknown = 0, 0
        self.last_line = ""

    def until_ended(self, report: Report) -> slurm.Seen:
        """Report progress until the job has ended; one that SLURM puts back into its queue has not."""
        while not (seen := self._look()).ended:
            report(*self._in_words(seen))
            time.sleep(LOOK_SECONDS)
        self._repeat_log()
        return seen

    def end(self, wish: str) -> None:
        """See to it that the job ends: by a checkpoint where its program runs, else at once.

        Raises:
            TrainingError: It does not end.
        """
        begun = time.monotonic()
        listening = self._look(at_once=True).state == "RUNNING" and node.state(self._folder).get("state") == "running"
        slurm.cancel(self._job, {"stop": "USR1", "pause": "TERM"}[wish] if listening else "")
        cancelled = not listening
        while not (seen := self._look(at_once=True)).ended:
            waited = time.monotonic() - begun
            if not cancelled and (seen.state == "PENDING" or waited > CANCEL_SECONDS):
                slurm.cancel(self._job)  # it was put back meanwhile, or does not listen
                cancelled = True
            if waited > END_SECONDS:
                raise TrainingError(
                    f"The SLURM job {self._job.number} does not end: it is {seen.state}.",
                    do=f"Look at it: squeue --jobs={self._job.number}. Then resume or stop the run again.",
                    code="slurm_silent",
                )
            time.sleep(LOOK_SECONDS)
        self._repeat_log()
        self.last_word(seen)

    def last_word(self, seen: slurm.Seen) -> dict[str, Any]:
        """Return what the node said last; a file system may show it late."""
        deadline = time.monotonic() + LATE_SECONDS
        while (said := node.state(self._folder)).get("state") == "running" and seen.state in ("COMPLETED", "FAILED"):
            if time.monotonic() > deadline:
                break
            time.sleep(LOOK_SECONDS)
        return said

    def _look(self, *, at_once: bool = False) -> slurm.Seen:
        """Ask SLURM, the more seldom the longer nothing has changed; soon, where the node says that it has ended."""
        self._repeat_log()
        now = time.monotonic()
        has_ended = self._seen.state == "RUNNING" and node.state(self._folder).get("state", "running") != "running"
        pause = 1.0 if has_ended else min(MOST_QUEUE_SECONDS, 1 + (now - self._changed) / 10)
        if at_once or now - self._asked > pause:
            self._asked = now
            with suppress(slurm.Unreachable):
                self._take(slurm.look(self._job), now)
        return self._seen

    def _take(self, seen: slurm.Seen, now: float) -> None:
        """Believe what SLURM says; that it knows a job no more, only when it says so again and again."""
        self._unknown = self._unknown + 1 if seen.state == slurm.UNKNOWN else 0
        if 0 < self._unknown < UNKNOWN_LOOKS:
            return
        if seen.state != self._seen.state:
            self._changed = now
        self._seen = seen

    def _in_words(self, seen: slurm.Seen) -> tuple[float, str]:
        share, images = _progress(self._folder)
        if seen.state != "RUNNING":
            reason = f" ({seen.reason})" if seen.reason else ""
            return share, f"waiting in SLURM's queue{reason}"
        said = node.state(self._folder).get("state")
        if said in ("done", "stopped", "failed"):
            return share, "ending on the node"
        if said != "running":
            return share, "starting on a node"
        return share, f"{images:,} images shown" if images else "training on a node"

    def _repeat_log(self) -> None:
        """Write the new lines of the job's log to this process's own, which is the run's."""
        with suppress(OSError), self._job.log.open("rb") as log:
            log.seek(self._read)
            whole, newline, _ = log.read().rpartition(b"\n")
            if newline:
                self._read += len(whole) + 1
                text = whole.decode("utf-8", errors="replace")
                self.last_line = text.splitlines()[-1].strip()[:300] if text else ""
                sys.stderr.write(f"{text}\n")
                sys.stderr.flush()
