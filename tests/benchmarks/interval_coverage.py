"""Do the intervals of an audit hold, and do its tests reject as seldom as they say? Printed as Markdown.

    python tests/benchmarks/interval_coverage.py shares --draws 1000
    python tests/benchmarks/interval_coverage.py distances --draws 200
    python tests/benchmarks/interval_coverage.py measurements --draws 100

`shares`: a chance at the margin (`dominance`) and two shares, few patients to many, values of four kinds; coverage of
the interval, and how often p lies below .05, .01 and .001 where the chance is at the margin (the most that may be).
`distances`: the squared mean discrepancy of normal features, from none to large, several correlated slices a patient.
`measurements`: every row of `audit.measurements` and the two multiples of realism on normal features. The truth is the
mean over all draws, so bias is not in it, and the interval of the Fréchet distance is about its mean at that size.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.audit import Space
from ganaug_core.audit.comparison import Comparison, compare
from ganaug_core.audit.measurements import measurements
from ganaug_core.audit.real_against_real import LIMIT, relative_distances
from ganaug_core.interfaces import silent
from ganaug_core.metrics import half_sampling, label_agreement, statistics, two_sample
from ganaug_core.metrics.dominance import dominance
from ganaug_core.records import HOLDOUT, TRAIN, Features, Floats, Measurement
from tests.evidence_records import cohort, samples

LEVELS = 0.05, 0.01, 0.001
LIKE = 0.8  # correlation of the slices of a patient
DIMENSION = 12
PATIENTS = (
    *((4, 1, 100), (6, 1, 200), (10, 1, 400), (20, 1, 400), (50, 1, 400)),
    *((10, 8, 400), (20, 20, 400), (50, 3, 400), (100, 1, 10)),
)  # patients, slices of each, images
SPREAD = np.linspace(2, 0.3, DIMENSION)


def slices(patients: int, each: int, random: np.random.Generator, dimension: int = DIMENSION) -> Floats:
    """Return (patients * each, dimension) normal features, those of a patient correlated."""
    own = np.repeat(random.normal(0, 1, (patients, dimension)), each, 0)
    share = LIKE if each > 1 else 1.0
    values = own * np.sqrt(share) + random.normal(0, 1, own.shape) * np.sqrt(1 - share)
    return np.asarray(values, np.float32)


def at_chance(
    kind: str, chance: float, n: int, each: int, m: int, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return real (n * each) and synthetic (m) values of which a synthetic one is higher in that share of pairs."""
    real, synthetic = slices(n, each, random, 1)[:, 0], random.normal(0, 1, m)
    if kind == "two groups":  # patients lie on one side of all images or on the other
        sides = np.repeat(random.random(n) < chance, each)
        return np.where(sides, -1.0, 1.0).astype(np.float32), synthetic * 0.01
    spread = {"alike": (1, 1), "patients differ": (5, 1), "images differ": (1, 5)}[kind]
    return real * spread[0], synthetic * spread[1] + stats.norm.ppf(chance) * np.hypot(*spread)


def below(p_values: list[float]) -> str:
    return " / ".join(f"{np.mean(np.array(p_values) < level):.4f}" for level in LEVELS)


def shares(draws: int) -> None:
    print("| values, margin .15 | patients x slices, images | coverage at .5, .65, .9 | p < .05 / .01 / .001 |")
    print("|---|---|---|---|")
    for kind in ("alike", "patients differ", "images differ", "two groups"):
        for n, each, m in PATIENTS:
            random, held, p_values = np.random.default_rng([n, each, m]), [], []
            for chance in (0.5, 0.65, 0.9):
                results = [
                    dominance(real, np.full(n * each, 1 / each), synthetic, 0.15)
                    for real, synthetic in (at_chance(kind, chance, n, each, m, random) for _ in range(draws))
                ]
                held.append(np.mean([result.interval[0] <= chance <= result.interval[1] for result in results]))
                if chance == 0.65:
                    p_values = [result.p_value for result in results]
            covered = ", ".join(f"{share:.3f}" for share in held)
            print(f"| {kind} | {n} x {each}, {m} | {covered} | {below(p_values)} |", flush=True)
    print(
        "\n| two shares (exact sums, the worst real share) | patients, images | p < .05 / .01 / .001 |\n|---|---|---|"
    )
    for margin in (label_agreement.MARGIN, 0.25):
        for n, m in ((4, 100), (6, 40), (10, 400), (20, 100), (50, 200), (200, 200)):
            hits, others = np.meshgrid(np.arange(m + 1), np.arange(n + 1), indexing="ij")
            p_values = np.concatenate(
                [
                    statistics.exceeds(hits[row : row + 50], m, others[row : row + 50], n, margin)
                    for row in range(0, m + 1, 50)
                ]
            )
            worst = np.zeros(len(LEVELS))
            for share in np.linspace(0.01, 0.99 - margin, 50):
                chances = stats.binom.pmf(hits, m, share + margin) * stats.binom.pmf(others, n, share)
                worst = np.maximum(worst, [chances[p_values < level].sum() for level in LEVELS])
            print(f"| margin {margin:g} | {n}, {m} | {' / '.join(f'{value:.4f}' for value in worst)} |", flush=True)
    wilson = [
        stats.binom.pmf(hits := np.arange(201), 200, share)
        @ [low <= share <= high for low, high in (statistics.wilson(hit, 200) for hit in hits)]
        for share in np.linspace(0.02, 0.98, 97)
    ]
    print(f"\nWilson, 200 images, shares .02 to .98: {np.mean(wilson):.3f} ({min(wilson):.3f} to {max(wilson):.3f})")
    for m in (20, 60, 200):
        random = np.random.default_rng(m)
        inside = [
            low <= 0 <= high for low, high in (statistics.median_interval(random.normal(size=m)) for _ in range(draws))
        ]
        print(f"median by ranks, {m} images: {np.mean(inside):.3f}")


