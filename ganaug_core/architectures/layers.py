"""Layers that several architectures share."""

import math

import torch
from torch import Tensor, nn

from ganaug_core.architectures.settings import Prior

_WARM = 10


def shaped(latent: Tensor, prior: Prior) -> Tensor:
    """Return a Gaussian latent as it is, or made uniform in (-1, 1) by the Gaussian's distribution function.

    So whoever draws, shortens or mixes latents does the same for both priors.
    """
    return torch.erf(latent / math.sqrt(2)) if prior == "uniform" else latent


class WarmNorm(nn.BatchNorm2d):
    """Batch norm whose running statistics are plain means over the first ten batches.

    With a momentum of 0.1 from the start, a generator that was stopped after a few steps would still divide by the
    variance of 1 that nobody measured, and draw empty images.
    """

    _is_warm = False

    def forward(self, input: Tensor) -> Tensor:
        if self.training and not self._is_warm:
            assert self.num_batches_tracked is not None
            seen = int(self.num_batches_tracked) + 1
            self.momentum = max(1 / seen, 1 / _WARM)
            self._is_warm = seen > _WARM
        return super().forward(input)


class ConditionalNorm(nn.Module):
    """Batch norm whose gain and offset are a linear function of a condition (n, features).

    Source: Dumoulin et al., 2017, arXiv:1610.07629; a condition shared by all layers: Brock et al., BigGAN, 2019,
    arXiv:1809.11096.
    """

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.norm = WarmNorm(channels, affine=False)
        self.gain = nn.Linear(features, channels)
        self.offset = nn.Linear(features, channels)
        for layer in (self.gain, self.offset):
            nn.init.normal_(layer.weight, 0.0, 0.1)
            nn.init.zeros_(layer.bias)

    def forward(self, hidden: Tensor, condition: Tensor) -> Tensor:
        gain, offset = self.gain(condition), self.offset(condition)
        normed: Tensor = self.norm(hidden)
        steered: Tensor = normed * (1 + gain[:, :, None, None]) + offset[:, :, None, None]
        return steered


class SelfAttention(nn.Module):
    """Every place looks at every other one; a learned share, 0 at first, is added.

    Source: Zhang et al., SAGAN, 2019, arXiv:1805.08318; keys and values are pooled two by two, as in its code.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // 8)
        self.query = nn.Conv2d(channels, inner, 1, bias=False)
        self.key = nn.Conv2d(channels, inner, 1, bias=False)
        self.value = nn.Conv2d(channels, max(1, channels // 2), 1, bias=False)
        self.out = nn.Conv2d(max(1, channels // 2), channels, 1, bias=False)
        self.pool = nn.MaxPool2d(2)
        self.share = nn.Parameter(torch.zeros(1))

    def forward(self, hidden: Tensor) -> Tensor:
        query = self.query(hidden).flatten(2)
        key, value = self.pool(self.key(hidden)).flatten(2), self.pool(self.value(hidden)).flatten(2)
        weights = torch.softmax((query.transpose(1, 2) @ key).float(), 2).to(value.dtype)
        looked = (value @ weights.transpose(1, 2)).unflatten(2, hidden.shape[2:])
        seen: Tensor = hidden + self.share * self.out(looked.contiguous())
        return seen
