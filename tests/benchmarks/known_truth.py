"""How many modes does a game reach where all of them are known? Ring, grid, and stacked MNIST.

    python tests/benchmarks/known_truth.py plane [number of seeds, default 5]
    python tests/benchmarks/known_truth.py stacked --data ../shared/data --minutes 4 --seeds 0 1 2

plane    The playground's games (networks of three layers of 48) on a ring of 8 and a grid of 25 Gaussians of deviation
         .04: modes reached by 1,000 points (a tenth of the fair share of points within three deviations, stricter than
         the one point of VEEGAN), and the share of points within three deviations of a mode. The game of the theory
         beside the recommended one, both with the same optimiser.
stacked  Digits of MNIST in red, green and blue, drawn independently, so that 1,000 modes are equally likely (Metz et
         al., 2017, arXiv:1611.02163). 26,000 generated images are read by a classifier of single digits, whose accuracy
         on the test digits is printed. Modes with at least one image, and the Kullback-Leibler divergence from the
         generated modes to equal shares, in nats; 26,000 real stacks beside them, for 1,000 and about .02 is perfect.
         A minute is a minute of processor time of one thread; on a GPU (--device cuda) one of the clock.
"""

import argparse
import gzip
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ganaug_core.architectures.layers import draw_latents
from ganaug_core.config import configure
from ganaug_core.generators.sampling import run as draw
from ganaug_core.metrics.statistics import wilson
from ganaug_core.playground import Game, game
from ganaug_core.records import TRAIN, Cohort, Floats, Integers, Intensity
from ganaug_core.storage.workspace import digest_of
from ganaug_core.training import Training
from ganaug_core.training import run as training_run

STACKS, JUDGED, MODES = 20_000, 26_000, 1_000
PARTS = 500


def plane(seeds: int) -> None:
    """Play both games on both targets, and print what their last generators make."""
    theory, recommended = Game(loss="minimax", regulariser="none"), Game()
    for target, steps in (("ring", 1000), ("grid", 4000)):
        for name, request in (("minimax", theory), ("recommended", recommended)):
            played = [game.record(replace(request, target=target, steps=steps, seed=seed), 2) for seed in range(seeds)]
            modes = [int(recording.curve("modes")[-1]) for recording in played]
            quality = [float(recording.curve("quality")[-1]) for recording in played]
            there = played[0].header["modes_there"]
            full = sum(count == there for count in modes)
            low, high = wilson(full, seeds)
            print(
                f"{target} {name:12s} {steps} steps: modes {modes} of {there}, all of them in {full} "
                f"of {seeds} (95 % {low:.2f} to {high:.2f}); "
                f"points near a mode {[round(share, 2) for share in quality]}",
                flush=True,
            )


