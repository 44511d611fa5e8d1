"""Every step of the way as a function on a workspace: START READING HERE.

    labelled images -> import_cohort -> train -> sample -> build_map -> audit_samples -> measure_benefit

The app's workers, the command line and the notebook call these and nothing else. A step takes the workspace, its
request (`config/requests.py`) and a `report(share, message)`, and returns the name of what it made; what is there
already, made from the same inputs with the same settings by the same method, is found and not made again. `report` may
raise `StopRequested`: that is how a user stops a step. Everything heavy is imported inside.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug_core import plans
from ganaug_core.background import Background
from ganaug_core.config.requests import (
    DISCRIMINATOR,
    MADE_OF,
    SCALED,
    AuditSamples,
    BuildMap,
    DrawRecipes,
    FindLatent,
    GatherMoments,
    ImportCohort,
    ImportGenerator,
    ImportNetwork,
    ImportSamples,
    MeasureBenefit,
    ReduceClass,
    Request,
    Sample,
    Search,
    SelectSamples,
    Train,
)
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import EvidenceError, TrainingError, WorkspaceError
from ganaug_core.interfaces import Report, silent
from ganaug_core.records.digest import digest_of
from ganaug_core.records.made import Made, UsedEncoder, versions
from ganaug_core.records.origin import Origin
from ganaug_core.records.plan import Planned
from ganaug_core.storage import holdout_log, run_past
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace, check_name

if TYPE_CHECKING:
    from ganaug_core.audit import Space
    from ganaug_core.metrics.statistics import Values
    from ganaug_core.records import Cohort, Samples
    from ganaug_core.records.benefit import Benefit
    from ganaug_core.records.reading import Reading
    from ganaug_core.training import Training
    from ganaug_core.training.processes import Processes
    from ganaug_core.training.recorder import Recorder

RESCUES = 2
ENCODING = 0.4  # of an audit's progress, and what its own is when the search for copies is over
SEARCHED = 0.6
METHODS = "methods.txt"
BESIDE_AUDIT = ("audit.json", METHODS)
"""Files that lie beside an audit: its document, and a methods section."""
OUTCOME_KINDS: Mapping[type[Request], str] = {
    ImportCohort: "cohorts",
    ReduceClass: "cohorts",
    Train: "runs",
    Search: "sweeps",
    ImportGenerator: "generators",
    ImportNetwork: "generators",
    Sample: "samples",
    ImportSamples: "samples",
    SelectSamples: "samples",
    DrawRecipes: "samples",
    FindLatent: "samples",
    GatherMoments: "samples",
    BuildMap: "maps",
    AuditSamples: "audits",
    MeasureBenefit: "benefits",
}


_Named = Sample | ReduceClass | SelectSamples | DrawRecipes | FindLatent | GatherMoments
_NAMED = (Sample, ReduceClass, SelectSamples, DrawRecipes, FindLatent, GatherMoments)
"""Requests whose outcome is called after what it is where no name is asked for."""


class StopRequested(Exception):
    """The user asked for a `pause` or a `stop`, or the system for an end (`interrupt`)."""

    def __init__(self, requested_state: str) -> None:
        super().__init__(requested_state)
        self.requested_state = requested_state


@dataclass(frozen=True)
class Trained:
    """What a run made: the bytes of its generator's file, and the images that its kept checkpoint had seen."""

    content: bytes
    images: int


def stretch(report: Report, begin: float, end: float) -> Report:
    """Return a report whose 0 to 1 is `begin` to `end` of the whole."""
    return lambda share, message: report(begin + (end - begin) * share, message)


# what a request makes


@dataclass(frozen=True)
class Outcome:
    """What a request makes: kind and name in the workspace, and from what; `key` is equal for equal work."""

    kind: str
    name: str
    origin: Origin

    @property
    def key(self) -> str:
        return self.origin.key(self.kind)


def outcome(workspace: Workspace, request: Request) -> Outcome:
    """Return what a request makes of the inputs that have their names now; nothing is made.

    Raises:
        WorkspaceError: An input is not there, or the name cannot be one.
    """
    kind = OUTCOME_KINDS[type(request)]
    if isinstance(request, _NAMED):
        return _named_outcome(workspace, kind, request)
    if isinstance(request, BuildMap | AuditSamples | MeasureBenefit):
        origin = _origin(workspace, kind, request)
        return Outcome(kind, origin.key(kind), origin)
    return Outcome(kind, check_name(request.name), _origin(workspace, kind, request))


