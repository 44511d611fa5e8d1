"""A search: one trial after the other, each an ordinary run of this workspace.

The search asks for a run, follows its measured checkpoints, asks it to stop where it is behind the others, and tells
the study what came of it. It may die at any moment: trials, runs and the document are kept, and the same search goes
on with the run that it had begun.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ganaug_core.config.requests import Search, Train
from ganaug_core.errors import ConfigurationError, GanaugError, WorkspaceError
from ganaug_core.interfaces import Report, silent
from ganaug_core.jobs import runs, store
from ganaug_core.pipeline import StopRequested
from ganaug_core.records import TRAIN, Cohort
from ganaug_core.search import beginning, objective, results
from ganaug_core.search.identity import identity
from ganaug_core.search.space import parsed, trial_points
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    from ganaug_core.interfaces import Architecture
    from ganaug_core.search.study import OpenTrial, Study

POLL_SECONDS = 0.5
MOST_NETWORKS = 8  # of different settings that are built before the first trial
_STOPPED_BY_HAND = "Somebody stopped its run before its budget was spent."
_REMOVED = "Somebody removed its run."


def run(
    workspace: Workspace, request: Search, report: Report = silent, *, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Search until as many trials as were asked for are over or under way elsewhere; return the search's name.

    Raises:
        StopRequested: Stopped or interrupted; the run that was under way rests, and the search can go on.
        ConfigurationError: The space cannot be trained, or the study is of other data or other settings.
        WorkspaceError: The storage cannot be used.
    """
    from ganaug_core.search.study import Study

    report(0.0, "looking at the space")
    beginning.prepare(workspace, request)
    cohort = workspace.cohort(request.cohort)
    _try_parts(cohort, request)
    study = Study.open(workspace, request, identity(cohort, request))
    found = results.read(workspace, request.name)
    search = _Searching(workspace, request, cohort, study, report, sleep, found)
    search.write_down()
    for trial in study.unfinished():
        search.follow(trial, resumed=True)
    while (next_trial := study.next()) is not None:
        search.follow(next_trial)
    search.write_down()
    return request.name


