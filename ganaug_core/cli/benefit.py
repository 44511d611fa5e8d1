"""ganaug benefit"""

import shlex
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from ganaug_core import pipeline, wording
from ganaug_core.cli import console, sources
from ganaug_core.config.requests import MARGIN, MeasureBenefit, ReduceClass
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
    repetitions: Annotated[
        int,
        typer.Option(
            min=1,
            max=100,
            help="Trainings of every arm, each with its seed. It is the plan: the answer comes once all are done, and "
            "another number later is another look, with a smaller alpha.",
        ),
    ] = 5,
    margin: Annotated[
        float | None,
        typer.Option(
            metavar="AUROC",
            help=f"A loss of this much or more would be worse; else {MARGIN}. It is fixed with the first look.",
        ),
    ] = None,
    dose: Annotated[
        list[float] | None,
        typer.Option(metavar="SHARE", help="Share of synthetic images to test: .1, .25, .5; repeatable. Else all."),
    ] = None,
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
    home = Workspace(workspace)
    with closing(console.Progress()) as progress:
        cohort_name = sources.cohort(home, cohort, pipeline.stretch(progress, 0, 0.02))
        if keep is not None:
            cohort_name = _reduced(home, cohort_name, rare, keep, seed)
        samples_name = sources.synthetic(
            home, synthetic, cohort_name, seed=seed, report=pipeline.stretch(progress, 0.02, 0.05)
        )
        request = MeasureBenefit(
            cohort=cohort_name,
            samples=samples_name,
            rare=rare,
            repetitions=repetitions,
            margin=margin,
            steps=steps,
            doses=tuple(dose) if dose else None,
            seed=seed,
            trust_split=trust_split,
            command=shlex.join(["ganaug", *sys.argv[1:]]),
        )
        name = pipeline.measure_benefit(home, request, pipeline.stretch(progress, 0.05, 1))
    from ganaug_core.benefit import as_json

    result = home.benefit(name)
    console.answer(as_json(result), _in_words(result), json)


def _reduced(home: Workspace, cohort: str, rare: str | None, keep: int, seed: int) -> str:
    record = home.cohort(cohort)
    if rare is None:
        counts = {name: len(record.where(0, label=label)) for label, name in enumerate(record.classes)}
        rare = min(counts, key=lambda name: counts[name])
    return pipeline.reduce_class(home, ReduceClass(cohort=cohort, class_name=rare, keep=keep, seed=seed))


def _in_words(benefit: "Benefit") -> str:
    scores = {(score.arm, score.measure): score for score in benefit.scores if score.class_name == benefit.rare}
    differences = {
        difference.arm: difference
        for difference in benefit.differences
        if (difference.measure, difference.class_name, difference.against) == ("auroc", benefit.rare, "classical")
    }
    rows = [("arm", "AUROC", "95 % interval", "AUPRC", "minus classical", "95 % interval", "p, corrected")]
    rows += [
        (
            arm.title,
            *_numbers(scores[arm.name, "auroc"], scores[arm.name, "auprc"]),
            *_change(differences.get(arm.name)),
        )
        for arm in benefit.arms
        if (arm.name, "auroc") in scores
    ]
    lines = [benefit.verdict.statement, benefit.verdict.do, "", f"Hold-out, class {benefit.rare}:", console.table(rows)]
    lines += [f"Left out: {arm}. {why}" for arm, why in benefit.left_out.items()]
    return "\n".join([*lines, *benefit.notes, *(benefit.made.in_words if benefit.made else ())])


def _numbers(area: "Score", precision: "Score") -> tuple[str, str, str]:
    return f"{area.value:.3f}", f"{area.interval[0]:.3f} to {area.interval[1]:.3f}", f"{precision.value:.3f}"


def _change(difference: "Difference | None") -> tuple[str, str, str]:
    if difference is None:
        return "", "", ""
    chance = "" if difference.adjusted is None else wording.p_value(difference.adjusted)
    return f"{difference.value:+.3f}", f"{difference.interval[0]:+.3f} to {difference.interval[1]:+.3f}", chance
