"""ganaug audit, ganaug map"""

import shlex
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganaug_core import pipeline, wording
from ganaug_core.cli import console, repeats, sources
from ganaug_core.config.requests import AUDIT_SPACES, MAP_SPACE, AuditSamples, BuildMap
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    from ganaug_core.records import Audit

MOST_ODD = 10
Cohort = Annotated[str, typer.Argument(metavar="COHORT", help="A cohort's name, or a path.")]
Synthetic = Annotated[
    str, typer.Argument(metavar="SYNTHETIC", help="A generator's name, or a folder or NPZ of anybody's images.")
]
Seed = Annotated[int, typer.Option(help="Of drawing and tests; encoders are fitted with seed 0.")]


def audit(
    cohort: Cohort,
    synthetic: Annotated[
        list[str],
        typer.Argument(
            metavar="SYNTHETIC", help="A generator's name, or a folder or NPZ of anybody's images; several with --runs."
        ),
    ],
    encoder: Annotated[
        list[str] | None, typer.Option(metavar="E", help="Feature space; repeatable. Else all that a verdict needs.")
    ] = None,
    seed: Seed = 0,
    trust_split: Annotated[
        bool, typer.Option("--trust-split", help="The generator of these images never saw the hold-out share.")
    ] = False,
    membership: Annotated[
        bool,
        typer.Option(
            "--membership", help="Ask too whether the images tell who was in the training share: takes longer."
        ),
    ] = False,
    subgroups: Annotated[
        list[str] | None,
        typer.Option(
            "--subgroups",
            metavar="C",
            help="Ask too whether subgroups by this kept column fare worse than others; repeatable.",
        ),
    ] = None,
    odd: Annotated[
        bool,
        typer.Option("--odd", help="List synthetic images that are unlike real ones of their class, oddest first."),
    ] = False,
    samples: Annotated[
        int, typer.Option(metavar="N", min=1, help="Audit N draws, seeds from --seed on, and say how they differ.")
    ] = 1,
    runs: Annotated[
        bool, typer.Option("--runs", help="The SYNTHETIC are generators of several trainings of one recipe: compare.")
    ] = False,
    paths: Annotated[
        bool, typer.Option("--paths", help="Tell the suspects' source paths; they may name a patient.")
    ] = False,
    methods: Annotated[
        bool, typer.Option("--methods", help="Add a methods paragraph, BibTeX and LaTeX tables for a paper.")
    ] = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Judge synthetic images: do they copy, do they miss groups, do the classes hold? A bad verdict is exit 0 too."""
    home = Workspace(workspace)
    names = repeats.checked(home, synthetic, samples, runs)
    seeds = [seed] * len(names) if runs else [seed + number for number in range(samples)]
    with closing(console.Progress()) as progress:
        cohort_name = sources.cohort(home, cohort, pipeline.stretch(progress, 0, 0.05))
        request = AuditSamples(
            cohort=cohort_name,
            samples="",
            encoders=tuple(encoder or AUDIT_SPACES),
            seed=seed,
            trust_split=trust_split,
            membership=membership,
            subgroups=tuple(subgroups or ()),
            odd=odd,
            command=shlex.join(["ganaug", *sys.argv[1:]]),
        )
        found = repeats.audits(home, names, seeds, request, pipeline.stretch(progress, 0.05, 1))
    from ganaug_core import audit as audits

    small = sources.small_classes(home, cohort_name)
    document, text = audits.as_json(found[0]), "\n".join([_in_words(found[0]), *small])
    document["small_classes"] = small
    if paths:
        _add_paths(home, document, cohort_name, str(found[0].synthetic["name"]))
    if len(found) > 1:
        document["draws"] = audits.draws_as_json(found, "trainings" if runs else "draws", seeds)
        text += "\n\n" + repeats.tables(document["draws"])
    if methods:
        document["methods"] = audits.methods(found[0])
        text = f"{text}\n\n{audits.as_text(document['methods'])}"
    console.answer(document, text, json)


def map_(
    cohort: Cohort,
    synthetic: Synthetic,
    encoder: Annotated[str, typer.Option(metavar="E", help="Feature space.")] = MAP_SPACE,
    seed: Seed = 0,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Draw the map: real images placed by UMAP, synthetic ones between their nearest real neighbours."""
    home = Workspace(workspace)
    with closing(console.Progress()) as progress:
        cohort_name, samples_name = _inputs(home, cohort, synthetic, seed, pipeline.stretch(progress, 0, 0.3))
        request = BuildMap(cohort=cohort_name, samples=samples_name, encoder=encoder, seed=seed)
        name = pipeline.build_map(home, request, pipeline.stretch(progress, 0.3, 1))
    from ganaug_core.maps import as_json

    result = home.map(name)
    text = (
        f"{result.cohort}, {result.synthetic}: {len(result.ids):,} points, "
        f"trustworthiness {result.trustworthiness:.2f}, "
        f"{wording.percent(result.neighbour_hit_rate)} of the true neighbours are neighbours on the map"
    )
    console.answer(as_json(result), text, json)


def _inputs(workspace: Workspace, cohort: str, synthetic: str, seed: int, progress: Any) -> tuple[str, str]:
    cohort_name = sources.cohort(workspace, cohort, pipeline.stretch(progress, 0, 0.5))
    return cohort_name, sources.synthetic(
        workspace, synthetic, cohort_name, seed=seed, report=pipeline.stretch(progress, 0.5, 1)
    )


def _add_paths(workspace: Workspace, document: dict[str, Any], cohort: str, samples: str) -> None:
    real, record = workspace.paths(cohort), workspace.samples(samples)
    synthetic_paths = dict(zip(record.ids.tolist(), record.paths, strict=True)) if record.paths else {}
    for suspect in document["suspects"]:
        suspect["synthetic_path"] = synthetic_paths.get(suspect["synthetic"])
        suspect["train_path"] = real.get(suspect["real"])


def _in_words(audit: "Audit") -> str:
    rows = [
        (name.replace("_", " "), verdict.state.replace("_", " "), verdict.statement)
        for name, verdict in audit.verdicts.items()
    ]
    lines = [console.table(rows)]
    if audit.suspects:
        worst = audit.suspects[0]
        lines.append(
            f"{'Copy' if worst.is_listed else 'Closest pair'}: synthetic {worst.synthetic} and "
            f"{worst.role.replace('holdout', 'hold-out').replace('train', 'training')} image {worst.real} "
            f"({worst.transform}), distance {wording.distance(worst.distance)}, {wording.chance(worst.q_value, 'q')}."
        )
    lines += filter(None, [wording.nearer_than_99(audit.measurements)])
    lines += [
        f"Missing: {wording.percent(mode.real_share)} of real {mode.class_name} are alike "
        f"{wording.ALIKE.get(mode.encoder, mode.encoder)}, here "
        f"{wording.percent(mode.synthetic_share)} are."
        for mode in audit.missing_modes[:5]
    ]
    lines += [*audit.spaces, *audit.regions, *audit.membership, *audit.subgroup_notes, *_odd_in_words(audit)]
    lines += [*(audit.made.in_words if audit.made else ())]
    return "\n".join(lines)


def _odd_in_words(audit: "Audit") -> list[str]:
    """Return what is said of odd images, and a line for each of the first ones on the list."""
    listed = [image for image in audit.odd_images if image.is_listed]
    lines = [
        f"Odd: synthetic {image.synthetic} of {image.class_name}, {image.says} ({wording.chance(image.p_value)}, "
        f"{wording.chance(image.q_value, 'q')})."
        for image in listed[:MOST_ODD]
    ]
    more = [f"{len(listed) - MOST_ODD} more stand in the document (--json)."] if len(listed) > MOST_ODD else []
    return [*audit.odd, *lines, *more]
