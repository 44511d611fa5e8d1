"""How often does the audit raise a false alarm, and how often does it find what was planted? Printed as JSON lines.

    python tests/benchmarks/audit_power.py copies --data ../shared/data --cohort mednist --draws 100
    python tests/benchmarks/audit_power.py whole  --data ../shared/data --cohort mednist --draws 20
    python tests/benchmarks/audit_power.py table  FILE ...

Every draw takes a cohort and fresh images of the same real data, disjoint by patient, by content and by registered
twins. `copies` compares every image once a draw and takes the sets of 5 % copies from those distances: one search
serves all kinds. `whole` fits the encoders and makes full audits: of fresh images, of another class mix, and of
planted failures of each verdict. `table` counts states over all lines, with Wilson intervals.
"""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core import features
from ganaug_core.audit import Space, audit
from ganaug_core.audit.sides import sides
from ganaug_core.audit.twins import natural_twins
from ganaug_core.metrics import copying
from ganaug_core.metrics.statistics import wilson
from ganaug_core.neighbours import twin_pairs
from ganaug_core.readers import phantom
from ganaug_core.records import HOLDOUT, TRAIN, Audit, Cohort, Floats, Integers, Intensity, Samples
from tests.evidence_records import EIGHT_BIT, medmnist, mednist, samples, variations

copies = importlib.import_module("ganaug_core.audit.copies")  # the package shows the function of that name
HELD = "mednist_6k/images", "breastmnist/breastmnist.npz", "pneumoniamnist_full/pneumoniamnist.npz"
COHORTS = ("mednist", "breast", "pneumonia", "phantom")
KINDS = ("identity", "flip", "shift 5 px", "noise 1.25 %", "intensity 10 %", "rotation 10", "scale 10 %", "crop 80 %")
SPACES = ("simclr", "texture", "pixels", "classifier")


@dataclass(frozen=True)
class Pool:
    """All real images of a source: pixels, labels, the group of patient and twins, and the twins."""

    pixels: NDArray[np.generic]
    labels: Integers
    groups: Integers
    twins: Integers
    distances: Floats
    classes: tuple[str, ...]
    intensity: Intensity
    textures: Integers | None = None


def pool(home: Path, name: str, size: int, most: int) -> Pool:
    """Return at most `most` images a class."""
    textures = None
    if name == "phantom":
        made = phantom.lesions(most, 11, malignant=0.45, size=size)
        pixels, labels, patients, textures = made.pixels, made.labels, made.patients, made.textures
        classes, intensity = phantom.CLASSES, Intensity("HU", *phantom.WINDOW_HU)
    else:
        path = home / HELD[COHORTS.index(name)]
        pixels, labels, classes = mednist(path, most, size) if path.is_dir() else medmnist(path)
        chosen = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        rows = np.concatenate([np.random.default_rng(0).permutation(each)[:most] for each in chosen])
        pixels, labels, intensity, patients = pixels[rows], labels[rows], EIGHT_BIT, np.arange(len(rows))
    twins, distances = twin_pairs(intensity.normalise(pixels))
    groups = patients.copy()
    while True:
        low = groups.copy()
        np.minimum.at(low, twins[:, 0], groups[twins[:, 1]])
        np.minimum.at(low, twins[:, 1], groups[twins[:, 0]])
        for patient in (np.full(patients.max() + 1, len(groups)),):
            np.minimum.at(patient, patients, low)
            low = patient[patients]
        if (low == groups).all():
            break
        groups = low
    return Pool(pixels, labels, groups, twins, distances, classes, intensity, textures)


def drawn(source: Pool, random: np.random.Generator, shares: tuple[float, float]) -> tuple[Cohort, Integers]:
    """Return a cohort (train and hold-out in these shares of all groups) and the rows of the rest, fresh images."""
    groups = random.permutation(np.unique(source.groups))
    edges = np.cumsum(shares) * len(groups)
    place = np.empty(source.groups.max() + 1)
    place[groups] = np.arange(len(groups))
    part = np.digitize(place[source.groups], edges)
    rows = np.flatnonzero(part < 2)
    roles = np.where(part[rows] == 0, TRAIN, HOLDOUT)
    where = np.full(len(source.labels), -1)
    where[rows] = np.arange(len(rows))
    inside = (where[source.twins] >= 0).all(1)
    ids = np.array([f"{row:012x}" for row in rows])
    real = Cohort(
        "real", str(random.integers(1 << 60)), source.pixels[rows], source.labels[rows], roles, ids,
        source.groups[rows], source.groups[rows], source.classes, source.intensity,
        where[source.twins[inside]], source.distances[inside], True,
    )  # fmt: skip
    return real, np.flatnonzero(part == 2)


