"""Make the shipped demo: `python -m ganaug_core.atlas.make WORKSPACE`.

Trains the three generators, draws, maps and audits them in a workspace, and lays what is shipped into `assets/demo`.
What is there already is not made again, so an interrupted call goes on. It takes about three hours on one core
without bfloat16.

`python -m ganaug_core.atlas.make WORKSPACE --again` lays the shipped demo into an empty workspace and makes anew what
methods of an earlier revision made, without training: for a change of a method. The experiment takes twenty minutes,
audits take one each.
"""

import dataclasses
import json
import logging
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganaug_core import atlas, pipeline
from ganaug_core.atlas import PER_CLASS
from ganaug_core.config import configure
from ganaug_core.config.requests import AuditSamples, BuildMap, ImportCohort, MeasureBenefit, Sample, Train
from ganaug_core.config.revisions import REVISIONS
from ganaug_core.errors import GanaugError
from ganaug_core.readers import phantom
from ganaug_core.records import TRAIN, Cohort, Integers, codec
from ganaug_core.records.digest import digest_of
from ganaug_core.storage.workspace import ID_LENGTH, Workspace
from ganaug_core.training import latest_checkpoint, save_checkpoint

SHIPPED = ("cohorts", "runs", "generators", "samples", "maps", "audits", "encoders", "benefits")
JUDGED = ("samples", "maps", "audits", "encoders", "benefits")  # what a method makes without training a generator
SEEN_FRAMES = 20
_UNUSED = 9  # no role: a plan's generator does not see these images

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """How one generator comes about.

    Attributes:
        images: Budget in real images.
        changes: Settings that differ from the recommended recipe.
        shown: Picks the training images that it may see.
        after: It goes on from the networks of this other run.
    """

    images: int
    changes: dict[str, Any] = field(default_factory=dict)
    shown: Callable[[Cohort], Integers] = lambda cohort: cohort.where(TRAIN)
    after: str | None = None


def homogeneous(cohort: Cohort) -> Integers:
    """Training lesions of one texture."""
    textures = phantom.embedded()[0].textures
    train = cohort.where(TRAIN)
    rows: Integers = train[textures[train] == phantom.TEXTURES.index("homogeneous")]
    return rows


def forty(cohort: Cohort) -> Integers:
    """Twenty training images of each class."""
    random = np.random.default_rng(0)
    by_class = [random.permutation(cohort.where(TRAIN, label=label))[:20] for label in range(len(cohort.classes))]
    return np.concatenate(by_class)


_ANEW: dict[str, Any] = {"images": 0, "steps": 0, "seconds": 0.0, "selection": None, "loss_averages": {}}
_NOISE = {"architecture": "noise", "r1.gamma": 0.1, "r2.gamma": 0.1, "augment": "on"}
PLANS = {
    # the phantom has no sides, so a mirrored lesion could be another patient's
    "working": Plan(300_000, {**_NOISE, "augmentations": "translation,cutout,flip", "ema_half_life_images": 20_000}),
    "collapsed": Plan(80_000, {**_NOISE, "keep": "last"}, homogeneous, after="working"),
    "copying": Plan(200_000, {"augment": "off", "keep": "last"}, forty),
}


def make(workspace: Workspace) -> None:
    """Make everything that is missing in the workspace, then lay it into `assets`."""
    if not workspace.exists("cohorts", atlas.COHORT):
        pipeline.import_cohort(workspace, ImportCohort(source="embedded:phantom", name=atlas.COHORT))
    for name, plan in PLANS.items():
        if not workspace.exists("generators", name):
            log.info("training %s", name)
            _train(workspace, name, plan)
    _look_at(workspace)
    ship(workspace, atlas.shipped())


def judge_again(workspace: Workspace, target: Path) -> None:
    """Draw, map, audit and weigh anew what is not of the present revisions, then lay everything into `target`."""
    atlas.install(workspace)
    for kind in JUDGED:
        for name in workspace.names(kind):
            if workspace.reference(kind, name).origin.revision != REVISIONS[kind]:
                workspace.remove(kind, name)
    _look_at(workspace)
    ship(workspace, target)


def _look_at(workspace: Workspace) -> None:
    """Draw images of each generator, map and audit them, and ask whether those of the working one help."""
    for name in PLANS:
        samples = _draw(workspace, name)
        log.info("mapping and auditing %s", samples)
        pipeline.build_map(workspace, BuildMap(cohort=atlas.COHORT, samples=samples))
        command = f"ganaug audit {atlas.COHORT} {name} --membership"
        request = AuditSamples(cohort=atlas.COHORT, samples=samples, membership=True, command=command)
        if pipeline.existing_result(workspace, request) is None:
            pipeline.audit_samples(workspace, request)
    log.info("training classifiers")
    command = f"ganaug benefit {atlas.COHORT} working"
    benefit = MeasureBenefit(cohort=atlas.COHORT, samples=_draw(workspace, "working"), command=command)
    if pipeline.existing_result(workspace, benefit) is None:
        pipeline.measure_benefit(workspace, benefit)


