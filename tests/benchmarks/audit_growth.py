"""Memory and time of a whole audit by number of images.

    python tests/benchmarks/audit_growth.py 1000 2000 5000 [--size 128] [--parts]
    python tests/benchmarks/audit_growth.py 5000 10000 20000 --reading

As many synthetic images as real ones (60 % training, 15 % tuning, 25 % held out, patients of two images, two classes):
grey smooth textures with a bright disc, other draws on both sides, so that nothing is wrong and everything is computed.
Images are made by one process and judged by another, as the command line does it, with the four feature spaces of the
audit. The peak of anonymous memory is what the audit itself needs; the resident peak also counts the pages of mapped
files, which the system takes back when it wants. `--parts` says where memory and time went. `--reading` does only what
holds images of the whole training share, for as few synthetic ones as possible: the search for the copies of 64, the
search for equal images, and what the encoders are fitted on. What the process holds before that is subtracted.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core import pipeline
from ganaug_core.config.requests import AuditSamples
from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Cohort, Intensity, Samples
from ganaug_core.records.digest import digest_of
from ganaug_core.storage.workspace import Workspace

BLOCK = 500
CLASSES = ("large", "small")


def textures(count: int, side: int, seed: int) -> NDArray[np.uint8]:
    """Return (count, 1, side, side): noise at three scales and a disc whose size tells the class, every other one."""
    random = np.random.default_rng(seed)
    row, column = np.mgrid[:side, :side].astype(np.float32)
    images = np.zeros((count, side, side), np.float32)
    for grid, strength in ((4, 30.0), (16, 15.0), (side, 6.0)):
        noise = random.normal(0, strength, (count, grid, grid)).astype(np.float32)
        images += noise.repeat(side // grid, 1).repeat(side // grid, 2)
    radius = side * np.where(np.arange(count) % 2, 0.12, 0.2) * random.uniform(0.8, 1.2, count)
    middle = random.uniform(0.3, 0.7, (2, count)) * side
    distance = np.hypot(row - middle[0][:, None, None], column - middle[1][:, None, None])
    images += 110 + 60 * (distance < radius[:, None, None])
    return images.clip(0, 255).astype(np.uint8)[:, None]


def make(folder: Path, count: int, side: int) -> None:
    workspace = Workspace(folder)
    labels = np.arange(count) % 2
    shape = (count, 1, side, side)
    with tempfile.TemporaryDirectory() as place:
        pixels = np.lib.format.open_memmap(Path(place) / "real.npy", "w+", np.uint8, shape)
        drawn = np.lib.format.open_memmap(Path(place) / "drawn.npy", "w+", np.float32, shape)
        for block, start in enumerate(range(0, count, BLOCK)):
            rows = slice(start, min(start + BLOCK, count))
            pixels[rows] = textures(rows.stop - start, side, 2 * block)
            drawn[rows] = textures(rows.stop - start, side, 2 * block + 1) / np.float32(127.5) - 1
        patients = np.arange(count) // 2
        roles = np.select([patients % 20 < 12, patients % 20 < 15], [TRAIN, TUNING], HOLDOUT).astype(np.int64)
        ids = np.array([f"{number:012x}" for number in range(count)])
        none = np.zeros((0, 2), np.int64)
        cohort = Cohort(
            name="real",
            digest=digest_of(pixels, labels, roles),
            pixels=pixels,
            labels=labels,
            roles=roles,
            ids=ids,
            patients=patients,
            groups=patients,
            classes=CLASSES,
            intensity=Intensity("intensity", 0, 255),
            near_duplicates=none,
            near_duplicate_distances=np.zeros(0, np.float32),
            own_split=False,
        )
        workspace.keep(cohort, "real")
        digest = digest_of(drawn, labels)
        samples = Samples(
            name="drawn",
            digest=digest,
            images=drawn,
            labels=labels,
            ids=np.array([f"f{number:011x}" for number in range(count)]),
            classes=CLASSES,
            source="npz",
        )
        workspace.keep(samples, "drawn")


def anonymous() -> float:
    """Return MB of memory that is no file, now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1e3