def existing_result(workspace: Workspace, request: Request) -> str | None:
    """Return the name of what this very request made already, None where it has to be made."""
    expected = outcome(workspace, request)
    name_asked = request.name if isinstance(request, _NAMED) else ""
    origin = origin_now(workspace, request)
    results = workspace.find(expected.kind, origin.inputs, **origin.settings)
    return next((name for name, _ in results if name_asked in ("", name)), None)


def origin_now(workspace: Workspace, request: Request) -> Origin:
    """Return what a result made now records.

    Of a benefit experiment also what is known of single images: that belongs to the result and not to the request, as
    it may change while the job waits.
    """
    origin = outcome(workspace, request).origin
    if isinstance(request, MeasureBenefit):
        return _curated(origin, curation(workspace, request.cohort, request.samples))
    return origin


def prepare(workspace: Workspace, request: Request) -> Outcome:
    """Refuse what is known to fail before the work, fix the split of a draft that is to be used, and say what comes.

    Raises:
        GanaugError: An input is not there, the name is taken, images with likely burned-in text were not looked at, or
            no generator can have the cohort's classes.
    """
    alone = (ImportCohort, ImportGenerator, ImportNetwork, Sample, SelectSamples, DrawRecipes, GatherMoments)
    if not isinstance(request, alone):
        from ganaug_core.cohort import draft_split

        draft_split.fix(workspace, request.cohort)
    expected = outcome(workspace, request)
    named = isinstance(request, ImportCohort | ImportGenerator | ImportNetwork | ImportSamples)
    if named or (isinstance(request, _NAMED) and request.name and existing_result(workspace, request) is None):
        workspace.free(expected.kind, expected.name)
    if isinstance(request, Train):
        from ganaug_core.config import check_classes

        check_classes(workspace.cohort(request.cohort).classes)
        if not _is_of(workspace, request.name, expected.name):
            workspace.free("generators", request.name)
        if request.after:
            run_past.require_same(workspace, request)
    return expected


def source(request: Request) -> str:
    """Return the file or folder that a request reads, empty where it reads the workspace alone."""
    if isinstance(request, ImportGenerator | ImportNetwork):
        return request.path
    return request.source if isinstance(request, ImportCohort | ImportSamples) else ""


def run(workspace: Workspace, request: Request, report: Report = silent) -> str:
    """Do what a request asks and return the name of what it made."""
    step: Callable[[Workspace, Any, Report], str] = STEPS[type(request)]
    return step(workspace, request, report)


# the steps


def import_cohort(workspace: Workspace, request: ImportCohort, report: Report = silent) -> str:
    """Labelled images -> cohort: read, check, find near-duplicates, split by patient.

    Raises:
        CohortError: Nothing usable; the message says why.
        WorkspaceError: The name is taken, or the disk is full.
    """
    from ganaug_core import cohort
    from ganaug_core.cohort import draft_split

    expected = prepare(workspace, request)
    imported = cohort.read_cohort(
        request.source,
        request.name,
        request.plan,
        size=request.size,
        value_range=request.value_range,
        percentiles=request.percentiles,
        columns=request.columns,
        choices=request.choices,
        fixed=not request.draft,
        folder=workspace.root,
        report=report,
    )
    record = imported.cohort
    if imported.proposes_patients and not record.suspected_text:  # who looks at it can still use the proposal
        record = replace(record, fixed=False)
    files = {draft_split.PATHS: json.dumps(imported.paths).encode()}
    if not record.fixed:
        files[draft_split.FILE] = imported.draft.to_bytes()
    workspace.keep(record, request.name, files=files, origin=expected.origin)
    return request.name


def reduce_class(workspace: Workspace, request: ReduceClass, report: Report = silent) -> str:
    """Cohort -> cohort with fewer training patients of one class."""
    from ganaug_core import cohort
    from ganaug_core.cohort import draft_split

    expected = prepare(workspace, request)
    if existing := existing_result(workspace, request):
        return existing
    report(0.0, "leaving patients out")
    reduced = cohort.reduce_class(
        workspace.cohort(request.cohort), request.class_name, request.keep, name=expected.name, seed=request.seed
    )
    paths = workspace.paths(request.cohort)
    kept_paths = {image: paths[image] for image in reduced.ids.tolist() if image in paths}
    files = {draft_split.PATHS: json.dumps(kept_paths).encode()}
    workspace.keep(reduced, expected.name, files=files, origin=expected.origin)
    return expected.name


