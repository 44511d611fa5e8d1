"""A search whose runs are trained by the test itself: everything is real but the processes.

As a program it is one of several workers that share a storage: searching_in_place.py FOLDER URL TRIALS
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_cohort import squares

from ganaug_core.config.requests import Search, Train
from ganaug_core.jobs import launch, searching, store, worker
from ganaug_core.records import TRAIN, TUNING, Cohort, Measurement
from ganaug_core.records.training import Checkup
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace

SPACE = {"lr_g": {"low": 2e-4, "high": 2e-3, "log": True}, "batch": [8, 16]}
SMALL = {"architecture.width": 8, "threads": 1}


def cohort() -> Cohort:
    """Return squares with 24 tuning patients."""
    plain = squares((40, 40))
    roles = plain.roles.copy()
    for label in (0, 1):
        roles[plain.where(TRAIN, label=label)[:6]] = TUNING
    own = np.arange(len(plain))
    return replace(plain, roles=roles, groups=own, patients=own.copy())


def a_search(name: str = "sought", **changes: Any) -> Search:
    fields = {"cohort": "squares", "space": SPACE, "trials": 3, "images": 160, "changes": SMALL, **changes}
    return Search(name=name, **fields)


def workspace_with_squares(folder: Any) -> Workspace:
    workspace = Workspace(folder)
    workspace.keep(cohort(), "squares")
    return workspace


@contextmanager
def no_supervisor() -> Iterator[None]:
    """Let nobody else start what is submitted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "ensure", lambda _: None)
        yield


def search_here(
    workspace: Workspace,
    request: Search,
    train: Callable[[Workspace, store.Job], None] | None = None,
    report: Callable[[float, str], None] = lambda *_: None,
) -> None:
    """Make a search; this thread trains its runs, another one searches.

    Args:
        train: Trains a claimed run; else the worker does.
    """
    raised: list[BaseException] = []

    def seek() -> None:
        try:
            searching.run(workspace, request, report, sleep=lambda _: time.sleep(0.02))
        except BaseException as error:
            raised.append(error)

    with no_supervisor(), locks.hold(workspace.supervisor_lock, "The test"):
        if not workspace.exists("sweeps", request.name):
            store.submit(workspace, request)
        thread = threading.Thread(target=seek)
        thread.start()
        while thread.is_alive():
            if (job := store.claim(workspace, (Train.step,))) is None:
                time.sleep(0.02)
            elif train is None:
                worker.run(workspace, job.id)
            else:
                train(workspace, job)
        thread.join()
    if raised:
        raise raised[0]


def checkup(images: int, distance: float, copying_p: float | None = 0.5) -> Checkup:
    measurement = Measurement(
        name="kernel_distance",
        encoder="texture",
        value=distance,
        interval=(distance - 1, distance + 1),
        floor=None,
        null=0.0,
        n_real=24,
        n_synthetic=256,
        better="lower",
    )
    return Checkup(images, (measurement,), copying_p)


def done_at_once(workspace: Workspace, job: store.Job) -> None:
    """Write down that a run is done and as good as its batch is small."""
    assert isinstance(job.request, Train)
    folder = workspace.folder("runs", job.name)
    with locks.hold(folder / "lock", job.name):
        store.begin(workspace, job.id)
        line = {**checkup(1000, float(job.request.config["batch_size"])).plain(), "kept": 1000}
        (folder / "checkups.jsonl").write_text(json.dumps(line) + "\n")
        store.finish(workspace, job.id, "done")


if __name__ == "__main__":
    _, place, url, count = sys.argv
    grid = {"batch": [4, 8, 16, 32], "beta1": [0.0, 0.25, 0.5]}
    search_here(
        workspace_with_squares(place),
        a_search(space=grid, sampler="grid", trials=int(count), images=1000, prune=False, storage=url),
        done_at_once,
    )