def distances(draws: int) -> None:
    print("| kernel | patients x slices, images | shift | mean / deviation | coverage | p < .05 / .01 / .001 |")
    print("|---|---|---|---|---|---|")
    for name, kernel in (("cubic", two_sample.cubic), ("Gaussian", two_sample.gaussian(2 * float((SPREAD**2).sum())))):
        for n, each, m in (
            (10, 1, 100),
            (20, 1, 100),
            (50, 1, 150),
            (20, 8, 150),
            (50, 3, 150),
            (20, 20, 150),
            (150, 1, 200),
        ):
            for shift in (0.0, 0.15, 0.6):
                random, values, spreads = np.random.default_rng([n, each, m]), [], []
                for _ in range(draws):
                    sides = [
                        two_sample.Side(features * SPREAD, np.full(len(features), 1 / count),
                                        np.arange(len(features)) // count, np.zeros(len(features), np.int64))
                        for features, count in ((slices(n, each, random), each), (slices(m, 1, random) + shift, 1))
                    ]  # fmt: skip
                    distance = two_sample.discrepancy(*sides, kernel, 100, random)
                    values.append(distance.value)
                    spreads.append(half_sampling.spread(distance.halves))
                truth = float(np.mean(values))
                both = list(zip(values, spreads, strict=True))
                ends = [half_sampling.distance_interval(value, spread, n) for value, spread in both]
                p_values = [half_sampling.distance_p(value, truth, spread, n) for value, spread in both]
                covered = np.mean([low <= truth <= high for low, high in ends])
                print(f"| {name} | {n} x {each}, {m} | {shift:g} | {truth / np.std(values):.1f} | {covered:.3f} | "
                      f"{below(p_values)} |", flush=True)  # fmt: skip


def world(n: int, each: int, m: int, shift: float, random: np.random.Generator) -> Comparison:
    """Return twice as many training as held-out patients, of two classes, with normal features; images are empty."""
    patients = 3 * n
    roles = np.where(np.arange(patients) < 2 * n, TRAIN, HOLDOUT).repeat(each)
    labels = (np.arange(patients) % 2).repeat(each)
    pixels = np.zeros((patients * each, 1, 2, 2), np.uint8)
    real = replace(cohort(pixels, labels, ("a", "b"), groups=np.arange(patients * each) // each), roles=roles)
    drawn = samples(np.zeros((m, 1, 2, 2), np.float32), np.arange(m) % 2, real.classes)
    own, other = slices(patients, each, random) * SPREAD, (slices(m, 1, random) + shift) * SPREAD
    own[:, 0] += 2 * labels
    other[:, 0] += 2 * (np.arange(m) % 2)
    space = Space(Features("simclr", "", own, real.ids), Features("simclr", "", other, drawn.ids))
    return compare(real, drawn, {"simclr": space}, int(random.integers(1 << 30)))


def rows(comparison: Comparison) -> Iterator[Measurement]:
    yield from (row for row in measurements(comparison, silent) if row.class_name in (None, "a"))
    yield from (distance.measurement("simclr") for distance in relative_distances(comparison, "simclr"))


def measured(draws: int) -> None:
    print("| measure | patients x slices, images | shift | mean | null | coverage | width / 3.92 deviations |")
    print("|---|---|---|---|---|---|---|")
    for n, each, m in ((30, 1, 60), (60, 1, 300), (20, 3, 120), (24, 8, 200), (20, 20, 400)):
        for shift in (0.0, 0.15, 0.5):
            random, found, multiples = np.random.default_rng([n, each, m]), defaultdict(list), defaultdict(list)
            for _ in range(draws):
                for row in rows(world(n, each, m, shift, random)):
                    found[row.name if row.class_name is None else f"{row.name} of a class"].append(row)
                    if row.name.endswith("multiple"):
                        multiples[row.name].append(row.p_value or 0.0)
            for name, every in found.items():
                ends = np.array([row.interval for row in every if row.interval is not None])
                if not len(ends):
                    continue
                values = np.array([row.value for row in every])
                truth = values.mean()
                covered = np.mean((ends[:, 0] <= truth + 1e-9) & (truth - 1e-9 <= ends[:, 1]))
                width = np.diff(ends, axis=1).mean() / max(values.std(), 1e-9) / 3.92
                null = np.mean([row.null for row in every])
                sizes = f"{n} x {each}, {m}"
                print(
                    f"| {name} | {sizes} | {shift:g} | {truth:.3g} | {null:.3g} | {covered:.3f} | {width:.2f} |",
                    flush=True,
                )
            for name, p_values in multiples.items():
                print(f"| p of {name}: at most {LIMIT:g} | {n} x {each}, {m} | {shift:g} | | | | {below(p_values)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("shares", "distances", "measurements"))
    parser.add_argument("--draws", type=int, default=200)
    arguments = parser.parse_args()
    {"shares": shares, "distances": distances, "measurements": measured}[arguments.what](arguments.draws)
