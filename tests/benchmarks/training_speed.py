"""How fast is training? Real images a second of ours, against what a user would write instead, in turn in one run.

Run: python tests/benchmarks/training_speed.py [seconds a turn, default 10] [images a step, default 32]

Peers, both eager, float32 and in the memory order that PyTorch starts with:
    plain DCGAN   64 channels at full resolution, batch norm, binary cross-entropy, separate passes, a DataLoader
    naive recipe  our networks and our losses, with one pass a label and a penalty for each set on its own
Every contender shows as many grey images of six classes to its discriminator in a step (the recipe itself shows 16).
Threads: as OMP_NUM_THREADS says.

Beside it the share of the machine's peak: operations of our steps (convolutions and matrix products with their
gradients, two for a multiplication and an addition), counted by PyTorch's formulas, over what it reaches here, with as
many threads, in multiplying two matrices of 2,048 rows in the number format of our run.
"""

import copy
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as entropy
from torch.nn.functional import one_hot, softplus
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import flop_registry

from ganaug_core.architectures.layers import draw_latents
from ganaug_core.config import configure
from ganaug_core.records import TRAIN, Cohort, Intensity
from ganaug_core.training import Training, parts

BATCH = int(sys.argv[2]) if len(sys.argv) > 2 else 32
CLASSES, ROUNDS = 6, 3


def blobs(size: int) -> Cohort:
    """Return 1,200 grey noise images, 200 a class: speed does not depend on what they show."""
    n = 200 * CLASSES
    pixels = np.random.default_rng(0).integers(0, 256, (n, 1, size, size)).astype(np.uint8)
    ids = np.array([f"{index:012x}" for index in range(n)])
    none = np.zeros((0, 2), np.int64)
    return Cohort(
        name="blobs",
        digest="",
        pixels=pixels,
        labels=np.arange(n) % CLASSES,
        roles=np.full(n, TRAIN),
        ids=ids,
        patients=np.arange(n),
        groups=np.arange(n),
        classes=tuple("abcdef"),
        intensity=Intensity("intensity", 0, 255),
        near_duplicates=none,
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=False,
    )


def recommended(cohort: Cohort) -> Training:
    threads = torch.get_num_threads()
    return Training(cohort, configure("recommended", images=10**9, batch_size=BATCH, threads=threads))


def ours(cohort: Cohort) -> Iterator[int]:
    training = recommended(cohort)
    while True:
        training.advance(5)
        yield 5 * BATCH


def batches(cohort: Cohort) -> Iterator[tuple[Tensor, Tensor]]:
    rows = np.arange(len(cohort.labels))
    data = TensorDataset(torch.from_numpy(cohort.images(rows)), torch.from_numpy(cohort.labels))
    while True:
        yield from DataLoader(data, BATCH, shuffle=True, drop_last=True)


