"""Reading run folders: cheap enough for a page that looks twice a second."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from ganaug_core.config.requests import Train
from ganaug_core.errors import WorkspaceError
from ganaug_core.jobs import slurm, store
from ganaug_core.records import Measurement
from ganaug_core.records.training import Checkup, Raised
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace

Parsed = TypeVar("Parsed")
UNFINISHED = {
    "what": "No process on this machine trains the run, and it had not ended.",
    "do": "Where torchrun or srun started it, give the same command again. Elsewhere, ganaug run extend goes on from "
    "its last checkpoint as a new run.",
    "code": "interrupted",
}


@dataclass(frozen=True)
class RunState:
    """A run at a glance.

    Attributes:
        cohort: What its cohort was called; `present_cohort` is the name of that very cohort now, None where it is gone.
        state: queued, starting, running, paused, stopped, done, failed or interrupted; of a run without a job, what
            its folder tells.
        images: Real images shown so far; `seconds` of training they took, without pauses.
        threads: Processor threads that it computes with, None before it began.
        job: Number of its job, to pause, stop or resume it; None where the run came without one.
        generator: Name of what came out, None while there is none.
    """

    name: str
    cohort: str
    present_cohort: str | None
    recipe: str
    seed: int
    state: str
    share: float
    message: str
    seconds_left: float | None
    images: int
    seconds: float
    images_per_second: float | None
    device: str | None
    threads: int | None
    generator: str | None
    error: dict[str, str] | None
    job: int | None
    requested_state: str

    @property
    def live(self) -> bool:
        """Waiting or running: a page keeps looking."""
        return self.state in store.LIVE


def state(workspace: Workspace, name: str) -> RunState:
    """Return how a run stands.

    Raises:
        WorkspaceError: There is no such run.
    """
    manifest, reference = workspace.manifest("runs", name), workspace.reference("runs", name)
    try:
        config = dict(manifest["config"])
        recipe, seed, cohort = str(config["recipe"]), int(config["seed"]), str(manifest["cohort"])
    except (KeyError, TypeError, ValueError) as error:
        raise WorkspaceError(
            f"The description of the run {name} is damaged.", do="Remove it and train again.", code="damaged"
        ) from error
    job = store.find(workspace, Train.step, name)
    folder = workspace.folder("runs", name)
    progress, generator = _document(folder / "state.json"), _generator(workspace, reference.identity)
    state_now = job.state if job else _state_of_folder(folder, progress, generator)
    return RunState(
        name=name,
        cohort=cohort,
        present_cohort=workspace.named("cohorts", reference.origin.inputs.get("cohort", "")),
        recipe=recipe,
        seed=seed,
        state=state_now,
        share=job.share if job else progress.get("share", 1.0 if generator else 0.0),
        message=job.message if job else "",
        seconds_left=job.seconds_left if job else None,
        images=progress.get("images", 0),
        seconds=progress.get("seconds", 0.0),
        images_per_second=progress.get("images_per_second"),
        device=progress.get("device"),
        threads=progress.get("threads"),
        generator=generator,
        error=job.error if job else _error_of_folder(folder, state_now),
        job=job.id if job else None,
        requested_state=job.requested_state if job else "run",
    )


def _state_of_folder(folder: Path, progress: dict[str, Any], generator: str | None) -> str:
    """Return the state of a run that the job table does not know: another program started it, or the table is new."""
    if locks.is_held(folder / "lock"):
        return "running"
    if progress.get("share", 1.0 if generator else 0.0) >= 1:
        return "done"
    return "stopped" if generator else "interrupted"


def _error_of_folder(folder: Path, state_now: str) -> dict[str, str] | None:
    if state_now != "interrupted":
        return None
    if (job := slurm.noted(folder)) is None:
        return UNFINISHED
    what = f"Nobody follows the SLURM job {job.number} that was to train this run."
    return {**UNFINISHED, "what": what, "do": f"Look at it: squeue --jobs={job.number}."}


def _generator(workspace: Workspace, run: str) -> str | None:
    """Return the name of the newest generator that a run made; `run` is its identity."""
    generators = [name for name in workspace.names("generators") if _run_of(workspace, name) == run]
    return generators[-1] if generators and run else None


def _run_of(workspace: Workspace, generator: str) -> str | None:
    with suppress(WorkspaceError):
        return workspace.reference("generators", generator).origin.inputs.get("run")
    return None


def history(workspace: Workspace, name: str, points: int = 400) -> dict[str, list[float | None]]:
    """Return the curves of a run: `images`, `seconds`, `share` and every measure, lists of equal length.

    Longer histories are thinned evenly to `points`; the first and the last report stay.
    """
    lines = _lines(workspace.folder("runs", name) / "history.jsonl")
    step = (len(lines) - 1) / (points - 1) if len(lines) > points else 1.0
    kept_lines = [lines[round(number * step)] for number in range(min(points, len(lines)))]
    reports = _read(kept_lines, _report)
    curves: dict[str, list[float | None]] = {
        key: [report[key] for report in reports] for key in ("images", "seconds", "share")
    }
    for key in dict.fromkeys(key for report in reports for key in report["measures"]):
        curves[key] = [report["measures"].get(key) for report in reports]
    return curves


def _report(line: dict[str, Any]) -> dict[str, Any]:
    return {**{key: line[key] for key in ("images", "seconds", "share")}, "measures": dict(line["measures"])}


def logits(workspace: Workspace, name: str) -> list[dict[str, Any]]:
    """Return the discriminator's outputs over time: `images`, and lists `train`, `tuning`, `generated`."""
    return _read(_lines(workspace.folder("runs", name) / "logits.jsonl"), lambda line: line)


