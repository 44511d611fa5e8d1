"""Does augmentation help with generators that a CPU trains in minutes? The phantom, PneumoniaMNIST, MedNIST.

    python tests/benchmarks/benefit.py WORKSPACE [phantom-8 | pneumonia-50 | mednist-20 ...] [--minutes 30]

Makes one class rare, trains a generator on exactly what is left, draws 1,000 images a class and runs the experiment.
Real images lie below GANAUG_TEST_DATA. What is there already is not made again. Prints a table for RESULTS.md.
"""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganaug_core import pipeline
from ganaug_core.config import configure
from ganaug_core.config.requests import ImportCohort, MeasureBenefit, ReduceClass, Sample, Train
from ganaug_core.records.benefit import Benefit
from ganaug_core.storage.workspace import Workspace

PER_CLASS = 1000


@dataclass(frozen=True)
class Setting:
    """A cohort, the class that is made rare, and how many training images of it stay."""

    source: str
    size: int
    rare: str
    keep: int
    gamma: float


SETTINGS = {
    "phantom-8": Setting("embedded:phantom", 64, "malignant", 84, 2.0),
    "pneumonia-50": Setting("pneumoniamnist_full/pneumoniamnist.npz", 32, "0", 50, 1.0),
    "mednist-20": Setting("mednist_6k/images", 32, "ChestCT", 20, 1.0),
}


def prepare(workspace: Workspace, name: str, setting: Setting, minutes: float) -> str:
    """Return the name of synthetic images from a generator of the cohort made rarer."""
    whole = f"{name}-whole"
    if not workspace.exists("cohorts", whole):
        inside = setting.source.startswith("embedded:")
        source = setting.source if inside else str(Path(os.environ["GANAUG_TEST_DATA"]) / setting.source)
        pipeline.import_cohort(workspace, ImportCohort(source=source, name=whole, size=setting.size))
    reduced = ReduceClass(cohort=whole, class_name=setting.rare, keep=setting.keep, name=name)
    pipeline.reduce_class(workspace, reduced)
    generator = f"gan-{name}"
    if not workspace.exists("generators", generator):
        changes: dict[str, Any] = {f"{part}.gamma": setting.gamma for part in ("r1", "r2")}
        changes |= {"augment": "on", "class_sampling": "balanced", "ema_half_life_images": 20_000}
        config = configure(changes=changes, minutes=minutes, threads=1, seed=1).model_dump(mode="json")
        pipeline.train(workspace, Train(name=generator, cohort=name, config=config))
    return pipeline.sample(workspace, Sample(generator=generator, per_class=PER_CLASS))


def table(benefit: Benefit) -> str:
    """Return a table of the rare class in Markdown."""
    value = {(score.arm, score.measure): score for score in benefit.scores if score.class_name == benefit.rare}
    change = {
        difference.arm: difference
        for difference in benefit.differences
        if difference.against == "classical" and difference.adjusted is not None
    }
    lines = [
        "| arm | AUROC | AUPRC | sensitivity | Brier | minus classical (AUROC) | p, corrected |",
        "|---|" + "---|" * 6,
    ]
    for arm in benefit.arms:
        area = value[arm.name, "auroc"]
        others = " | ".join(f"{value[arm.name, key].value:.3f}" for key in ("auprc", "sensitivity", "brier"))
        moved = change.get(arm.name)
        against = f"{moved.value:+.3f} ({moved.interval[0]:+.3f} to {moved.interval[1]:+.3f})" if moved else ""
        chance = f"{moved.adjusted:.2g}" if moved else ""
        interval = f"{area.interval[0]:.3f} to {area.interval[1]:.3f}"
        lines.append(f"| {arm.title} | {area.value:.3f} ({interval}) | {others} | {against} | {chance} |")
    return "\n".join([benefit.verdict.statement, "", *lines])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace")
    parser.add_argument("names", nargs="*", default=list(SETTINGS), metavar="NAME")
    parser.add_argument("--minutes", type=float, default=30.0)
    given = parser.parse_args()
    workspace = Workspace(given.workspace)
    for name in given.names:
        setting = SETTINGS[name]
        samples = prepare(workspace, name, setting, given.minutes)
        begun = time.process_time()
        made = pipeline.measure_benefit(workspace, MeasureBenefit(cohort=name, samples=samples, rare=setting.rare))
        print(f"\n### {name}: {time.process_time() - begun:.0f} CPU-s\n\n{table(workspace.benefit(made))}", flush=True)


if __name__ == "__main__":
    main()