class Watch:
    """The peak of anonymous memory, and what was being done, by the audit's own reports."""

    def __init__(self) -> None:
        self.peaks: dict[str, float] = defaultdict(float)
        self.seconds: dict[str, float] = defaultdict(float)
        self.doing = "starting"
        self._last, self._over = time.perf_counter(), threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def __call__(self, share: float, doing: str) -> None:
        now = time.perf_counter()
        self.seconds[self.doing] += now - self._last
        self._last, self.doing = now, re.sub(r"[\d,]{2,}", "n", doing)

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self.peaks[self.doing] = max(self.peaks[self.doing], anonymous())


def read(folder: Path, count: int, side: int) -> None:
    from ganaug_core import features
    from ganaug_core.encoders import networks
    from ganaug_core.metrics import identical_images
    from ganaug_core.neighbours import registered

    workspace = Workspace(folder)
    cohort, samples = workspace.cohort("real"), workspace.samples("drawn")
    reading = getattr(cohort, "reading", cohort.images)  # as it was before images could be read later
    train, before, begun = cohort.where(TRAIN), anonymous(), time.perf_counter()
    with Watch() as watch:
        watch(0.0, "search for copies")
        registered(samples.images[:64], reading(train))
        watch(0.3, "search for equal images")
        identical_images.equal_pairs(samples.images[:64], reading(train))
        watch(0.6, "what encoders are fitted on")
        networks.shrink(reading(train[: features.MOST_IMAGES]))
    peaks = ", ".join(f"{doing} {peak - before:,.0f} MB" for doing, peak in watch.peaks.items() if doing != "starting")
    print(
        f"{count:,} images of {side} px, {len(train):,} to train: {peaks}; {time.perf_counter() - begun:.0f} s",
        flush=True,
    )


def judge(folder: Path, count: int, side: int, *, parts: bool) -> None:
    begun, used = time.perf_counter(), time.process_time()
    with Watch() as watch:
        pipeline.audit_samples(Workspace(folder), AuditSamples(cohort="real", samples="drawn", trust_split=True), watch)
        watch(1.0, "done")
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(
        f"| {count:,} + {count:,} of {side} px | {max(watch.peaks.values()):,.0f} MB | {resident:,.0f} MB | "
        f"{time.perf_counter() - begun:,.0f} s | {time.process_time() - used:,.0f} s | {os.getloadavg()[0]:.1f} |",
        flush=True,
    )
    for doing, peak in watch.peaks.items() if parts else ():
        print(f"    {peak:7,.0f} MB {watch.seconds[doing]:7.1f} s  {doing}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("counts", type=int, nargs="*", default=[1000, 2000])
    arguments.add_argument("--size", type=int, default=128)
    arguments.add_argument("--parts", action="store_true")
    arguments.add_argument("--reading", action="store_true")
    arguments.add_argument("--step", choices=("make", "judge", "read"), help=argparse.SUPPRESS)
    arguments.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.step == "make":
        return make(chosen.folder, chosen.counts[0], chosen.size)
    if chosen.step == "read":
        return read(chosen.folder, chosen.counts[0], chosen.size)
    if chosen.step == "judge":
        return judge(chosen.folder, chosen.counts[0], chosen.size, parts=chosen.parts)
    if not chosen.reading:
        print(
            "| images | peak, anonymous | peak, resident | time | of processor | load |\n" + 6 * "|---" + "|",
            flush=True,
        )
    for count in chosen.counts:
        with tempfile.TemporaryDirectory() as folder:
            for step in ("make", "read" if chosen.reading else "judge"):
                command = [sys.executable, __file__, str(count), "--size", str(chosen.size), "--step", step]
                command += ["--folder", folder, *["--parts"][: chosen.parts]]
                subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
