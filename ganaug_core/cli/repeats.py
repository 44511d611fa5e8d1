"""ganaug audit --samples N and --runs: the same audit of several draws, or of several trainings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ganaug_core import pipeline, wording
from ganaug_core.cli import console, sources
from ganaug_core.config.requests import AuditSamples
from ganaug_core.errors import ConfigurationError, EvidenceError
from ganaug_core.interfaces import Report
from ganaug_core.storage.workspace import Workspace

if TYPE_CHECKING:
    from ganaug_core.records import Audit

OF_NO_RECIPE = {"seed", "device", "threads", "precision", "deterministic", "compiled", "recipe"}
"""What two trainings of one recipe may differ in, its name included: the settings count."""
SHOWN = (
    *("copied_share", "nearer_than_99", "self_similarity", "kernel_distance", "discrepancy_multiple"),
    *("frechet_multiple", "precision", "coverage", "label_agreement", "membership_auc", "membership_excess_risk"),
)


def checked(workspace: Workspace, synthetic: Sequence[str], samples: int, runs: bool) -> list[str]:
    """Return the generators to audit, each once, in their order.

    Raises:
        ConfigurationError: Several without --runs, one with it, or both kinds of repetition.
        EvidenceError: No generator, or trainings that are not of one recipe.
    """
    names = list(dict.fromkeys(synthetic))
    if runs and samples > 1:
        raise ConfigurationError(
            "--samples and --runs ask for two kinds of repetition, and their spreads would be mixed.",
            do="Ask for one after the other.",
        )
    if not runs and len(names) > 1:
        raise ConfigurationError(
            f"An audit is of one SYNTHETIC, and {len(names)} are given: {wording.listing(names)}.",
            do="Add --runs if they are trainings of one recipe.",
        )
    if runs and len(names) < 2:
        raise ConfigurationError(
            f"--runs compares trainings, and {names[0]} is one.", do="Name two generators at least, better three."
        )
    foreign = [name for name in names if not sources.is_generator(workspace, name)] if runs or samples > 1 else []
    if foreign:
        raise EvidenceError(
            f"{foreign[0]} is no generator of this workspace, so no further images can be drawn from it.",
            do="Give a generator's name (ganaug generator list, ganaug generator import), or ask for one audit.",
            code="no_generator",
        )
    if runs:
        _of_one_recipe(workspace, names)
    return names


def audits(
    workspace: Workspace, names: Sequence[str], seeds: Sequence[int], request: AuditSamples, report: Report
) -> "list[Audit]":
    """Return the audits of images that are drawn with each seed, or from each generator.

    Of several, those that are there are found; a single one is made anew, as somebody wants to see whether it holds.

    Args:
        names: One generator for all seeds, or one for each.
        seeds: Of drawing; the audit's own seed stays, so that nothing but the images differs.
        request: What is asked of each; its samples are replaced.
    """
    generators = list(names) if len(names) == len(seeds) else [names[0]] * len(seeds)
    result = []
    for number, (generator, seed) in enumerate(zip(generators, seeds, strict=True)):
        part = pipeline.stretch(report, number / len(seeds), (number + 1) / len(seeds))
        drawing = pipeline.stretch(part, 0, 0.1)
        drawn = sources.synthetic(workspace, generator, request.cohort, seed=seed, report=drawing)
        asked = replace(request, samples=drawn)
        known = pipeline.existing_result(workspace, asked) if len(seeds) > 1 else None
        name = known or pipeline.audit_samples(workspace, asked, pipeline.stretch(part, 0.1, 1))
        result.append(replace(workspace.audit(name), command=request.command))
    return result


def tables(draws: Mapping[str, Any]) -> str:
    """Return two small tables: the verdicts with their states counted, and some measurements with their spread."""
    what = draws["between"]
    rows = [(f"over {draws['n']} {what}", "state", "pass", "warn", "fail", "not assessable", "p, corrected")]
    rows += [
        (
            name.replace("_", " "),
            verdict["state"].replace("_", " "),
            *(str(count) for count in verdict["states"].values()),
            "-" if verdict["p_corrected"] is None else wording.p_value(verdict["p_corrected"]),
        )
        for name, verdict in draws["verdicts"].items()
    ]
    numbers = [("measure", "space", "mean", "spread", f"95 % interval between {what}")]
    numbers += [
        (
            measurement["name"].replace("_", " "),
            measurement["encoder"],
            wording.number(measurement["mean"]),
            wording.number(measurement["spread"]),
            " to ".join(wording.number(end) for end in measurement["interval"]),
        )
        for measurement in draws["measurements"]
        if measurement["class"] is None and measurement["name"] in SHOWN
    ]
    parts = [console.table(rows)] + ([console.table(numbers)] if len(numbers) > 1 else [])
    return "\n\n".join([*parts, draws["rule"]])


def _of_one_recipe(workspace: Workspace, names: Sequence[str]) -> None:
    """Refuse generators that are not trainings of one recipe on one cohort with different seeds."""
    recipes, cohorts, seeds = [], [], []
    for name in names:
        origin = workspace.reference("generators", name).origin
        run = workspace.named("runs", origin.inputs["run"]) if "run" in origin.inputs else None
        if run is None:
            raise EvidenceError(
                f"The run that made {name} is not in this workspace, so nobody knows its recipe.",
                do="Name generators that were trained here.",
                code="no_run",
            )
        config = workspace.manifest("runs", run)["config"]
        recipes.append({key: value for key, value in config.items() if key not in OF_NO_RECIPE})
        cohorts.append(origin.inputs["cohort"])
        seeds.append(config["seed"])
    first = recipes[0]
    for name, recipe, cohort in zip(names, recipes, cohorts, strict=True):
        other = sorted(key for key in first.keys() | recipe.keys() if first.get(key) != recipe.get(key))
        other += ["cohort"] if cohort != cohorts[0] else []
        if other:
            raise EvidenceError(
                f"{names[0]} and {name} are not trainings of one recipe: they differ in {wording.listing(other)}.",
                do="Train again with other seeds and nothing else changed.",
                code="other_recipe",
            )
    if len(set(seeds)) < len(seeds):
        raise EvidenceError(
            f"Of {wording.listing(names)} two were trained with the same seed, so they are one training.",
            do="Train again with another --seed.",
            code="same_seed",
        )
