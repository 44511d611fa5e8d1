"""torchxrayvision: a DenseNet trained on seven sets of chest X-rays."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

from ganaug_core.encoders.fitted import Arrays, Fitted
from ganaug_core.encoders.pretrained.layers import adopted, convolved, normalised, opened, resized
from ganaug_core.encoders.pretrained.weights import Tensors, Weights
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Images, Integers

SIDE, RANGE = 224, 1024
DEPTHS = (6, 12, 24, 16)
WEIGHTS = Weights(
    "torchxrayvision",
    ("torchxrayvision.safetensors", "torchxrayvision.pt"),
    "Its usual file is a program, which ganaug never loads: where torchxrayvision is installed, save the numbers by "
    "safetensors.torch.save_file(torchxrayvision.models.DenseNet(weights='densenet121-res224-all').state_dict(), "
    "'torchxrayvision.safetensors') and put that file into the folder of weights.",
)


@dataclass(frozen=True)
class ChestXray:
    """1024 numbers of a DenseNet-121 trained on chest X-rays: for such images only.

    Source: Cohen et al., TorchXRayVision, 2021, arXiv:2111.00595, Apache 2.0; weights densenet121-res224-all.
    """

    def fit(self, images: Images, labels: Integers, *, seed: int = 0, report: Report = silent) -> Fitted:
        """Return the encoder; nothing is fitted.

        Raises:
            EvidenceError: Too few images, or the weights cannot be had.
        """
        report(0.0, "Reading the weights of torchxrayvision")
        return adopted(WEIGHTS, features, images, {**asdict(self), "seed": seed})

    def restore(self, state: Arrays, shape: tuple[int, int, int], facts: Mapping[str, Any]) -> Fitted:
        """Return the encoder whose weights are named in the state."""
        return opened(WEIGHTS, features, state, shape, facts)


def features(state: Tensors, images: Tensor) -> Tensor:
    """Return (n, 1024) of images (n, channel, row, column) in [-1, 1]; the network was trained on [-1024, 1024]."""

    def layer(norm: str, convolution: str, inputs: Tensor) -> Tensor:
        return convolved(state, convolution, torch.relu(normalised(state, norm, inputs)))

    seen = resized(images.mean(1, keepdim=True), SIDE) * RANGE
    hidden = torch.relu(normalised(state, "features.norm0", convolved(state, "features.conv0", seen, stride=2)))
    hidden = max_pool2d(hidden, 3, 2, 1)
    for stage, depth in enumerate(DEPTHS, 1):
        for place in range(1, depth + 1):
            name = f"features.denseblock{stage}.denselayer{place}"
            narrow = layer(f"{name}.norm1", f"{name}.conv1", hidden)
            hidden = torch.cat([hidden, layer(f"{name}.norm2", f"{name}.conv2", narrow)], 1)
        if stage < len(DEPTHS):
            name = f"features.transition{stage}"
            hidden = avg_pool2d(layer(f"{name}.norm", f"{name}.conv", hidden), 2)
    return torch.relu(normalised(state, "features.norm5", hidden)).mean((2, 3))
