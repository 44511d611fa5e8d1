"""How often is a missing group of images found, and how often one that is not missing? Printed as Markdown.

    python tests/benchmarks/mode_power.py --data ../shared/data --cohort mednist --pool 1000 --synthetic 330 --keep DIR

The SimCLR encoder is fitted once, on a third of all groups that is training in every draw, and every image is encoded
once. A draw splits the other groups into hold-out and fresh images by chance and counts the fresh ones in the groups
(k-means clusters) of the real ones, as an audit does: `fresh` has all images, `a class of 15 %` merges two classes by
chance into one label whose second class is 15 % of it and absent among the fresh images, `a class of 30 %` the same,
and `rare texture` (phantom) leaves out the speckled lesions, 8 to 10 % of a class. Found means that at least one group
is named, which fails the verdict.
"""

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.encoders.simclr import SimCLR
from ganaug_core.metrics.missing_modes import clusters
from ganaug_core.metrics.statistics import weights, wilson
from ganaug_core.readers import phantom
from ganaug_core.records import Floats, Integers
from tests.benchmarks.power_pools import COHORTS, Pool, pool

SHARES = 0.15, 0.30


def encoded(source: Pool, train: Integers, keep: Path | None) -> Floats:
    """Return (n, 64) features of every image of the pool, from the folder if an earlier study left them there."""
    path = keep / f"{source.name}-simclr.npy" if keep else None
    if path is not None and path.is_file():
        known: Floats = np.load(path, allow_pickle=False)
        return known
    images = source.intensity.normalise(source.pixels)
    features = SimCLR().fit(images[train], source.labels[train], seed=0).encode(images)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, features)
    return features


def group_is_missing(
    source: Pool, features: Floats, real: Integers, labels: Integers, fresh: Integers, fresh_labels: Integers
) -> bool:
    """Return whether a group of the real images is named as missing."""
    weigh = weights(labels, source.groups[real])
    return any(cluster.missing for cluster in clusters(features[real], features[fresh], labels, fresh_labels, weigh))


def merged(source: Pool, rows: Integers, share: float, random: np.random.Generator) -> tuple[Integers, int]:
    """Return the rows of one class by chance and so many of a second that these are `share` of both, and its number."""
    one, two = random.permutation(len(source.classes))[:2]
    first, second = rows[source.labels[rows] == one], rows[source.labels[rows] == two]
    wanted = round(len(first) * share / (1 - share))
    if len(second) < wanted:  # the smaller class cannot be so large a share of this one
        first, wanted = first[: int(len(second) * (1 - share) / share)], len(second)
    return np.concatenate([first, random.permutation(second)[:wanted]]), int(one)


def study(source: Pool, draws: int, synthetic: int, keep: Path | None) -> None:
    """Print a table of how often a group was found missing, by case."""
    groups = np.unique(source.groups)
    always = np.random.default_rng(7).permutation(groups)[: len(groups) // 3]
    train = np.flatnonzero(np.isin(source.groups, always))
    features = encoded(source, train, keep)
    hits: dict[str, list[bool]] = defaultdict(list)
    sizes: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for seed in range(draws):
        random = np.random.default_rng(seed)
        others = random.permutation(np.setdiff1d(groups, always))
        held = np.isin(source.groups, others[: len(others) // 2])
        real = np.sort(np.concatenate([train, np.flatnonzero(held)]))
        fresh = random.permutation(np.flatnonzero(np.isin(source.groups, others[len(others) // 2 :])))
        fresh = fresh[np.unique(source.groups[fresh], return_index=True)[1]]  # independent, as a generator's images are
        fresh = random.permutation(fresh)
        fresh = np.concatenate(
            [fresh[source.labels[fresh] == class_number][:synthetic] for class_number in np.unique(source.labels)]
        )
        sets = {"fresh": (real, source.labels[real], fresh, source.labels[fresh])}
        for share in SHARES:
            rows, label = merged(source, real, share, random)
            one = fresh[source.labels[fresh] == label]
            nobody = np.zeros(len(rows), np.int64), one, np.zeros(len(one), np.int64)
            sets[f"a class of {share:.0%} of its label missing"] = (rows, *nobody)
        if source.textures is not None:
            kept = fresh[source.textures[fresh] != phantom.TEXTURES.index("speckled")]
            sets["rare texture missing"] = (real, source.labels[real], kept, source.labels[kept])
        for case, real_and_fresh in sets.items():
            hits[case].append(group_is_missing(source, features, *real_and_fresh))
            smallest = min(np.bincount(real_and_fresh[3])[np.unique(real_and_fresh[3])])
            sizes[case].append((len(np.unique(source.groups[real_and_fresh[0]])), int(smallest)))
    print("| cohort | set | real patients, synthetic images of the smallest class (median) | found | share (95 %) |")
    print("|---|---|---|---|---|")
    for case, answers in hits.items():
        low, high = wilson(sum(answers), draws)
        patients, smallest_class = np.median(sizes[case], axis=0).astype(int)
        share = f"{np.mean(answers):.2f} ({low:.2f} to {high:.2f})"
        print(
            f"| {source.name} | {case} | {patients}, {smallest_class} | {sum(answers)}/{draws} | {share} |", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cohort", choices=COHORTS, default="mednist")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--pool", type=int, default=1000, help="images a class (phantom: patients)")
    parser.add_argument("--synthetic", type=int, default=600, help="fresh images a class at most")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="folder for the features of the pool")
    given = parser.parse_args()
    start = time.perf_counter()
    source = pool(given.data, given.cohort, given.size, given.pool)
    study(source, given.draws, given.synthetic, given.keep)
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