def begin_run(workspace: Workspace, request: Train) -> Path:
    """Make the folder of a run, into which `train` writes, and return it; one after another run begins with its past.

    Raises:
        WorkspaceError: The name is taken.
        TrainingError: The run that it begins with has another cohort or other settings, or no checkpoint.
    """
    expected = prepare(workspace, request)
    files, links = run_past.past(workspace, request.after) if request.after else ({}, {})
    manifest = {"schema": "ganaug.run/1", "name": request.name, "cohort": request.cohort, "config": request.config}
    workspace.free("runs", request.name)
    identity = digest_of(expected.origin.inputs, request.config, str(workspace.root), _now())
    return workspace.write(
        "runs", request.name, manifest, files=files, identity=identity, origin=expected.origin, links=links
    )


def train(workspace: Workspace, request: Train, report: Report = silent) -> str:
    """Cohort -> run -> generator. Goes on from the latest checkpoint; stopped, keeps what there is.

    Raises:
        ConfigurationError: A part that several devices cannot share, or there are not so many.
        StopRequested: Paused or interrupted, after a checkpoint was written; or stopped before the first image.
        TrainingError: The cohort is not the one that the run began with, or nothing usable came out.
    """
    folder = run_folder(workspace, request)
    with together(request, workspace) as processes:
        trained = train_into(folder, workspace.cohort(request.cohort), request, report, processes=processes)
    keep_trained(workspace, request, trained)
    return request.name


def run_folder(workspace: Workspace, request: Train) -> Path:
    """Return the folder of a run, made if it is not there.

    Raises:
        TrainingError: The cohort is not the one that the run began with.
    """
    if not workspace.exists("runs", request.name):
        begin_run(workspace, request)
    _same_cohort(workspace, request, workspace.reference("runs", request.name).origin)
    return workspace.folder("runs", request.name)


def train_into(
    folder: Path,
    cohort: "Cohort",
    request: Train,
    report: Report = silent,
    *,
    processes: "Processes | None" = None,
) -> Trained:
    """Train as `train` does, and touch nothing but the run's folder: the workspace may lie elsewhere.

    Where the arithmetic breaks down, the run goes back to its last checkpoint and tries with half the learning rates,
    twice at most. Where several processes train it together this one leads, and the others write nothing.

    Raises:
        StopRequested: As `train`.
        TrainingError: The arithmetic kept breaking down.
    """
    from ganaug_core.generators import files
    from ganaug_core.records.training import Raised
    from ganaug_core.training.recorder import Recorder

    training, images = _training(folder, cohort, request, processes)
    recorder = Recorder(folder, training, images=images)
    while True:
        try:
            images = _train_until_stopped(training, recorder, report, images)
            break
        except TrainingError as error:
            if error.code != "nonfinite" or training.rescues >= RESCUES:
                raise
            training, images = _training(folder, cohort, request, processes, rescues=training.rescues + 1)
            recorder = Recorder(folder, training, images=images)
            say = f"{error.what} The run went back to {images:,} images and goes on with half the learning rates."
            recorder.alarm(Raised("not_a_number", images, say, "Nothing now. For the next run, lower both rates."))
    recorder.checkpoint()
    return Trained(files.packed(training.passport(request.name), training.generator()), training.kept_images)


def keep_trained(workspace: Workspace, request: Train, trained: Trained) -> None:
    """Keep what a run made, after trying it like a stranger's file; the same run's earlier generator goes.

    Raises:
        TrainingError: It is not usable.
    """
    from ganaug_core.errors import GeneratorError
    from ganaug_core.generators import files, stored

    name, reference = request.name, workspace.reference("runs", request.name)
    try:
        loaded = files.loads(trained.content)
    except GeneratorError as error:
        raise TrainingError(
            f"The run {name} gave no usable generator: {error.what}",
            do="Look at its previews; train longer or with another recipe.",
            code="useless_generator",
        ) from error
    origin = Origin(
        inputs={"cohort": reference.origin.inputs["cohort"], "run": reference.identity},
        settings={"images": trained.images},
        revision=REVISIONS["generators"],
        names={"cohort": request.cohort, "run": name},
    )
    if _is_of(workspace, name, name):
        workspace.remove("generators", name)
    stored.keep(workspace, name, trained.content, loaded.passport, origin)


