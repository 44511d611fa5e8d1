"""The discriminator that all architectures share: a trunk of their own, then the class and the logit."""

import math

import torch
from torch import Tensor, nn

from ganaug_core.architectures.settings import CriticCondition


class Discriminator(nn.Module):
    """Images (n, channel, row, column) and labels (n,) or (n, k) -> logits of the labels' shape.

    The class enters by one of two ways. `projection`: the logit of an image is a linear function of its features plus
    their product with a vector of the class, so one look answers for several labels (Miyato and Koyama, 2018,
    arXiv:1802.05637). `concatenation`: a learned plane of the class is one more channel of the image, so every label
    is another look (Mirza and Osindero, 2014, arXiv:1411.1784).

    Attributes:
        features: Length of the trunk's output.
        between: Dropout, or nothing.
        companions: Layers that see a whole batch; their results join the logit.
    """

    def __init__(
        self, trunk: nn.Module, features: int, shape: tuple[int, int, int], classes: int, condition: CriticCondition
    ) -> None:
        super().__init__()
        self.size, self.features = shape[1:], features
        self.trunk = trunk
        self.logit = nn.Linear(features, 1)
        self.plane = nn.Embedding(classes, shape[1] * shape[2]) if condition == "concatenation" else None
        self.classes = nn.Embedding(classes, features) if condition == "projection" else None
        if self.classes is not None:
            nn.init.normal_(self.classes.weight, 0.0, 1 / math.sqrt(features))
        self.between: nn.Module = nn.Identity()
        self.companions = nn.ModuleList()

    def describe(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the features (n, features) of images and labels (n,)."""
        if self.plane is not None:
            plane = self.plane(labels).view(len(labels), 1, *self.size)
            images = torch.cat([images, plane.to(images.dtype)], 1)
        features: Tensor = self.trunk(images)
        return features

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        if self.plane is not None and labels.ndim == 2:
            return torch.stack([self(images, column) for column in labels.unbind(1)], 1)
        hidden = self.between(self.describe(images, labels))
        logits: Tensor = self.logit(hidden)
        for companion in self.companions:
            logits = logits + companion(hidden)[:, None]
        if self.classes is not None:
            fit = (self.classes(labels.view(len(labels), -1)) * hidden[:, None]).sum(2)
            logits = logits + fit
        return logits.view(labels.shape)


def inputs(shape: tuple[int, int, int], condition: CriticCondition) -> int:
    """Return how many channels the trunk sees: the image's, and the plane of the class where there is one."""
    return shape[0] + (condition == "concatenation")
