"""optuna's study of a search: it keeps the trials, chooses the next settings, and says which run is behind the others.

Several processes, on several machines too, may share one storage: each asks for trials of its own. A trial is known by
the `place` that trains it, so a search that was interrupted finds its own again. This is the only file that knows
optuna; it is loaded here alone, by the process of a search.

Sources: TPE, Bergstra et al., 2011; Hyperband, Li et al., 2018, arXiv:1603.06560, as optuna has it for trials that are
not in step; PED-ANOVA, Watanabe et al., 2023, arXiv:2304.10255.
"""

import logging
import math
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from ganaug_core.config.requests import GRID, TPE, Search
from ganaug_core.config.training import Setting
from ganaug_core.errors import ConfigurationError, WorkspaceError
from ganaug_core.records.digest import digest_of
from ganaug_core.search import results
from ganaug_core.search.beginning import trials_asked
from ganaug_core.search.identity import require_same
from ganaug_core.search.objective import Worth
from ganaug_core.search.space import Range, Space, parsed, points
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import SWEEPS, Workspace

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

log = logging.getLogger(__name__)

FILE = "study.sqlite"
FIRST_PERCENT, LAST_PERCENT, REDUCTION = 11, 100, 3  # looks after 11 and 33 % of the budget; a third goes on
RANDOM_TRIALS = 4  # of each bracket, before TPE has anything to go by
LEAST_FOR_IMPORTANCE = 8  # trials; with fewer the order is chance
BETTER = 0.25  # share of trials that are "the better ones" to the importance: a tenth would be one of twelve
BUSY_SECONDS = 60.0
_OPENINGS = 8  # seven seconds in all
PREPARED_SECONDS = 30.0  # that another process may take to lay a study out
_IDENTITY, _SURPLUS, _PLACE, _RUN, _WHY, _WORTH, _STOPPED = (
    "identity", "surplus", "place", "run", "why", "worth", "stopped",
)  # fmt: skip


class OpenTrial:
    """A trial that is under way here.

    Attributes:
        number: Of the study; two processes never have the same.
        settings: What to train with.
        run: Name of its run, empty before it has one.
        stopped: Whether its run was asked to stop for being behind.
        is_open: Whether nobody has said what came of it.
    """

    def __init__(self, trial: "optuna.Trial", space: Space) -> None:
        with _in_words():
            self._trial = trial
            self.number = int(trial.number)
            self.settings = {name: _suggested(trial, name, values) for name, values in space.items()}
            self._reported = set(trial.study.get_trials(deepcopy=False)[self.number].intermediate_values)
            self.run = str(trial.user_attrs.get(_RUN, ""))
            self.stopped = bool(trial.user_attrs.get(_STOPPED, False))
        self.is_open = True

    def name_run(self, run: str) -> None:
        """Write down which run it is."""
        with _in_words():
            self._trial.set_user_attr(_RUN, run)
        self.run = run

    def report(self, worth: Worth, percent: int) -> bool:
        """Say what its run is worth after so much of the budget; return whether it is behind the others.

        A run that seems to copy is behind all that do not. A moment that was reported before is passed over.
        """
        with _in_words():
            self._trial.set_user_attr(_WORTH, _plain(worth))
            if percent >= LAST_PERCENT or percent in self._reported:
                return False
            self._reported.add(percent)
            self._trial.report(math.inf if worth.veto else worth.value, percent)
            return bool(self._trial.should_prune())

    def mark_stopped(self) -> None:
        """Write down that it is behind, before its run is asked to stop."""
        with _in_words():
            self._trial.set_user_attr(_STOPPED, True)
        self.stopped = True

    def complete(self, worth: Worth) -> None:
        """Say what its run is worth at its end; one that copies is kept and never the best."""
        with _in_words():
            self._trial.set_user_attr(_WORTH, _plain(worth))
            self._trial.set_constraint("copying", 1.0 if worth.veto else 0.0)
            self._tell("COMPLETE", worth.value)

    def prune(self, why: str) -> None:
        """End it before its budget was spent."""
        self._end("PRUNED", why)

    def fail(self, why: str) -> None:
        """Say that nothing came of it."""
        self._end("FAIL", why)

    def _end(self, state: str, why: str) -> None:
        with _in_words():
            self._trial.set_user_attr(_WHY, why)
            self._tell(state, None)

    def _tell(self, state: str, value: float | None) -> None:
        from optuna.trial import TrialState

        self._trial.study.tell(self._trial, value, state=TrialState[state])
        self.is_open = False


