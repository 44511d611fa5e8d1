"""Membership by nearness: false alarms on fresh real images, and what is found where training images are repeated.

    GANAUG_TEST_DATA=DIR python tests/benchmarks/membership.py [COHORT ...]

`DRAWS` splits of each pool, half of its images in the cohort and half fresh. Three kinds of synthetic images: fresh
real ones, nothing but noisy copies of 30 % of the training images, and fresh ones of which 30 % are noisy copies.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.audit.comparison import compare
from ganaug_core.audit.membership_attack import attack
from ganaug_core.interfaces import silent
from ganaug_core.records import TRAIN, Cohort, Floats, Integers
from tests.evidence_records import (
    EIGHT_BIT,
    Bytes,
    cohort,
    copied,
    grouped,
    halves,
    medmnist,
    mednist,
    phantom_cohort,
    phantom_samples,
    planted,
    samples,
)

DRAWS = 100
PER_CLASS = 250
SHARE = 0.3
DATA = Path(os.environ.get("GANAUG_TEST_DATA", ""))
Drawn = tuple[Cohort, Floats, Integers]


def of_pool(images: Bytes, labels: Integers, classes: tuple[str, ...]) -> Callable[[int], Drawn]:
    """Return what draws a cohort and as many fresh images of a pool; near-duplicates stay on one side of the split."""
    random = np.random.default_rng(0)
    kept = np.concatenate([random.permutation(np.flatnonzero(labels == label))[:700] for label in np.unique(labels)])
    images, labels = images[kept], labels[kept]
    groups, _, _ = grouped(images)

    def draw(seed: int) -> Drawn:
        left, right = halves(images, labels, PER_CLASS, seed)
        real = cohort(images[left], labels[left], classes, seed=seed, holdout=0.34, groups=groups[left])
        return replace(real, own_split=False), EIGHT_BIT.normalise(images[right]), labels[right]

    return draw


def of_phantom(seed: int) -> Drawn:
    """Return several correlated lesions a patient, and fresh ones of other patients."""
    real, fresh = phantom_cohort(300, 2 * seed), phantom_samples(300, 2 * seed + 1)
    return replace(real, own_split=False), fresh.images, fresh.labels


POOLS: dict[str, Callable[[], Callable[[int], Drawn]]] = {
    "pneumonia": lambda: of_pool(*medmnist(DATA / "pneumoniamnist_full/pneumoniamnist.npz")),
    "breast": lambda: of_pool(*medmnist(DATA / "breastmnist/breastmnist.npz")),
    "mednist": lambda: of_pool(*mednist(DATA / "mednist_6k/images", 700, 32, ("CXR", "Hand"))),
    "phantom": lambda: of_phantom,
}


def kinds(real: Cohort, fresh: Floats, labels: Integers, seed: int) -> dict[str, tuple[Floats, Integers]]:
    """Return the three kinds of synthetic images with their labels."""
    random = np.random.default_rng(seed)
    train = random.permutation(real.where(TRAIN))
    seen = train[: round(SHARE * len(train))]
    return {
        "fresh": (fresh, labels),
        "copies alone": (copied(real.images(seen), "noisy", seed), real.labels[seen]),
        "30 % copies": (planted(fresh, labels, real, SHARE, "noisy", seed), labels),
    }


def main(names: list[str]) -> None:
    for name in names or list(POOLS):
        draw = POOLS[name]()
        rows: dict[str, list[list[float]]] = {}
        begun = time.perf_counter()
        for seed in range(DRAWS):
            real, fresh, labels = draw(seed)
            for kind, (images, of) in kinds(real, fresh, labels, seed).items():
                synthetic = samples(images, of, real.classes)
                found = attack(compare(real, synthetic, {}, seed), trusted=True, report=silent).measurements
                by_name = {measurement.name: measurement for measurement in found}
                area, risk = by_name["membership_auc"], by_name["membership_excess_risk"]
                assert area.interval
                assert risk.interval
                assert area.p_value is not None
                covered = [area.interval[0] <= 0.5 <= area.interval[1], risk.interval[0] <= 0 <= risk.interval[1]]
                rows.setdefault(kind, []).append([area.value, area.p_value, risk.value, *covered])
        seconds = time.perf_counter() - begun
        for kind, values in rows.items():
            table = np.array(values)
            print(
                f"| {name} | {kind} | {table[:, 0].mean():.3f} ({table[:, 0].std():.3f}) | "
                f"{(table[:, 1] <= 0.05).mean():.2f} | {(table[:, 1] <= 0.01).mean():.2f} | {table[:, 3].mean():.2f} | "
                f"{table[:, 2].mean():.2f} ({table[:, 2].std():.2f}) | {table[:, 4].mean():.2f} |",
                flush=True,
            )
        print(f"{name}: {seconds:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
