"""What each kind of job does: the steps put together. Workers and the command line call the same functions.

A task takes the workspace, the request of the job table and a `report(share, message)`, and returns the name of what it
made. `report` may raise `Asked`: that is how a user stops it. Everything heavy is imported inside.
"""

import json
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug_core.errors import EvidenceError, GeneratorError, TrainingError
from ganaug_core.interfaces import Report, silent
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace, write_atomic

if TYPE_CHECKING:
    from ganaug_core.audit import Space
    from ganaug_core.generators import Generator
    from ganaug_core.jobs.recorder import Recorder
    from ganaug_core.metrics.statistics import Values
    from ganaug_core.records import Cohort, Samples
    from ganaug_core.training import Training

Task = Callable[[Workspace, Mapping[str, Any], Report], str]

AUDIT_SPACES = ("simclr", "texture", "pixels", "classifier")
MAP_SPACE = "simclr"
SUSPECT = 0.1  # Benjamini-Hochberg, as in the list of the audit
RESCUES = 2
DISCRIMINATOR = "discriminator"


class Asked(Exception):
    """The user asked for a `pause` or a `stop`, or the system for an end (`interrupt`)."""

    def __init__(self, wish: str) -> None:
        super().__init__(wish)
        self.wish = wish


def stretch(report: Report, begin: float, end: float) -> Report:
    """Return a report whose 0 to 1 is `begin` to `end` of the whole."""
    return lambda share, message: report(begin + (end - begin) * share, message)


def import_cohort(workspace: Workspace, request: Mapping[str, Any], report: Report = silent) -> str:
    """Request: `source`, `name`, perhaps `draft` (the split stays a proposal), the fields of `cohort.Plan` and the
    other arguments of `cohort.read_cohort`.
    """
    from ganaug_core import cohort, readers
    from ganaug_core.cohort import drafts

    arguments = dict(request)
    name, source = arguments.pop("name"), arguments.pop("source")
    settings = {each.name for each in fields(cohort.Plan)}
    plan = cohort.Plan(**{key: arguments.pop(key) for key in settings & arguments.keys()})
    if columns := arguments.pop("columns", None):
        arguments["columns"] = readers.Columns(**columns)
    if choices := arguments.pop("choices", None):
        arguments["choices"] = readers.Choices(**choices)
    for pair in ("value_range", "percentiles"):
        if arguments.get(pair):
            arguments[pair] = tuple(arguments[pair])
    fixed = not arguments.pop("draft", False)
    workspace.free("cohorts", name)
    made = cohort.read_cohort(source, name, plan, fixed=fixed, folder=workspace.root, report=report, **arguments)
    files = {drafts.PATHS: json.dumps(made.paths).encode()}
    if not made.cohort.fixed:
        files[drafts.FILE] = made.draft.to_bytes()
    workspace.keep(made.cohort, name, files=files)
    return str(name)


def train(workspace: Workspace, request: Mapping[str, Any], report: Report = silent) -> str:
    """Request: `name` of the run, `cohort`, `config`. Goes on from the latest checkpoint; stopped, keeps what there is.

    Where the arithmetic breaks down, the run goes back to its last checkpoint and tries with half the learning rates,
    twice at most.

    Raises:
        Asked: Paused or interrupted, after a checkpoint was written; or stopped before the first image.
    """
    from ganaug_core.jobs.recorder import Recorder
    from ganaug_core.records.training import Raised

    name, folder = request["name"], workspace.folder("runs", request["name"])
    training, images = _training(workspace, request)
    recorder = Recorder(folder, training, images=images)
    while True:
        try:
            images = _play(training, recorder, report, images)
            break
        except TrainingError as error:
            if error.code != "nonfinite" or training.rescues >= RESCUES:
                raise
            training, images = _training(workspace, request, rescues=training.rescues + 1)
            recorder = Recorder(folder, training, images=images)
            say = f"{error.what} The run went back to {images:,} images and goes on with half the learning rates."
            recorder.alarm(Raised("not_a_number", images, say, "Nothing now. For the next run, lower both rates."))
    recorder.checkpoint()
    _keep_generator(workspace, name, training.passport(name), training.generator())
    return str(name)