def follow_training(cohort: Callable[[], "Cohort"], request: Train) -> None:
    """Be one of several processes that train a run together, and do what the first one says; nothing is written.

    For processes that torchrun or SLURM started; the others are started by the one that leads.

    Args:
        cohort: Reads it.
    """
    from ganaug_core.training import follower

    follower.leave_signals_to_the_leader()
    with together(request) as processes:
        follower.follow(cohort(), processes)


def import_generator(workspace: Workspace, request: ImportGenerator, report: Report = silent) -> str:
    """File -> generator. The file is checked and tried before anything of it is kept."""
    from ganaug_core.generators import guard, stored

    expected = prepare(workspace, request)
    report(0.0, "checking the file")
    content, passport = guard.checked(Path(request.path))
    stored.keep(workspace, request.name, content, passport, expected.origin)
    return request.name


def import_network(workspace: Workspace, request: ImportNetwork, report: Report = silent) -> str:
    """ONNX file of another program -> generator, in classes, size, unit and range of the cohort that it imitates."""
    from ganaug_core.generators import guard, stored
    from ganaug_core.generators.onnx_claim import claim

    expected = prepare(workspace, request)
    said = claim(workspace.cohort(request.imitated), request)
    report(0.0, "checking the file")
    content, passport = guard.checked(Path(request.path), said)
    stored.keep(workspace, request.name, content, passport, expected.origin)
    return request.name


def sample(workspace: Workspace, request: Sample, report: Report = silent) -> str:
    """Generator -> samples."""
    from ganaug_core import generators
    from ganaug_core.generators import stored

    expected = prepare(workspace, request)
    if existing := existing_result(workspace, request):
        return existing
    report(0.0, "drawing")
    samples = generators.draw(
        stored.load(workspace, request.generator),
        expected.name,
        per_class=request.per_class,
        classes=request.classes,
        seed=request.seed,
        truncation=request.truncation,
        truncation_by=request.truncation_by,
        mixing=request.mixing,
        report=report,
    )
    workspace.keep(samples, expected.name, origin=expected.origin)
    return expected.name


def import_samples(workspace: Workspace, request: ImportSamples, report: Report = silent) -> str:
    """Anybody's synthetic images -> samples on a cohort's grid and in its unit."""
    from ganaug_core import cohort

    expected = prepare(workspace, request)
    cohort_record = workspace.cohort(request.cohort)
    samples = cohort.import_samples(Path(request.source), cohort_record, request.name, report=report)
    workspace.keep(samples, request.name, origin=expected.origin)
    return request.name


def select_samples(workspace: Workspace, request: SelectSamples, report: Report = silent) -> str:
    """Samples -> some of them, as a set that can be audited.

    Raises:
        GeneratorError: None of these images is in the set.
    """
    from ganaug_core.generators.selection import selected

    expected = prepare(workspace, request)
    if existing := existing_result(workspace, request):
        return existing
    report(0.0, "choosing images")
    samples = selected(workspace.samples(request.samples), request.images, expected.name)
    workspace.keep(samples, expected.name, origin=expected.origin)
    return expected.name


def draw_recipes(workspace: Workspace, request: DrawRecipes, report: Report = silent) -> str:
    """Generator -> samples, each image made of its recipe.

    Raises:
        GeneratorError: No recipe, or one that the generator cannot follow.
    """
    from ganaug_core.generators import latent_space, stored

    expected = prepare(workspace, request)
    if existing := existing_result(workspace, request):
        return existing
    report(0.0, "drawing")
    generator = stored.load(workspace, request.generator)
    samples = latent_space.draw_recipes(generator, request.recipes, expected.name, report)
    workspace.keep(samples, expected.name, origin=expected.origin)
    return expected.name


def find_latent(workspace: Workspace, request: FindLatent, report: Report = silent) -> str:
    """Generator and a real image -> samples of one image, the nearest that was found.

    Raises:
        GeneratorError: Images of another size, or a class that the generator does not have.
        CohortError: The cohort has no such image.
    """
    from ganaug_core.generators import nearest_latent, stored

    expected = prepare(workspace, request)
    if existing := existing_result(workspace, request):
        return existing
    report(0.0, "reading the generator")
    generator, cohort = stored.load(workspace, request.generator), workspace.cohort(request.cohort)
    samples = nearest_latent.search(generator, cohort, request.image, expected.name, seed=request.seed, report=report)
    workspace.keep(samples, expected.name, origin=expected.origin)
    return expected.name