def plain_dcgan(cohort: Cohort) -> Iterator[int]:
    """The loop of the textbooks: classes enter as one-hot planes."""
    size, latent, width = cohort.shape[-1], 64, 64
    levels = int(np.log2(size)) - 3
    up: list[nn.Module] = [nn.ConvTranspose2d(latent + CLASSES, width << levels, 4, 1, 0, bias=False)]
    for level in range(levels, -1, -1):
        up += [nn.BatchNorm2d(width << level), nn.ReLU(True)]
        wide = width << (level - 1) if level else 1
        up += [nn.ConvTranspose2d(width << level, wide, 4, 2, 1, bias=False)]
    generator = nn.Sequential(*up, nn.Tanh())
    down: list[nn.Module] = [nn.Conv2d(1 + CLASSES, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for level in range(levels):
        down += [nn.Conv2d(width << level, width << (level + 1), 4, 2, 1, bias=False)]
        down += [nn.BatchNorm2d(width << (level + 1)), nn.LeakyReLU(0.2, True)]
    discriminator = nn.Sequential(*down, nn.Conv2d(width << levels, 1, 4, 1, 0, bias=False), nn.Flatten(0))
    adams = [torch.optim.Adam(network.parameters(), 2e-4, betas=(0.5, 0.999)) for network in (generator, discriminator)]
    for real, labels in batches(cohort):
        codes = one_hot(labels, CLASSES).float()[:, :, None, None]
        planes = codes.expand(-1, -1, size, size)
        ones, zeros = torch.ones(BATCH), torch.zeros(BATCH)
        adams[1].zero_grad()
        entropy(discriminator(torch.cat([real, planes], 1)), ones).backward()
        fake = generator(torch.cat([torch.randn(BATCH, latent, 1, 1), codes], 1))
        entropy(discriminator(torch.cat([fake.detach(), planes], 1)), zeros).backward()
        adams[1].step()
        adams[0].zero_grad()
        entropy(discriminator(torch.cat([fake, planes], 1)), ones).backward()
        adams[0].step()
        yield BATCH


def naive_recipe(cohort: Cohort) -> Iterator[int]:
    """The recommended recipe as one writes it down first: the same sums, nothing shared between passes."""
    config = configure("recommended", images=10**9)
    made = parts.resolve(config, len(cohort.labels))
    generator = made.architecture.generator(cohort.shape, CLASSES)
    discriminator = made.architecture.discriminator(cohort.shape, CLASSES)
    average = copy.deepcopy(generator)
    adams = [torch.optim.Adam(network.parameters(), 1e-3, betas=(0.0, 0.99)) for network in (generator, discriminator)]

    (weight,) = (term.weight_at(0.0) for term in made.terms)  # of the label term, at the start of a run

    def augmented(images: Tensor) -> Tensor:
        for part in made.augmentations:
            images = part.apply(images)
        return images

    for step, (real, labels) in enumerate(batches(cohort)):
        wrong = (labels + torch.randint(1, CLASSES, labels.shape)) % CLASSES
        fake = generator(draw_latents(generator, made.architecture.latent, BATCH), labels)
        seen_real, seen_fake = augmented(real), augmented(fake.detach())
        real_logits = discriminator(seen_real, labels)
        loss = softplus(discriminator(seen_fake, labels) - real_logits).mean()
        loss = loss + weight * softplus(discriminator(seen_real, wrong) - real_logits).mean()
        if step % 4 == 0:
            for seen in (seen_real, seen_fake):
                shown = seen.detach().requires_grad_()
                (slope,) = torch.autograd.grad(discriminator(shown, labels).sum(), shown, create_graph=True)
                loss = loss + 2 * slope.square().sum((1, 2, 3)).mean()
        adams[1].zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adams[1].step()
        real_logits = discriminator(augmented(real), labels)
        fake_logits = discriminator(augmented(fake), labels)
        adams[0].zero_grad()
        softplus(real_logits - fake_logits).mean().backward()
        adams[0].step()
        with torch.no_grad():
            for kept, current in zip(average.parameters(), generator.parameters(), strict=True):
                kept.mul_(0.999).add_(current, alpha=0.001)
        yield BATCH


CONTENDERS: dict[str, Callable[[Cohort], Iterator[int]]] = {
    "ganaug, recommended": ours,
    "plain DCGAN loop": plain_dcgan,
    "the recipe, naively": naive_recipe,
}


class Counted(TorchDispatchMode):
    """Counts operations; PyTorch's own counter follows modules too, and fails where a gradient's gradient is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        if function._overloadpacket in flop_registry:
            self.total += flop_registry[function._overloadpacket](*args, **(kwargs or {}), out_val=made)
        return made


def work(cohort: Cohort) -> tuple[float, torch.dtype]:
    """Return the operations of ours for an image, a mean over eight steps, and its number format."""
    training = recommended(cohort)
    with Counted() as counter:
        training.advance(8)
    return counter.total / (8 * BATCH), training.compute.dtype


def peak(dtype: torch.dtype, rows: int = 2048, turns: int = 5) -> float:
    """Return the operations a second of a matrix product, the fastest of some turns."""
    one, other = (torch.randn(rows, rows).to(dtype) for _ in range(2))
    seconds = []
    for _ in range(turns):
        begun = time.perf_counter()
        one @ other
        seconds.append(time.perf_counter() - begun)
    return 2 * rows**3 / min(seconds)


def speed(steps: Iterator[int], seconds: float) -> float:
    """Return images a second."""
    begun, images = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        images += next(steps)
    return images / (time.perf_counter() - begun)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    print(f"{torch.get_num_threads()} threads, batch {BATCH}, median of {ROUNDS} turns of {seconds:.0f} s")
    for size in (32, 64):
        loops = {name: make(blobs(size)) for name, make in CONTENDERS.items()}
        taken: dict[str, list[float]] = {name: [] for name in loops}
        for loop in loops.values():
            speed(loop, 1.0)
        for _ in range(ROUNDS):
            for name, loop in loops.items():
                taken[name].append(speed(loop, seconds))
        operations, dtype = work(blobs(size))
        there = peak(dtype)
        reached = operations * float(np.median(taken["ganaug, recommended"]))
        print(
            f"{size} px  ours: {operations / 1e6:.0f} million operations an image, {reached / 1e9:.1f} of "
            f"{there / 1e9:.0f} thousand million a second ({str(dtype).removeprefix('torch.')}): "
            f"{100 * reached / there:.0f} % of the matrix peak"
        )
        first = partial(np.divide, np.median(taken["ganaug, recommended"]))
        for name, rates in taken.items():
            print(
                f"{size} px  {name:22s} {np.median(rates):7.0f} images/s   ours / theirs {first(np.median(rates)):.2f}"
            )


if __name__ == "__main__":
    main()
