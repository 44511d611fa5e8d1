"""From Python: the steps of `pipeline.py` for a notebook; what they return shows itself.

Everything lies in the same workspace as the app's (`GANAUG_HOME`, or the platform's user data folder), so a generator
that was trained here shows up there, and the other way round.
"""

import base64
import html
import io
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ganaug_core import pipeline
from ganaug_core.config import configure
from ganaug_core.config.importing import Choices, Columns, Plan
from ganaug_core.config.requests import (
    AUDIT_SPACES,
    MAP_SPACE,
    REPETITIONS,
    AuditSamples,
    BuildMap,
    ImportCohort,
    MeasureBenefit,
    Sample,
    Train,
)
from ganaug_core.errors import WorkspaceError
from ganaug_core.generators import stored
from ganaug_core.interfaces import Report
from ganaug_core.jobs import runs
from ganaug_core.records import ROLES, Audit, Cohort, Floats, Map, Samples
from ganaug_core.records.benefit import Benefit
from ganaug_core.storage import locks
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

SHOWN_PER_CLASS = 8
TILE = 64


@dataclass(frozen=True)
class Result:
    """Something in the workspace: its name, and the record behind it."""

    workspace: Workspace
    name: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class CohortResult(Result):
    """A cohort: counts, and images of each class."""

    @cached_property
    def record(self) -> Cohort:
        return self.workspace.cohort(self.name)

    def table(self) -> "pd.DataFrame":
        """Return how many images of each class each share has."""
        import pandas as pd

        cohort = self.record
        rows = {
            name: {role: len(cohort.where(number, label=label)) for number, role in enumerate(ROLES)}
            for label, name in enumerate(cohort.classes)
        }
        return pd.DataFrame.from_dict(rows, orient="index")

    def _repr_html_(self) -> str:
        cohort = self.record
        low, high = cohort.intensity.low, cohort.intensity.high
        caption = f"{len(cohort):,} images of {low:g} to {high:g} {cohort.intensity.unit}"
        return _page(
            self.name, caption, self.table().to_html(), _grid(_first_rows(cohort.labels, cohort.classes), cohort.images)
        )


class GeneratorResult(Result):
    """A generator: what it says about itself, and the curves of its run where that is here."""

    @cached_property
    def passport(self) -> Any:
        return stored.passport(self.workspace, self.name)

    def curves(self) -> "go.Figure":
        """Return the losses of both networks over the images shown.

        Raises:
            WorkspaceError: Its run is not in this workspace.
        """
        import plotly.graph_objects as go

        run = self.workspace.reference("generators", self.name).origin.inputs.get("run", "")
        name = self.workspace.named("runs", run)
        if name is None:
            raise WorkspaceError(
                f"The run that made {self.name} is not in this workspace.", do="Train one here.", code="missing"
            )
        history = runs.history(self.workspace, name)
        figure = go.Figure(layout={"xaxis_title": "Training images shown", "yaxis_title": "Loss"})
        for key in ("discriminator_loss", "generator_loss"):
            figure.add_scatter(x=history["images"], y=history.get(key, ()), name=key.replace("_", " "))
        return figure

    def _repr_html_(self) -> str:
        card = self.passport
        rows = "".join(
            f"<tr><th>{html.escape(label)}</th><td>{html.escape(str(value))}</td></tr>"
            for label, value in (
                ("architecture", card.architecture.name),
                ("classes", ", ".join(counts.name for counts in card.classes)),
                ("recipe", f"{card.recipe}, seed {card.seed}, {card.images:,} images shown"),
                ("learnt from", card.cohort_name),
            )
        )
        return _page(self.name, card.intended_use, f"<table>{rows}</table>")


class SamplesResult(Result):
    """Synthetic images."""

    @cached_property
    def record(self) -> Samples:
        return self.workspace.samples(self.name)

    def _repr_html_(self) -> str:
        samples = self.record
        caption = f"{len(samples):,} synthetic images"
        grid = _grid(_first_rows(samples.labels, samples.classes), lambda rows: np.asarray(samples.images[rows]))
        return _page(self.name, caption, grid)


class MapResult(Result):
    """A feature map."""

    @cached_property
    def record(self) -> Map:
        return self.workspace.map(self.name)

    def figure(self) -> "go.Figure":
        """Return the map as Plotly: real images by share, synthetic ones as crosses, ids on hover."""
        import plotly.graph_objects as go

        map_ = self.record
        figure = go.Figure(layout={"template": "plotly_white", "title": f"{map_.cohort}, {map_.synthetic}"})
        for number, role in enumerate((*ROLES, "synthetic")):
            rows = np.flatnonzero(map_.roles == number)
            classes = [map_.classes[int(label)] for label in map_.labels[rows]]
            figure.add_scatter(
                x=map_.positions[rows, 0],
                y=map_.positions[rows, 1],
                mode="markers",
                name=role,
                marker={"symbol": "x" if role == "synthetic" else "circle", "size": 5, "opacity": 0.7},
                text=[f"{name}, {image}" for name, image in zip(classes, map_.ids[rows], strict=True)],
            )
        return figure.update_yaxes(scaleanchor="x")

    def _repr_html_(self) -> str:
        return str(self.figure().to_html(include_plotlyjs=True, full_html=False))


