"""ganaug train, and ganaug run list | show | pause | stop | resume"""

import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug_core import wording
from ganaug_core.cli import console, sources
from ganaug_core.config.requests import Train
from ganaug_core.errors import ConfigurationError, GanaugError, TrainingError, WorkspaceError
from ganaug_core.jobs import launch, store
from ganaug_core.jobs import runs as folders
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    from ganaug_core.config import TrainingConfig

runs = typer.Typer(help="Training runs: each is a process of its own.", no_args_is_help=True)
Detach = Annotated[bool, typer.Option("--detach", help="Return at once; the run goes on by itself.")]
FOLLOW_SECONDS = 0.2
CHECKPOINT_SECONDS = 90.0


def train(
    cohort: Annotated[str, typer.Argument(metavar="COHORT", help="A cohort's name, or a path.")],
    name: Annotated[str, typer.Option(metavar="RUN", help="Name of the run, and of its generator.")],
    recipe: Annotated[str, typer.Option(help="Recipe to begin with.")] = "recommended",
    minutes: Annotated[float | None, typer.Option(help="Budget in minutes of training.")] = None,
    images: Annotated[int | None, typer.Option(help="Budget in real images shown.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="part.setting=value", help="Change a setting; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same run.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    detach: Detach = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Train a generator on a cohort. Ctrl-C writes a checkpoint and leaves; `ganaug run resume` goes on."""
    from ganaug_core.config import check_names, configure, falling_weights

    home = Workspace(workspace)

    def configured(rows: int | None) -> "TrainingConfig":
        return configure(
            recipe, _changes(changes or []), rows=rows, minutes=minutes, images=images, seed=seed, device=device
        )

    check_names(configured(None))  # before a cohort is read, which may take minutes
    with closing(console.Progress()) as progress:
        cohort_name = sources.cohort(home, cohort, progress)
        for sentence in sources.small_classes(home, cohort_name):
            typer.echo(sentence, err=True)
        rows = home.cohort(cohort_name).shape[1]
        config = configured(rows)
        for part, setting, begin, end in falling_weights(config, configure(recipe, {}, rows=rows).regularisers):
            typer.echo(
                f"{part}.{setting} falls from {begin:g} to {end:g} over the second half of the run; to keep it: "
                "--set final_penalty=1",
                err=True,
            )
        job = store.submit(home, Train(cohort=cohort_name, name=name, config=config.model_dump(mode="json")))
        if not detach:
            _follow(home, job, progress)
    _show(home, name, json)


@runs.command("list")
def list_(json: console.Json = None, workspace: console.Workspace = None) -> None:
    """List the runs of the workspace, oldest first."""
    home = Workspace(workspace)
    documents, rows = [], []
    for name in folders.names(home):
        try:
            run = folders.state(home, name)
        except WorkspaceError as error:
            documents.append({"name": name, **console.error_document(error)})
            rows.append((name, error.what, error.do, "", ""))
            continue
        facts = {"name": name, "cohort": run.cohort, "recipe": run.recipe, "state": run.state, "images": run.images}
        documents.append(facts)
        rows.append((name, run.state, wording.done(run.share), run.recipe, run.cohort))
    console.answer({"runs": documents}, console.table(rows) or "No runs yet: ganaug train.", json)


@runs.command()
def show(run: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Say how a run stands."""
    _show(Workspace(workspace), run, json)


@runs.command()
def pause(run: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Write a checkpoint and end the run's process; resume it whenever you like."""
    _ask(Workspace(workspace), run, "pause", json)


@runs.command()
def stop(run: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """End a run and keep the generator as it is."""
    _ask(Workspace(workspace), run, "stop", json)


@runs.command()
def resume(run: str, detach: Detach = False, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Go on with a run from its last checkpoint."""
    home = Workspace(workspace)
    job = store.ask(home, _job(home, run).id, "run")
    if not detach:
        with closing(console.Progress()) as progress:
            _follow(home, job, progress)
    _show(home, run, json)


@runs.command()
def remove(run: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Remove a run with its checkpoints; its generator stays."""
    home = Workspace(workspace)
    job = store.find(home, Train.step, run)
    if job is not None and job.live:
        raise TrainingError(f"The run {run} is going on.", do=f"Stop it first: ganaug run stop {run}.", code="busy")
    console.removed(home, "runs", run, json)


def _follow(workspace: Workspace, job: store.Job, progress: console.Progress) -> None:
    """Show a run until it rests.

    Raises:
        KeyboardInterrupt: The user pressed Ctrl-C; a checkpoint was written.
        GanaugError: The run failed or was interrupted.
    """
    try:
        job = _watch(workspace, job.id, progress)
    except KeyboardInterrupt:
        progress.close()
        typer.echo("Writing a checkpoint ...", err=True)
        if store.get(workspace, job.id).live:
            store.ask(workspace, job.id, "pause")
            _watch(workspace, job.id, None, CHECKPOINT_SECONDS)
        typer.echo(f"The run rests. To go on: ganaug run resume {job.name}", err=True)
        raise
    if job.state in ("failed", "interrupted"):
        raise _as_error(job)
    if job.state == "paused":
        typer.echo(f"Somebody paused the run. To go on: ganaug run resume {job.name}", err=True)
        raise KeyboardInterrupt


def _watch(
    workspace: Workspace, job: int, progress: console.Progress | None, seconds: float = float("inf")
) -> store.Job:
    """Look at a job until it is no longer live, or so many seconds have passed."""
    started, looks = time.monotonic(), 0
    while (job_now := store.get(workspace, job)).live and time.monotonic() - started < seconds:
        if progress is not None:
            progress(job_now.share, job_now.message, job_now.seconds_left)
        looks += 1
        if looks % 25 == 0:
            launch.ensure(workspace)  # somebody may have killed the supervisor meanwhile
        time.sleep(FOLLOW_SECONDS)
    return job_now


def _ask(workspace: Workspace, run: str, requested_state: str, json: str | None) -> None:
    job = store.ask(workspace, _job(workspace, run).id, requested_state)
    if job.live:
        _watch(workspace, job.id, None, CHECKPOINT_SECONDS)
    _show(workspace, run, json)


def _job(workspace: Workspace, run: str) -> store.Job:
    workspace.manifest("runs", run)
    job = store.find(workspace, Train.step, run)
    if job is None:
        raise TrainingError(
            f"The run {run} came without its process's record, so it cannot be continued.",
            do="Start a new run on the same cohort.",
            code="no_job",
        )
    return job


def _show(workspace: Workspace, run: str, json: str | None) -> None:
    document = folders.as_json(workspace, run)
    facts = [
        f"{run}: {document['state']}, {document['images']:,} images in {wording.duration(document['seconds'])}",
        f"recipe {document['recipe']} on {document['cohort']}, seed {document['seed']}",
    ]
    if document["device"]:
        facts.append(f"{document['device']}, {document['images_per_second'] or 0:,.0f} images/s")
    if document["generator"]:
        facts.append(f"generator {document['generator']}")
    facts += [f"alarm after {alarm['images']:,} images: {alarm['say']} {alarm['do']}" for alarm in document["alarms"]]
    if document["error"]:
        facts.append(f"{document['error']['what']} {document['error']['do']}")
    console.answer(document, "\n".join(facts), json)


def _as_error(job: store.Job) -> GanaugError:
    error = job.error or store.GONE
    if error["code"] == "interrupted":
        do = f"Go on from the last checkpoint: ganaug run resume {job.name}"
        return GanaugError(error["what"], do=do, code=error["code"])
    return GanaugError(error["what"], do=error["do"], code=error["code"])


def _changes(texts: list[str]) -> dict[str, Any]:
    changes = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise ConfigurationError(
                f"--set {text} is not of the form part.setting=value.",
                do="Write it like --set r1.gamma=0.5.",
                code="set",
            )
        changes[key] = value
    return changes
