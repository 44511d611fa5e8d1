"""Inception-v3 as the Fréchet Inception distance has always used it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

from ganaug_core.encoders.fitted import Arrays, Fitted
from ganaug_core.encoders.pretrained.layers import adopted, coloured, convolved, normalised, opened
from ganaug_core.encoders.pretrained.weights import Tensors, Weights
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Images, Integers

SIDE = 299
WEIGHTS = Weights(
    "inception",
    ("weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth", "inception.safetensors"),
    "Put weights-inception-2015-12-05-6726825d.pth of the torch-fidelity release v0.2.0 into the folder of weights.",
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    96,
)


@dataclass(frozen=True)
class Inception:
    """2048 numbers of a network trained on photographs: for comparison with published Fréchet distances only.

    Source: Szegedy et al., 2015, arXiv:1512.00567; the weights of TensorFlow 2015-12-05 as torch-fidelity has them,
    Apache 2.0. Images are rounded to 8 bits and resampled as TensorFlow 1 did, so numbers agree with the literature.
    """

    def fit(self, images: Images, labels: Integers, *, seed: int = 0, report: Report = silent) -> Fitted:
        """Return the encoder; nothing is fitted.

        Raises:
            EvidenceError: Too few images, or the weights cannot be had.
        """
        report(0.0, "Reading the weights of Inception")
        return adopted(WEIGHTS, features, images, {**asdict(self), "seed": seed})

    def restore(self, state: Arrays, shape: tuple[int, int, int], facts: Mapping[str, Any]) -> Fitted:
        """Return the encoder whose weights are named in the state."""
        return opened(WEIGHTS, features, state, shape, facts)


def features(state: Tensors, images: Tensor) -> Tensor:
    """Return (n, 2048) of images (n, channel, row, column) in [-1, 1]."""
    grey_levels = torch.round((coloured(images).clamp(-1, 1) + 1) * 127.5)
    hidden = (_as_tensorflow(grey_levels, SIDE) - 128) / 128

    def layer(name: str, inputs: Tensor, *, stride: int = 1, padded: bool = True) -> Tensor:
        outputs = convolved(state, f"{name}.conv", inputs, stride=stride, padded=padded)
        return torch.relu(normalised(state, f"{name}.bn", outputs, 1e-3))

    def chain(block: str, inputs: Tensor, *names: str) -> Tensor:
        for name in names:
            inputs = layer(f"{block}.{name}", inputs)
        return inputs

    def halved(block: str, inputs: Tensor, *names: str) -> Tensor:
        hidden = chain(block, inputs, *names[:-1])
        return layer(f"{block}.{names[-1]}", hidden, stride=2, padded=False)

    def around(inputs: Tensor) -> Tensor:
        return avg_pool2d(inputs, 3, 1, 1, count_include_pad=False)

    hidden = layer("Conv2d_1a_3x3", hidden, stride=2, padded=False)
    hidden = layer("Conv2d_2b_3x3", layer("Conv2d_2a_3x3", hidden, padded=False))
    hidden = layer("Conv2d_3b_1x1", max_pool2d(hidden, 3, 2))
    hidden = max_pool2d(layer("Conv2d_4a_3x3", hidden, padded=False), 3, 2)
    for block in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
        branches = (
            chain(block, hidden, "branch1x1"),
            chain(block, hidden, "branch5x5_1", "branch5x5_2"),
            chain(block, hidden, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
            chain(block, around(hidden), "branch_pool"),
        )
        hidden = torch.cat(branches, 1)
    doubled = halved("Mixed_6a", hidden, "branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3")
    hidden = torch.cat([halved("Mixed_6a", hidden, "branch3x3"), doubled, max_pool2d(hidden, 3, 2)], 1)
    for block in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
        branches = (
            chain(block, hidden, "branch1x1"),
            chain(block, hidden, *(f"branch7x7_{number}" for number in (1, 2, 3))),
            chain(block, hidden, *(f"branch7x7dbl_{number}" for number in (1, 2, 3, 4, 5))),
            chain(block, around(hidden), "branch_pool"),
        )
        hidden = torch.cat(branches, 1)
    crossed = halved("Mixed_7a", hidden, *(f"branch7x7x3_{number}" for number in (1, 2, 3, 4)))
    halves = [halved("Mixed_7a", hidden, "branch3x3_1", "branch3x3_2"), crossed, max_pool2d(hidden, 3, 2)]
    hidden = torch.cat(halves, 1)
    for block in ("Mixed_7b", "Mixed_7c"):
        single = chain(block, hidden, "branch3x3_1")
        double = chain(block, hidden, "branch3x3dbl_1", "branch3x3dbl_2")
        # The last block takes the maximum where all others average: so it was when the weights were made.
        pooled = around(hidden) if block == "Mixed_7b" else max_pool2d(hidden, 3, 1, 1)
        ends = (
            chain(block, hidden, "branch1x1"),
            *(chain(block, single, f"branch3x3_2{half}") for half in "ab"),
            *(chain(block, double, f"branch3x3dbl_3{half}") for half in "ab"),
            chain(block, pooled, "branch_pool"),
        )
        hidden = torch.cat(ends, 1)
    return hidden.mean((2, 3))


def _as_tensorflow(images: Tensor, side: int) -> Tensor:
    """Return images resampled linearly from the upper left corner, without regard to pixel centres or aliasing."""
    down, right = (_linear(size, side).to(images) for size in images.shape[2:])
    return down @ images @ right.T


def _linear(size: int, side: int) -> Tensor:
    """Return (side, size): row i mixes the two pixels around i * size / side."""
    place = torch.arange(side, dtype=torch.float64) * (size / side)
    low = place.floor().long().clamp_max(size - 1)
    share = (place - low)[:, None]
    pixels = torch.eye(size, dtype=torch.float64)
    return pixels[low] * (1 - share) + pixels[(low + 1).clamp_max(size - 1)] * share