def gather_moments(workspace: Workspace, request: GatherMoments, report: Report = silent) -> str:
    """Run -> samples: what it drew over time, to be followed on a map.

    Raises:
        TrainingError: It has drawn nothing, or something else than images like those of its cohort.
        WorkspaceError: Its cohort is not here any more.
    """
    from ganaug_core.training import moments

    expected = prepare(workspace, request)
    if existing := existing_result(workspace, request):
        return existing
    report(0.0, "reading previews")
    reference = workspace.reference("runs", request.run)
    cohort = workspace.named("cohorts", reference.origin.inputs.get("cohort", ""))
    if cohort is None:
        raise WorkspaceError(
            f"The cohort of the run {request.run} is not in this workspace.", do="Import it again.", code="missing"
        )
    sheets = sorted((workspace.folder("runs", request.run) / "previews").glob("*.png"))[: request.moments]
    samples = moments.gathered(
        [(int(sheet.stem), sheet) for sheet in sheets],
        workspace.cohort(cohort),
        request.run,
        expected.name,
        reference.identity,
    )
    workspace.keep(samples, expected.name, origin=expected.origin)
    return expected.name


def build_map(workspace: Workspace, request: BuildMap, report: Report = silent) -> str:
    """Cohort and samples -> map."""
    from ganaug_core import maps

    expected = prepare(workspace, request)
    if existing := existing_result(workspace, request):
        return existing
    cohort, samples = workspace.cohort(request.cohort), workspace.samples(request.samples)
    space = feature_space(workspace, cohort, samples, request.encoder, stretch(report, 0, 0.6))
    map_ = maps.build(
        cohort,
        samples,
        space.real,
        space.synthetic,
        seed=request.seed,
        neighbourhoods=request.neighbourhoods,
        report=stretch(report, 0.6, 1),
    )
    holdout_log.record(workspace, cohort, expected.kind, expected.name, f"drawing a map with {request.samples}")
    workspace.keep(map_, expected.name, origin=expected.origin)
    return expected.name


def audit_samples(workspace: Workspace, request: AuditSamples, report: Report = silent) -> str:
    """Cohort and samples -> audit. Asked for again it is made again: somebody wants to see whether it holds."""
    from ganaug_core import features
    from ganaug_core.audit import as_json, as_text, audit, methods, require

    expected = prepare(workspace, request)
    cohort, samples = workspace.cohort(request.cohort), workspace.samples(request.samples)
    require(cohort, request.subgroups)
    planned = plans.check_audit(workspace, cohort, request)
    with _feature_spaces(workspace, cohort, samples, request.encoders) as encoding:

        def report_of_both(share: float, doing: str) -> None:
            encoding.check()
            report(ENCODING * encoding.share + (1 - ENCODING) * share, doing)

        def spaces() -> Mapping[str, "Space"]:
            return encoding.results(lambda share, doing: report_of_both(SEARCHED, doing))

        result = audit(
            cohort,
            samples,
            spaces,
            seed=request.seed,
            trust_split=request.trust_split,
            membership=request.membership,
            subgroups=request.subgroups,
            odd=request.odd,
            logits=_logits(workspace, cohort, samples),
            command=request.command,
            memoise=features.memoised(cohort, workspace),
            report=report_of_both,
        )
        encoders = {name: space.encoder for name, space in spaces().items() if space.encoder is not None}
    looks = holdout_log.record(workspace, cohort, expected.kind, expected.name, f"judging {request.samples}")
    result = replace(result, made=_made(looks, planned, encoders))
    files = {"audit.json": json.dumps(as_json(result)).encode(), METHODS: as_text(methods(result)).encode()}
    workspace.keep(result, expected.name, files=files, origin=expected.origin, replace=True)
    return expected.name


