"""RadImageNet: a residual network trained on 1.35 million radiological images."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from ganaug_core.encoders.fitted import Arrays, Fitted
from ganaug_core.encoders.pretrained.layers import (
    IMAGENET_MEAN,
    adopted,
    coloured,
    convolved,
    normalised,
    opened,
    resized,
    shifted,
)
from ganaug_core.encoders.pretrained.weights import Tensors, Weights
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Images, Integers

SIDE = 224
DEPTHS = (3, 4, 6, 3)
WEIGHTS = Weights(
    "radimagenet",
    ("RadImageNet-ResNet50_notop.pth", "ResNet50.pt", "radimagenet.safetensors"),
    "No program can fetch them: put RadImageNet-ResNet50_notop.pth (what torch.hub's Warvito/radimagenet-models keeps) "
    "or ResNet50.pt (from the page of BMEII-AI/RadImageNet) into the folder of weights.",
)
_SEQUENCE = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4"}


@dataclass(frozen=True)
class RadImageNet:
    """2048 numbers of a ResNet-50 trained on CT, MR and ultrasound: a general radiological space.

    Source: Mei et al., 2022, Radiology: Artificial Intelligence 4(5):e210315. Two files are in use and both are read:
    the one converted from Keras (biases, stride in the first convolution of a block, means of ImageNet removed as
    MONAI does) and the one of the authors' PyTorch release (stride in the second, images in [-1, 1]).
    """

    def fit(self, images: Images, labels: Integers, *, seed: int = 0, report: Report = silent) -> Fitted:
        """Return the encoder; nothing is fitted.

        Raises:
            EvidenceError: Too few images, or the weights cannot be had.
        """
        report(0.0, "Reading the weights of RadImageNet")
        return adopted(WEIGHTS, features, images, {**asdict(self), "seed": seed})

    def restore(self, state: Arrays, shape: tuple[int, int, int], facts: Mapping[str, Any]) -> Fitted:
        """Return the encoder whose weights are named in the state."""
        return opened(WEIGHTS, features, state, shape, facts)


def features(given: Tensors, images: Tensor) -> Tensor:
    """Return (n, 2048) of images (n, channel, row, column) in [-1, 1]."""
    state = _named(given)
    keras = "conv1.bias" in state
    epsilon = 1.001e-5 if keras else 1e-5
    seen = resized(coloured(images), SIDE)
    if keras:
        seen = shifted(seen, IMAGENET_MEAN, (1.0, 1.0, 1.0)).flip(1)

    def layer(name: str, number: int | str, inputs: Tensor, stride: int = 1) -> Tensor:
        convolution, norm = (f"{name}.0", f"{name}.1") if number == "" else (f"{name}conv{number}", f"{name}bn{number}")
        return normalised(state, norm, convolved(state, convolution, inputs, stride=stride), epsilon)

    hidden = max_pool2d(torch.relu(layer("", 1, seen, 2)), 3, 2, 1)
    for stage, depth in enumerate(DEPTHS, 1):
        for place in range(depth):
            block = f"layer{stage}.{place}"
            stride = 2 if stage > 1 and place == 0 else 1
            first, second = (stride, 1) if keras else (1, stride)
            inner = torch.relu(layer(f"{block}.", 1, hidden, first))
            inner = layer(f"{block}.", 3, torch.relu(layer(f"{block}.", 2, inner, second)))
            beside = hidden if place else layer(f"{block}.downsample", "", hidden, stride)
            hidden = torch.relu(inner + beside)
    return hidden.mean((2, 3))


def _named(given: Tensors) -> Tensors:
    """Return the state by torchvision's names; one release names the layers by their place in a sequence."""
    if "conv1.weight" in given:
        return given
    named = {}
    for key, value in given.items():
        place, _, rest = key.removeprefix("backbone.").partition(".")
        named[f"{_SEQUENCE.get(place, place)}.{rest}"] = value
    return named