class Study:
    """The trials of a search, in its own file or in a storage that is shared.

    Attributes:
        place: What tells the trials of this workspace from those of others.
    """

    def __init__(self, study: "optuna.Study", request: Search, place: str) -> None:
        self._study, self._request, self.place = study, request, place
        self._space = parsed(request.space)

    @classmethod
    def open(cls, workspace: Workspace, request: Search, identity: Mapping[str, Any]) -> "Study":
        """Open the study of a search, or begin it.

        Raises:
            ConfigurationError: The storage holds a study of that name of other data or other settings, or its driver
                is not installed.
            WorkspaceError: The storage cannot be used.
        """
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        folder = workspace.folder(SWEEPS, request.name)
        url = request.storage or f"sqlite:///{folder / FILE}"
        with locks.hold(folder / "study.lock", f"The study of {request.name}", seconds=BUSY_SECONDS), _in_words():
            storage = _storage(url)
            pruner = (
                optuna.pruners.HyperbandPruner(FIRST_PERCENT, LAST_PERCENT, REDUCTION)
                if request.prune
                else optuna.pruners.NopPruner()
            )
            try:
                study = optuna.create_study(storage=storage, study_name=request.name, direction="minimize")
            except optuna.exceptions.DuplicatedStudyError:
                study = optuna.load_study(storage=storage, study_name=request.name)
                kept = _laid_out(study, wait=bool(request.storage))
                require_same(request.name, kept or identity, identity)
            study.pruner = pruner
            opened = cls(study, request, workspace.artefact(SWEEPS, request.name))
            opened._lay_grid_out()
            study.set_user_attr(_IDENTITY, dict(identity))
        return opened

    def trials(self) -> tuple[results.Trial, ...]:
        """Return all trials, those of other machines too, in their order."""
        with _in_words():
            return tuple(self._result(trial) for trial in self._taken())

    def unfinished(self) -> list[OpenTrial]:
        """Return the trials that this place began and that no process has brought to an end."""
        import optuna

        with _in_words():
            own = [
                trial
                for trial in self._taken()
                if trial.state.name == "RUNNING" and trial.user_attrs.get(_PLACE) == self.place
            ]
            # the public way to go on with a trial of another process does not exist
            return [OpenTrial(optuna.Trial(self._study, trial._trial_id), self._space) for trial in own]

    def next(self) -> OpenTrial | None:
        """Begin another trial; None where as many as were asked for are begun or done.

        Two processes that ask at once may both begin the last one: the later is given back and counts as none.
        """
        asked = trials_asked(self._request)
        with _in_words():
            if len(self._taken()) >= asked:
                return None
            trial = self._study.ask()
            trial.set_user_attr(_PLACE, self.place)
            if sum(other.number < trial.number for other in self._taken()) >= asked:
                trial.set_user_attr(_SURPLUS, True)
                self._study.tell(trial, state=_state("FAIL"))
                return None
            self._study.sampler = self._sampler(trial.number)
        return OpenTrial(trial, self._space)

    def importance(self) -> dict[str, float]:
        """Return by setting its share in what tells the better quarter of the trials from all; empty with fewer than 8.

        By trials that are done; those that copy count as they measured.
        """
        import optuna

        with _in_words():
            done = [trial for trial in self._taken() if trial.state.name == "COMPLETE"]
            if len(done) < LEAST_FOR_IMPORTANCE:
                return {}
            evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=BETTER)
            try:
                shares = optuna.importance.get_param_importances(self._study, evaluator=evaluator)
            except (ValueError, RuntimeError):  # all values alike, or one setting with one value
                return {}
        total = sum(shares.values())
        return {name: float(share) / total for name, share in shares.items()} if total > 0 else {}

    def _taken(self) -> "Sequence[FrozenTrial]":
        """Return the trials that somebody began, without those that were one too many."""
        return [
            trial
            for trial in self._study.get_trials(deepcopy=False)
            if trial.state.name != "WAITING" and not trial.user_attrs.get(_SURPLUS)
        ]

    def _lay_grid_out(self) -> None:
        """Queue the points of a grid: each process takes the next, so that none is trained twice."""
        if self._request.sampler != GRID:
            return
        grid = points(self._space, self._request.seed)[: trials_asked(self._request)]
        queued = sum("fixed_params" in trial.system_attrs for trial in self._study.get_trials(deepcopy=False))
        for point in grid[queued:]:
            self._study.enqueue_trial(point)

    def _sampler(self, number: int) -> "optuna.samplers.BaseSampler":
        """Return the sampler of one trial: the seed and the trials so far decide, whoever asks and whenever."""
        import optuna

        seed = int(digest_of(self._request.seed, number)[:8], 16)
        if self._request.sampler == TPE:
            return optuna.samplers.TPESampler(seed=seed, n_startup_trials=RANDOM_TRIALS, constant_liar=True)
        return optuna.samplers.RandomSampler(seed=seed)

    def _result(self, trial: "FrozenTrial") -> results.Trial:
        worth = trial.user_attrs.get(_WORTH) or {}
        veto = str(worth.get("veto", ""))
        state = {"RUNNING": results.RUNNING, "PRUNED": results.PRUNED, "FAIL": results.FAILED}.get(
            trial.state.name, results.VETOED if veto else results.DONE
        )
        interval = worth.get("interval")
        return results.Trial(
            number=trial.number,
            run=str(trial.user_attrs.get(_RUN, "")),
            settings=dict(trial.params),
            state=state,
            value=worth.get("value"),
            interval=(interval[0], interval[1]) if interval else None,
            images=worth.get("images"),
            copying_p=worth.get("copying_p"),
            why=str(trial.user_attrs.get(_WHY, "")) or veto,
            here=trial.user_attrs.get(_PLACE) == self.place,
        )


