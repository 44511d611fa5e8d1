"""ganaug benefit"""

import shlex
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from ganaug_core import pipeline, wording
from ganaug_core.cli import console, sources
from ganaug_core.config.requests import MeasureBenefit, ReduceClass
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    from ganaug_core.records.benefit import Benefit, Difference, Score


def benefit(
    cohort: Annotated[str, typer.Argument(metavar="COHORT", help="A cohort's name, or a path.")],
    synthetic: Annotated[
        str, typer.Argument(metavar="SYNTHETIC", help="A generator's name, or a folder or NPZ of anybody's images.")
    ],
    rare: Annotated[
        str | None, typer.Option(metavar="CLASS", help="Class to augment; else the one with the fewest images.")
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(metavar="N", help="Make that class rarer first: a cohort with N training images of it."),
    ] = None,
    repetitions: Annotated[int, typer.Option(min=1, max=100, help="Trainings of every arm, each with its seed.")] = 5,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Optimiser steps of every classifier; else what 64 px need.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of drawing, training and the bootstrap.")] = 0,
    trust_split: Annotated[
        bool, typer.Option("--trust-split", help="The generator saw nothing but this cohort's training share.")
    ] = False,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Say whether synthetic images help a classifier more than duplication or classical augmentation do.

    It takes minutes; Ctrl-C loses nothing, the same command goes on where it was.
    """
    place = Workspace(workspace)
    with closing(console.Progress()) as progress:
        known = sources.cohort(place, cohort, pipeline.stretch(progress, 0, 0.02))
        if keep is not None:
            known = _made_rarer(place, known, rare, keep, seed)
        drawn = sources.synthetic(place, synthetic, known, seed=seed, report=pipeline.stretch(progress, 0.02, 0.05))
        request = MeasureBenefit(
            cohort=known,
            samples=drawn,
            rare=rare,
            repetitions=repetitions,
            steps=steps,
            seed=seed,
            trust_split=trust_split,
            command=shlex.join(["ganaug", *sys.argv[1:]]),
        )
        name = pipeline.measure_benefit(place, request, pipeline.stretch(progress, 0.05, 1))
    from ganaug_core.benefit import as_json

    found = place.benefit(name)
    console.answer(as_json(found), _in_words(found), json)


def _made_rarer(place: Workspace, cohort: str, rare: str | None, keep: int, seed: int) -> str:
    record = place.cohort(cohort)
    if rare is None:
        counts = {name: len(record.where(0, label=label)) for label, name in enumerate(record.classes)}
        rare = min(counts, key=lambda name: counts[name])
    return pipeline.reduce_class(place, ReduceClass(cohort=cohort, class_name=rare, keep=keep, seed=seed))


def _in_words(found: "Benefit") -> str:
    scores = {(each.arm, each.measure): each for each in found.scores if each.class_name == found.rare}
    moved = {each.arm: each for each in found.differences if each.adjusted is not None and each.against == "classical"}
    rows = [("arm", "AUROC", "95 % interval", "AUPRC", "minus classical", "95 % interval", "p (Holm)")]
    rows += [
        (arm.title, *_numbers(scores[arm.name, "auroc"], scores[arm.name, "auprc"]), *_change(moved.get(arm.name)))
        for arm in found.arms
        if (arm.name, "auroc") in scores
    ]
    lines = [found.verdict.statement, found.verdict.do, "", f"Hold-out, class {found.rare}:", console.table(rows)]
    lines += [f"Left out: {arm}. {why}" for arm, why in found.left_out.items()]
    return "\n".join([*lines, *found.notes])


def _numbers(area: "Score", precision: "Score") -> tuple[str, str, str]:
    return f"{area.value:.3f}", f"{area.interval[0]:.3f} to {area.interval[1]:.3f}", f"{precision.value:.3f}"


def _change(each: "Difference | None") -> tuple[str, str, str]:
    if each is None:
        return "", "", ""
    chance = "" if each.adjusted is None else wording.p_value(each.adjusted)
    return f"{each.value:+.3f}", f"{each.interval[0]:+.3f} to {each.interval[1]:+.3f}", chance