class AuditResult(Result):
    """An audit: five verdicts, and every measurement."""

    @cached_property
    def record(self) -> Audit:
        return self.workspace.audit(self.name)

    def table(self) -> "pd.DataFrame":
        """Return the verdicts."""
        import pandas as pd

        rows = {
            name.replace("_", " "): {
                "verdict": verdict.state.replace("_", " "),
                "found": verdict.statement,
                "what to do": verdict.do,
            }
            for name, verdict in self.record.verdicts.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index")

    @property
    def measurements(self) -> "pd.DataFrame":
        """Every measurement with its interval, sizes and references."""
        return _frame(self.record.measurements)

    def _repr_html_(self) -> str:
        audit = self.record
        caption = f"{audit.synthetic['name']} against {audit.cohort['name']}"
        return _page("Audit", caption, self.table().to_html())


class BenefitResult(Result):
    """Whether the images help a classifier."""

    @cached_property
    def record(self) -> Benefit:
        return self.workspace.benefit(self.name)

    @property
    def scores(self) -> "pd.DataFrame":
        """Every score of every arm with its interval."""
        return _frame(self.record.scores)

    def _repr_html_(self) -> str:
        benefit = self.record
        chosen = self.scores
        rare = chosen[(chosen["class_name"] == benefit.rare) & (chosen["measure"] == "auroc")]
        return _page("Benefit", benefit.verdict.statement, rare[["arm", "value", "interval"]].to_html(index=False))


def import_cohort(
    source: str | Path,
    name: str,
    *,
    size: int = 64,
    value_range: tuple[float, float] | None = None,
    percentiles: tuple[float, float] | None = None,
    tuning: float = 0.15,
    holdout: float = 0.25,
    seed: int = 0,
    columns: Columns | None = None,
    choices: Choices | None = None,
    workspace: str | Path | None = None,
) -> CohortResult:
    """Read labelled images, split them by patient, and keep them under `name`; the same request is found again.

    Raises:
        CohortError: Nothing usable; the message says why.
        WorkspaceError: Something else has that name.
    """
    home = Workspace(workspace)
    embedded = str(source).startswith("embedded:")
    request = ImportCohort(
        source=str(source) if embedded else str(Path(source).resolve()),
        name=name,
        plan=Plan(tuning=tuning, holdout=holdout, seed=seed),
        size=size,
        value_range=value_range,
        percentiles=percentiles,
        columns=columns,
        choices=choices,
    )
    if not home.exists("cohorts", name):
        with Progress() as report:
            pipeline.import_cohort(home, request, report)
    elif home.reference("cohorts", name).origin.settings != pipeline.outcome(home, request).origin.settings:
        home.free("cohorts", name)
    return CohortResult(home, name)


def train(
    cohort: CohortResult,
    name: str,
    recipe: str = "recommended",
    *,
    minutes: float | None = None,
    images: int | None = None,
    seed: int = 0,
    device: str = "auto",
    **changes: Any,
) -> GeneratorResult:
    """Train a generator, or go on with the run of that name where it was interrupted.

    Args:
        changes: Settings of parts as the command line's `--set` takes them, a dot written as two underscores:
            `r1__gamma=0.5`.

    Raises:
        ConfigurationError: No such recipe, part or setting.
        TrainingError: The run began with another cohort, or gave nothing usable.
        WorkspaceError: A run of that name was asked for something else.
    """
    settings = {key.replace("__", "."): value for key, value in changes.items()}
    rows = cohort.workspace.cohort(cohort.name).shape[1]
    config = configure(recipe, settings, rows=rows, minutes=minutes, images=images, seed=seed, device=device)
    home, request = cohort.workspace, Train(cohort=cohort.name, name=name, config=config.model_dump(mode="json"))
    if not home.exists("runs", name):
        pipeline.begin_run(home, request)
    elif home.reference("runs", name).origin.key("runs") != pipeline.outcome(home, request).key:
        raise WorkspaceError(
            f"There is a run named {name} that was asked for something else.", do="Choose another name.", code="name"
        )
    run = home.identity("runs", name)
    if (existing := home.newest("generators", _made_by(home, run))) is not None:
        return GeneratorResult(home, existing)
    with locks.hold(home.folder("runs", name) / "lock", f"The run {name}"), Progress() as report:
        return GeneratorResult(home, pipeline.train(home, request, report))


def sample(generator: GeneratorResult, per_class: int, *, seed: int = 0, truncation: float = 1.0) -> SamplesResult:
    """Draw images of every class."""
    home = generator.workspace
    request = Sample(generator=generator.name, per_class=per_class, seed=seed, truncation=truncation)
    with Progress() as report:
        return SamplesResult(home, pipeline.sample(home, request, report))


def build_map(cohort: CohortResult, samples: SamplesResult, *, encoder: str = MAP_SPACE, seed: int = 0) -> MapResult:
    """Draw the feature map of a cohort and of synthetic images."""
    home = cohort.workspace
    request = BuildMap(cohort=cohort.name, samples=samples.name, encoder=encoder, seed=seed)
    with Progress() as report:
        return MapResult(home, pipeline.build_map(home, request, report))


def audit_samples(
    cohort: CohortResult,
    samples: SamplesResult,
    *,
    encoders: Sequence[str] = AUDIT_SPACES,
    seed: int = 0,
    trust_split: bool = False,
    membership: bool = False,
    subgroups: Sequence[str] = (),
    odd: bool = False,
) -> AuditResult:
    """Judge synthetic images; the same request is found again.

    Args:
        trust_split: The generator never saw the cohort's hold-out share.
        membership: Ask too whether the synthetic images tell who was in the training share.
        subgroups: Kept columns of the cohort: ask too whether subgroups by them fare worse than others.
        odd: Ask too which synthetic images are unlike real ones of their class.
    """
    home = cohort.workspace
    request = AuditSamples(
        cohort=cohort.name,
        samples=samples.name,
        encoders=tuple(encoders),
        seed=seed,
        trust_split=trust_split,
        membership=membership,
        subgroups=tuple(subgroups),
        odd=odd,
        command=shlex.join(["ganaug", "audit", cohort.name, samples.name]),
    )
    with Progress() as report:
        return AuditResult(
            home, pipeline.existing_result(home, request) or pipeline.audit_samples(home, request, report)
        )


def measure_benefit(
    cohort: CohortResult,
    samples: SamplesResult,
    *,
    rare: str | None = None,
    repetitions: int = REPETITIONS,
    margin: float | None = None,
    seed: int = 0,
    trust_split: bool = False,
) -> BenefitResult:
    """Ask whether synthetic images help a classifier; what was trained once is found again.

    Args:
        repetitions: The plan: the answer comes once all are done; another number later is another look.
        margin: A loss of AUROC of this much or more would be worse; fixed with the first look, 0.02 if none is given.
    """
    home = cohort.workspace
    request = MeasureBenefit(
        cohort=cohort.name,
        samples=samples.name,
        rare=rare,
        repetitions=repetitions,
        margin=margin,
        seed=seed,
        trust_split=trust_split,
        command=shlex.join(["ganaug", "benefit", cohort.name, samples.name]),
    )
    with Progress() as report:
        return BenefitResult(home, pipeline.measure_benefit(home, request, report))


class Progress:
    """Shows share and words on one line of standard error, which a notebook shows below the cell."""

    def __enter__(self) -> Report:
        self._shown = ""
        return self._show

    def _show(self, share: float, doing: str) -> None:
        line = f"{share:4.0%}  {doing}"
        if line != self._shown:
            sys.stderr.write(f"\r{line:<79}")
            sys.stderr.flush()
            self._shown = line

    def __exit__(self, *_: object) -> None:
        if self._shown:
            sys.stderr.write("\r" + " " * 79 + "\r")


def _made_by(workspace: Workspace, run: str) -> dict[str, str]:
    """Return what the generator of a run was made from."""
    name = str(workspace.named("runs", run))
    return {"cohort": workspace.reference("runs", name).origin.inputs["cohort"], "run": run}


def _frame(records: Iterable[Any]) -> "pd.DataFrame":
    """Return records as rows."""
    import pandas as pd

    rows = [{field.name: getattr(record, field.name) for field in fields(record)} for record in records]
    return pd.DataFrame(rows)


def _first_rows(labels: Any, classes: Sequence[str]) -> dict[str, Any]:
    """Return the first rows of each class."""
    return {name: np.flatnonzero(np.asarray(labels) == label)[:SHOWN_PER_CLASS] for label, name in enumerate(classes)}


def _grid(rows: dict[str, Any], images: Any) -> str:
    """Return a table with some images of each class, black -1 and white 1."""
    lines = []
    for name, rows_of_class in rows.items():
        pictures = "".join(_picture(image) for image in images(rows_of_class)) if len(rows_of_class) else ""
        lines.append(f"<tr><th>{html.escape(name)}</th><td>{pictures}</td></tr>")
    return f"<table>{''.join(lines)}</table>"


def _picture(image: Floats) -> str:
    """Return an image (channel, row, column) in [-1, 1] as an HTML element."""
    bright = np.clip(np.rint((image + 1) * 127.5), 0, 255).astype(np.uint8)
    data = io.BytesIO()
    Image.fromarray(bright[0] if len(bright) < 3 else np.moveaxis(bright[:3], 0, -1)).save(data, "PNG")
    coded = base64.b64encode(data.getvalue()).decode()
    return f'<img width="{TILE}" style="image-rendering: pixelated" alt="" src="data:image/png;base64,{coded}">'


def _page(title: str, caption: str, *parts: str) -> str:
    return f"<div><h4>{html.escape(title)}</h4><p>{html.escape(caption)}</p>{''.join(parts)}</div>"
