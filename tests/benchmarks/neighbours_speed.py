"""How fast and how small are the neighbour statistics? Against `prdc`, in turn, in one run, with the same threads.

    python tests/benchmarks/neighbours_speed.py [--points 10000] [--dimensions 512] [--threads 4] [--repeats 3]
    python tests/benchmarks/neighbours_speed.py --points 50000 --no-prdc --check 200

Theirs gives precision, recall, density and coverage. Ours gives in the same call also who is nearest to whom on both
sides (suspects, map) and all sorted distances. Memory is the peak above the process after imports, of ours alone.
`--check` compares that many rows with a plain float64 computation.
"""

import argparse
import gc
import resource
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ganaug_core.metrics import METRICS
from ganaug_core.neighbours import Neighbours, neighbours

NAMES = ("precision", "recall", "density", "coverage")
Points = NDArray[np.float32]


def points(count: int, dimensions: int, seed: int) -> Points:
    """Return features with structure: twenty clusters of different width, a little apart from another seed's."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((20, dimensions)) * 0.3
    width = np.random.default_rng(1).uniform(0.6, 1.4, 20)
    cluster = random.integers(20, size=count)
    noise = random.standard_normal((count, dimensions), dtype=np.float32) * width[cluster, None]
    return (centres[cluster] + noise).astype(np.float32)


def resident() -> float:
    """Return the process's memory in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def peak(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what the work gave and the most memory seen meanwhile, in MB."""
    seen, done = [resident()], threading.Event()

    def watch() -> None:
        while not done.wait(0.002):
            seen.append(resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        return work(), max(seen)
    finally:
        done.set()
        watcher.join()


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def check(near: Neighbours, real: Points, synthetic: Points, rows: int) -> float:
    """Return the largest relative difference of `rows` rows from a plain float64 computation of distances."""
    chosen = np.random.default_rng(2).choice(len(real), rows, replace=False)
    worst = 0.0
    for row in chosen:
        own = np.linalg.norm(real.astype(np.float64) - real[row].astype(np.float64), axis=1)
        own[row] = np.inf
        other = np.linalg.norm(synthetic.astype(np.float64) - real[row].astype(np.float64), axis=1)
        for distances, exact in ((near.real_real[row], own), (near.real_synthetic[row], other)):
            expected = np.sort(exact)[: len(distances)]
            worst = max(worst, float(np.abs(distances - expected).max() / expected.max()))
    return worst


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--points", type=int, default=10_000)
    arguments.add_argument("--dimensions", type=int, default=512)
    arguments.add_argument("--threads", type=int, default=4)
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--check", type=int, default=20)
    arguments.add_argument("--no-prdc", action="store_true")
    chosen = arguments.parse_args()
    torch.set_num_threads(chosen.threads)
    real, synthetic = (points(chosen.points, chosen.dimensions, seed) for seed in (1, 2))
    neighbours(real[:200], synthetic[:200])  # both have run once
    print(f"{chosen.points:,} + {chosen.points:,} x {chosen.dimensions}, {chosen.threads} threads")
    gc.collect()
    before = resident()
    near, most = peak(lambda: neighbours(real, synthetic))
    print(f"peak above the process with its inputs: {most - before:.0f} MB")
    worst = check(near, real, synthetic, chosen.check)
    print(f"largest relative difference from float64 in {chosen.check} rows: {worst:.1e}")
    ours = {name: METRICS[name]().measure(near) for name in NAMES}  # type: ignore[union-attr]
    print("ours  ", {name: round(value, 6) for name, value in ours.items()})
    if chosen.no_prdc:
        print(f"time {timed(lambda: neighbours(real, synthetic))[1]:.1f} s")
        return
    from prdc import compute_prdc

    ratios = []
    with threadpool_limits(chosen.threads):
        for _ in range(chosen.repeats):
            _, mine = timed(lambda: neighbours(real, synthetic))
            theirs, other = timed(lambda: compute_prdc(real_features=real, fake_features=synthetic, nearest_k=5))
            ratios.append(other / mine)
            print(f"ours {mine:.2f} s, prdc {other:.2f} s, ratio {other / mine:.2f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f}")
    worst = max(abs(float(theirs[name]) - ours[name]) for name in NAMES)
    print(f"largest difference from prdc (it compares float32 distances, ties included): {worst:.1e}")


if __name__ == "__main__":
    main()