def measure_benefit(workspace: Workspace, request: MeasureBenefit, report: Report = silent) -> str:
    """Cohort and samples -> benefit.

    The result is kept after each classifier of the first repetition and after each repetition, so a page can show it;
    what was trained is found again when the step is started anew. The result records what was known about single images
    when the step began; what is decided meanwhile changes neither the request nor the work.
    """
    from ganaug_core import benefit

    expected = prepare(workspace, request)
    known_images = curation(workspace, request.cohort, request.samples)
    origin = _curated(expected.origin, known_images)
    cohort, samples = workspace.cohort(request.cohort), workspace.samples(request.samples)
    earlier = _earlier_experiments(workspace, origin)
    experiment = benefit.Experiment.of(
        cohort,
        samples,
        rare=request.rare,
        **asdict(known_images),
        trust_split=request.trust_split,
        classifier=benefit.Classifier(steps=request.steps) if request.steps else benefit.Classifier(),
        repetitions=request.repetitions,
        margin=request.margin,
        doses=request.doses,
        earlier=earlier,
        seed=request.seed,
        command=request.command,
    )
    planned = plans.check_benefit(workspace, cohort, request, experiment.look.margin)
    sheets = {f"{arm}.png": picture for arm, picture in experiment.sheets().items()}
    name, made = origin.key("benefits"), None
    for benefit_record in experiment.run(workspace, report=report):
        if made is None:
            purpose = f"testing classifiers that learnt from {request.samples}"
            made = _made(holdout_log.record(workspace, cohort, "benefits", name, purpose, once=True), planned)
        result = replace(benefit_record, made=made)
        files = {**sheets, "benefit.json": json.dumps(benefit.as_json(result)).encode()}
        workspace.keep(result, name, files=files, origin=origin, replace=True)
    return name


STEPS: dict[type[Request], Callable[..., str]] = {
    ImportCohort: import_cohort,
    ReduceClass: reduce_class,
    Train: train,
    ImportGenerator: import_generator,
    ImportNetwork: import_network,
    Sample: sample,
    ImportSamples: import_samples,
    SelectSamples: select_samples,
    DrawRecipes: draw_recipes,
    FindLatent: find_latent,
    GatherMoments: gather_moments,
    BuildMap: build_map,
    AuditSamples: audit_samples,
    MeasureBenefit: measure_benefit,
}

# what several steps need


def make_reading(workspace: Workspace, cohort: str, samples: str, name: str, **settings: Any) -> "Reading":
    """Make a reader study at once and return it; the cohort's split is fixed by it. See `reading.design.make`."""
    from ganaug_core.cohort import draft_split
    from ganaug_core.reading import design

    draft_split.fix(workspace, cohort)
    return design.make(workspace, cohort, samples, name, **settings)


@dataclass(frozen=True)
class Curation:
    """Ids of synthetic images that somebody kept or rejected, and that the newest audit took for copies."""

    kept: tuple[str, ...]
    rejected: tuple[str, ...]
    copies: tuple[str, ...]

    @property
    def digest(self) -> str:
        return digest_of(asdict(self))


def curation(workspace: Workspace, cohort: str, samples: str) -> Curation:
    """Return what is known about single images of these samples now; a benefit experiment leaves some out."""
    digest = str(workspace.manifest("samples", samples).get("digest"))
    decisions = {row.image: row.decision for row in Database(workspace.database_path).decisions(digest)}
    copies = suspected_copies(workspace, workspace.identity("cohorts", cohort), workspace.identity("samples", samples))
    return Curation(
        kept=tuple(sorted(image for image, decision in decisions.items() if decision == "keep")),
        rejected=tuple(sorted(image for image, decision in decisions.items() if decision == "reject")),
        copies=tuple(sorted(copies)),
    )


def suspected_copies(workspace: Workspace, cohort: str, samples: str) -> list[str]:
    """Return the ids of the samples that the newest audit of exactly these images took for copies.

    Images that were searched for so that they resemble a real one are among them without any audit.

    Args:
        cohort, samples: Identities.
    """
    from ganaug_core.generators.selection import searched_for

    name, audit = (
        workspace.named("samples", samples),
        workspace.newest("audits", {"cohort": cohort, "samples": samples}),
    )
    suspects = workspace.audit(audit).suspects if audit else ()
    named = [suspect.synthetic for suspect in suspects if suspect.is_listed]
    return named + (searched_for(workspace.samples(name)) if name else [])


def _earlier_experiments(workspace: Workspace, origin: Origin) -> "list[Benefit]":
    """Return the experiments on the same images, by any method and with any settings, the oldest first."""
    experiments = []
    for name, _ in reversed(workspace.find("benefits", origin.inputs, revision=None)):
        with suppress(WorkspaceError):  # damaged: nobody can read what it said
            experiments.append(workspace.benefit(name))
    return experiments


