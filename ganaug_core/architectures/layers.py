"""Layers that several architectures share."""

import math

import torch
from torch import Tensor, nn

from ganaug_core.architectures.settings import Prior
from ganaug_core.interfaces import NoiseNetwork

_WARM_UP_BATCHES = 10


def apply_prior(latent: Tensor, prior: Prior) -> Tensor:
    """Return a Gaussian latent as it is, or made uniform in (-1, 1) by the Gaussian's distribution function.

    So whoever draws, shortens or mixes latents does the same for both priors.
    """
    return torch.erf(latent / math.sqrt(2)) if prior == "uniform" else latent


def draw_latents(
    network: nn.Module,
    latent: int,
    n: int,
    source: torch.Generator | None = None,
    truncation: float = 1.0,
    *,
    redraw: bool = False,
) -> Tensor:
    """Return what n images of a generator are drawn from, (n, latent + noise): Gaussian numbers.

    Args:
        latent: Length of its architecture's latent vector; noise follows where the generator takes any.
        source: Where the numbers come from; torch's own source if None.
        truncation: Scales the latent, > 0; noise is left alone.
        redraw: Redraw what lies farther from 0 than `truncation` instead, as Brock et al., 2019, arXiv:1809.11096.
    """
    noise = network.noise_length if isinstance(network, NoiseNetwork) else 0
    numbers = torch.randn(n, latent + noise, generator=source)
    latents = numbers[:, :latent]
    if not redraw:
        latents *= truncation
    while redraw and (beyond := latents.abs() > truncation).any():
        latents[beyond] = torch.randn(int(beyond.sum()), generator=source)
    return numbers


class ClassEmbedding(nn.Embedding):
    """Features of a class; weights of several classes, (n, class) floats that sum to 1, give the mean of theirs."""

    def forward(self, input: Tensor) -> Tensor:
        return input @ self.weight if input.is_floating_point() else super().forward(input)


class WarmUpBatchNorm(nn.BatchNorm2d):
    """Batch norm whose running statistics are plain means over the first ten batches.

    With a momentum of 0.1 from the start, a generator that was stopped after a few steps would still divide by the
    variance of 1 that nobody measured, and draw empty images.
    """

    _is_warmed_up = False

    def forward(self, input: Tensor) -> Tensor:
        if self.training and not self._is_warmed_up:
            assert self.num_batches_tracked is not None
            batches = int(self.num_batches_tracked) + 1
            self.momentum = max(1 / batches, 1 / _WARM_UP_BATCHES)
            self._is_warmed_up = batches > _WARM_UP_BATCHES
        return super().forward(input)


class ConditionalBatchNorm(nn.Module):
    """Batch norm whose gain and offset are a linear function of a condition (n, features).

    Source: Dumoulin et al., 2017, arXiv:1610.07629; a condition shared by all layers: Brock et al., BigGAN, 2019,
    arXiv:1809.11096.
    """

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        self.norm = WarmUpBatchNorm(channels, affine=False)
        self.gain = nn.Linear(features, channels)
        self.offset = nn.Linear(features, channels)
        for layer in (self.gain, self.offset):
            nn.init.normal_(layer.weight, 0.0, 0.1)
            nn.init.zeros_(layer.bias)

    def forward(self, hidden: Tensor, condition: Tensor) -> Tensor:
        gain, offset = self.gain(condition), self.offset(condition)  # (n, channel)
        normalised: Tensor = self.norm(hidden)  # (n, channel, row, column)
        modulated: Tensor = normalised * (1 + gain[:, :, None, None]) + offset[:, :, None, None]
        return modulated


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
        query = self.query(hidden).flatten(2)  # (n, inner, place)
        key = self.pool(self.key(hidden)).flatten(2)  # (n, inner, place / 4)
        value = self.pool(self.value(hidden)).flatten(2)  # (n, channel / 2, place / 4)
        weights = torch.softmax((query.transpose(1, 2) @ key).float(), 2).to(value.dtype)  # (n, place, place / 4)
        attended = (value @ weights.transpose(1, 2)).unflatten(2, hidden.shape[2:])  # (n, channel / 2, row, column)
        output: Tensor = hidden + self.share * self.out(attended.contiguous())
        return output
