"""Work for the tests of jobs: small runs to ask for, and a way to wait for what other processes do."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ganaug_core.config import configure
from ganaug_core.config.requests import Train
from ganaug_core.jobs import runs, store
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace

PATIENCE = 120.0


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.02)


def end_processes(workspace: Workspace) -> None:
    """Kill what holds this workspace's locks: nothing that a test started may outlive it."""
    shared = (workspace.supervisor_lock, workspace.worker_lock, workspace.benefit_lock, workspace.search_lock)
    for lock in (*shared, *workspace.root.glob("artefacts/*/lock")):
        if (process := locks.holder(lock)) is not None:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            until(lambda lock=lock: not locks.is_held(lock), f"{lock.name} to be free")


def a_run(name: str, images: int = 4000, **changes: Any) -> Train:
    config = configure(images=images, threads=1, changes={"architecture.width": 8}, **changes)
    return Train(name=name, cohort="digits", config=config.model_dump(mode="json"))


def submit(workspace: Workspace, name: str, images: int = 4000, **changes: Any) -> int:
    return store.submit(workspace, a_run(name, images, **changes)).id


def state_of(workspace: Workspace, job: int) -> str:
    return store.get(workspace, job).state


def acknowledged(workspace: Workspace, run: str) -> int:
    """Real images shown up to the newest checkpoint."""
    return max((checkpoint["images"] for checkpoint in runs.as_json(workspace, run)["checkpoints"]), default=0)