def copied(images: Floats, kind: str, random: np.random.Generator) -> Floats:
    """Return copies as the targets name them: the change of each image is drawn up to the given size."""
    side = images.shape[-1]
    result = []
    for image in images[:, 0]:
        if kind == "flip":
            image = image[:, ::-1] if random.random() < 0.5 else image[::-1]
        elif kind == "shift 5 px":
            reach = min(5, side // 6)  # at 28 px five pixels are a fifth of the image
            image = ndimage.shift(image, random.integers(-reach, reach + 1, 2), order=0, mode="reflect")
        elif kind == "noise 1.25 %":
            image = image + random.normal(0, 0.025, image.shape)
        elif kind == "intensity 10 %":
            image = image * random.uniform(0.9, 1.1) + random.uniform(-0.1, 0.1)
        elif kind == "rotation 10":
            image = ndimage.rotate(image, random.uniform(-10, 10), reshape=False, order=1, mode="reflect")
        elif kind in ("scale 10 %", "crop 80 %"):
            zoom = random.uniform(0.9, 1.1) if kind == "scale 10 %" else 1 / random.uniform(0.8, 1)
            middle = (side - 1) / 2
            image = ndimage.affine_transform(image, np.eye(2) / zoom, middle - middle / zoom, order=1, mode="reflect")
        result.append(image)
    return np.clip(np.stack(result)[:, None], -1, 1).astype(np.float32)


def study_copies(source: Pool, draws: int, first: int, sizes: tuple[int, int]) -> None:
    """Print the p-value of the set test for fresh images and for 5 % copies of each kind."""
    held, fresh = sizes
    total = len(np.unique(source.groups))
    for seed in range(first, first + draws):
        start, random = time.perf_counter(), np.random.default_rng(seed)
        share = min(held / total, 0.4)
        real, rest = drawn(source, random, (min(0.4, 1 - share - fresh / total), share))
        rest = random.permutation(rest)
        rest = rest[np.unique(source.groups[rest], return_index=True)[1]]  # independent, as a generator's images are
        rest = random.permutation(rest)[:fresh]
        count = max(1, round(0.05 * len(rest)))
        train = real.where(TRAIN)
        sources = [random.choice(train, count, replace=False) for _ in KINDS]
        planted = [copied(real.images(rows), kind, random) for rows, kind in zip(sources, KINDS, strict=True)]
        images = np.concatenate([source.intensity.normalise(source.pixels[rest]), *planted])
        labels = np.concatenate([source.labels[rest], *(real.labels[rows] for rows in sources)])
        both = sides(real, samples(images, labels, source.classes), {}, seed)
        near = copies._distances(both, real.images(train), lambda share, message: None)
        synthetic, holdout = near.scores()
        identical = copies._identical(both, real.images(train), near)
        natural = natural_twins(both, near.synthetic_holdout.distance)
        labels_held, groups_held = real.labels[both.holdout], real.groups[both.holdout]
        for place, kind in enumerate(("fresh", *KINDS)):
            rows = np.arange(len(rest))
            if place:
                rows = rows.copy()
                rows[:count] = len(rest) + (place - 1) * count + np.arange(count)
            test, design = copying.set_test(
                synthetic[rows], holdout, labels[rows], labels_held, groups_held, natural=natural, seed=seed
            )
            named = sum(int(row) in identical for row in rows)
            line = {"seed": seed, "case": kind, "p": test.p_value, "identical": named, "share": test.share}
            line |= {"n_train": len(train), "n_holdout": test.n_holdout, "m": test.n_synthetic}
            if not place:
                line["detectable"] = design.detectable_share(0.01)
            print(json.dumps(line), flush=True)
        print(json.dumps({"seed": seed, "seconds": time.perf_counter() - start}), file=sys.stderr, flush=True)


def judge(real: Cohort, made: Samples, encoders: dict[str, object], seed: int) -> Audit:
    found = {
        name: Space(features.of_cohort(real, each), features.of_samples(made, each)) for name, each in encoders.items()
    }
    return audit(real, made, found, seed=seed)


def study_whole(source: Pool, draws: int, first: int, cases: tuple[str, ...], most: int) -> None:
    """Print the states of full audits of fresh images and of planted failures."""
    for seed in range(first, first + draws):
        random = np.random.default_rng(seed)
        real, rest = drawn(source, random, (0.33, 0.25))
        rest = _even(source.labels, random.permutation(rest), most)
        fresh = source.intensity.normalise(source.pixels[rest])
        encoders = {name: features.fit(real, name, seed=seed) for name in SPACES}
        for case in cases:
            start = time.perf_counter()
            cohort_, images, labels = PLANTED[case](source, real, fresh, source.labels[rest], rest, random)
            found = judge(cohort_, samples(images, labels, source.classes), encoders, seed)
            line = {"seed": seed, "case": case, "n": len(labels), "n_train": len(real.where(TRAIN))}
            line |= {"n_holdout": len(np.unique(real.groups[real.where(HOLDOUT)]))}
            line |= {"states": {name: each.state for name, each in found.verdicts.items()}}
            line |= {"p": {name: each.p_value for name, each in found.verdicts.items()}}
            line |= {"says": {name: each.statement for name, each in found.verdicts.items() if each.state in BAD}}
            line |= {"seconds": round(time.perf_counter() - start, 1)}
            print(json.dumps(line), flush=True)


BAD = ("warn", "fail")
Planted = Callable[[Pool, Cohort, Floats, Integers, Integers, np.random.Generator], tuple[Cohort, Floats, Integers]]


def _even(labels: Integers, rows: Integers, most: int) -> Integers:
    """Return at most `most` rows of each class."""
    return np.concatenate([rows[labels[rows] == label][:most] for label in np.unique(labels[rows])])


def _fresh(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    return real, images, labels


def _other_mix(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    """Half of the first class in train and hold-out is gone nine times in ten; the fresh images stay even."""
    kept = (real.labels == 0) | (random.random(len(real)) < 1 / 9)
    thin = replace(real, roles=np.where(kept, real.roles, 1))
    return thin, images, labels


def _one_copy(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    changed = images.copy()
    row = int(random.integers(len(images)))
    changed[row] = real.images(random.choice(real.where(TRAIN, label=int(labels[row])), 1))[0]
    return real, changed, labels


def _one_image(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    label = int(random.integers(len(source.classes)))
    first = np.flatnonzero(labels == label)[0]
    many = variations(images[first], 40, int(random.integers(1 << 30)))
    others = labels != label
    return real, np.concatenate([images[others], many]), np.concatenate([labels[others], np.full(40, label)])


def _shuffled(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    return real, images, random.permutation(labels)


def _blur(sigma: float) -> Planted:
    return lambda source, real, images, labels, rest, random: (
        real, ndimage.gaussian_filter(images, (0, 0, sigma, sigma), mode="reflect"), labels,
    )  # fmt: skip


def _brighter(share: float) -> Planted:
    return lambda source, real, images, labels, rest, random: (
        real, np.clip(images + 2 * share, -1, 1).astype(np.float32), labels,
    )  # fmt: skip


def _merged(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    """Two classes become one label; the second is 15 % of it in the cohort and absent among the fresh images."""
    one, two = 0, 1
    main = real.where(label=one)
    wanted = round(len(main) * 0.15 / 0.85)
    rows = np.concatenate([main, random.permutation(real.where(label=two))[:wanted]])
    others = real.where(label=2) if len(source.classes) > 2 else rows[:0]
    chosen = np.sort(np.concatenate([rows, others]))
    back = np.full(len(real), -1)
    back[chosen] = np.arange(len(chosen))
    inside = (back[real.twins] >= 0).all(1)
    labels_new = np.where(real.labels[chosen] == two, one, real.labels[chosen])
    cohort_ = replace(
        real, pixels=real.pixels[chosen], labels=labels_new, roles=real.roles[chosen], ids=real.ids[chosen],
        patients=real.patients[chosen], groups=real.groups[chosen], twins=back[real.twins[inside]],
        twin_distances=real.twin_distances[inside],
    )  # fmt: skip
    kept = np.isin(labels, (one, 2) if len(source.classes) > 2 else (one,))
    return cohort_, images[kept], labels[kept]


def _no_speckle(source, real, images, labels, rest, random):  # type: ignore[no-untyped-def]
    kept = source.textures[rest] != phantom.TEXTURES.index("speckled")
    return real, images[kept], labels[kept]


PLANTED: dict[str, Planted] = {
    "fresh": _fresh,
    "mix 90:10 against even": _other_mix,
    "one exact copy": _one_copy,
    "one image in forty variations": _one_image,
    "labels shuffled": _shuffled,
    "blur .5 px": _blur(0.5),
    "blur .8 px": _blur(0.8),
    "+20 HU": _brighter(0.05),
    "merged class of 15 % missing": _merged,
    "rare texture missing": _no_speckle,
}


def table(paths: list[Path]) -> None:
    """Print a Markdown table of all lines: draws, and detections (p < .01, or a warning and worse) with intervals."""
    lines = [(path.stem, json.loads(line)) for path in paths for line in path.read_text().splitlines() if line]
    for name, case in dict.fromkeys((name, line["case"]) for name, line in lines):
        chosen = [line for other, line in lines if (other, line["case"]) == (name, case)]
        if "states" in chosen[0]:
            cells = []
            for verdict in chosen[0]["states"]:
                hits = sum(line["states"][verdict] in BAD for line in chosen)
                unable = sum(line["states"][verdict] == "not_assessable" for line in chosen)
                cells.append(f"{verdict} {hits}/{len(chosen)}" + (f" ({unable} not assessable)" if unable else ""))
            any_bad = sum(any(state in BAD for state in line["states"].values()) for line in chosen)
            low, high = wilson(any_bad, len(chosen))
            print(f"| {name} | {case} | {'; '.join(cells)} | any {any_bad}/{len(chosen)} ({low:.2f} to {high:.2f}) |")
            continue
        hits = sum(line["p"] < 0.01 for line in chosen)
        low, high = wilson(hits, len(chosen))
        print(f"| {name} | {case} | {hits}/{len(chosen)} | {hits / len(chosen):.2f} ({low:.2f} to {high:.2f}) |")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = arguments.add_subparsers(dest="study", required=True)
    for name in ("copies", "whole"):
        each = kinds.add_parser(name)
        each.add_argument("--data", type=Path, required=True)
        each.add_argument("--cohort", choices=COHORTS, default="mednist")
        each.add_argument("--size", type=int, default=32)
        each.add_argument("--pool", type=int, default=400, help="images a class (phantom: patients)")
        each.add_argument("--draws", type=int, default=20)
        each.add_argument("--first", type=int, default=0)
        each.add_argument("--threads", type=int, default=1)
        if name == "copies":
            each.add_argument("--holdout", type=int, default=400)
            each.add_argument("--synthetic", type=int, default=400)
        else:
            each.add_argument("--case", action="append", choices=PLANTED)
            each.add_argument("--synthetic", type=int, default=200, help="images a class")
    kinds.add_parser("table").add_argument("files", type=Path, nargs="+")
    chosen = arguments.parse_args()
    if chosen.study == "table":
        table(chosen.files)
        return
    torch.set_num_threads(chosen.threads)
    source = pool(chosen.data, chosen.cohort, chosen.size, chosen.pool)
    if chosen.study == "copies":
        study_copies(source, chosen.draws, chosen.first, (chosen.holdout, chosen.synthetic))
    else:
        cases = chosen.case or [
            each for each in PLANTED if source.textures is not None or each != "rare texture missing"
        ]
        study_whole(source, chosen.draws, chosen.first, tuple(cases), chosen.synthetic)


if __name__ == "__main__":
    main()
