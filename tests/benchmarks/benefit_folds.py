"""Would leaving a fold of the training share out of each repetition give more honest intervals?

    python tests/benchmarks/benefit_folds.py [--draws 40]

Draws many small cohorts (handwritten digits under strong noise), so that the change over all training shares is known,
and runs every experiment in two ways: repetitions differ in their seed alone, or each also leaves another fifth of the
training images away. Two questions: how often does the interval of "classical augmentation minus duplication" cover
the known change, and what does a generator gain that does nothing but copy the training share?
"""

import argparse
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits

from ganaug_core.benefit import Classifier, bootstrap
from ganaug_core.benefit.arms import arms, chances
from ganaug_core.benefit.classification_scores import MEASURES, PRIMARY
from ganaug_core.records import Floats, Integers
from ganaug_core.records.benefit import Arm

RARE, OTHERS, TESTED = 20, 200, (60, 200)
FOLDS, REPETITIONS = 5, 5
NOISE = 9.0  # of a range of 16
QUICK = Classifier(steps=80, batch=32)
ARMS = {arm.name: arm for arm in arms(RARE, OTHERS) if arm.name in ("classical", "duplication", "mixed50", "topped")}
CHANGES = {
    "classical minus duplication": ("classical", "duplication"),
    "copier at 50 % minus classical": ("mixed50", "classical"),
    "copier on top minus duplication": ("topped", "duplication"),
}


class Images(NamedTuple):
    """Images (n, 1, 16, 16) in [-1, 1] and whether each is of the rare class (n,)."""

    images: Floats
    labels: Integers


def drawn(bank: Images, sizes: tuple[int, int], random: np.random.Generator) -> Images:
    """Return so many images of the rare class and of the others, each with noise of its own."""
    rows = np.concatenate(
        [
            random.choice(np.flatnonzero(bank.labels == label), size, False)
            for label, size in ((1, sizes[0]), (0, sizes[1]))
        ]
    )
    noisy = bank.images[rows] + random.normal(0, NOISE, (len(rows), 1, 16, 16))
    return Images((np.clip(noisy, 0, 16) / 8 - 1).astype(np.float32), bank.labels[rows])


def told(arm: Arm, train: Images, real: Integers, seed: int, tests: list[Images]) -> list[Floats]:
    """Return what a classifier of the arm says; real images are those of the rows `real`, copies are of all rows."""
    copied = np.flatnonzero(train.labels == 1) if arm.uses_synthetic else np.zeros(0, np.int64)
    rows, synthetic = np.concatenate([real, copied]), np.repeat([False, True], [len(real), len(copied)])
    chance = chances(arm, train.labels[rows], synthetic, 1)
    network = QUICK.fit(
        train.images[rows], train.labels[rows], chance, 2, weights=None, classical=arm.classical, seed=seed
    )
    return [QUICK.tell(network, test.images) for test in tests]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=40)
    draws = parser.parse_args().draws
    digits = load_digits()
    chosen = np.isin(digits.target, (1, 3, 5, 8, 9))
    pixels = np.kron(digits.images[chosen], np.ones((2, 2)))[:, None]
    bank = Images(pixels.astype(np.float32), (digits.target[chosen] == 8).astype(np.int64))
    half = np.random.default_rng(0).random(len(bank.labels)) < 0.5
    pool, unseen = (Images(bank.images[side], bank.labels[side]) for side in (half, ~half))
    largest = drawn(unseen, tuple(np.bincount(unseen.labels)[::-1]), np.random.default_rng(1))
    area = list(MEASURES).index(PRIMARY)
    exact: dict[tuple[str, str], list[float]] = {}
    found: dict[tuple[str, str], list[bootstrap.Estimate]] = {}
    for draw in range(draws):
        random = np.random.default_rng([2, draw])
        train, test = drawn(pool, (RARE, OTHERS), random), drawn(unseen, TESTED, random)
        weights = bootstrap.resampled(np.arange(len(test.labels)), test.labels, 1, draw)
        fold = np.concatenate([random.permutation(RARE) % FOLDS, random.permutation(OTHERS) % FOLDS])
        for way in ("seeds alone", "a fold left out"):
            values: dict[str, list[np.ndarray]] = {name: [] for name in ARMS}
            truth: dict[str, list[float]] = {name: [] for name in ARMS}
            for repetition in range(REPETITIONS):
                real = np.flatnonzero((fold != repetition) | (way == "seeds alone"))
                for name, arm in ARMS.items():
                    here, there = told(arm, train, real, 100 * draw + repetition, [test, largest])
                    values[name].append(bootstrap.measured(here, test.labels, weights)[1, area])
                    ones = np.ones((1, len(largest.labels)))
                    truth[name].append(float(bootstrap.measured(there, largest.labels, ones)[1, area, 0]))
            for change, (arm_name, against) in CHANGES.items():
                moved = np.stack(values[arm_name]) - np.stack(values[against])
                found.setdefault((change, way), []).append(bootstrap.estimate(moved))
                exact.setdefault((change, way), []).append(np.mean(truth[arm_name]) - np.mean(truth[against]))
        if (draw + 1) % 6 == 0 or draw + 1 == draws:
            report(exact, found, draw + 1)


def report(
    exact: dict[tuple[str, str], list[float]], found: dict[tuple[str, str], list[bootstrap.Estimate]], draws: int
) -> None:
    """Print a table: mean change, its spread between training shares, the intervals' width, and how often they cover
    what is known (the mean over training shares; zero for a copier), lie above zero and below it."""
    head = (
        "change of AUROC",
        "repetitions differ in",
        "mean",
        "sd between shares",
        "width",
        "covers",
        "above 0",
        "below",
    )
    print(f"\n{draws} cohorts\n\n| {' | '.join(head)} |\n|" + "---|" * len(head))
    for (change, way), estimates in found.items():
        known = 0.0 if "copier" in change else float(np.mean(exact[change, "seeds alone"]))
        low, high = np.array([each.interval for each in estimates]).T
        mean = np.mean([each.value for each in estimates])
        sizes = f"{mean:+.4f} | {np.std(exact[change, way], ddof=1):.4f} | {(high - low).mean():.4f}"
        shares = ((low <= known) & (known <= high)).mean(), (low > 0).mean(), (high < 0).mean()
        print(f"| {change} | {way} | {sizes} | {' | '.join(f'{share:.2f}' for share in shares)} |", flush=True)


if __name__ == "__main__":
    main()
