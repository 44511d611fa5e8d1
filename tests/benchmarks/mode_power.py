"""How often is a missing group of images found, and how often one that is not missing? Printed as Markdown.

    python tests/benchmarks/mode_power.py --data ../shared/data --cohort mednist --pool 1000 --synthetic 330 --keep DIR
    python tests/benchmarks/mode_power.py --data ../shared/data --cohort phantom-b --size 64 --pool 3600

The encoders are fitted once, on a third of all groups that is training in every draw, and every image is encoded once.
A draw splits the other groups into hold-out and fresh images by chance and scans the regions of the real ones for
fresh ones in all spaces, and those of a witness, as an audit does: `fresh` has all images; `a class of 15 %` merges
two classes by chance into one label whose second class is 15 % of it and absent among the fresh images; `a class of 30
%` the same; `brightest quarter` leaves out the images of the first class that are brighter than three quarters of it;
`rare texture` (phantom) leaves out the speckled lesions, 8 to 10 % of a class. The phantom `phantom-b` is another seed
whose speckles are replaced by stripes: a texture that had no part in choosing the method. Found means that at least
one group is named, which fails the verdict.
"""

import argparse
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.audit.missing_groups import LEARNT_FROM, PREPARED, SPACES
from ganaug_core.encoders import ENCODERS
from ganaug_core.metrics import missing_modes, witness
from ganaug_core.metrics.statistics import wilson
from ganaug_core.readers import phantom
from ganaug_core.records import Floats, Integers
from ganaug_core.wording import WITNESS
from tests.benchmarks.power_pools import COHORTS, Pool, pool

SHARES = 0.15, 0.30
BRIGHT = 0.74  # quantile of a class's mean intensity
FITTED = 3000  # training images that encoders see at most, so that a study ends
NEW_TEXTURE = "phantom-b"
COMPUTED = "phantom", "slices"  # nobody is in them twice
TESTS = *SPACES, WITNESS
Spaces = dict[str, Floats]
with_speckles = phantom._lesion_texture


def striped(random: np.random.Generator, depth: phantom.Field, texture: int) -> phantom.Field:
    """Return HU inside a lesion of the phantom, with stripes of one direction where speckles were."""
    if phantom.TEXTURES[texture] != "speckled":
        return with_speckles(random, depth, texture)
    scale, angle = len(depth) / 64, random.uniform(0, np.pi)
    row, column = phantom.grid(len(depth))
    waves = np.sin(2 * np.pi * (row * np.sin(angle) + column * np.cos(angle)) / (random.uniform(4, 6) * scale))
    shown: phantom.Field = random.normal(75, 8) + random.uniform(40, 55) * waves
    return shown


def encoded(source: Pool, train: Integers, keep: Path | None) -> Spaces:
    """Return (n, d) features of every image of the pool, from the folder if an earlier study left them there."""
    path = keep / f"{source.name}-spaces.npz" if keep else None
    if path is not None and path.is_file():
        with np.load(path, allow_pickle=False) as known:
            return {space: known[space] for space in SPACES}
    images = source.intensity.normalise(source.pixels)
    some = np.sort(np.random.default_rng(7).permutation(train)[:FITTED])
    made: Spaces = {
        space: ENCODERS[space]().fit(images[some], source.labels[some], seed=0).encode(images) for space in SPACES
    }
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **made)
    return made


def worst(
    source: Pool, features: Spaces, real: Integers, labels: Integers, fresh: Integers, fresh_labels: Integers
) -> dict[str, float]:
    """Return by space, and for the witness, the p of the region that lacks most, corrected for regions and classes."""
    sides = {space: (features[space][real], features[space][fresh]) for space in SPACES}
    joined = witness.joined([sides[space] for space in LEARNT_FROM])
    sides |= {space: PREPARED[space](*sides[space]) for space in PREPARED}
    p_values = {}
    for space in TESTS:
        values, learn = (joined, witness.regions) if space == WITNESS else (sides[space], None)
        scanned = missing_modes.scan(*values, labels, fresh_labels, source.groups[real], learn=learn)
        p_values[space] = next(scanned.worst(), (0, 0, 1.0))[2]
    return p_values


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
    brightness = source.pixels.mean((1, 2, 3))
    p_values: dict[str, list[dict[str, float]]] = defaultdict(list)
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
        limit = np.quantile(brightness[real[source.labels[real] == 0]], BRIGHT)
        darker = fresh[(source.labels[fresh] != 0) | (brightness[fresh] < limit)]
        sets["brightest quarter of a class missing"] = (real, source.labels[real], darker, source.labels[darker])
        if source.textures is not None:
            kept = fresh[source.textures[fresh] != phantom.TEXTURES.index("speckled")]
            sets["rare texture missing"] = (real, source.labels[real], kept, source.labels[kept])
        for case, real_and_fresh in sets.items():
            p_values[case].append(worst(source, features, *real_and_fresh))
            smallest = min(np.bincount(real_and_fresh[3])[np.unique(real_and_fresh[3])])
            sizes[case].append((len(np.unique(source.groups[real_and_fresh[0]])), int(smallest)))
    print(f"| cohort | set | real patients, synthetic images (median) | found | share (95 %) | {' | '.join(TESTS)} |")
    print("|---" * (5 + len(TESTS)) + "|")
    level = missing_modes.P_LIMIT / len(TESTS)
    for case, worst_of in p_values.items():
        named = sum(min(p_of.values()) < level for p_of in worst_of)
        low, high = wilson(named, draws)
        patients, smallest_class = np.median(sizes[case], axis=0).astype(int)
        share = f"{named / draws:.2f} ({low:.2f} to {high:.2f})"
        alone = " | ".join(str(sum(p_of[space] < level for p_of in worst_of)) for space in TESTS)
        print(
            f"| {source.name} | {case} | {patients}, {smallest_class} | {named}/{draws} | {share} | {alone} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cohort", choices=(*COHORTS, NEW_TEXTURE), default="mednist")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--pool", type=int, default=1000, help="images a class (phantom: patients)")
    parser.add_argument("--synthetic", type=int, default=600, help="fresh images a class at most")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="folder for the features of the pool")
    given = parser.parse_args()
    start = time.perf_counter()
    if given.cohort == NEW_TEXTURE:
        with patch.object(phantom, "_lesion_texture", striped):
            source = pool(given.data, "phantom", given.size, given.pool, seed=12, twins=False)
        source = replace(source, name=f"{NEW_TEXTURE}-{given.size}-{given.pool}")
    else:
        source = pool(given.data, given.cohort, given.size, given.pool, twins=given.cohort not in COMPUTED)
    study(source, given.draws, given.synthetic, given.keep)
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
