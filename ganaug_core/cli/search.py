"""ganaug search: many runs that differ in settings, one after the other or several at once on a cluster"""

from contextlib import closing
from typing import Annotated

import typer

from ganaug_core import wording
from ganaug_core.cli import console, sources, training
from ganaug_core.config.requests import SAMPLERS, Search
from ganaug_core.errors import ConfigurationError
from ganaug_core.jobs import searches, store
from ganaug_core.search import SPACES, Results, Trial, named_or_file, require_optuna
from ganaug_core.search.space import USUAL_SAMPLER
from ganaug_core.storage.workspace import Workspace

STOP_SECONDS = 90.0
TRIALS = 20
AT_ONCE = 4


def search(
    cohort: Annotated[str, typer.Argument(metavar="COHORT", help="A cohort's name, or a path.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the search; its runs are NAME-000, NAME-001, ...")],
    space: Annotated[
        str, typer.Option(metavar="SPACE", help=f"What is searched: {', '.join(SPACES)}, or a TOML file.")
    ] = "recommended",
    sampler: Annotated[
        str | None, typer.Option(help=f"How settings are chosen: {', '.join(SAMPLERS)}; else what fits the space.")
    ] = None,
    trials: Annotated[int | None, typer.Option(help="Runs in all; else 20, or all points of a grid.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Budget of each run in minutes of training.")] = None,
    images: Annotated[int | None, typer.Option(help="Budget of each run in real images shown.")] = None,
    recipe: Annotated[str, typer.Option(help="Recipe whose settings are searched.")] = "recommended",
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="part.setting=value", help="A setting that is the same in every run."),
    ] = None,
    pruning: Annotated[bool, typer.Option(help="Stop runs early that are behind the others.")] = True,
    seed: Annotated[int, typer.Option(help="Of every run, and of the choices.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    storage: Annotated[
        str, typer.Option(metavar="URL", help="Database that several machines share: postgresql+psycopg://...")
    ] = "",
    where: Annotated[
        str,
        typer.Option("--on", metavar="local|slurm", help="Train the runs on this machine, or on a cluster by SLURM."),
    ] = "local",
    slurm: training.Slurm = None,
    at_once: Annotated[
        int | None, typer.Option(help=f"Runs that SLURM trains together; else {AT_ONCE}. Here it is one.", min=1)
    ] = None,
    detach: training.Detach = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Search for the settings that draw best. The same command goes on with a search, or makes it longer.

    A run is judged by its kept checkpoint's distance from the tuning images; one that seems to copy is never the best.
    The hold-out is never looked at. Ctrl-C lets the search rest.
    """
    require_optuna()
    home, asked = Workspace(workspace), training.asked_of_slurm(where, slurm or [])
    if asked is None and (at_once or 1) > 1:
        raise ConfigurationError(
            f"--at-once {at_once} asks for runs side by side, and this machine trains one after the other.",
            do="Leave it out, or add --on slurm.",
            code="at_once",
        )
    values = named_or_file(space)
    chosen_sampler = sampler or USUAL_SAMPLER.get(space, "tpe")
    with closing(console.Progress()) as progress:
        cohort_name = sources.cohort(home, cohort, progress)
        request = searches.request(
            home,
            Search(
                cohort=cohort_name,
                name=name,
                space=values,
                trials=trials or (searches.MOST if chosen_sampler == "grid" else TRIALS),
                sampler=chosen_sampler,
                recipe=recipe,
                changes=training.changes_of(changes or []),
                images=images,
                minutes=minutes,
                prune=pruning,
                seed=seed,
                device=device,
                storage=storage,
                slurm=asked,
                at_once=1 if asked is None else at_once or AT_ONCE,
            ),
        )
        job = store.submit(home, request)
        typer.echo(searches.cost(request), err=True)
        if not detach:
            _follow(home, job, progress)
    results = searches.read(home, name)
    console.answer(results.as_json(searches.state(home, name)), as_text(results), json)


def _follow(workspace: Workspace, job: store.Job, progress: console.Progress) -> None:
    """Show a search until it rests.

    Raises:
        KeyboardInterrupt: The user pressed Ctrl-C, or somebody stopped it; what was done is kept.
        GanaugError: It failed or was interrupted.
    """
    try:
        job = training.watch(workspace, job.id, progress)
    except KeyboardInterrupt:
        progress.close()
        typer.echo("Letting the search rest ...", err=True)
        if store.get(workspace, job.id).live:
            store.ask(workspace, job.id, "stop")
            training.watch(workspace, job.id, None, STOP_SECONDS)
        typer.echo("The search rests. To go on, give the same command again.", err=True)
        raise
    if job.state in ("failed", "interrupted"):
        raise training.as_error(job)
    if job.state == "stopped":
        typer.echo("Somebody stopped the search. To go on, give the same command again.", err=True)
        raise KeyboardInterrupt


def as_text(results: Results) -> str:
    """Return how a search stands, for people."""
    lines = [f"{results.name}: {results.finished} of {wording.count(results.asked, 'trial')} over"]
    rows = [
        (trial.run or f"{trial.number}", trial.state, _value(trial), _settings(trial), trial.why)
        for trial in sorted(results.trials, key=lambda trial: (trial.value is None, trial.value or 0.0))
    ]
    lines.append(console.table(rows))
    if results.importance:
        shares = ", ".join(f"{name} {wording.percent(share)}" for name, share in results.importance.items())
        lines.append(f"What tells the better runs from the others: {shares}")
    if (best := results.best) is not None:
        lines.append(f"Best: {best.run}. {searches.caution(results)}")
        if best.here:
            lines.append(f"It goes on training with: ganaug run extend {best.run} --name {results.name}-best")
    return "\n".join(line for line in lines if line)


def _value(trial: Trial) -> str:
    if trial.value is None:
        return "-"
    reach = f" ({trial.interval[0]:.3g} to {trial.interval[1]:.3g})" if trial.interval else ""
    return f"{trial.value:.3g}{reach}"


def _settings(trial: Trial) -> str:
    return " ".join(
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in trial.settings.items()
    )
