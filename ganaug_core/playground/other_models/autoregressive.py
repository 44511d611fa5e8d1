"""An autoregressive model: one coordinate after the other, each a mixture of normal densities; exact likelihood."""

import math

import torch
from torch import Tensor, nn

from ganaug_core.playground.networks import hidden

COMPONENTS = 12
SPREAD = (-5.0, 1.0)  # logarithm of a component's standard deviation, at least and at most


class Autoregressive(nn.Module):
    """p(x) = p(x1) p(x2 | x1); each factor is a mixture whose weights, means and spreads a network says.

    Source: Uria, Murray and Larochelle, RNADE, 2013, arXiv:1306.0186, for two coordinates; mixtures as the output of a
    network: Bishop, Mixture Density Networks, 1994. There the factors share weights, here each has a network.
    """

    passes = 2  # one for each coordinate; an image would need one for each pixel

    def __init__(self, width: int) -> None:
        super().__init__()
        line = torch.linspace(-1, 1, COMPONENTS)
        begin = torch.cat([torch.zeros(COMPONENTS), line, torch.full((COMPONENTS,), -1.5)])
        self.first = nn.Parameter(begin)
        last = nn.Linear(width, 3 * COMPONENTS)
        self.second = nn.Sequential(*hidden(1, width), last)
        with torch.no_grad():
            last.bias.copy_(begin)

    def loss(self, points: Tensor) -> Tensor:
        """Return minus the log likelihood, nats a point."""
        return -self._log_density(points).mean()

    @torch.no_grad()
    def log_likelihood(self, points: Tensor) -> Tensor:
        """Return (n,) the exact one."""
        return self._log_density(points)

    @torch.no_grad()
    def draw(self, count: int) -> Tensor:
        first = _drawn(self.first.expand(count, -1))
        return torch.stack([first, _drawn(self.second(first[:, None]))], 1)

    def _log_density(self, points: Tensor) -> Tensor:
        first, second = points[:, 0], points[:, 1]
        return _log_mixture(first, self.first.expand(len(points), -1)) + _log_mixture(
            second, self.second(first[:, None])
        )


def _split(said: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return logarithms of the weights, means, and logarithms of the deviations, (n, component) each."""
    weight, mean, log_spread = said.chunk(3, 1)
    return weight.log_softmax(1), mean, log_spread.clamp(*SPREAD)


def _log_mixture(values: Tensor, said: Tensor) -> Tensor:
    """Return (n,) the logarithm of the mixture's density at values (n,)."""
    log_weight, mean, log_spread = _split(said)
    apart = (values[:, None] - mean) / log_spread.exp()
    return torch.logsumexp(log_weight - 0.5 * apart**2 - log_spread - 0.5 * math.log(2 * math.pi), 1)


def _drawn(said: Tensor) -> Tensor:
    """Return (n,) a value of each mixture."""
    log_weight, mean, log_spread = _split(said)
    component = torch.multinomial(log_weight.exp(), 1)  # (n, 1)
    centre, deviation = mean.gather(1, component), log_spread.exp().gather(1, component)
    return (centre + deviation * torch.randn_like(centre))[:, 0]