def _training(workspace: Workspace, request: Mapping[str, Any], rescues: int = 0) -> tuple["Training", int]:
    """Return the run as its latest checkpoint left it, and the images that it had seen."""
    from ganaug_core.config import TrainingConfig
    from ganaug_core.training import Training, latest_checkpoint

    state = latest_checkpoint(workspace.folder("runs", request["name"]) / "checkpoints")
    config = TrainingConfig.model_validate(request["config"])
    training = Training(workspace.cohort(request["cohort"]), config, state=state, rescues=rescues)
    return training, training.images


def _play(training: "Training", recorder: "Recorder", report: Report, images: int) -> int:
    """Train and write it down until the budget is spent or the user asks for a stop; return the images seen."""
    try:
        report(training.share, f"training on {training.device_in_words}")
        for progress in training:
            images = progress.images
            recorder.write(progress)
            report(progress.share, f"{progress.images:,} images shown")
    except Asked as asked:
        recorder.checkpoint()
        if not images or (asked.wish != "stop" and training.share < 1):
            raise
        if (last := training.settle()) is not None:
            recorder.write(last)
    return images


def sample(workspace: Workspace, request: Mapping[str, Any], report: Report = silent) -> str:
    """Request: `generator`, `per_class`, `seed`, `truncation`, `name`, perhaps `classes`, `mixing`."""
    from ganaug_core import generators

    report(0.0, "drawing")
    samples = generators.draw(
        load_generator(workspace, request["generator"]),
        request["name"],
        per_class=request["per_class"],
        classes=request.get("classes"),
        seed=request.get("seed", 0),
        truncation=request.get("truncation", 1.0),
        mixing=request.get("mixing", 0.0),
    )
    workspace.keep(samples, request["name"], replace=True)
    return str(request["name"])


def import_samples(workspace: Workspace, request: Mapping[str, Any], report: Report = silent) -> str:
    """Request: `source`, `cohort`, `name`."""
    from ganaug_core import cohort

    workspace.free("samples", request["name"])
    known = _cohort(workspace, request["cohort"])
    samples = cohort.import_samples(Path(request["source"]), known, request["name"], report=report)
    workspace.keep(samples, request["name"])
    return str(request["name"])


def map_(workspace: Workspace, request: Mapping[str, Any], report: Report = silent) -> str:
    """Request: `cohort`, `samples`, `encoder`, perhaps `seed`."""
    from ganaug_core import maps

    encoder, seed = request.get("encoder", MAP_SPACE), request.get("seed", 0)
    cohort, samples = _cohort(workspace, request["cohort"]), workspace.samples(request["samples"])
    space = feature_space(workspace, cohort, samples, encoder, stretch(report, 0, 0.6))
    drawn = maps.build(cohort, samples, space.real, space.synthetic, seed=seed, report=stretch(report, 0.6, 1))
    name = map_name(cohort.name, samples.name, encoder)
    workspace.keep(drawn, name, replace=True)
    return name


def audit(workspace: Workspace, request: Mapping[str, Any], report: Report = silent) -> str:
    """Request: `cohort`, `samples`, perhaps `trust_split`, `seed`, `encoders`, `command`."""
    from ganaug_core import audit as step
    from ganaug_core import features

    cohort, samples = _cohort(workspace, request["cohort"]), workspace.samples(request["samples"])
    encoders = request.get("encoders") or AUDIT_SPACES
    spaces = {}
    for place, encoder in enumerate(encoders):
        begin, end = (0.4 * border / len(encoders) for border in (place, place + 1))
        spaces[encoder] = feature_space(workspace, cohort, samples, encoder, stretch(report, begin, end))
    judged = step.audit(
        cohort,
        samples,
        spaces,
        seed=request.get("seed", 0),
        trust_split=request.get("trust_split", False),
        logits=_logits(workspace, cohort, samples),
        command=request.get("command", ""),
        remember=features.remembered(cohort, workspace),
        report=stretch(report, 0.4, 1),
    )
    name = audit_name(cohort.name, samples.name)
    folder = workspace.keep(judged, name, replace=True)
    write_atomic(folder / "audit.json", json.dumps(step.as_json(judged), indent=1).encode())
    return name


