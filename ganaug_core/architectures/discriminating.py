"""The discriminator that all architectures share: a trunk of their own, then the class and the logit."""

import math

import torch
from torch import Tensor, nn

from ganaug_core.architectures.settings import CriticCondition


class ConditionalDiscriminator(nn.Module):
    """Images (n, channel, row, column) and labels (n,) or (n, k) -> logits of the labels' shape.

    The class enters by one of two ways. `projection`: the logit of an image is a linear function of its features plus
    their product with a vector of the class, so one look answers for several labels (Miyato and Koyama, 2018,
    arXiv:1802.05637). `concatenation`: a learned plane of the class is one more channel of the image, so every label
    is another look (Mirza and Osindero, 2014, arXiv:1411.1784). None: there is but one class.

    Attributes:
        features: Length of the trunk's output.
        dropout: Between the trunk and the logit; nothing at first.
        minibatch_layers: Layers that see a whole batch; their results join the logit.
    """

    def __init__(
        self,
        trunk: nn.Module,
        features: int,
        shape: tuple[int, int, int],
        classes: int,
        condition: CriticCondition | None,
    ) -> None:
        super().__init__()
        self.size, self.features = shape[1:], features
        self.trunk = trunk
        self.logit = nn.Linear(features, 1)
        self.plane = nn.Embedding(classes, shape[1] * shape[2]) if condition == "concatenation" else None
        self.classes = nn.Embedding(classes, features) if condition == "projection" else None
        if self.classes is not None:
            nn.init.normal_(self.classes.weight, 0.0, 1 / math.sqrt(features))
        self.dropout: nn.Module = nn.Identity()
        self.minibatch_layers = nn.ModuleList()

    def extract_features(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the features (n, features) of images and labels (n,)."""
        if self.plane is not None:
            plane = self.plane(labels).view(len(labels), 1, *self.size)  # (n, 1, row, column)
            images = torch.cat([images, plane.to(images.dtype)], 1)
        features: Tensor = self.trunk(images)
        return features

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        if self.plane is not None and labels.ndim == 2:
            return torch.stack([self(images, column) for column in labels.unbind(1)], 1)  # (n, k)
        features = self.dropout(self.extract_features(images, labels))  # (n, feature)
        logits: Tensor = self.logit(features)  # (n, 1)
        for layer in self.minibatch_layers:
            # a weighted feature added to the logit is the same as one appended to the last layer
            logits = logits + layer(features)[:, None]
        if self.classes is not None:
            class_vectors = self.classes(labels.view(len(labels), -1))  # (n, k, feature)
            logits = logits + (class_vectors * features[:, None]).sum(2)  # (n, k)
        return logits.view(labels.shape)


def trunk_channels(shape: tuple[int, int, int], condition: CriticCondition) -> int:
    """Return how many channels the trunk sees: the image's, and the plane of the class where there is one."""
    return shape[0] + (condition == "concatenation")
