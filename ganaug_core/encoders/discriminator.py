"""The run's own discriminator as a feature space: what it looks at just before it decides."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganaug_core.encoders.fitted import Fitted
from ganaug_core.encoders.networks import arrays
from ganaug_core.errors import EvidenceError
from ganaug_core.records import Floats, Integers

BATCH = 128


def watched(network: nn.Module, shape: tuple[int, int, int], classes: int, facts: Mapping[str, Any]) -> Fitted:
    """Return the inputs of the discriminator's last layer as an encoder; labels are unknown, so all are asked.

    It was trained to tell these very training images from synthetic ones: it knows them too well to judge fidelity or
    modes, but it shows what the run itself could see.

    Args:
        network: Images (n, channel, row, column) and labels (n,) -> logits, with one linear layer of one output.

    Raises:
        EvidenceError: The network has no such layer.
    """
    network = network.cpu().float().eval()
    last = [
        module
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear) and module.out_features == 1 and not name.startswith("minibatch_layers")
    ]
    if not last:
        raise EvidenceError(
            f"{type(network).__name__} ends in no single number, so there is nothing to look at before it.",
            do="Leave the space of the discriminator out.",
        )

    @torch.inference_mode()
    def encode(images: Floats) -> Floats:
        last_inputs: list[Tensor] = []
        handle = last[-1].register_forward_pre_hook(lambda _, inputs: last_inputs.append(inputs[0].flatten(1)))
        batch = torch.from_numpy(np.require(images, np.float32, ["C", "W"]))
        try:
            for label in range(classes):
                network(batch, torch.full((len(batch),), label))
        finally:
            handle.remove()
        features: Floats = torch.stack(last_inputs).mean(0).numpy()
        return features

    return Fitted("discriminator", shape, arrays(network), encode, facts, batch=BATCH)


@torch.inference_mode()
def logits(network: nn.Module, images: Floats, labels: Integers) -> NDArray[np.float64]:
    """Return (n,) what the discriminator says of images with their labels: higher is more real.

    Training images that score higher than held-out ones of the same source were learned by heart.
    Source: Hayes et al., LOGAN, 2019, arXiv:1705.07663.
    """
    network = network.cpu().float().eval()
    parts = [
        network(
            torch.from_numpy(np.require(images[start : start + BATCH], np.float32, ["C", "W"])),
            torch.from_numpy(np.asarray(labels[start : start + BATCH], np.int64)),
        )
        for start in range(0, len(images), BATCH)
    ]
    said: NDArray[np.float64] = torch.cat([torch.zeros(0), *parts]).double().numpy()
    return said
