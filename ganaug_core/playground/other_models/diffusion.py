"""A diffusion model: noise is taken away little by little; in two dimensions its flow has an exact likelihood."""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganaug_core.playground.networks import hidden

SLOW, FAST = 0.1, 20.0  # rate of the noise at the beginning and at the end
LEAST = 1e-3  # time at which drawing ends: noise of .01, a quarter of a mode's deviation
WAVES = 4
WIDE = 0.5  # variance of a ring of radius 1 in each direction
DRAWING, TELLING = 24, 64  # steps of the flow


class Diffusion(nn.Module):
    """A network learns the noise that was mixed into points; the flow that takes it away again draws.

    At time t a point is a x + s e with noise e from N(0, 1), a^2 + s^2 = 1. The network says e, and minus e / s is the
    slope of the log density (the score). Points are drawn by the probability flow, an ordinary differential equation:
    unlike the random steps of the first paper it has a density, to be found along its way.

    Source: Ho, Jain and Abbeel, 2020, arXiv:2006.11239, equation 14 (the loss), with times without steps; Song et al.,
    2021, arXiv:2011.13456, equation 11 (rates), 13 (flow) and 39 (likelihood; the divergence is exact here, not
    estimated).
    """

    passes = 2 * DRAWING  # Heun's method looks twice a step

    def __init__(self, width: int) -> None:
        super().__init__()
        self.network = nn.Sequential(*hidden(2 + 2 * WAVES, width), nn.Tanh(), nn.Linear(width, 2))

    def loss(self, points: Tensor) -> Tensor:
        """Return the mean squared error of the noise that is said, at random times."""
        root = math.sqrt(LEAST)
        time = (root + (1 - root) * torch.rand(len(points))).square()  # oftener near the end, where modes are narrow
        noise = torch.randn_like(points)
        share, deviation = _mixed(time)
        noisy = share[:, None] * points + deviation[:, None] * noise
        return (self._noise(noisy, time) - noise).square().mean()

    @torch.no_grad()
    def draw(self, count: int) -> Tensor:
        points = torch.randn(count, 2)
        for time, after in _times(DRAWING):
            slope = self._flow(points, time)
            ahead = points + (after - time) * slope
            points = points + (after - time) * (slope + self._flow(ahead, after)) / 2  # Heun
        return points

    def log_likelihood(self, points: Tensor, steps: int = TELLING) -> Tensor:
        """Return (n,) that of the flow: log N at its end plus the divergence along its way; exact up to its steps."""
        gained = torch.zeros(len(points))
        for after, time in reversed(_times(steps)):
            points, more = _runge_kutta(self._flow_and_divergence, points, time, after - time)
            gained += more
        return gained - (0.5 * points**2 + 0.5 * math.log(2 * math.pi)).sum(1)

    def _noise(self, points: Tensor, time: Tensor) -> Tensor:
        """Return (n, 2) the noise in points (n, 2) at times (n,).

        What a normal density as wide as the ring would say, and a part of the network that is bounded: far from all
        that was seen a network says anything, and the flow would fling single points away.
        """
        share, deviation = (part[:, None] for part in _mixed(time))
        angles = time[:, None].sqrt() * math.pi * 2.0 ** torch.arange(WAVES)  # (n, wave)
        usual = deviation * points / (WIDE * share**2 + deviation**2)
        said: Tensor = self.network(torch.cat([points, angles.sin(), angles.cos()], 1))
        return usual + said

    def _flow(self, points: Tensor, time: float) -> Tensor:
        """Return dx / dt (n, 2) of the probability flow."""
        moment = torch.full((len(points),), time)
        _, deviation = _mixed(moment)
        return -0.5 * _rate(time) * (points - self._noise(points, moment) / deviation[:, None])

    def _flow_and_divergence(self, points: Tensor, time: float) -> tuple[Tensor, Tensor]:
        """Return the flow (n, 2) and its divergence (n,): the sum of its two slopes."""
        at = points.detach().requires_grad_()
        flow = self._flow(at, time)
        slopes = [torch.autograd.grad(flow[:, axis].sum(), at, retain_graph=True)[0][:, axis] for axis in (0, 1)]
        return flow.detach(), slopes[0] + slopes[1]


def _rate(time: float) -> float:
    return SLOW + time * (FAST - SLOW)


def _mixed(time: Tensor) -> tuple[Tensor, Tensor]:
    """Return a and s at times (n,)."""
    share = torch.exp(-0.5 * (SLOW * time + 0.5 * time**2 * (FAST - SLOW)))
    return share, torch.sqrt(1 - share**2)


def _times(steps: int) -> list[tuple[float, float]]:
    """Return pairs of times from 1 to the least, closer to each other towards the end."""
    grid = torch.linspace(1, math.sqrt(LEAST), steps + 1, dtype=torch.float64).square().tolist()
    return list(pairwise(grid))


Both = tuple[Tensor, Tensor]


def _runge_kutta(slope: Callable[[Tensor, float], Both], points: Tensor, time: float, by: float) -> Both:
    """Return the points after one step of fourth order, and what the second slope adds up to."""
    first = slope(points, time)
    second = slope(points + by / 2 * first[0], time + by / 2)
    third = slope(points + by / 2 * second[0], time + by / 2)
    fourth = slope(points + by * third[0], time + by)
    moved, gained = (by / 6 * (a + 2 * b + 2 * c + d) for a, b, c, d in zip(first, second, third, fourth, strict=True))
    return points + moved, gained