def _feature_spaces(
    workspace: Workspace, cohort: "Cohort", samples: "Samples", encoders: Sequence[str]
) -> "Background[Space]":
    """Return what fits and reads the encoders beside the caller's own work."""
    return Background({encoder: partial(feature_space, workspace, cohort, samples, encoder) for encoder in encoders})


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
    used = UsedEncoder(digest=fitted.digest, seed=fitted.facts.get("seed"))
    return Space(
        features.of_cohort(cohort, fitted, workspace, report=stretch(report, 0.8, 0.9)),
        features.of_samples(samples, fitted, workspace, report=stretch(report, 0.9, 1)),
        used,
    )


def _made(looks: Mapping[str, int], planned: Planned, encoders: Mapping[str, UsedEncoder] | None = None) -> Made:
    """Return what is recorded of how a result is made now."""
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return Made(date=date, versions=versions(), encoders=dict(encoders or {}), looks_before=dict(looks), plan=planned)


def run_of(workspace: Workspace, samples: "Samples") -> str | None:
    """Return the name of the run whose generator drew the samples; None if it is not here."""
    generator = workspace.named("generators", str(samples.provenance.get("generator")))
    run = workspace.reference("generators", generator).origin.inputs.get("run") if generator else None
    return workspace.named("runs", run) if run else None


def run_behind(workspace: Workspace, samples: "Samples") -> Mapping[str, Any] | None:
    """Return the newest checkpoint of the run whose generator drew the samples; None if it is not here."""
    from ganaug_core.training import latest_checkpoint

    name = run_of(workspace, samples)
    return latest_checkpoint(workspace.folder("runs", name) / "checkpoints") if name else None


def _logits(workspace: Workspace, cohort: "Cohort", samples: "Samples") -> "tuple[Values, Values] | None":
    """Return what the discriminator behind the samples says of training and held-out images, if it is here."""
    from ganaug_core import features
    from ganaug_core.records import HOLDOUT, TRAIN

    state = run_behind(workspace, samples)
    if state is None or state["cohort"] != cohort.digest:
        return None
    train, holdout = (features.discriminator_logits(state, cohort, cohort.where(role)) for role in (TRAIN, HOLDOUT))
    return train, holdout


@contextmanager
def together(request: Train, workspace: Workspace | None = None) -> Iterator["Processes"]:
    """Bring the processes together that train a run; this one alone where it asks for one device.

    Args:
        workspace: Where processes that nobody else started, and that this one starts, find the cohort.
    """
    from ganaug_core.config import TrainingConfig, refuse_division
    from ganaug_core.training import processes

    config = TrainingConfig.model_validate(request.config)
    refuse_division(config, request.devices * request.nodes)
    follower = [sys.executable, "-m", "ganaug_core.training.follower"]
    command = [*follower, str(workspace.root), request.cohort, str(request.devices), config.device] if workspace else []
    with processes.joined(request.devices, request.nodes, config.device, command) as group:
        yield group


def _training(
    folder: Path, cohort: "Cohort", request: Train, processes: "Processes | None", rescues: int = 0
) -> tuple["Training", int]:
    """Return the run as its latest checkpoint left it, and the images that it had seen."""
    from ganaug_core.config import TrainingConfig
    from ganaug_core.training import Training, latest_checkpoint
    from ganaug_core.training.processes import ALONE

    state = latest_checkpoint(folder / "checkpoints")
    config = TrainingConfig.model_validate(request.config)
    training = Training(cohort, config, state=state, rescues=rescues, processes=processes or ALONE)
    return training, training.images


def _train_until_stopped(training: "Training", recorder: "Recorder", report: Report, images: int) -> int:
    """Train and write it down until the budget is spent or the user asks for a stop; return the images seen."""
    try:
        report(training.share, f"training on {training.device_in_words}")
        for progress in training:
            images = progress.images
            recorder.write(progress)
            report(progress.share, f"{progress.images:,} images shown")
    except StopRequested as request:
        recorder.checkpoint()
        if not images or (request.requested_state != "stop" and training.share < 1):
            raise
        if (report_at_end := training.settle()) is not None:
            recorder.write(report_at_end)
    return images