def digits(home: Path, part: str) -> tuple[Floats, Integers]:
    """Return digits (n, 1, 32, 32) in [-1, 1] and what they are."""
    pixels = gzip.decompress((home / f"{part}-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = np.frombuffer(gzip.decompress((home / f"{part}-labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8)
    small = np.frombuffer(pixels, np.uint8).reshape(-1, 1, 28, 28)
    padded = np.pad(small, ((0, 0), (0, 0), (2, 2), (2, 2)))
    return padded.astype(np.float32) / 127.5 - 1, labels.astype(np.int64)


def stacked(images: Floats, count: int, seed: int) -> Floats:
    """Return so many images of three channels, a digit drawn at random in each."""
    chosen = np.random.default_rng(seed).integers(0, len(images), (count, 3))
    return images[chosen, 0]


def classifier(images: Floats, labels: Integers) -> nn.Module:
    """Return a network that reads a single digit: (n, 1, 32, 32) -> (n, 10)."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for before, after in ((1, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(before, after, 3, 2, 1), nn.BatchNorm2d(after), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 16, 10))
    steps, batch = 1_800, 100
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3)
    falling = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    seen, asked = torch.from_numpy(images), torch.from_numpy(labels)
    for _ in range(steps):
        index = torch.randint(len(seen), (batch,))
        loss = cross_entropy(network(seen[index]), asked[index])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        falling.step()
    return network.eval()


@torch.no_grad()
def read(network: nn.Module, images: Tensor) -> Integers:
    """Return the digit that each image shows, (n,)."""
    return np.concatenate([network(part).argmax(1).numpy() for part in images.split(PARTS)])


def counted(network: nn.Module, images: Tensor) -> tuple[int, float]:
    """Return how many of 1,000 modes images (n, 3, row, column) reach, and the divergence from equal shares."""
    places = [read(network, images[:, channel : channel + 1]) for channel in range(3)]
    counts = np.bincount(places[0] * 100 + places[1] * 10 + places[2], minlength=MODES)
    share = counts[counts > 0] / counts.sum()
    return int((counts > 0).sum()), float((share * np.log(share * MODES)).sum())


def trained(cohort: Cohort, given: argparse.Namespace, seed: int) -> tuple[Training, Tensor]:
    """Train, and return 26,000 images."""
    changes = {"architecture.width": given.width} if given.width else {}
    fixed = {"minutes": given.minutes, "seed": seed, "threads": 1, "device": given.device}
    plan = configure(given.recipe, changes, rows=cohort.shape[1], **fixed)
    training = Training(cohort, plan)
    for _ in training:
        pass
    average = training.networks.averaged_generator.cpu().eval()
    source = torch.Generator().manual_seed(seed)
    latents = draw_latents(average, training.parts.architecture.latent, JUDGED, source)
    labels = torch.zeros(PARTS, dtype=torch.int64)
    return training, torch.cat([draw(average, part, labels) for part in latents.split(PARTS)])


def stacks(given: argparse.Namespace) -> None:
    images, labels = digits(given.data / "mnist_idx", "train")
    others, answers = digits(given.data / "mnist_idx", "t10k")
    network = classifier(images, labels)
    right = int((read(network, torch.from_numpy(others)) == answers).sum())
    print(f"classifier: right on {right / len(answers):.4f} of {len(answers):,} test digits", flush=True)
    modes, divergence = counted(network, torch.from_numpy(stacked(images, JUDGED, 1)))
    print(f"real stacks: {modes} modes, divergence {divergence:.3f}", flush=True)
    pixels = np.rint((stacked(images, STACKS, 0) + 1) * 127.5).astype(np.uint8)
    one, numbers = np.zeros(STACKS, np.int64), np.arange(STACKS)
    cohort = Cohort(
        name="stacked",
        digest=digest_of(pixels, one, one),
        pixels=pixels,
        labels=one,
        roles=np.full(STACKS, TRAIN),
        ids=np.array([f"{number:012x}" for number in numbers]),
        patients=numbers,
        groups=numbers,
        classes=("digits",),
        intensity=Intensity("intensity", 0.0, 255.0),
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=True,
    )
    if given.device == "cpu":
        training_run.time = SimpleNamespace(perf_counter=time.process_time)  # type: ignore[attr-defined]
    for seed in given.seeds:
        training, made = trained(cohort, given, seed)
        modes, divergence = counted(network, made)
        print(
            f"{given.recipe} seed {seed}, {given.minutes:g} minutes, {training.images / 1000:.1f}k images: "
            f"{modes} modes of {MODES:,}, divergence {divergence:.3f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    kinds = parser.add_subparsers(dest="kind", required=True)
    planar = kinds.add_parser("plane")
    planar.add_argument("count", type=int, nargs="?", default=5)
    digital = kinds.add_parser("stacked")
    digital.add_argument("--data", type=Path, default=Path("../shared/data"))
    digital.add_argument("--recipe", default="recommended")
    digital.add_argument("--width", type=int, default=0, help="of the networks; 0 is the recipe's own")
    digital.add_argument("--minutes", type=float, default=4.0)
    digital.add_argument("--seeds", type=int, nargs="+", default=[0])
    digital.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.kind == "plane":
        plane(given.count)
    else:
        stacks(given)


if __name__ == "__main__":
    main()
