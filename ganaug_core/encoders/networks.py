"""What the two learned encoders share: a small residual network, its augmentation, and a reproducible fit."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import cos, pi
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ganaug_core.interfaces import Report
from ganaug_core.processor import multiplies_bfloat16
from ganaug_core.records import Floats, Images

WIDTHS = (48, 64, 96)
DIMENSION = 64
PLACES = 16
FEWEST_STEPS = 60
THREADS = 1  # of a fit
RATE = 2e-3  # of AdamW, at its peak
AT_ONCE = 512  # images made smaller at once
LARGEST = 64  # larger images are area-resampled to this first, so that the cost of a fit does not grow with them

Module = TypeVar("Module", bound=nn.Module)
_drawing_weights = threading.Lock()


class Block(nn.Module):
    """Two 3 x 3 convolutions with batch normalisation beside a 1 x 1 short cut; halves the resolution."""

    def __init__(self, narrow: int, wide: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(narrow, wide, 3, 2, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(wide)
        self.second = nn.Conv2d(wide, wide, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(wide)
        self.shortcut = nn.Sequential(nn.Conv2d(narrow, wide, 1, 2, bias=False), nn.BatchNorm2d(wide))

    def forward(self, images: Tensor) -> Tensor:
        inner = torch.relu(self.first_norm(self.first(images)))
        summed: Tensor = self.second_norm(self.second(inner)) + self.shortcut(images)
        return torch.relu(summed)


class Backbone(nn.Module):
    """Images (n, channel, row, column) -> (n, 64); nothing is computed on more than about 16 x 16 places.

    The stem moves little squares of pixels into channels instead of throwing pixels away: at equal time on a CPU this
    separates the phantom's textures better than a stem of strided convolution at full resolution.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        channels, rows, columns = shape
        self.square = max(1, min(max(rows, columns), LARGEST) // PLACES)
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(self.square),
            nn.Conv2d(channels * self.square**2, WIDTHS[0], 3, 1, 1, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(Block(WIDTHS[0], WIDTHS[1]), Block(WIDTHS[1], WIDTHS[2]))
        self.head = nn.Linear(WIDTHS[2], DIMENSION)

    def forward(self, images: Tensor) -> Tensor:
        down, right = (-side % self.square for side in images.shape[2:])
        padded = functional.pad(images, (0, right, 0, down), mode="replicate") if down or right else images
        maps = self.blocks(self.stem(padded.to(memory_format=torch.channels_last)))
        pooled: Tensor = self.head(maps.mean((2, 3)))
        return pooled


def shrink(given: Images) -> Tensor:
    """Return images as a tensor whose longer side is at most 64 px, by the mean over areas."""
    rows, columns = given.shape[2:]
    scale = LARGEST / max(rows, columns)
    if scale >= 1:
        return _tensor(given[:])
    size = (max(8, round(rows * scale)), max(8, round(columns * scale)))
    blocks = (given[start : start + AT_ONCE] for start in range(0, max(1, len(given)), AT_ONCE))
    return torch.cat([functional.interpolate(_tensor(block), size, mode="area") for block in blocks])


def _tensor(images: Floats) -> Tensor:
    return torch.from_numpy(np.require(images, np.float32, ["C", "W"]))


def distort(images: Tensor, source: torch.Generator, *, noise: float, intensity: float) -> Tensor:
    """Return a randomly moved, mirrored, scaled, brightened and noisy copy of every image.

    Args:
        noise: Largest standard deviation of the white noise; each image draws its own.
        intensity: Largest relative change of the gain; the offset changes by up to half of it.
    """
    n = len(images)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=source) * 2 - 1

    scale, angle = 1 + 0.15 * uniform(n), uniform(n) * (12 * pi / 180)
    mirror = torch.where(uniform(n) < 0, -1.0, 1.0)
    turn = torch.zeros(n, 2, 3)
    turn[:, 0, 0], turn[:, 0, 1] = mirror * torch.cos(angle) * scale, -torch.sin(angle) * scale
    turn[:, 1, 0], turn[:, 1, 1] = mirror * torch.sin(angle) * scale, torch.cos(angle) * scale
    turn[:, :, 2] = 0.25 * uniform(n, 2)
    moved = functional.grid_sample(
        images, _grid(turn, *images.shape[2:]), padding_mode="reflection", align_corners=False
    )
    brighter = moved * (1 + intensity * uniform(n, 1, 1, 1)) + intensity / 2 * uniform(n, 1, 1, 1)
    grain = torch.randn(images.shape, generator=source) * torch.rand(n, 1, 1, 1, generator=source)
    return brighter + noise * grain


def _grid(turn: Tensor, rows: int, columns: int) -> Tensor:
    """Return what `affine_grid` does, (n, row, column, 2), of (n, 2, 3): in a third of its time."""
    down, right = ((2 * torch.arange(side) + 1) / side - 1 for side in (rows, columns))
    along_row = (turn[:, None, :, 1] * down[:, None] + turn[:, None, :, 2])[:, :, None]  # (n, row, 1, 2)
    along_column = (turn[:, None, :, 0] * right[:, None])[:, None]  # (n, 1, column, 2)
    return along_row + along_column


@contextmanager
def reproducible(seed: int) -> Iterator[torch.Generator]:
    """Compute with one thread inside, hand out a generator of randomness, and put the number of threads back after.

    Threads of the numerical library wait for each other: two on one core made a fit 26 times as slow, and where one of
    two cores is busy both go at its pace. So several fits at once take the cores, and weights are the same everywhere.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        yield torch.Generator().manual_seed(seed)
    finally:
        torch.set_num_threads(before)


def with_weights_of(seed: int, build: Callable[[], Module]) -> Module:
    """Return a module with first weights of this seed; one at a time, because modules draw from torch's own source."""
    with _drawing_weights, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def steps(images: int, most: int, for_each: float) -> int:
    """Return the number of optimiser steps for so many images: it depends on nothing else, so digests hold."""
    return min(most, max(FEWEST_STEPS, round(images * for_each)))


def descend(
    modules: nn.ModuleList,
    loss: Callable[[Tensor], Tensor],
    count: int,
    source: torch.Generator,
    *,
    steps: int,
    batch: int,
    decay: float,
    warm_up: float,
    report: Report,
    doing: str,
) -> None:
    """Minimise `loss(index)` over random batches of `count` images for `steps` steps; linear start, cosine end."""
    optimiser = torch.optim.AdamW(modules.parameters(), RATE, weight_decay=decay, fused=True)
    modules.train()
    for step in range(steps):
        share = step / steps
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, 0.05 + share / warm_up) * (0.02 + 0.49 * (1 + cos(pi * share)))
        index = torch.randperm(count, generator=source)[:batch]
        optimiser.zero_grad()
        torch.autograd.backward(loss(index))
        optimiser.step()
        if step % 4 == 0:
            report(share, doing)
    modules.eval()


def facts() -> dict[str, bool | int]:
    """Return what the last bits of a fit depend on."""
    return {"threads": THREADS, "half_precision": multiplies_bfloat16()}


def autocast() -> torch.autocast:
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=multiplies_bfloat16())


def arrays(module: nn.Module) -> dict[str, NDArray[Any]]:
    return {key: value.detach().contiguous().numpy() for key, value in module.state_dict().items()}


def filled(build: Callable[[], nn.Module], state: Mapping[str, NDArray[Any]]) -> nn.Module:
    """Return a module with these weights, ready to use; it is built without drawing random ones first."""
    with torch.device("meta"):
        module = build()
    module.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in state.items()}, assign=True)
    return module.eval()


@torch.inference_mode()
def run(module: nn.Module, images: Floats) -> Floats:
    """Return what the module makes of images, in full precision: features must not depend on who shares the batch."""
    result: Floats = module(shrink(images)).numpy()
    return result