def _same_cohort(workspace: Workspace, request: Train, origin: Origin) -> None:
    if workspace.identity("cohorts", request.cohort) != origin.inputs["cohort"]:
        raise TrainingError(
            f"The run {request.name} began with another cohort that was called {request.cohort}.",
            do="Import that cohort again under this name, or start a new run.",
            code="other_cohort",
        )


def _is_of(workspace: Workspace, generator: str, run: str) -> bool:
    """Whether the generator of that name was made by the run of that name."""
    if not workspace.exists("generators", generator) or not workspace.exists("runs", run):
        return False
    identity = workspace.identity("runs", run)
    return workspace.reference("generators", generator).origin.inputs.get("run") == identity


# names and origins


def _origin(workspace: Workspace, kind: str, request: Request) -> Origin:
    """Return what the request's outcome is made from: its inputs by identity, and all that its numbers depend on."""
    values = asdict(request)
    if values.get("after") == "":
        values.pop("after")
    names = {role: values.pop(role) for role in MADE_OF if role in values}
    for unimportant in ("name", "command", "draft", "path", "source", "devices", "nodes", "slurm", "at_once"):
        values.pop(unimportant, None)
    _shorten(values, request)
    if isinstance(request, MeasureBenefit) and request.doses is None:
        values.pop("doses")  # what was measured before doses could be chosen is found again
    if values.get("choices") and not values["choices"]["colour"]:
        values["choices"].pop("colour")  # as before colour could be kept
    if values.get("columns"):
        for later in ("keep", "contains", "names"):  # as before there were these
            if not values["columns"][later]:
                values["columns"].pop(later)
    # what was made before there was a choice is found again, and an audit with more than was asked
    for later in ("membership", "odd", "subgroups", "truncation_by", "neighbourhoods"):
        if values.get(later, True) in (False, None, (), SCALED):
            values.pop(later)
    return Origin(
        inputs={role: workspace.identity(MADE_OF[role], name) for role, name in names.items()},
        settings=json.loads(json.dumps(values)),
        revision=REVISIONS[kind],
        names=names,
    )


def _shorten(values: dict[str, Any], request: Request) -> None:
    """Let digests stand for long lists, which the sets themselves hold."""
    if isinstance(request, SelectSamples):
        values["images"] = digest_of(sorted(request.images))
    if isinstance(request, DrawRecipes):
        values["recipes"] = digest_of(list(request.recipes))


def _curated(origin: Origin, known_images: Curation) -> Origin:
    return replace(origin, settings=origin.settings | {"curation": known_images.digest})


def _named_outcome(workspace: Workspace, kind: str, request: _Named) -> Outcome:
    """Return the outcome under its usual name, or under one with its key where something else has that name."""
    origin = _origin(workspace, kind, request)
    name = check_name(request.name or _usual_name(request))
    if not request.name and workspace.exists(kind, name):
        try:
            same = workspace.reference(kind, name).origin.key(kind) == origin.key(kind)
        except WorkspaceError:
            same = False
        if not same:
            name = f"{name[:90]}-{origin.key(kind)[:8]}"
    return Outcome(kind, name, origin)


def _usual_name(request: _Named) -> str:
    """Return what an outcome is called where nobody gives it a name."""
    match request:
        case Sample():
            return _samples_name(request)
        case ReduceClass():
            return _reduced_name(request)
        case SelectSamples():
            return f"{request.samples[:80]}-{len(request.images)}-chosen"
        case DrawRecipes():
            return f"{request.generator[:80]}-{len(request.recipes)}-explored"
        case GatherMoments():
            return f"{request.run[:70]}-{request.moments}-moments"
    return f"{request.generator[:70]}-like-{request.image}"


def _samples_name(request: Sample) -> str:
    if request.mixing:
        return f"{request.generator[:70]}-mixed{request.mixing:g}-seed{request.seed}"
    name = f"{request.generator[:70]}-{request.per_class}-seed{request.seed}"
    if request.truncation_by != SCALED:
        return f"{name}-{request.truncation_by}{request.truncation:g}"
    return name if request.truncation == 1 else f"{name}-truncated{request.truncation:g}"


def _reduced_name(request: ReduceClass) -> str:
    """What cannot be part of a name becomes a dash."""
    return f"{request.cohort[:50]}-{re.sub(r'[^A-Za-z0-9._-]+', '-', request.class_name)[:40]}-{request.keep}"


def _now() -> str:
    return datetime.now(UTC).isoformat()
