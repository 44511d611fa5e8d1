"""What came of a search so far, as a document in its folder: pages and the command line read this and no database."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ganaug_core.errors import WorkspaceError
from ganaug_core.records import codec
from ganaug_core.search.objective import IN_WORDS
from ganaug_core.storage.workspace import SWEEPS, Workspace, write_atomic

FILE = "search.json"
RUNNING, DONE, PRUNED, VETOED, FAILED = "running", "done", "pruned", "vetoed", "failed"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A run of a search.

    Attributes:
        run: Its name; empty while it has none.
        settings: What was tried, by the names of the space.
        value: Kernel distance of its kept checkpoint so far; None before the first.
        state: `running`; `done`; `pruned`: stopped early; `vetoed`: it copies; `failed`.
        why: In words, where it is neither running nor done.
        here: Whether its run was made in this workspace.
    """

    number: int
    run: str
    settings: Mapping[str, Any]
    state: str
    value: float | None = None
    interval: tuple[float, float] | None = None
    images: int | None = None
    copying_p: float | None = None
    why: str = ""
    here: bool = True


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that is known of a search.

    Attributes:
        request: What was asked last, as JSON values.
        asked: Trials in all.
        importance: By setting its share in what tells the better runs from the others, summing to 1; empty where too
            few runs are done.
    """

    name: str
    cohort: str
    request: Mapping[str, Any]
    asked: int
    trials: tuple[Trial, ...] = ()
    importance: Mapping[str, float] = field(default_factory=dict)

    @property
    def best(self) -> Trial | None:
        """The trial that is done, does not copy, and lies nearest to the tuning images."""
        done = [trial for trial in self.trials if trial.state == DONE and trial.value is not None]
        return min(done, key=lambda trial: (trial.value or 0.0, trial.number), default=None)

    @property
    def finished(self) -> int:
        """How many trials are over."""
        return sum(trial.state != RUNNING for trial in self.trials)

    def alike(self) -> list[Trial]:
        """Return the other trials that cannot be told from the best: their interval reaches its value."""
        best = self.best
        return [
            trial
            for trial in self.trials
            if best is not None and trial.state == DONE and trial is not best and _reaches(trial, best)
        ]

    def as_json(self, state: str) -> dict[str, Any]:
        """Return schema `ganaug.search/1`; `state` is that of its job."""
        return {
            "schema": "ganaug.search/1",
            "name": self.name,
            "cohort": self.cohort,
            "state": state,
            "objective": IN_WORDS,
            "asked": self.asked,
            "settings": {key: value for key, value in self.request.items() if key not in ("name", "cohort", "storage")},
            "trials": [codec.plain(trial) for trial in self.trials],
            "best": self.best.run if self.best else None,
            "importance": dict(self.importance),
        }


def _reaches(trial: Trial, best: Trial) -> bool:
    low = trial.interval[0] if trial.interval else trial.value
    return low is not None and best.value is not None and low <= best.value


def write(workspace: Workspace, results: Results) -> None:
    """Keep the document; whoever reads it meanwhile sees the old or the new one."""
    content = json.dumps(codec.plain(results)).encode()
    write_atomic(workspace.folder(SWEEPS, results.name) / FILE, content)


def read(workspace: Workspace, name: str) -> Results:
    """Return what came of a search so far.

    Raises:
        WorkspaceError: There is none of that name, or its document is damaged.
    """
    path = workspace.folder(SWEEPS, name) / FILE
    try:
        return codec.decode(Results, json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise WorkspaceError(
            f"What came of the search {name} cannot be read.",
            do="Ask for the search again: it is written anew.",
            code="damaged",
        ) from error


def names(workspace: Workspace) -> Sequence[str]:
    """Return the names of all searches, oldest first."""
    return workspace.names(SWEEPS)
