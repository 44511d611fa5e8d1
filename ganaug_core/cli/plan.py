"""ganaug plan"""

from contextlib import closing
from typing import Annotated

import typer

from ganaug_core import plans, wording
from ganaug_core.cli import console, sources
from ganaug_core.config.requests import AUDIT_SPACES, MARGIN, REPETITIONS
from ganaug_core.records.codec import in_json
from ganaug_core.records.plan import Plan
from ganaug_core.storage.workspace import Workspace


def plan(
    cohort: Annotated[str, typer.Argument(metavar="COHORT", help="A cohort's name, or a path.")],
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the plan; without it, say which plans there are.")
    ] = None,
    space: Annotated[
        list[str] | None, typer.Option(metavar="E", help="Feature space of the audit; repeatable. Else the usual ones.")
    ] = None,
    rare: Annotated[
        str | None, typer.Option(metavar="CLASS", help="Class to augment; else the one with the fewest images.")
    ] = None,
    dose: Annotated[
        list[float] | None,
        typer.Option(metavar="SHARE", help="Share of synthetic images to test: .1, .25, .5; repeatable. Else all."),
    ] = None,
    repetitions: Annotated[int, typer.Option(min=1, max=100, help="Trainings of every arm.")] = REPETITIONS,
    margin: Annotated[float, typer.Option(metavar="AUROC", help="A loss of this much or more is worse.")] = MARGIN,
    seed: Annotated[int, typer.Option(help="Of the audit and of the benefit experiment.")] = 0,
    json: console.Json = None,
    workspace: console.Workspace = None,
) -> None:
    """Fix hold-out, spaces, thresholds, doses and repetitions before the first look; results then say "planned"."""
    home = Workspace(workspace)
    with closing(console.Progress()) as progress:
        cohort_name = sources.cohort(home, cohort, progress)
    if name is None:
        written = plans.plans(home, cohort_name)
        text = "\n".join(f"{plan.name}, {_summary(plan)}" for plan in written)
        document = {"schema": "ganaug.plans/1", "plans": [in_json(plan) for plan in written]}
        console.answer(document, text or f"There is no plan for the hold-out share of {cohort_name}.", json)
        return
    plan = plans.write(
        home,
        cohort_name,
        name,
        spaces=tuple(space or AUDIT_SPACES),
        rare=rare,
        doses=tuple(dose) if dose else None,
        repetitions=repetitions,
        margin=margin,
        seed=seed,
    )
    console.answer({"schema": "ganaug.plan/1", **in_json(plan)}, _in_words(plan), json)


def _summary(plan: Plan) -> str:
    return f"written {wording.moment(plan.created)} {plan.standing}; digest {plan.digest}"


def _in_words(plan: Plan) -> str:
    patients = plan.holdout["patients"]
    whose = "patients unknown" if patients is None else f"of {wording.count(patients, 'patient')}"
    benefit = plan.benefit
    doses = wording.listing(wording.percent(dose) for dose in benefit["doses"])
    rows = [
        ("hold-out", f"{wording.count(plan.holdout['images'], 'image')}, {whose}"),
        ("spaces", wording.listing(plan.audit["spaces"])),
        ("benefit", f"{doses} synthetic images of {benefit['class']}, {benefit['repetitions']} repetitions"),
        ("margin", f"a loss of {benefit['margin']:g} AUROC or more is worse"),
        ("seed", str(plan.audit["seed"])),
        *((name, f"{value:g}") for name, value in plan.thresholds.items()),
        *((name, str(value)) for name, value in plan.software.items()),
    ]
    return "\n".join([f"Plan {plan.name}, {_summary(plan)}", console.table(rows)])
