"""How often does the audit raise a false alarm, and how often does it find what was planted? Printed as a table.

    python tests/benchmarks/audit_power.py --data ../shared/data --cohort mednist --per-class 400 --repeats 5

Each repeat draws a cohort and fresh images of the same real data, disjoint by content, fits the encoders on its
training share, and audits: the fresh images, 20 % copies of four kinds, one exact copy in a thousand, and one class
that shows a single image in forty variations. `--speed` times one audit and the neighbour pass against `prdc`.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core import features
from ganaug_core.audit import Space, audit
from ganaug_core.interfaces import FittedEncoder
from ganaug_core.neighbours import neighbours
from ganaug_core.records import TRAIN, Audit, Cohort, Floats, Integers
from tests.evidence_records import EIGHT_BIT, Bytes, cohort, halves, medmnist, mednist, planted, samples, variations

COHORTS = {
    "mednist": "mednist_6k/images",
    "breast": "breastmnist/breastmnist.npz",
    "pneumonia": "pneumoniamnist_full/pneumoniamnist.npz",
}
HOW = ("exact", "noisy", "flipped", "shifted")


def load(home: Path, name: str, size: int) -> tuple[Bytes, Integers, tuple[str, ...]]:
    path = home / COHORTS[name]
    return mednist(path, 1000, size) if path.is_dir() else medmnist(path)


def judge(real: Cohort, images: Floats, labels: Integers, encoders: dict[str, FittedEncoder], seed: int) -> Audit:
    drawn = samples(images, labels, real.classes)
    spaces = {
        name: Space(features.of_cohort(real, each), features.of_samples(drawn, each)) for name, each in encoders.items()
    }
    return audit(real, drawn, spaces, seed=seed)


def repeat(data: tuple[Bytes, Integers, tuple[str, ...]], per_class: int, seed: int) -> dict[str, Audit]:
    images, labels, classes = data
    left, right = halves(images, labels, per_class, seed)
    real = cohort(images[left], labels[left], classes, seed=seed)
    new, new_labels = EIGHT_BIT.normalise(images[right]), labels[right]
    encoders = {name: features.fit(real, name, seed=seed) for name in ("simclr", "classifier")}
    found = {"fresh": judge(real, new, new_labels, encoders, seed)}
    for how in HOW:
        found[f"20 % {how}"] = judge(real, planted(new, new_labels, real, 0.2, how, seed), new_labels, {}, seed)
    thousand = np.sort(np.random.default_rng(seed).permutation(len(new))[:1000])
    one = new[thousand].copy()
    one[7] = real.images(real.where(TRAIN, label=int(new_labels[thousand[7]]))[:1])[0]
    found["one exact"] = judge(real, one, new_labels[thousand], {}, seed)
    broken = seed % len(classes)
    rest = new_labels != broken
    many = variations(new[~rest][0], 40, seed)
    mixed = np.concatenate([new_labels[rest], np.full(40, broken)])
    found["one image, 40 views"] = judge(real, np.concatenate([new[rest], many]), mixed, encoders, seed)
    return found


def power(home: Path, name: str, size: int, per_class: int, repeats: int, first: int) -> None:
    data = load(home, name, size)
    for seed in range(first, first + repeats):
        for case, found in repeat(data, per_class, seed).items():
            shown = [
                f"{verdict} {found.verdicts[verdict].state} (p {found.verdicts[verdict].p_value})"
                for verdict in ("copying", "mode_coverage", "label_fidelity")
            ]
            print(f"{name} seed {seed} {case:20s} {'; '.join(shown)}; detectable {found.detectable_share}", flush=True)


def speed(home: Path, size: int, total: int) -> None:
    from prdc import compute_prdc

    images, labels, classes = mednist(home / COHORTS["mednist"], 1000, size)
    left, right = halves(images, labels, total // 6, 0)
    real = cohort(images[left], labels[left], classes)
    encoders = {name: features.fit(real, name) for name in ("simclr", "texture", "pixels", "classifier")}
    new = EIGHT_BIT.normalise(images[right])
    start, used = time.perf_counter(), time.process_time()
    judge(real, new, labels[right], encoders, 0)
    wall, processor = time.perf_counter() - start, time.process_time() - used
    print(
        f"audit of {len(right)} against {len(left)} images of {size} px: {wall:.1f} s, {processor:.1f} s of processor"
    )
    random = np.random.default_rng(0)
    one, two = (random.standard_normal((5000, 512)).astype(np.float32) for _ in range(2))
    for repeat_number in range(3):
        start = time.perf_counter()
        neighbours(one, two, 5)
        ours = time.perf_counter() - start
        start = time.perf_counter()
        compute_prdc(real_features=one, fake_features=two, nearest_k=5)
        theirs = time.perf_counter() - start
        print(
            f"neighbours 5,000 x 512, run {repeat_number}: {ours:.2f} s, prdc {theirs:.2f} s, ratio {theirs / ours:.1f}"
        )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--cohort", choices=COHORTS, default="mednist")
    arguments.add_argument("--size", type=int, default=32)
    arguments.add_argument("--per-class", type=int, default=400)
    arguments.add_argument("--repeats", type=int, default=5)
    arguments.add_argument("--first", type=int, default=0)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--speed", action="store_true")
    chosen = arguments.parse_args()
    torch.set_num_threads(chosen.threads)
    if chosen.speed:
        speed(chosen.data, chosen.size, 3000)
    else:
        power(chosen.data, chosen.cohort, chosen.size, chosen.per_class, chosen.repeats, chosen.first)
