"""ganaug audit, ganaug map"""

import shlex
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug_core import pipeline, wording
from ganaug_core.cli import console, sources
from ganaug_core.config.requests import AUDIT_SPACES, MAP_SPACE, AuditSamples, BuildMap
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    from ganaug_core.records import Audit

Cohort = Annotated[str, typer.Argument(metavar="COHORT", help="A cohort's name, or a path.")]
Synthetic = Annotated[
    str, typer.Argument(metavar="SYNTHETIC", help="A generator's name, or a folder or NPZ of anybody's images.")
]
Seed = Annotated[int, typer.Option(help="Of drawing, encoders and tests.")]


def audit(
    cohort: Cohort,
    synthetic: Synthetic,
    encoder: Annotated[
        list[str] | None, typer.Option(metavar="E", help="Feature space; repeatable. Else all that a verdict needs.")
    ] = None,
    seed: Seed = 0,
    trust_split: Annotated[
        bool, typer.Option("--trust-split", help="The generator of these images never saw our hold-out share.")
    ] = False,
    paths: Annotated[
        bool, typer.Option("--paths", help="Tell the suspects' source paths; they may name a patient.")
    ] = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Judge synthetic images: do they copy, do they miss groups, do the classes hold? A bad verdict is exit 0 too."""
    place = Workspace(workspace)
    with closing(console.Progress()) as progress:
        known, drawn = _inputs(place, cohort, synthetic, seed, pipeline.stretch(progress, 0, 0.15))
        request = AuditSamples(
            cohort=known,
            samples=drawn,
            encoders=tuple(encoder or AUDIT_SPACES),
            seed=seed,
            trust_split=trust_split,
            command=shlex.join(["ganaug", *sys.argv[1:]]),
        )
        name = pipeline.audit_samples(place, request, pipeline.stretch(progress, 0.15, 1))
    from ganaug_core.audit import as_json

    judged = place.audit(name)
    document = as_json(judged)
    if paths:
        _add_paths(place, document, known, drawn)
    console.answer(document, _in_words(judged), json)


def map_(
    cohort: Cohort,
    synthetic: Synthetic,
    encoder: Annotated[str, typer.Option(metavar="E", help="Feature space.")] = MAP_SPACE,
    seed: Seed = 0,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Draw the map: real images placed by UMAP, synthetic ones between their nearest real neighbours."""
    place = Workspace(workspace)
    with closing(console.Progress()) as progress:
        known, drawn = _inputs(place, cohort, synthetic, seed, pipeline.stretch(progress, 0, 0.3))
        request = BuildMap(cohort=known, samples=drawn, encoder=encoder, seed=seed)
        name = pipeline.build_map(place, request, pipeline.stretch(progress, 0.3, 1))
    from ganaug_core.maps import as_json

    placed = place.map(name)
    text = (
        f"{placed.cohort}, {placed.synthetic}: {len(placed.ids):,} points, "
        f"trustworthiness {placed.trustworthiness:.2f}, "
        f"{wording.percent(placed.neighbour_hit_rate)} of the true neighbours are neighbours on the map"
    )
    console.answer(as_json(placed), text, json)


def _inputs(workspace: Workspace, cohort: str, synthetic: str, seed: int, progress: Any) -> tuple[str, str]:
    known = sources.cohort(workspace, cohort, pipeline.stretch(progress, 0, 0.5))
    return known, sources.synthetic(workspace, synthetic, known, seed=seed, report=pipeline.stretch(progress, 0.5, 1))


def _add_paths(workspace: Workspace, document: dict[str, Any], cohort: str, samples: str) -> None:
    real, drawn = workspace.paths(cohort), workspace.samples(samples)
    made = dict(zip(drawn.ids.tolist(), drawn.paths, strict=True)) if drawn.paths else {}
    for suspect in document["suspects"]:
        suspect["synthetic_path"] = made.get(suspect["synthetic"])
        suspect["train_path"] = real.get(suspect["train"])


def _in_words(audit: "Audit") -> str:
    rows = [
        (name.replace("_", " "), each.state.replace("_", " "), each.statement) for name, each in audit.verdicts.items()
    ]
    lines = [console.table(rows)]
    if audit.suspects:
        worst = audit.suspects[0]
        lines.append(
            f"Closest pair: synthetic {worst.synthetic} and training {worst.train} ({worst.transform}), "
            f"distance {wording.distance(worst.distance)}, {wording.chance(worst.q_value, 'q')}."
        )
    lines += [
        f"Missing: {wording.percent(each.real_share)} of real {each.class_name} look alike, here "
        f"{wording.percent(each.synthetic_share)} do."
        for each in audit.missing_modes[:5]
    ]
    lines += [*audit.spaces, *audit.regions]
    return "\n".join(lines)