@dataclass(frozen=True)
class Alarm:
    """An alarm of a run, and after how many images it was over; None while it holds."""

    raised: Raised
    over: int | None


def watched(workspace: Workspace, name: str) -> bool:
    """Return whether alarms look at a run: reports of older versions lack what came with them."""
    path = workspace.folder("runs", name) / "history.jsonl"
    try:
        with path.open("rb") as lines:
            first = _read([lines.readline()], _report)
    except FileNotFoundError:
        return False
    return bool(first) and not {"separation", "loss_ratio"}.isdisjoint(first[0]["measures"])


def alarms(workspace: Workspace, name: str) -> list[Alarm]:
    """Return the alarms of a run in the order in which they went off."""
    known_alarms: list[Alarm] = []
    for line in _read(_lines(workspace.folder("runs", name) / "alarms.jsonl"), _raised_or_over):
        if isinstance(line, Raised):
            known_alarms.append(Alarm(line, None))
            continue
        name_over, images = line
        for index, alarm in enumerate(known_alarms):
            if alarm.raised.name == name_over and alarm.over is None:
                known_alarms[index] = replace(alarm, over=images)
    return known_alarms


def _raised_or_over(line: dict[str, Any]) -> Raised | tuple[str, int]:
    """Return an alarm, or the name of one and after how many images it was over."""
    return (str(line["name"]), int(line["images"])) if line.get("over") else Raised(**line)


def checkups(workspace: Workspace, name: str) -> tuple[list[Checkup], int | None]:
    """Return the measured checkpoints of a run, oldest first, and the images of the one that is kept."""
    lines = _lines(workspace.folder("runs", name) / "checkups.jsonl")
    records = _read(lines, lambda line: (Checkup.of(line), line["kept"]))
    return [checkup for checkup, _ in records], records[-1][1] if records else None


def previews(workspace: Workspace, name: str) -> list[tuple[int, Path]]:
    """Return the sample sheets over time: images shown so far, and the PNG (a class a row, eight columns)."""
    sheets = sorted((workspace.folder("runs", name) / "previews").glob("*.png"))
    return [(int(sheet.stem), sheet) for sheet in sheets]


def log(workspace: Workspace, name: str, lines: int = 40) -> str:
    """Return the end of what the worker said."""
    path = workspace.folder("runs", name) / "log.txt"
    text = path.read_text("utf-8", errors="replace") if path.exists() else ""
    return "\n".join(text.splitlines()[-lines:])


def as_json(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return schema `ganaug.run/1`."""
    run_state = state(workspace, name)
    content = {
        key: value
        for key, value in asdict(run_state).items()
        if key not in ("message", "job", "requested_state", "present_cohort")
    }
    saved = {
        int(description["images"])
        for description in map(_document, (workspace.folder("runs", name) / "checkpoints").glob("*.json"))
        if "images" in description
    }
    measured_checkups, kept_images = checkups(workspace, name)
    by_images = {checkup.images: checkup for checkup in measured_checkups}
    moments = sorted(saved | by_images.keys())
    if kept_images is None and moments:
        kept_images = moments[-1]
    checkpoints = [
        {"images": images, "kept": images == kept_images, "measurements": _measurements_of(by_images.get(images))}
        for images in moments
    ]
    raised = [{**asdict(alarm.raised), "over": alarm.over} for alarm in alarms(workspace, name)]
    return {"schema": "ganaug.run/1", **content, "checkpoints": checkpoints, "alarms": raised}


def _measurements_of(checkup: Checkup | None) -> dict[str, Any]:
    """Return the measurements by name; those of one class by `name/class`."""
    if checkup is None:
        return {}
    by_name = {}
    for measurement in checkup.measurements:
        key = measurement.name if measurement.class_name is None else f"{measurement.name}/{measurement.class_name}"
        by_name[key] = _numbers(measurement)
    if checkup.copying_p is not None and "copied_share" in by_name:
        by_name["copied_share"]["p_value"] = checkup.copying_p
    return by_name


def _numbers(measurement: Measurement) -> dict[str, Any]:
    content = asdict(measurement)
    return {key: content[key] for key in content if key not in ("name", "class_name")}


def names(workspace: Workspace) -> list[str]:
    """Return the names of all runs, oldest first."""
    return workspace.names("runs")


def cohorts(workspace: Workspace) -> dict[str, str | None]:
    """Return by run, oldest first, the name that its very cohort has now, None where it is gone or the run damaged."""
    by_run: dict[str, str | None] = {}
    for name in names(workspace):
        by_run[name] = None
        with suppress(WorkspaceError):
            origin = workspace.reference("runs", name).origin
            by_run[name] = workspace.named("cohorts", origin.inputs.get("cohort", ""))
    return by_run


def _document(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise WorkspaceError(
            f"{path.name} of the run {path.parent.name} is damaged.",
            do="Resume the run: it is written anew.",
            code="damaged",
        ) from error


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines() if path.exists() else []


def _read(lines: list[bytes], parse: Callable[[dict[str, Any]], Parsed]) -> list[Parsed]:
    """Return what the lines say; the last one may be half written, and a damaged one does not hide the others."""
    parsed = []
    for line in lines:
        with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
            parsed.append(parse(json.loads(line)))
    return parsed
