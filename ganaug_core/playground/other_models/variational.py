"""A variational autoencoder: points are decoded from latents, and the likelihood has a bound from below."""

import math

import torch
from torch import Tensor, nn

from ganaug_core.playground.networks import LATENT, hidden


class VariationalAutoencoder(nn.Module):
    """p(x) = E over z of N(x; decoder(z), spread^2), z from N(0, 1); an encoder proposes the z of an x.

    The spread is learnt, one for all points. It begins small: where it begins as wide as the ring, no latent is used.

    Source: Kingma and Welling, 2014, arXiv:1312.6114.
    """

    passes = 1

    def __init__(self, width: int) -> None:
        super().__init__()
        proposal = nn.Linear(width, 2 * LATENT)
        self.encoder = nn.Sequential(*hidden(2, width), proposal)
        self.decoder = nn.Sequential(*hidden(LATENT, width), nn.Linear(width, 2))
        self.log_spread = nn.Parameter(torch.tensor(-3.0))
        with torch.no_grad():
            proposal.bias[LATENT:] = -2.0

    def loss(self, points: Tensor) -> Tensor:
        """Return minus the evidence lower bound, nats a point."""
        return -self.bound(points).mean()

    def bound(self, points: Tensor) -> Tensor:
        """Return (n,) the evidence lower bound by one latent a point: log p(x | z) - KL(q(z | x) || p(z)).

        Source: equation 10 there.
        """
        mean, log_deviation = self.encoder(points).chunk(2, 1)
        latents = mean + log_deviation.exp() * torch.randn_like(mean)
        divergence = 0.5 * (mean**2 + (2 * log_deviation).exp() - 1 - 2 * log_deviation).sum(1)
        apart = (points - self.decoder(latents)) / self.log_spread.exp()
        log_density = -(0.5 * apart**2 + self.log_spread + 0.5 * math.log(2 * math.pi)).sum(1)
        bound: Tensor = log_density - divergence
        return bound

    @torch.no_grad()
    def log_likelihood(self, points: Tensor, latents: int = 64) -> Tensor:
        """Return (n,) the bound, a mean over latents: the likelihood is at least this."""
        return torch.stack([self.bound(points) for _ in range(latents)]).mean(0)

    @torch.no_grad()
    def draw(self, count: int) -> Tensor:
        centre: Tensor = self.decoder(torch.randn(count, LATENT))
        points: Tensor = centre + self.log_spread.exp() * torch.randn_like(centre)
        return points
