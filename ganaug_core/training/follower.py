"""A process that trains a run together with others, and does what their leader says.

    python -m ganaug_core.training.follower WORKSPACE COHORT DEVICES DEVICE

Started by the leader. It reads the cohort and writes nothing. It ends with the leader, however that one ends, and
leaves signals to it: a leader that is asked to stop still needs the others for its checkpoint.
"""

import logging
import os
import signal
import sys
import threading
import time

from ganaug_core.config import TrainingConfig
from ganaug_core.errors import GanaugError
from ganaug_core.records import Cohort
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training import processes
from ganaug_core.training.processes import Kind, Processes
from ganaug_core.training.run import Training

log = logging.getLogger(__name__)


def follow(cohort: Cohort, group: Processes) -> None:
    """Take the steps that the leader orders, until it says the end.

    Raises:
        TrainingError: The leader is gone, or this process cannot do its share.
    """
    training: Training | None = None
    while (order := group.order()).kind != Kind.END:
        if order.kind == Kind.STATE:
            state = group.state_of(order)
            config = TrainingConfig.model_validate(state["config"])
            training = Training(cohort, config, state=state, processes=group)
        else:
            assert training is not None
            training.networks.step(order.number, order.share)


def main(arguments: list[str]) -> int:
    """Run as the module says above."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    leave_signals_to_the_leader()
    root, cohort, devices, device = arguments
    try:
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
        content = Workspace(root).cohort(cohort)
        processes.say_ready()
        with processes.joined(int(devices), 1, device) as group:
            follow(content, group)
    except GanaugError as error:
        log.error("%s", error)
        return 2
    return 0


def leave_signals_to_the_leader() -> None:
    """Pass over what asks a process to end or to write a checkpoint; SLURM tells all processes of a job at once."""
    for name in ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _end_with(parent: int) -> None:
    """End this process when the one that started it is gone: one that waits for a GPU would not notice."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