def rarer(workspace: Workspace, request: Mapping[str, Any], report: Report = silent) -> str:
    """Request: `cohort`, `class`, `keep`, `name`, perhaps `seed`. The same wish under the same name is made once."""
    from ganaug_core import cohort

    report(0.0, "leaving patients out")
    made = cohort.rarer(
        _cohort(workspace, request["cohort"]),
        request["class"],
        request["keep"],
        name=request["name"],
        seed=request.get("seed", 0),
    )
    known = workspace.exists("cohorts", made.name) and workspace.manifest("cohorts", made.name)["digest"]
    if known != made.digest:
        paths = workspace.paths(request["cohort"])
        left = {image: paths[image] for image in made.ids.tolist() if image in paths}
        workspace.keep(made, made.name, files={"paths.json": json.dumps(left).encode()})
    return str(made.name)


def benefit(workspace: Workspace, request: Mapping[str, Any], report: Report = silent) -> str:
    """Request: `cohort`, `samples`, perhaps `rare`, `repetitions`, `steps`, `seed`, `trust_split`, `command`.

    The result is kept after each classifier of the first repetition and after each repetition, so a page can show it;
    what was trained is found again when the job is started anew.
    """
    from ganaug_core import benefit as step

    cohort, samples = _cohort(workspace, request["cohort"]), workspace.samples(request["samples"])
    decided = {each.image: each.decision for each in Database(workspace.database_path).decisions(samples.digest)}
    experiment = step.Experiment.of(
        cohort,
        samples,
        rare=request.get("rare"),
        kept=[image for image, decision in decided.items() if decision == "keep"],
        rejected=[image for image, decision in decided.items() if decision == "reject"],
        copies=suspected_copies(workspace, audit_name(cohort.name, samples.name), samples.digest),
        trust_split=request.get("trust_split", False),
        classifier=step.Classifier(steps=request["steps"]) if request.get("steps") else step.Classifier(),
        repetitions=request.get("repetitions") or step.REPETITIONS,
        seed=request.get("seed", 0),
        command=request.get("command", ""),
    )
    name = benefit_name(cohort.name, samples.name)
    sheets = {f"{arm}.png": picture for arm, picture in experiment.sheets().items()}
    for found in experiment.run(workspace, report=report):
        document = json.dumps(step.as_json(found)).encode()
        workspace.keep(found, name, files={**sheets, "benefit.json": document}, replace=True)
    return name


def import_generator(workspace: Workspace, request: Mapping[str, Any], report: Report = silent) -> str:
    """Request: `path`, `name`. The file is checked before anything of it is kept."""
    from ganaug_core import generators

    workspace.free("generators", request["name"])
    report(0.0, "checking the file")
    _keep_file(workspace, request["name"], Path(request["path"]), generators.load(Path(request["path"])))
    return str(request["name"])


TASKS: dict[str, Task] = {
    "import": import_cohort,
    "train": train,
    "sample": sample,
    "samples_import": import_samples,
    "map": map_,
    "audit": audit,
    "generator_import": import_generator,
    "rarer": rarer,
    "benefit": benefit,
}


def samples_name(generator: str, per_class: int, seed: int) -> str:
    return f"{generator}-{per_class}-seed{seed}"


def map_name(cohort: str, samples: str, encoder: str) -> str:
    return f"{cohort}--{samples}--{encoder}"


def audit_name(cohort: str, samples: str) -> str:
    return f"{cohort}--{samples}"


def benefit_name(cohort: str, samples: str) -> str:
    return f"{cohort}--{samples}"


