"""The whole way, from labelled images to a verdict. Start reading here; the end-to-end test runs it, so it cannot lie.

Workers and the command line take the same steps one at a time (`jobs/tasks.py`), with progress, resume and names.
"""

from collections.abc import Sequence
from pathlib import Path

from ganaug_core import cohort, features, generators, maps
from ganaug_core.audit import Space, audit
from ganaug_core.config import configure
from ganaug_core.interfaces import Report, silent
from ganaug_core.jobs.tasks import AUDIT_SPACES
from ganaug_core.records import Audit
from ganaug_core.storage.workspace import Workspace
from ganaug_core.training import Training


def run(
    source: str | Path,
    folder: Path,
    *,
    recipe: str = "recommended",
    minutes: float = 5.0,
    per_class: int = 600,
    size: int = 64,
    encoders: Sequence[str] = AUDIT_SPACES,
    seed: int = 0,
    report: Report = silent,
) -> Audit:
    """Return the audit of a generator trained on `source`; everything that was made lies in the workspace `folder`.

    Args:
        source: Anything a reader understands, or `embedded:phantom`, `embedded:digits`.
        per_class: Synthetic images of each class to judge; 400 for the copy test, 600 for missing modes.
        size: Rows and columns of the images.
        encoders: Feature spaces; the first one draws the map, what is left out makes its verdict not assessable.

    Raises:
        GanaugError: The source, the recipe or the numbers of images cannot be used; the message says why.
    """
    config = configure(recipe, minutes=minutes, seed=seed)
    workspace = Workspace(folder)
    real, _ = cohort.import_cohort(source, "cohort", size=size, seed=seed, report=report)
    workspace.keep(real, "cohort")

    training = Training(real, config)
    for progress in training:
        report(progress.share, f"Training, {progress.images:,} images shown")
    file = workspace.root / "generator.safetensors"
    generators.write(file, training.passport("generator"), training.generator())

    samples = generators.draw(generators.load(file), "samples", per_class=per_class, seed=seed, report=report)
    workspace.keep(samples, "samples")

    spaces = {}
    for name in encoders:
        encoder = features.fit(real, name, seed=seed, report=report)
        spaces[name] = Space(features.of_cohort(real, encoder), features.of_samples(samples, encoder))

    drawn = maps.build(real, samples, *spaces[encoders[0]], seed=seed, report=report)
    workspace.keep(drawn, "map")

    judged = audit(real, samples, spaces, seed=seed, report=report)
    workspace.keep(judged, "audit")
    return judged
