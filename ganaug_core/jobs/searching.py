"""A search: trials, each an ordinary run of this workspace, one after the other or, on a cluster, several at once.

The search asks for runs, follows their measured checkpoints, asks those to stop that are behind the others, and tells
the study what came of each. It may die at any moment: trials, runs and the document are kept, and the same search goes
on with the runs that it had begun. On a cluster it does no more: each run is followed as any run there is.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ganaug_core.config.requests import Search, Train
from ganaug_core.errors import ConfigurationError, GanaugError, WorkspaceError
from ganaug_core.interfaces import Report, silent
from ganaug_core.jobs import following, runs, store
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
        StopRequested: Stopped or interrupted; the runs that were under way rest, and the search can go on.
        ConfigurationError: The space cannot be trained, or the study is of other data or other settings.
        TrainingError: SLURM refused the jobs.
        WorkspaceError: The storage cannot be used.
    """
    from ganaug_core.search.study import Study

    report(0.0, "looking at the space")
    beginning.prepare(workspace, request)
    cohort = workspace.cohort(request.cohort)
    _try_parts(cohort, request)
    study = Study.open(workspace, request, identity(cohort, request))
    earlier = results.read(workspace, request.name)
    _Searching(workspace, request, cohort, study, report, sleep, earlier).until_over()
    return request.name


@dataclass
class _UnderWay:
    """A trial whose run is under way.

    Attributes:
        seen: Measured checkpoints that the study knows.
        retried: Whether its run was asked to go on after an interruption.
        message: Name and state of its run, in words; empty before it was looked at.
        share: Of its run, done so far.
    """

    trial: "OpenTrial"
    seen: int = 0
    retried: bool = False
    message: str = ""
    share: float = 0.0


@dataclass
class _Searching:
    """The trials of one search."""

    workspace: Workspace
    request: Search
    cohort: Cohort
    study: "Study"
    report: Report
    sleep: Callable[[float], None]
    results: results.Results
    under_way: list[_UnderWay] = field(default_factory=list)

    def until_over(self) -> None:
        """Follow the runs that were begun earlier, and begin others as long as there are trials to make."""
        try:
            self._take_up(self.study.unfinished())
            self._begin_more()
            while self.under_way:
                for one in self.under_way:
                    self._look(one)
                self.under_way = [one for one in self.under_way if one.trial.is_open]
                self._begin_more()
                if self.under_way:
                    self._say()
                    self.sleep(POLL_SECONDS)
        except StopRequested:
            for one in self.under_way:
                self._rest(one.trial)
            raise
        finally:
            self.write_down()

    def write_down(self) -> None:
        """Let pages and the command line see how the trials stand."""
        self.results = replace(self.results, trials=self.study.trials(), importance=self.study.importance())
        results.write(self.workspace, self.results)

    def _take_up(self, trials: "Sequence[OpenTrial]") -> None:
        """Go on with trials that another process began; it may have ended before their runs were asked for."""
        with_run = [trial for trial in trials if trial.run and self.workspace.exists("runs", trial.run)]
        for trial in with_run:
            self._resume(trial)
        self._begin([trial for trial in trials if trial not in with_run])
        self.under_way = [_UnderWay(trial) for trial in trials if trial.is_open]

    def _begin_more(self) -> None:
        """Begin as many trials as may be under way beside the others; on a cluster they are one job array."""
        while len(self.under_way) < self.request.at_once:
            free = self.request.at_once - len(self.under_way)
            trials = [trial for trial in (self.study.next() for _ in range(free)) if trial is not None]
            if not trials:
                return
            self._begin(trials)
            self.under_way += [_UnderWay(trial) for trial in trials if trial.is_open]
            self.write_down()

    def _begin(self, trials: "Sequence[OpenTrial]") -> None:
        """Ask for the runs of trials; settings that cannot be trained are a trial that failed."""
        requests = []
        for trial in trials:
            trial.name_run(trial.run or self._free_name(trial.number))
            with self._failing(trial):
                config = beginning.configured(self.cohort, self.request, trial.settings).model_dump(mode="json")
                request = Train(cohort=self.request.cohort, name=trial.run, config=config, slurm=self.request.slurm)
                if self.request.slurm is None:
                    store.submit(self.workspace, request)
                requests.append(request)
        if requests and self.request.slurm is not None:
            following.submit(self.workspace, requests)

    @contextmanager
    def _failing(self, trial: "OpenTrial") -> Iterator[None]:
        """Take what cannot be trained for a trial of which nothing came."""
        try:
            yield
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

    def _look(self, one: _UnderWay) -> None:
        """Look at a run once; somebody may remove it at any moment, between two looks too."""
        trial = one.trial
        try:
            if (job := self._job(trial)) is not None:
                self._look_at(one, job)
                return
        except WorkspaceError:
            if self.workspace.exists("runs", trial.run):
                raise
        if trial.is_open:
            trial.fail(_REMOVED)
            self.write_down()

    def _look_at(self, one: _UnderWay, job: store.Job) -> None:
        trial = one.trial
        checkups, kept = runs.checkups(self.workspace, trial.run)
        worth = objective.worth(checkups, kept)
        if len(checkups) > one.seen and worth is not None:
            one.seen = len(checkups)
            behind = trial.report(worth, self._percent(trial.run, checkups[-1].images))
            if behind and job.live and not trial.stopped:
                trial.mark_stopped()
                store.ask(self.workspace, job.id, "stop")
            self.write_down()
        if job.state == "interrupted" and not one.retried:
            one.retried = True
            store.ask(self.workspace, job.id, "run")
        elif job.state != "paused" and not job.live:
            self._end(trial, job, worth)
            self.write_down()
            return
        waits = {"queued": ", which waits for its turn", "paused": ", which somebody paused"}.get(job.state, "")
        one.message, one.share = f"{trial.run}{waits}", job.share

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

    def _say(self) -> None:
        asked, over = max(1, self.results.asked), self.results.finished
        looked_at = [one for one in self.under_way if one.message]
        share = (over + sum(one.share for one in looked_at)) / asked
        if self.request.at_once == 1 and len(looked_at) == 1:
            self.report(share, f"trial {over + 1} of {asked}: {looked_at[0].message}")
        else:
            self.report(share, f"{over} of {asked} trials over, {len(self.under_way)} under way")


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
