"""What runs on a node of a cluster: a run's training, which reads its cohort and writes its run folder, nothing else.

The workspace's database and locks are not for network file systems, so a node never opens them: whoever follows the job
writes the job table. They speak by signals and by one file in the run's folder.
"""

import json
import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar

from ganaug_core import pipeline, processor
from ganaug_core.config.requests import Train
from ganaug_core.errors import GanaugError
from ganaug_core.records import Cohort, codec
from ganaug_core.storage.workspace import load_record, write_atomic

WISHES = {"SIGUSR1": "stop", "SIGUSR2": "interrupt", "SIGTERM": "pause"}
"""What a signal asks for, the strongest first. SLURM gives notice of a time limit by USR2, and ends jobs by TERM."""

logger = logging.getLogger("ganaug.node")


@dataclass(frozen=True)
class TrainOnNode:
    """Trains a run, for submitit; where SLURM starts several of it, the first one leads the others.

    Attributes:
        cohort: Folder of the cohort's artefact.
        run: Folder of the run.
        request: A `Train` as JSON values.
    """

    STATE: ClassVar[str] = "node.json"
    TRAINED: ClassVar[str] = "trained.safetensors"

    cohort: str
    run: str
    request: Mapping[str, Any]

    def __call__(self) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
        logging.getLogger("submitit").propagate = False  # it writes its own lines
        os.environ["GANAUG_HOME"] = self.run  # what an installation remembers, its number of threads, lies there too
        if processor.rank():
            self._follow()
        else:
            self._lead()

    def _follow(self) -> None:
        try:
            pipeline.follow_training(self._read_cohort, codec.decode(Train, self.request))
        except GanaugError as error:  # the first one says why
            logger.warning("%s", error)
            sys.exit(2)

    def _lead(self) -> None:
        folder = Path(self.run)
        wishes = Wishes()
        try:
            request = codec.decode(Train, self.request)
            with pipeline.together(request) as processes:
                self._say("running")  # who listens to signals can be asked to end
                trained = pipeline.train_into(folder, self._read_cohort(), request, wishes, processes=processes)
        except pipeline.StopRequested as asked:
            logger.info("a checkpoint was written: %s", asked.requested_state)
            self._say("paused" if asked.requested_state == "pause" else "interrupted")
            if asked.requested_state == "interrupt":
                wishes.put_back()
        except GanaugError as error:
            logger.warning("%s", error)
            self._say("failed", error={"what": error.what, "do": error.do, "code": error.code})
            sys.exit(2)
        except Exception as error:
            what = f"Something inside ganaug went wrong ({type(error).__name__}), which is our mistake."
            self._say("failed", error={"what": what, "do": "Please report it with the run's log.", "code": "bug"})
            raise
        else:
            write_atomic(folder / self.TRAINED, trained.content)
            self._say("stopped" if wishes.asked == "stop" else "done", images=trained.images)

    def checkpoint(self) -> Any:
        """Return, as submitit asks before it puts a job back into the queue, what is to be done then: the same."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)

    def _read_cohort(self) -> Cohort:
        return load_record(Cohort, Path(self.cohort), str(self.request["cohort"]))

    def _say(self, state: str, **more: Any) -> None:
        write_atomic(Path(self.run) / self.STATE, json.dumps({"state": state, **more}).encode())


class Wishes:
    """A `report` that turns signals into `StopRequested` at the next report, so that a step is never cut in two.

    Attributes:
        asked: What was asked for, None while nothing was.
    """

    def __init__(self) -> None:
        self.asked: str | None = None
        self._requeue = signal.getsignal(signal.SIGUSR2)  # submitit's
        for name in WISHES:
            signal.signal(getattr(signal, name), self._take)

    def __call__(self, share: float, message: str) -> None:
        if self.asked is not None:
            raise pipeline.StopRequested(self.asked)

    def put_back(self) -> None:
        """Put the job back into SLURM's queue; submitit then ends this process."""
        if callable(self._requeue):
            self._requeue(signal.SIGUSR2, None)

    def _take(self, number: int, frame: FrameType | None) -> None:
        order = list(WISHES.values())
        wish = WISHES[signal.Signals(number).name]
        if self.asked is None or order.index(wish) < order.index(self.asked):
            self.asked = wish


def state(folder: Path) -> dict[str, Any]:
    """Return what the node last said of the run in this folder: its `state`, and an `error` or `images` with it."""
    try:
        return dict(json.loads((folder / TrainOnNode.STATE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}
