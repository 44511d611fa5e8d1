"""Before the first trial: everything that could fail at the end of hours for a reason that is known now."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from ganaug_core.config import TrainingConfig, check_names, configure, refuse_exclusions
from ganaug_core.config.requests import GRID, SAMPLERS, Search
from ganaug_core.errors import CohortError, ConfigurationError
from ganaug_core.records import Cohort, codec
from ganaug_core.records.digest import digest_of
from ganaug_core.records.origin import Origin
from ganaug_core.records.training import LEAST_TRAINING, LEAST_TUNING, can_be_judged
from ganaug_core.search import results
from ganaug_core.search.identity import identity, require_same
from ganaug_core.search.space import grid_size, parsed, points, trial_points
from ganaug_core.storage.workspace import SWEEPS, Workspace, check_name

MOST_TRIALS = 10_000
MOST_CHECKED = 400  # configurations: about half a second
LONGEST_NAME = 90  # its runs have a number too


def require_optuna() -> None:
    """Refuse where optuna is not installed.

    Raises:
        ConfigurationError: It is not.
    """
    if find_spec("optuna") is None:
        raise ConfigurationError(
            "A search needs a package that is not installed: optuna.",
            do='Install it: pip install "ganaug[search]".',
            code="package",
        )


def prepare(workspace: Workspace, request: Search) -> None:
    """Refuse a search that could not be made, or that has the name of another one.

    Raises:
        ConfigurationError: optuna is missing; a setting, value or combination that cannot be trained; a search of that
            name was begun with something else.
        CohortError: The tuning share is too small to judge a run by it.
        WorkspaceError: The name cannot be one.
    """
    require_optuna()
    check_name(request.name)
    cohort = workspace.cohort(request.cohort)
    _check_numbers(request)
    _check_storage(request.storage)
    if not can_be_judged(cohort):
        raise CohortError(
            f"The tuning share of {request.cohort} is too small to judge a run by it: {LEAST_TUNING} patients are "
            f"needed there, and {LEAST_TRAINING} training images.",
            do="Import the cohort with a larger tuning share, or train single runs.",
            code="tuning",
        )
    configurations(cohort, request)
    if workspace.exists(SWEEPS, request.name):
        kept = workspace.manifest(SWEEPS, request.name).get("identity", {})
        require_same(request.name, kept, identity(cohort, request))
    else:
        workspace.free(SWEEPS, request.name)


def configurations(cohort: Cohort, request: Search) -> list[TrainingConfig]:
    """Return configurations of the space, the whole grid or hundreds of them, each single value among them.

    Raises:
        ConfigurationError: One cannot be trained; the message names its settings.
    """
    checked = []
    space = parsed(request.space)
    if request.sampler == GRID:
        points(space, request.seed)
    for settings in trial_points(space, MOST_CHECKED):
        try:
            checked.append(configured(cohort, request, settings))
        except ConfigurationError as error:
            raise refused(settings, error) from error
    return checked


def refused(settings: Mapping[str, Any], error: ConfigurationError) -> ConfigurationError:
    """Return an error that names the settings which cannot be trained."""
    said = ", ".join(f"{name} = {value}" for name, value in settings.items())
    return ConfigurationError(
        f"The space holds settings that cannot be trained. {error.what} (With {said}.)", do=error.do, code=error.code
    )


def configured(cohort: Cohort, request: Search, settings: Mapping[str, Any]) -> TrainingConfig:
    """Return the configuration of one trial.

    Raises:
        ConfigurationError: No such setting or value, or parts that exclude each other.
    """
    config = configure(
        request.recipe,
        {**request.changes, **settings},
        rows=cohort.shape[1],
        images=request.images,
        minutes=request.minutes,
        seed=request.seed,
        device=request.device,
    )
    check_names(config)
    refuse_exclusions(config, cohort.intensity.unit)
    return config


def begin(workspace: Workspace, request: Search, origin: Origin) -> None:
    """Make the folder of a search, or take note of how many trials are asked for now."""
    cohort = workspace.cohort(request.cohort)
    asked = trials_asked(request)
    plain = codec.plain(request)
    if not workspace.exists(SWEEPS, request.name):
        kept = identity(cohort, request)
        manifest = {"schema": "ganaug.sweeps/1", "name": request.name, "cohort": request.cohort, "identity": kept}
        workspace.write(SWEEPS, request.name, manifest, identity=digest_of(kept, request.name), origin=origin)
        before = results.Results(name=request.name, cohort=request.cohort, request=plain, asked=asked)
    else:
        before = results.read(workspace, request.name)
    results.write(
        workspace,
        results.Results(
            name=request.name,
            cohort=request.cohort,
            request=plain,
            asked=asked,
            trials=before.trials,
            importance=before.importance,
        ),
    )


def trials_asked(request: Search) -> int:
    """Return how many trials there shall be: a grid has no more than its points."""
    if request.sampler == GRID:
        return min(request.trials, grid_size(parsed(request.space)))
    return request.trials


def _check_numbers(request: Search) -> None:
    if request.sampler not in SAMPLERS:
        raise ConfigurationError(
            f"There is no sampler named {request.sampler!r}.",
            do=f"Choose one of: {', '.join(SAMPLERS)}.",
            code="unknown_name",
        )
    if not 1 <= request.trials <= MOST_TRIALS:
        raise ConfigurationError(
            f"{request.trials} trials cannot be made.", do=f"Ask for 1 to {MOST_TRIALS:,}.", code="trials"
        )
    if len(request.name) > LONGEST_NAME:
        raise ConfigurationError(
            f"The name {request.name} is too long: its runs carry it with a number.",
            do=f"Use up to {LONGEST_NAME} characters.",
            code="name",
        )


def _check_storage(storage: str) -> None:
    """Refuse an address that is none, or that holds a password: it would lie in the job table."""
    if not storage:
        return
    scheme, _, rest = storage.partition("://")
    if scheme != "sqlite" and scheme.split("+")[0] != "postgresql":
        raise ConfigurationError(
            f"The storage of a search begins with sqlite:/// or postgresql://, not with {scheme[:20]!r}.",
            do="Write it like postgresql+psycopg://user@host/database.",
            code="storage",
        )
    if "@" in rest and ":" in rest.split("@")[0]:
        raise ConfigurationError(
            "The address of the storage holds a password, which would be kept in the job table.",
            do="Leave it out, and write it into the file .pgpass of your home, which PostgreSQL's driver reads.",
            code="storage",
        )
