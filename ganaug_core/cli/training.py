"""ganaug train, and ganaug run list | show | pause | stop | resume | extend | remove"""

import signal
import time
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug_core import pipeline, processor, wording
from ganaug_core.cli import console, sources
from ganaug_core.config.requests import Train
from ganaug_core.errors import ConfigurationError, GanaugError, TrainingError, WorkspaceError
from ganaug_core.jobs import extension, launch, store
from ganaug_core.jobs import runs as folders
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    from ganaug_core.config import TrainingConfig

runs = typer.Typer(help="Training runs: each is a process of its own.", no_args_is_help=True)
Devices = Annotated[int, typer.Option(help="Devices that train it together on each machine.", min=1)]
Detach = Annotated[bool, typer.Option("--detach", help="Return at once; the run goes on by itself.")]
Slurm = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="What SLURM is asked for, such as partition=main; may be repeated."),
]
FOLLOW_SECONDS = 0.2
CHECKPOINT_SECONDS = 90.0
_MOST_SEEDS = 1000


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
    seeds: Annotated[
        str | None, typer.Option(metavar="S,S,...", help="A run for each seed, named RUN-seedS; 0-4 means 0 to 4.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    devices: Devices = 1,
    nodes: Annotated[int, typer.Option(help="Machines, where torchrun or SLURM starts this on each.", min=1)] = 1,
    where: Annotated[
        str, typer.Option("--on", metavar="local|slurm", help="Train on this machine, or on a cluster by SLURM.")
    ] = "local",
    slurm: Slurm = None,
    detach: Detach = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Train a generator on a cohort. Ctrl-C writes a checkpoint and leaves; `ganaug run resume` goes on.

    Started by torchrun or srun, it trains in these very processes; the same command goes on after an interruption.
    """
    from ganaug_core.config import check_names, configure, refuse_division

    home, asked = Workspace(workspace), asked_of_slurm(where, slurm or [], devices)
    names = {seed: name} if seeds is None else {number: f"{name}-seed{number}" for number in _seeds(seeds)}

    def configured(rows: int | None, seed: int = seed) -> "TrainingConfig":
        return configure(
            recipe, changes_of(changes or []), rows=rows, minutes=minutes, images=images, seed=seed, device=device
        )

    check_names(configured(None))  # before a cohort is read, which may take minutes
    refuse_division(configured(None), devices * nodes)
    if processor.launcher() is not None:
        if seeds is not None:
            raise ConfigurationError(
                "Processes that torchrun or srun started train one run together, and --seeds asks for several.",
                do="Give one --seed.",
                code="seeds",
            )
        config = configured(home.cohort(cohort).shape[1])
        request = Train(cohort=cohort, name=name, config=config.model_dump(mode="json"), devices=devices, nodes=nodes)
        _train_here(home, request, json)
        return
    with closing(console.Progress()) as progress:
        cohort_name = sources.cohort(home, cohort, progress)
        for sentence in sources.small_classes(home, cohort_name):
            typer.echo(sentence, err=True)
        rows = home.cohort(cohort_name).shape[1]
        configs = {run: configured(rows, number).model_dump(mode="json") for number, run in names.items()}
        _say_what_falls(configured(rows), configure(recipe, {}, rows=rows))
        requests = [
            Train(cohort=cohort_name, name=run, config=config, devices=devices, nodes=nodes, slurm=asked)
            for run, config in configs.items()
        ]
        jobs = _submitted(home, requests)
        if not detach:
            _follow_all(home, jobs, progress)
    if seeds is None:
        _show(home, name, json)
    else:
        _list(home, list(configs), json)


@runs.command("list")
def list_(json: console.Json = None, workspace: console.Workspace = None) -> None:
    """List the runs of the workspace, oldest first."""
    home = Workspace(workspace)
    _list(home, folders.names(home), json)


def _list(home: Workspace, names: Sequence[str], json: str | None) -> None:
    documents, rows = [], []
    for name in names:
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
def resume(
    run: str,
    devices: Annotated[int | None, typer.Option(help="Go on with so many devices; else as before.", min=1)] = None,
    slurm: Slurm = None,
    detach: Detach = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Go on with a run from its last checkpoint, with as many devices as you like."""
    home = Workspace(workspace)
    job = _job(home, run)
    if slurm:
        store.ask_cluster(home, job, asked_of_slurm("slurm", slurm) or {})
    if devices is not None:
        store.divide(home, job.id, devices)
    job = store.ask(home, job.id, "run")
    if not detach:
        with closing(console.Progress()) as progress:
            _follow(home, job, progress)
    _show(home, run, json)


@runs.command()
def extend(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run with a checkpoint; it stays as it is.")],
    name: Annotated[str, typer.Option(metavar="RUN", help="Name of the new run, and of its generator.")],
    minutes: Annotated[float | None, typer.Option(help="Budget in minutes, those of the first run included.")] = None,
    images: Annotated[int | None, typer.Option(help="Budget in real images, those of the first run included.")] = None,
    detach: Detach = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Go on from the end of a run, or of the best run of a search, with a larger budget, as a new run."""
    home = Workspace(workspace)
    job = store.submit(home, extension.longer(home, run, name, images=images, minutes=minutes))
    if not detach:
        with closing(console.Progress()) as progress:
            _follow(home, job, progress)
    _show(home, name, json)


@runs.command()
def remove(run: str, json: console.Json = None, workspace: console.Workspace = None) -> None:
    """Remove a run with its checkpoints and its SLURM job, if one trains it; its generator stays."""
    console.removed(run, store.remove_run(Workspace(workspace), run), json)


def _train_here(workspace: Workspace, request: Train, json: str | None) -> None:
    """Train in this process, one of several that somebody else started; only the first one writes and speaks.

    Raises:
        KeyboardInterrupt: It was told to end, and a checkpoint was written.
    """
    if processor.rank():
        pipeline.follow_training(lambda: workspace.cohort(request.cohort), request)
        return
    told: list[int] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, _: told.append(number))
    if not workspace.exists("runs", request.name):
        pipeline.begin_run(workspace, request)
    folder = workspace.folder("runs", request.name)
    with locks.hold(folder / "lock", f"The run {request.name}"), closing(console.Progress()) as progress:

        def report(share: float, message: str) -> None:
            if told:
                raise pipeline.StopRequested("interrupt")
            progress(share, message, None)

        try:
            pipeline.train(workspace, request, report)
        except pipeline.StopRequested:
            typer.echo("The run rests after a checkpoint. To go on: the same command.", err=True)
            raise KeyboardInterrupt from None
    _show(workspace, request.name, json)


def _say_what_falls(config: "TrainingConfig", recipe: "TrainingConfig") -> None:
    """Say how far weights fall during the run that the recipe alone would not let fall."""
    from ganaug_core.config import falling_weights

    for part, setting, begin, end in falling_weights(config, recipe.regularisers):
        typer.echo(
            f"{part}.{setting} falls from {begin:g} to {end:g} over the second half of the run; to keep it: "
            "--set final_penalty=1",
            err=True,
        )


def asked_of_slurm(where: str, texts: Sequence[str], devices: int = 1) -> dict[str, str] | None:
    """Return what SLURM is asked for, None for this machine; what cannot be submitted is refused before anything.

    Args:
        devices: On each machine.
    """
    if where == "slurm":
        from ganaug_core.jobs import slurm

        slurm.require()
        return slurm.options(texts, devices)
    if where != "local" or texts:
        what = f"--on {where} is not known." if where != "local" else "--slurm asks a cluster, and the run is for here."
        raise ConfigurationError(what, do="Choose --on slurm, or --on local without --slurm.", code="unknown_name")
    return None


def _submitted(workspace: Workspace, requests: Sequence[Train]) -> list[store.Job]:
    if requests[0].slurm is None:
        return [store.submit(workspace, request) for request in requests]
    from ganaug_core.jobs import following

    return following.submit(workspace, requests)


def _follow_all(workspace: Workspace, jobs: Sequence[store.Job], progress: console.Progress) -> None:
    """Show runs one after the other until each rests; Ctrl-C pauses all of them.

    Raises:
        KeyboardInterrupt: The user pressed Ctrl-C.
        GanaugError: One failed or was interrupted; the others were followed to their ends.
    """
    errors: list[GanaugError] = []
    for number, job in enumerate(jobs):
        if len(jobs) > 1:
            typer.echo(f"{job.name}:", err=True)
        try:
            _follow(workspace, job, progress)
        except GanaugError as error:
            errors.append(error)
        except KeyboardInterrupt:
            for other in jobs[number + 1 :]:
                if store.get(workspace, other.id).live:
                    store.ask(workspace, other.id, "pause")
            raise
    if errors:
        raise errors[0]


def _follow(workspace: Workspace, job: store.Job, progress: console.Progress) -> None:
    """Show a run until it rests.

    Raises:
        KeyboardInterrupt: The user pressed Ctrl-C; a checkpoint was written.
        GanaugError: The run failed or was interrupted.
    """
    try:
        job = watch(workspace, job.id, progress)
    except KeyboardInterrupt:
        progress.close()
        typer.echo("Writing a checkpoint ...", err=True)
        if store.get(workspace, job.id).live:
            store.ask(workspace, job.id, "pause")
            watch(workspace, job.id, None, CHECKPOINT_SECONDS)
        typer.echo(f"The run rests. To go on: ganaug run resume {job.name}", err=True)
        raise
    if job.state in ("failed", "interrupted"):
        raise as_error(job)
    if job.state == "paused":
        typer.echo(f"Somebody paused the run. To go on: ganaug run resume {job.name}", err=True)
        raise KeyboardInterrupt


def watch(
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
        watch(workspace, job.id, None, CHECKPOINT_SECONDS)
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


def as_error(job: store.Job) -> GanaugError:
    error = job.error or store.GONE
    if error["code"] == "interrupted":
        do = f"Go on from the last checkpoint: ganaug run resume {job.name}"
        return GanaugError(error["what"], do=do, code=error["code"])
    return GanaugError(error["what"], do=error["do"], code=error["code"])


def _seeds(text: str) -> list[int]:
    """Return the numbers of a text such as `0,1,2` or `0-4`, each once."""
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or int(last or first) - int(first) >= _MOST_SEEDS:
            raise ConfigurationError(
                f"--seeds {text} is no list of seeds.", do="Write it like --seeds 0,1,2 or --seeds 0-4.", code="seeds"
            )
        numbers += range(int(first), int(last or first) + 1)
    return list(dict.fromkeys(numbers))


def changes_of(texts: list[str]) -> dict[str, Any]:
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
