"""How long does a whole audit take? The first one learns the encoders, the second finds them kept.

    python tests/benchmarks/audit_time.py --data ../shared/data [--threads 2] [--real 3000] [--size 64] [--float32]
    python tests/benchmarks/audit_time.py --data ../shared/data --old ../old [--rounds 3]

Real images of MedNIST against as many others of it, so that everything is computed and nothing is wrong. The second
audit judges other images of the same cohort. Times are of the task that the app and the command line run, with the
parts as they report themselves; encoders are fitted beside the search for copies, whose parts then hold both.
`--float32` does without bfloat16, as on older processors. `--old` compares with the code of another working tree
(`git worktree add ../old COMMIT`): both in turns, each in a process of its own, and the ratios of the medians.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core import pipeline
from ganaug_core.config.requests import AuditSamples
from ganaug_core.encoders import networks
from ganaug_core.interfaces import Report
from ganaug_core.neighbours import near_duplicate_pairs, registration
from ganaug_core.storage.workspace import Workspace
from tests.evidence_records import EIGHT_BIT, cohort, halves, mednist, samples

CLASSES = 6
ROOT = Path(__file__).resolve().parents[2]
OF_AUDIT = re.compile(r"^(\w+ audit).*: ([\d.]+) s, ([\d.]+) s of processor \(load ([\d.]+)\)$", re.MULTILINE)


class Parts:
    """Collects how long each kind of work took, on the clock and on the processor, by what it calls itself."""

    def __init__(self) -> None:
        self.clock: dict[str, float] = defaultdict(float)
        self.processor: dict[str, float] = defaultdict(float)
        self._last, self._doing = self._now(), "starting"

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    def __call__(self, share: float, doing: str) -> None:
        now = self._now()
        self.clock[self._doing] += now[0] - self._last[0]
        self.processor[self._doing] += now[1] - self._last[1]
        self._last, self._doing = now, doing

    def show(self) -> None:
        self(1.0, "done")
        for doing, seconds in sorted(self.clock.items(), key=lambda item: -item[1]):
            if seconds >= 0.3:
                print(f"    {seconds:6.1f} s, of processor {self.processor[doing]:6.1f} s  {doing}")


def timed(title: str, workspace: Workspace, name: str) -> None:
    parts = Parts()
    report: Report = parts
    start, used = time.perf_counter(), time.process_time()
    pipeline.audit_samples(workspace, AuditSamples(cohort="real", samples=name, trust_split=True), report)
    wall, processor = time.perf_counter() - start, time.process_time() - used
    print(f"{title}: {wall:.1f} s, {processor:.1f} s of processor (load {os.getloadavg()[0]:.1f})", flush=True)
    parts.show()


def compare(old: Path, rounds: int, arguments: list[str]) -> None:
    """Print the times of two working trees, in turns, and the ratios of their medians."""
    times: dict[str, dict[str, list[tuple[float, ...]]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(rounds):
        for name, root in (("old", old.resolve()), ("new", ROOT)):
            done = subprocess.run(
                [sys.executable, str(root / "tests/benchmarks/audit_time.py"), *arguments],
                env={**os.environ, "PYTHONPATH": str(root)},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            print(f"{name}:\n{done.stdout}", flush=True)
            for audit, *numbers in OF_AUDIT.findall(done.stdout):
                times[audit][name].append(tuple(map(float, numbers)))
    print("| audit | old: s, of processor, load | new | ratio of seconds | of processor |\n|---|---|---|---|---|")
    for audit, of_tree in times.items():
        before, now = (
            [statistics.median(column) for column in zip(*of_tree[name], strict=True)] for name in ("old", "new")
        )
        cells = [f"{wall:.1f}, {processor:.1f}, {load:.1f}" for wall, processor, load in (before, now)]
        print(f"| {audit} | {' | '.join(cells)} | {now[0] / before[0]:.2f} | {now[1] / before[1]:.2f} |")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--real", type=int, default=3000)
    arguments.add_argument("--size", type=int, default=64)
    arguments.add_argument("--float32", action="store_true")
    arguments.add_argument("--old", type=Path, help="another working tree, to compare with")
    arguments.add_argument("--rounds", type=int, default=1)
    chosen = arguments.parse_args()
    if chosen.old is not None:
        passed_on = ["--data", str(chosen.data.resolve()), "--threads", str(chosen.threads), "--size", str(chosen.size)]
        passed_on += ["--real", str(chosen.real), *["--float32"][: chosen.float32]]
        return compare(chosen.old, chosen.rounds, passed_on)
    torch.set_num_threads(chosen.threads)
    if chosen.float32:
        plain = registration.Hardware(torch.device("cpu"), torch.float32)
        registration.hardware = lambda: plain
        networks.multiplies_bfloat16 = lambda: False
    print(f"threads {chosen.threads}, bulk in {registration.hardware().bulk}")
    images, labels, classes = mednist(chosen.data / "mednist_6k/images", 1000, chosen.size)
    left, right = halves(images, labels, chosen.real // CLASSES, 0)
    start = time.perf_counter()
    near_duplicate_pairs(EIGHT_BIT.normalise(images[left]))
    print(f"twins among {len(left):,} images: {time.perf_counter() - start:.1f} s", flush=True)
    real = cohort(images[left], labels[left], classes)
    new = EIGHT_BIT.normalise(images[right])
    grain = np.random.default_rng(1).normal(0, 0.01, new.shape).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(folder)
        workspace.keep(real, "real")
        workspace.keep(samples(new, labels[right], classes), "first")
        workspace.keep(samples(np.clip(new[..., ::-1] + grain, -1, 1), labels[right], classes), "second")
        timed(f"first audit, {len(left):,} real and {len(right):,} synthetic images", workspace, "first")
        timed("second audit, other images of the same cohort", workspace, "second")
        timed("third audit, the first images again", workspace, "first")


if __name__ == "__main__":
    main()
