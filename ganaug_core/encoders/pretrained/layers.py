"""What the pretrained networks share: layers that read a state dictionary, and images as they want to see them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ganaug_core.encoders.fitted import Fitted, require_images
from ganaug_core.encoders.pretrained.weights import Tensors, Weights, read
from ganaug_core.errors import EvidenceError
from ganaug_core.records import Floats, Images

Network = Callable[[Tensors, Tensor], Tensor]
BATCH = 32
IMAGENET_MEAN, IMAGENET_SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def adopted(weights: Weights, network: Network, images: Images, facts: Mapping[str, Any]) -> Fitted:
    """Return the encoder of a pretrained network for images like these: nothing is fitted.

    Raises:
        EvidenceError: Too few images, or the weights cannot be had.
    """
    shape = require_images(images, weights.encoder)
    _, digest = read(weights.path())
    state = {"sha256": np.frombuffer(bytes.fromhex(digest), np.uint8)}
    return opened(weights, network, state, shape, {**facts, "weights_sha256": digest})


def opened(
    weights: Weights,
    network: Network,
    state: Mapping[str, np.ndarray[Any, Any]],
    shape: tuple[int, int, int],
    facts: Mapping[str, Any],
) -> Fitted:
    """Return the encoder; the weights are read when it is first used."""
    expected = bytes(state["sha256"]).hex()

    @torch.inference_mode()
    def encode(images: Floats) -> Floats:
        tensors, digest = read(weights.path())
        if digest != expected:
            raise EvidenceError(
                f"The weights of {weights.encoder} are other ones than those that this space was made with.",
                do="Put the old file back, or remove the kept encoder.",
                code="other_weights",
            )
        try:
            features: Floats = network(tensors, torch.from_numpy(np.require(images, np.float32, ["C", "W"]))).numpy()
        except (KeyError, RuntimeError) as error:
            raise EvidenceError(
                f"The file {weights.path().name} does not hold the weights of {weights.encoder}.",
                do=weights.by_hand,
                code="foreign_weights",
            ) from error
        return features

    return Fitted(weights.encoder, shape, state, encode, facts, batch=BATCH)


def coloured(images: Tensor) -> Tensor:
    """Return (n, 3, row, column): colour stays, any other number of channels becomes its mean three times."""
    return images if images.shape[1] == 3 else images.mean(1, keepdim=True).expand(-1, 3, -1, -1)


def resized(images: Tensor, side: int) -> Tensor:
    """Return (n, channel, side, side), bilinear, without aliasing where it gets smaller."""
    return functional.interpolate(images, (side, side), mode="bilinear", align_corners=False, antialias=True)


def shifted(images: Tensor, mean: tuple[float, ...], spread: tuple[float, ...]) -> Tensor:
    """Return (image in [0, 1] - mean) / spread, channel by channel, of images in [-1, 1]."""
    return ((images + 1) / 2 - images.new_tensor(mean).view(1, -1, 1, 1)) / images.new_tensor(spread).view(1, -1, 1, 1)


def convolved(state: Tensors, name: str, images: Tensor, *, stride: int = 1, padded: bool = True) -> Tensor:
    """Return the convolution `name`, padded with half of the kernel where wanted."""
    weight = state[f"{name}.weight"]
    padding = (weight.shape[2] // 2, weight.shape[3] // 2) if padded else (0, 0)
    return functional.conv2d(images, weight, state.get(f"{name}.bias"), stride, padding)


def normalised(state: Tensors, name: str, images: Tensor, epsilon: float = 1e-5) -> Tensor:
    """Return the batch normalisation `name` with the statistics of its training."""
    mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    return functional.batch_norm(images, mean, variance, state[f"{name}.weight"], state[f"{name}.bias"], eps=epsilon)