def _train(workspace: Workspace, name: str, plan: Plan) -> None:
    """Train on the images that the plan shows; all of them are training images of the cohort, so its digest stays."""
    cohort = workspace.cohort(atlas.COHORT)
    roles = cohort.roles.copy()
    roles[cohort.where(TRAIN)] = _UNUSED
    roles[plan.shown(cohort)] = TRAIN

    config = configure(changes=plan.changes, images=plan.images, threads=1, seed=1).model_dump(mode="json")
    request = Train(name=name, cohort=atlas.COHORT, config=config)
    if not workspace.exists("runs", name):
        folder = pipeline.begin_run(workspace, request)
        (folder / "checkpoints").mkdir()
        if plan.after:
            state = latest_checkpoint(workspace.folder("runs", plan.after) / "checkpoints")
            assert state is not None
            save_checkpoint(folder / "checkpoints", {**state, **_ANEW}, 0)
    shown = dataclasses.replace(cohort, roles=roles)
    pipeline.keep_trained(workspace, request, pipeline.train_into(workspace.folder("runs", name), shown, request))


def _draw(workspace: Workspace, generator: str) -> str:
    """Draw the samples, keep them in the depth in which they are shipped, and return their name."""
    request = Sample(generator=generator, per_class=PER_CLASS)
    if earlier := pipeline.existing_result(workspace, request):
        return earlier
    name = pipeline.sample(workspace, request)
    samples = workspace.samples(name)
    images = atlas.unpack(atlas.pack(samples.images))
    packed = dataclasses.replace(samples, images=images, digest=digest_of(images, samples.labels))
    workspace.keep(packed, name, origin=pipeline.outcome(workspace, request).origin, replace=True)
    return name


def ship(workspace: Workspace, target: Path) -> None:
    """Lay the workspace's demo into `target`: without pixels, checkpoints and logs, samples in 8 bits."""
    shutil.rmtree(target, ignore_errors=True)
    left_out = shutil.ignore_patterns(
        "pixels.npy", "images.npy", "paths.json", "checkpoints", "log.txt", "lock", "*.tmp"
    )
    for kind in SHIPPED:
        for name in workspace.names(kind):
            folder = target / kind / name
            shutil.copytree(workspace.folder(kind, name), folder, ignore=left_out, dirs_exist_ok=True)
            reference = dataclasses.replace(workspace.reference(kind, name), artefact="0" * ID_LENGTH, shipped="")
            (folder / atlas.REFERENCE).write_text(json.dumps(codec.plain(reference)), "utf-8")
            if kind == "samples":
                images = atlas.pack(workspace.samples(name).images)
                Image.fromarray(images.reshape(-1, images.shape[-1])).save(folder / atlas.PACKED, optimize=True)
            if kind == "runs":
                _thin(folder)
            if kind == "benefits":
                _with_loss(folder)
    _without_spaces(target)
    _ids_in_bytes(target)


def _with_loss(folder: Path) -> None:
    """Keep pictures in a tenth of their size: noise does not compress without a loss."""
    for picture in folder.glob("*.png"):
        with Image.open(picture) as opened:
            opened.convert("RGB").save(picture.with_suffix(".webp"), quality=60, method=6)
        picture.unlink()


def _without_spaces(folder: Path) -> None:
    """Write every JSON below `folder` without white space: a fifth of its size."""
    for path in folder.rglob("*.json"):
        path.write_text(json.dumps(json.loads(path.read_bytes()), separators=(",", ":"), ensure_ascii=False), "utf-8")


def _ids_in_bytes(folder: Path) -> None:
    """Write ids with one byte a character instead of four: the demo must stay under 20 MB."""
    for path in folder.rglob("ids.npy"):
        np.save(path, np.load(path, allow_pickle=False).astype("S"))


def _thin(run: Path, lines: int = 400) -> None:
    """Keep so many lines of a run's curves and `SEEN_FRAMES` of its sheets, evenly; the first and the last stay."""
    sheets = sorted((run / "previews").glob("*.png"))
    even = {sheets[round(position)] for position in np.linspace(0, len(sheets) - 1, SEEN_FRAMES)}
    for sheet in set(sheets) - even:
        sheet.unlink()
    for name, most in (("history.jsonl", lines), ("logits.jsonl", SEEN_FRAMES)):
        rows = (run / name).read_text("utf-8").splitlines()
        numbers = sorted({round(position) for position in np.linspace(0, len(rows) - 1, most)})
        (run / name).write_text("\n".join(rows[number] for number in numbers) + "\n", "utf-8")


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if len(sys.argv) != 2 and sys.argv[2:] != ["--again"]:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        if sys.argv[2:]:
            judge_again(Workspace(sys.argv[1]), atlas.shipped())
        else:
            make(Workspace(sys.argv[1]))
    except GanaugError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