def rarer_name(cohort: str, class_name: str, keep: int) -> str:
    """Return a name for a cohort made rarer; what cannot be part of a name becomes a dash."""
    return f"{cohort}-{re.sub(r'[^A-Za-z0-9._-]+', '-', class_name)[:40]}-{keep}"


def load_generator(workspace: Workspace, name: str) -> "Generator":
    """Return a generator of the workspace.

    Raises:
        WorkspaceError: There is none of that name.
        GeneratorError: Its file is damaged.
    """
    from ganaug_core import generators

    workspace.manifest("generators", name)
    return generators.load(workspace.folder("generators", name) / "generator.safetensors")


def _cohort(workspace: Workspace, name: str) -> "Cohort":
    """Return a cohort; the first thing that is made from it fixes its split."""
    from ganaug_core.cohort import drafts

    drafts.fix(workspace, name)
    return workspace.cohort(name)


def suspected_copies(workspace: Workspace, audit: str, samples: str) -> list[str]:
    """Return the ids of the samples that the audit of exactly these images took for copies; none without an audit."""
    if not workspace.exists("audits", audit):
        return []
    found = workspace.audit(audit)
    if found.synthetic["hash"] != samples:
        return []
    return [each.synthetic for each in found.suspects if each.identical or each.q_value < SUSPECT]


def feature_space(workspace: Workspace, cohort: "Cohort", samples: "Samples", encoder: str, report: Report) -> "Space":
    """Return the features of a cohort and of samples; EvidenceError where a run is asked for that is not here."""
    from ganaug_core import features
    from ganaug_core.audit import Space

    if encoder == DISCRIMINATOR:
        state = run_behind(workspace, samples)
        if state is None:
            raise EvidenceError(
                f"The run that made {samples.name} is not in this workspace, so its discriminator cannot be asked.",
                do="Leave this encoder out, or audit where the run was trained.",
                code="no_run",
            )
        fitted = features.discriminator(state, cohort.shape, len(cohort.classes))
    else:
        fitted = features.fit(cohort, encoder, cache=workspace, report=stretch(report, 0, 0.8))
    report(0.8, f"looking through {encoder}")
    return Space(features.of_cohort(cohort, fitted, workspace), features.of_samples(samples, fitted, workspace))


def _logits(workspace: Workspace, cohort: "Cohort", samples: "Samples") -> "tuple[Values, Values] | None":
    """Return what the discriminator behind the samples says of training and held-out images, if it is here."""
    from ganaug_core import features
    from ganaug_core.records import HOLDOUT, TRAIN

    state = run_behind(workspace, samples)
    if state is None or state["cohort"] != cohort.digest:
        return None
    train, held = (features.discriminator_logits(state, cohort, cohort.where(role)) for role in (TRAIN, HOLDOUT))
    return train, held


def run_behind(workspace: Workspace, samples: "Samples") -> Mapping[str, Any] | None:
    """Return the newest checkpoint of the run whose generator drew the samples; None if it is not here."""
    from ganaug_core.training import latest_checkpoint

    wanted = samples.provenance.get("generator")
    for name in workspace.names("generators") if wanted else ():
        if workspace.manifest("generators", name).get("hash") == wanted:
            return latest_checkpoint(workspace.folder("runs", name) / "checkpoints")
    return None


def _keep_generator(workspace: Workspace, name: str, passport: Any, weights: Any) -> None:
    from ganaug_core import generators

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generator.safetensors"
        generators.write(path, passport, weights)
        try:
            loaded = generators.load(path)
        except GeneratorError as error:
            raise TrainingError(
                f"The run {name} gave no usable generator: {error.what}",
                do="Look at its previews; train longer or with another recipe.",
                code="useless_generator",
            ) from error
        _keep_file(workspace, name, path, loaded)


def _keep_file(workspace: Workspace, name: str, path: Path, loaded: "Generator") -> None:
    passport = loaded.passport.model_dump(mode="json")
    manifest = {"schema": "ganaug.generator/1", "name": name, "hash": loaded.digest, "passport": passport}
    workspace.write("generators", name, manifest, files={"generator.safetensors": path.read_bytes()}, replace=True)
