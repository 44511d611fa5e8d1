"""Odd images: how often ordinary fresh ones are listed, and which planted faults are.

    GANAUG_TEST_DATA=DIR python tests/benchmarks/odd_images.py [COHORT ...]

One training share a cohort, on which the encoders are fitted once; `DRAWS` times the rest is parted anew into hold-out
and fresh images. In four kinds one fresh image in twenty gets a fault, or the label of another class. The classifier
takes a quarter of its usual steps.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.audit import odd_images
from ganaug_core.audit.comparison import Space, compare
from ganaug_core.encoders import Classifier, Texture
from ganaug_core.metrics.statistics import Values
from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Features, Floats, Integers
from tests.evidence_records import (
    ODD,
    Bytes,
    cohort,
    made_odd,
    medmnist,
    mednist,
    phantom_cohort,
    samples,
)

DRAWS = 30
STEPS = 150
ODD_SHARE = 20
DATA = Path(os.environ.get("GANAUG_TEST_DATA", ""))
Pool = tuple[Bytes, Integers, tuple[str, ...]]


def some(images: Bytes, labels: Integers, classes: tuple[str, ...], most: int) -> Pool:
    """Return at most so many images of each class."""
    random = np.random.default_rng(0)
    kept = np.concatenate([random.permutation(np.flatnonzero(labels == label))[:most] for label in np.unique(labels)])
    return images[kept], labels[kept], classes


def phantom() -> Pool:
    """Return one lesion of each of 1,400 patients at 32 x 32 pixels, in 256 grey levels."""
    pool = phantom_cohort(1400, 0)
    _, first = np.unique(pool.patients, return_index=True)
    images = pool.images(first).reshape(len(first), 1, 32, 2, 32, 2).mean((3, 5))
    return np.round((images + 1) * 127.5).astype(np.uint8), pool.labels[first], pool.classes


POOLS: dict[str, tuple[Callable[[], Pool], int]] = {
    "phantom": (phantom, 400),
    "mednist": (lambda: mednist(DATA / "mednist_6k/images", 700, 32, ("AbdomenCT", "CXR", "Hand")), 400),
    "breast": (lambda: medmnist(DATA / "breastmnist/breastmnist.npz"), 200),
    "pneumonia": (lambda: some(*medmnist(DATA / "pneumoniamnist_full/pneumoniamnist.npz"), 900), 400),
}
"""How to read the images, and how many are fresh."""


def remembered(measure: Callable[[Floats], Values]) -> Callable[[Floats], Values]:
    """Return the measure that looks at each image once: the same ones come back in every draw."""
    known: dict[bytes, Values] = {}

    def measured(images: Floats) -> Values:
        keys = [image.tobytes() for image in images]
        new = [row for row, key in enumerate(keys) if key not in known]
        if new:
            known.update(zip((keys[row] for row in new), measure(images[new]), strict=True))
        return np.stack([known[key] for key in keys])

    return measured


def main(names: list[str]) -> None:
    odd_images.local_grain = remembered(odd_images.local_grain)  # type: ignore[attr-defined]
    odd_images.repeated_outlines = remembered(odd_images.repeated_outlines)  # type: ignore[attr-defined]
    for name in names or list(POOLS):
        read, fresh = POOLS[name]
        images, labels, classes = read()
        random = np.random.default_rng(1)
        order = random.permutation(len(images))
        train, tuning = order[: len(order) // 3], order[len(order) // 3 : len(order) * 5 // 12]
        rest = order[len(order) * 5 // 12 :]
        real = cohort(images, labels, classes, groups=np.arange(len(images)))
        everything = real.images(np.arange(len(real)))
        begun = time.perf_counter()
        encoders = {
            "texture": Texture().fit(everything[train], labels[train]),
            "classifier": Classifier(classes=len(classes), steps=STEPS, threads=1).fit(
                everything[train], labels[train]
            ),
        }
        known = {space: encoder.encode(everything) for space, encoder in encoders.items()}
        fitted = time.perf_counter() - begun
        rows: dict[str, list[list[float]]] = {}
        for draw in range(DRAWS):
            rest = random.permutation(rest)
            roles = np.full(len(real), 9)
            roles[train], roles[tuning], roles[rest[fresh:]] = TRAIN, TUNING, HOLDOUT
            drawn = replace(real, roles=roles, digest=f"{draw:064x}")
            for kind in ("fresh", *ODD, "foreign class"):
                made, of, is_odd = planted(everything[rest[:fresh]], labels[rest[:fresh]], len(classes), kind, draw)
                synthetic = samples(made, of, classes)
                spaces = {
                    space: Space(
                        Features(space, "", known[space], real.ids),
                        Features(space, "", known[space][rest[:fresh]].copy(), synthetic.ids),
                    )
                    for space in encoders
                }
                for space, encoder in encoders.items():
                    spaces[space].synthetic.values[is_odd] = encoder.encode(made[is_odd])
                result = odd_images.oddest(compare(drawn, synthetic, spaces, draw), {})
                listed = result.scores["q"] < 0.1
                order = np.argsort(-np.stack([result.scores[s] for s in ("texture", "outlines", "doubt")]).max(0))
                first = is_odd[order[: is_odd.sum()]].mean() if is_odd.any() else 0.0
                by_p = result.scores["p"] <= 0.05
                rows.setdefault(kind, []).append(
                    [
                        (listed & is_odd).sum() / max(1, is_odd.sum()),
                        (listed & ~is_odd).sum() / max(1, listed.sum()),
                        listed.any(),
                        by_p[is_odd].mean() if is_odd.any() else by_p.mean(),
                        first,
                    ]
                )
        seconds = time.perf_counter() - begun - fitted
        for kind, values in rows.items():
            table = np.array(values)
            print(
                f"| {name} | {kind} | {table[:, 0].mean():.2f} | {table[:, 1].mean():.3f} | {table[:, 2].mean():.2f} | "
                f"{table[:, 3].mean():.2f} | {table[:, 4].mean():.2f} |",
                flush=True,
            )
        counts = ", ".join(str(int((labels[rest[fresh:]] == label).sum())) for label in range(len(classes)))
        print(f"{name}: hold-out {counts}; fitting {fitted:.0f} s, rest {seconds:.0f} s", file=sys.stderr, flush=True)


def planted(
    images: Floats, labels: Integers, classes: int, kind: str, seed: int
) -> tuple[Floats, Integers, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return images and labels with one in twenty made odd, and which ones."""
    is_odd = np.zeros(len(images), bool)
    if kind == "fresh":
        return images, labels, is_odd
    chosen = np.random.default_rng(seed).permutation(len(images))[: len(images) // ODD_SHARE]
    is_odd[chosen] = True
    made, of = images.copy(), labels.copy()
    if kind == "foreign class":
        of[chosen] = (of[chosen] + np.random.default_rng(seed).integers(1, classes, len(chosen))) % classes
    else:
        made[chosen] = made_odd(made[chosen], kind, seed)
    return made, of, is_odd


if __name__ == "__main__":
    main(sys.argv[1:])