def _plain(worth: Worth) -> dict[str, Any]:
    return {
        "value": worth.value,
        "interval": list(worth.interval) if worth.interval else None,
        "images": worth.images,
        "copying_p": worth.copying_p,
        "veto": worth.veto,
    }


def _state(name: str) -> Any:
    from optuna.trial import TrialState

    return TrialState[name]


def _suggested(trial: "optuna.Trial", name: str, values: tuple[Setting, ...] | Range) -> Setting:
    if not isinstance(values, Range):
        chosen: Setting = trial.suggest_categorical(name, values)  # type: ignore[assignment]
        return chosen
    if values.whole:
        return trial.suggest_int(name, int(values.low), int(values.high), log=values.log)
    return trial.suggest_float(name, float(values.low), float(values.high), log=values.log)


def _laid_out(study: "optuna.Study", *, wait: bool) -> Mapping[str, Any]:
    """Return the identity of a study, which is written last.

    Args:
        wait: Another process may be laying it out now; else it was left half made, and nothing is returned.
    """
    deadline = time.monotonic() + PREPARED_SECONDS
    while not (kept := study.user_attrs.get(_IDENTITY)) and wait:
        if time.monotonic() > deadline:
            raise WorkspaceError(
                f"The storage holds a study named {study.study_name} that ganaug did not finish preparing.",
                do="Choose another name for the search.",
                code="half_made",
            )
        time.sleep(0.2)
    return dict(kept or {})


def _storage(url: str) -> "optuna.storages.RDBStorage":
    """Open optuna's storage; of several processes that come first at once, all but one find its tables half made."""
    import optuna

    waiting = {"connect_args": {"timeout": BUSY_SECONDS}} if url.startswith("sqlite") else {"pool_pre_ping": True}
    for attempt in range(_OPENINGS):
        try:
            storage = optuna.storages.RDBStorage(url, engine_kwargs=waiting)
            if url.startswith("sqlite"):
                _take_turns(storage.engine)
            return storage
        except SQLAlchemyError:
            if attempt == _OPENINGS - 1:
                raise
            time.sleep(0.25 * (attempt + 1))
    raise AssertionError("unreachable")


def _take_turns(engine: Engine) -> None:
    """Let every transaction of SQLite wait for its turn to write.

    Of two that read first and write then, SQLite refuses one at once, however long it would wait.
    """
    engine.dispose()

    @event.listens_for(engine, "connect")
    def leave_begin_to_us(connection: Any, _: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn what optuna and the database raise into words."""
    import optuna

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    except ImportError as error:
        raise ConfigurationError(
            f"The driver of this storage is not installed: {error.name or error}.",
            do='For PostgreSQL: pip install "psycopg[binary]", and begin the address with postgresql+psycopg://.',
            code="package",
        ) from error
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        log.warning("The storage of the search: %s; %s", error, error.__cause__)
        raise WorkspaceError(
            f"The storage of the search could not be used ({type(error).__name__}).",
            do="Look whether its database runs and may be written, then go on with the search: nothing is lost.",
            code="storage",
        ) from error
