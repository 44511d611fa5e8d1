"""How fast is the map? Ours against plain umap-learn with its own neighbour search, on the same features.

Run: python tests/benchmarks/map_time.py [real] [synthetic]

Ours is everything the page waits for: neighbours, UMAP on the real images, placing, nearest training images, both
faithfulness numbers. Theirs is UMAP fitted on the real images and `transform` of the synthetic ones, nothing else.
Both are seeded, on one thread of numba, and both have drawn a small map before, so that nobody pays for compiling.
"""

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

from ganaug_core import maps
from ganaug_core.records import Cohort, Features, Floats, Intensity, Samples

DIMENSION = 64


def mixture(count: int, seed: int) -> Floats:
    """Return features of forty clusters, no two alike."""
    centres = np.random.default_rng(0).standard_normal((40, DIMENSION)) * 2
    random = np.random.default_rng(seed)
    return (centres[random.integers(40, size=count)] + random.standard_normal((count, DIMENSION))).astype(np.float32)


def records(real: int, synthetic: int) -> tuple[Cohort, Samples]:
    """Return a cohort and samples without pixels: the map looks at features only."""
    cohort = Cohort(
        name="mixture",
        digest="",
        pixels=np.zeros((real, 1, 1, 1), np.uint8),
        labels=np.zeros(real, np.int64),
        roles=np.where(np.arange(real) % 5, 0, 2),
        ids=np.array([f"{index:012x}" for index in range(real)]),
        patients=np.arange(real),
        groups=np.arange(real),
        classes=("one",),
        intensity=Intensity("intensity", 0, 1),
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=False,
    )
    ids = np.array([f"{index + real:012x}" for index in range(synthetic)])
    images = np.zeros((synthetic, 1, 1, 1), np.float32)
    return cohort, Samples(
        name="made",
        digest="",
        images=images,
        labels=np.zeros(synthetic, np.int64),
        ids=ids,
        classes=("one",),
        source="npz",
    )


def ours(real: Floats, synthetic: Floats) -> None:
    cohort, samples = records(len(real), len(synthetic))
    maps.build(
        cohort, samples, Features("simclr", "", real, cohort.ids), Features("simclr", "", synthetic, samples.ids)
    )


def theirs(real: Floats, synthetic: Floats) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap import UMAP

        UMAP(n_neighbors=15, min_dist=0.1, random_state=0).fit(real).transform(synthetic)


def seconds(draw: Callable[[Floats, Floats], None], real: Floats, synthetic: Floats) -> float:
    start = time.perf_counter()
    draw(real, synthetic)
    return time.perf_counter() - start


def main() -> None:
    n, m = (int(argument) for argument in (*sys.argv[1:], "3000", "3000")[:2])
    for draw in (ours, theirs):
        draw(mixture(200, 3), mixture(50, 4))
    taken: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(3):  # in turn, so that a busy machine is busy for both
        taken["ours"].append(seconds(ours, mixture(n, 1), mixture(m, 2)))
        taken["theirs"].append(seconds(theirs, mixture(n, 1), mixture(m, 2)))
    mine, other = (float(np.median(taken[method])) for method in ("ours", "theirs"))
    print(f"{n} real + {m} synthetic, {DIMENSION} dimensions, median of 3 runs in turn")
    print(f"ganaug map, ready to show        {mine:6.2f} s")
    print(f"umap-learn fit + transform       {other:6.2f} s")
    print(f"ratio (theirs / ours)            {other / mine:6.2f}")


if __name__ == "__main__":
    main()