@dataclass
class _Searching:
    """The trials of one search, one at a time."""

    workspace: Workspace
    request: Search
    cohort: Cohort
    study: "Study"
    report: Report
    sleep: Callable[[float], None]
    results: results.Results

    def write_down(self) -> None:
        """Let pages and the command line see how the trials stand."""
        self.results = replace(self.results, trials=self.study.trials(), importance=self.study.importance())
        results.write(self.workspace, self.results)

    def follow(self, trial: "OpenTrial", *, resumed: bool = False) -> None:
        """Train what a trial asks for, and tell the study what came of it.

        Args:
            resumed: Another process began it, and may have ended before its run was asked for.
        """
        try:
            if not trial.run or (resumed and not self.workspace.exists("runs", trial.run)):
                self._begin(trial)
            elif resumed:
                self._resume(trial)
            self.write_down()
            self._watch(trial)
        except StopRequested:
            self._rest(trial)
            raise
        finally:
            self.write_down()

    def _begin(self, trial: "OpenTrial") -> None:
        """Ask for the run of a trial; settings that cannot be trained are a trial that failed."""
        trial.name_run(trial.run or self._free_name(trial.number))
        try:
            config = beginning.configured(self.cohort, self.request, trial.settings)
            request = Train(cohort=self.request.cohort, name=trial.run, config=config.model_dump(mode="json"))
            store.submit(self.workspace, request)
        except GanaugError as error:
            if error.code in ("disk_full", "busy"):
                raise
            trial.fail(error.what)

    def _free_name(self, number: int) -> str:
        """Return a name for a run: the search's with the number, and a letter where that is taken."""
        name = f"{self.request.name}-{number:03d}"
        ends = ["", *(f"-{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")]
        for end in ends:
            with suppress(WorkspaceError):
                for kind in ("runs", "generators"):
                    self.workspace.free(kind, f"{name}{end}")
                return f"{name}{end}"
        return name  # asking for it says that it is taken

    def _resume(self, trial: "OpenTrial") -> None:
        job = store.find(self.workspace, Train.step, trial.run)
        if job is not None and (job.state in ("paused", "interrupted") or job.requested_state == "pause"):
            store.ask(self.workspace, job.id, "run")

    def _watch(self, trial: "OpenTrial") -> None:
        """Look at a run until it ends; somebody may remove it at any moment, between two looks too."""
        try:
            self._watch_run(trial)
        except WorkspaceError:
            if self.workspace.exists("runs", trial.run):
                raise
        if trial.is_open:
            trial.fail(_REMOVED)

    def _watch_run(self, trial: "OpenTrial") -> None:
        seen, retried = 0, False
        while (job := self._job(trial)) is not None:
            checkups, kept = runs.checkups(self.workspace, trial.run)
            worth = objective.worth(checkups, kept)
            if len(checkups) > seen and worth is not None:
                seen = len(checkups)
                behind = trial.report(worth, self._percent(trial.run, checkups[-1].images))
                if behind and job.live and not trial.stopped:
                    trial.mark_stopped()
                    store.ask(self.workspace, job.id, "stop")
                self.write_down()
            if job.state == "interrupted" and not retried:
                retried = True
                store.ask(self.workspace, job.id, "run")
            elif job.state != "paused" and not job.live:
                self._end(trial, job, worth)
                return
            self._say(trial, job)
            self.sleep(POLL_SECONDS)

    def _job(self, trial: "OpenTrial") -> store.Job | None:
        """Return the job of a trial's run, None where the run is not there."""
        if not trial.is_open or not self.workspace.exists("runs", trial.run):
            return None
        job = store.find(self.workspace, Train.step, trial.run)
        # one that ended between two looks, at its row and at its lock, seems interrupted
        return store.get(self.workspace, job.id) if job is not None and job.state == "interrupted" else job

    def _end(self, trial: "OpenTrial", job: store.Job, worth: "objective.Worth | None") -> None:
        if job.state in ("failed", "interrupted"):
            trial.fail((job.error or store.GONE)["what"])
        elif job.state == "stopped":
            shown = runs.state(self.workspace, trial.run).images
            behind = f"Stopped after {shown:,} images: behind other trials that had seen as many."
            trial.prune(behind if trial.stopped else _STOPPED_BY_HAND)
        elif worth is None:
            trial.fail("None of its checkpoints could be measured.")
        else:
            trial.complete(worth)

    def _rest(self, trial: "OpenTrial") -> None:
        """Let the run rest with a checkpoint, so that the search goes on with it."""
        job = self._job(trial)
        if job is not None and job.live and not trial.stopped:
            with suppress(WorkspaceError):
                store.ask(self.workspace, job.id, "pause")

    def _percent(self, run: str, images: int) -> int:
        """Return how much of a run's budget was spent at a moment, in whole percent."""
        if self.request.images is not None:
            return min(100, 100 * images // self.request.images)
        curves = runs.history(self.workspace, run)
        shares = [share for seen, share in zip(curves["images"], curves["share"], strict=True) if (seen or 0) <= images]
        return min(100, int(100 * (shares[-1] or 0.0))) if shares else 0

    def _say(self, trial: "OpenTrial", job: store.Job) -> None:
        asked = max(1, self.results.asked)
        over = self.results.finished
        waits = {"queued": ", which waits for its turn", "paused": ", which somebody paused"}.get(job.state, "")
        self.report((over + job.share) / asked, f"trial {over + 1} of {asked}: {trial.run}{waits}")


def _try_parts(cohort: Cohort, request: Search) -> None:
    """Build the parts of configurations of the space, and networks of each size: a part may refuse a value.

    Raises:
        ConfigurationError: One does.
    """
    from ganaug_core.training import resolve

    training_images = len(cohort.where(TRAIN))
    tried: set[Architecture] = set()
    for settings in trial_points(parsed(request.space), beginning.MOST_CHECKED):
        try:
            parts = resolve(beginning.configured(cohort, request, settings), training_images, cohort.intensity.unit)
            if parts.architecture not in tried and len(tried) < MOST_NETWORKS:
                tried.add(parts.architecture)
                parts.architecture.generator(cohort.shape, len(cohort.classes))
                parts.architecture.discriminator(cohort.shape, len(cohort.classes))
        except ConfigurationError as error:
            raise beginning.refused(settings, error) from error
