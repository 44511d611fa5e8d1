"""Membership by nearness: false alarms on fresh real images, and what is found where training images are repeated.

    GANAUG_TEST_DATA=DIR python tests/benchmarks/membership.py [COHORT ...] [--draws 100] [--kinds fresh ...]

Splits of each pool, half of its images in the cohort and half fresh; of the phantom each draw renders its own pool.
Three kinds of synthetic images: fresh real ones, nothing but noisy copies of 30 % of the training images, and fresh
ones of which 30 % are noisy copies.
"""

import argparse
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
    planted,
    samples,
)

KINDS = ("fresh", "copies alone", "30 % copies")
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


def of_phantom() -> Callable[[int], Drawn]:
    """Return what draws several correlated lesions of 300 patients, and one of each of as many others, all rendered."""

    def draw(seed: int) -> Drawn:
        pool = phantom_cohort(600, 1000 + seed)
        patients = np.random.default_rng(seed).permutation(np.unique(pool.patients))
        place = np.argsort(patients)[pool.patients]  # of the image's patient
        inside = place < 300
        chosen = {name: getattr(pool, name)[inside] for name in ("pixels", "labels", "ids", "patients", "groups")}
        roles = np.digitize(place[inside], (150, 180))  # half training, a tenth tuning
        digest = f"{seed:064x}"
        _, first = np.unique(np.where(inside, -1, place), return_index=True)
        others = first[1:]
        return (
            replace(pool, **chosen, roles=roles, digest=digest, own_split=False),
            pool.images(others),
            pool.labels[others],
        )

    return draw


POOLS: dict[str, Callable[[], Callable[[int], Drawn]]] = {
    "pneumonia": lambda: of_pool(*medmnist(DATA / "pneumoniamnist_full/pneumoniamnist.npz")),
    "breast": lambda: of_pool(*medmnist(DATA / "breastmnist/breastmnist.npz")),
    "mednist": lambda: of_pool(*mednist(DATA / "mednist_6k/images", 700, 32, ("CXR", "Hand"))),
    "phantom": of_phantom,
}


def kinds(real: Cohort, fresh: Floats, labels: Integers, seed: int) -> dict[str, tuple[Floats, Integers]]:
    """Return the three kinds of synthetic images with their labels."""
    random = np.random.default_rng(seed)
    train = random.permutation(real.where(TRAIN))
    seen = train[: round(SHARE * len(train))]
    made = (
        (fresh, labels),
        (copied(real.images(seen), "noisy", seed), real.labels[seen]),
        (planted(fresh, labels, real, SHARE, "noisy", seed), labels),
    )
    return dict(zip(KINDS, made, strict=True))


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("cohorts", nargs="*", default=list(POOLS))
    arguments.add_argument("--draws", type=int, default=100)
    arguments.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    asked = arguments.parse_args()
    for name in asked.cohorts:
        draw = POOLS[name]()
        rows: dict[str, list[list[float]]] = {}
        begun = time.perf_counter()
        for seed in range(asked.draws):
            real, fresh, labels = draw(seed)
            made = kinds(real, fresh, labels, seed)
            for kind in asked.kinds:
                images, of = made[kind]
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
    main()
