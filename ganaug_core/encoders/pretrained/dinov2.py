"""DINOv2: a vision transformer trained without labels on many photographs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ganaug_core.encoders.fitted import Arrays, Fitted
from ganaug_core.encoders.pretrained.layers import (
    IMAGENET_MEAN,
    IMAGENET_SPREAD,
    adopted,
    coloured,
    opened,
    resized,
    shifted,
)
from ganaug_core.encoders.pretrained.weights import Tensors, Weights
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Images, Integers

SIDE, PATCH, HEAD = 224, 14, 64
WEIGHTS = Weights(
    "dinov2",
    ("dinov2_vits14_pretrain.pth", "dinov2.safetensors"),
    "Put dinov2_vits14_pretrain.pth of the DINOv2 repository (ViT-S/14, without registers) into the folder of weights.",
    "https://dl.fbaipublicfiles.com/dinov2/dinov2_vits14/dinov2_vits14_pretrain.pth",
    "b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9",
    88,
)


@dataclass(frozen=True)
class DINOv2:
    """The class token of ViT-S/14, 384 numbers: a general space, to compare with published DINOv2 columns.

    Published tables use ViT-L/14, so compare ranks with them, not numbers.

    Source: Oquab et al., 2023, arXiv:2304.07193, Apache 2.0; for generators: Stein et al., 2023, arXiv:2306.04675.
    """

    def fit(self, images: Images, labels: Integers, *, seed: int = 0, report: Report = silent) -> Fitted:
        """Return the encoder; nothing is fitted.

        Raises:
            EvidenceError: Too few images, or the weights cannot be had.
        """
        report(0.0, "Reading the weights of DINOv2")
        return adopted(WEIGHTS, features, images, {**asdict(self), "seed": seed})

    def restore(self, state: Arrays, shape: tuple[int, int, int], facts: Mapping[str, Any]) -> Fitted:
        """Return the encoder whose weights are named in the state."""
        return opened(WEIGHTS, features, state, shape, facts)


def features(state: Tensors, images: Tensor) -> Tensor:
    """Return (n, width) of images (n, channel, row, column) in [-1, 1]."""
    seen = shifted(resized(coloured(images), SIDE), IMAGENET_MEAN, IMAGENET_SPREAD)
    patches = functional.conv2d(seen, state["patch_embed.proj.weight"], state["patch_embed.proj.bias"], PATCH)
    tokens = torch.cat([state["cls_token"].expand(len(images), -1, -1), patches.flatten(2).transpose(1, 2)], 1)
    tokens = tokens + _places(state["pos_embed"], SIDE // PATCH)
    for number in count():
        block = f"blocks.{number}"
        if f"{block}.norm1.weight" not in state:
            break
        attended = _attention(state, f"{block}.attn", _layer_norm(state, f"{block}.norm1", tokens))
        tokens = tokens + state[f"{block}.ls1.gamma"] * attended
        inner = functional.gelu(_linear(state, f"{block}.mlp.fc1", _layer_norm(state, f"{block}.norm2", tokens)))
        tokens = tokens + state[f"{block}.ls2.gamma"] * _linear(state, f"{block}.mlp.fc2", inner)
    return _layer_norm(state, "norm", tokens)[:, 0]


def _places(embedding: Tensor, side: int) -> Tensor:
    """Return (1, 1 + side * side, width): the embedding of the training's grid, resampled to this one.

    The tenth of a pixel is the original's guard against rounding; it moves every sample a little.
    """
    grid = round((embedding.shape[1] - 1) ** 0.5)
    square = embedding[:, 1:].reshape(1, grid, grid, -1).permute(0, 3, 1, 2)
    smaller = functional.interpolate(square, scale_factor=((side + 0.1) / grid,) * 2, mode="bicubic")
    return torch.cat([embedding[:, :1], smaller.flatten(2).transpose(1, 2)], 1)


def _attention(state: Tensors, name: str, tokens: Tensor) -> Tensor:
    n, length, width = tokens.shape
    parts = _linear(state, f"{name}.qkv", tokens).view(n, length, 3, width // HEAD, HEAD).permute(2, 0, 3, 1, 4)
    mixed = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2])
    return _linear(state, f"{name}.proj", mixed.transpose(1, 2).reshape(n, length, width))


def _layer_norm(state: Tensors, name: str, tokens: Tensor) -> Tensor:
    weight = state[f"{name}.weight"]
    return functional.layer_norm(tokens, weight.shape, weight, state[f"{name}.bias"], 1e-6)


def _linear(state: Tensors, name: str, tokens: Tensor) -> Tensor:
    return functional.linear(tokens, state[f"{name}.weight"], state[f"{name}.bias"])
