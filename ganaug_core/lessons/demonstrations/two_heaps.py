"""Two narrow heaps at a distance: what a trained discriminator and a trained critic measure of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ganaug_core.config import PartConfig, TrainingConfig
from ganaug_core.interfaces import Loss
from ganaug_core.lessons.demonstrations.figure import Chart, Figure, Line, followed, numbers, short, with_slider
from ganaug_core.playground import Game, Target
from ganaug_core.playground.game import one_thread
from ganaug_core.playground.networks import LATENT, SHAPE, Plane, assemble
from ganaug_core.training.adversarial_step import AdversarialNetworks
from ganaug_core.training.devices import seeded

NARROW = 0.02  # standard deviation of a heap
_JUDGED, _STEPS = 1024, 300
_DISTANCES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.2)


def heaps(seed: int = 0) -> Figure:
    """Two narrow heaps at a growing distance: what a trained discriminator and a trained critic measure of it."""
    distances = _DISTANCES
    with one_thread():
        trained = [(_trained_divergence(distance, seed), _trained_distance(distance, seed)) for distance in distances]
    divergences, earths = ([row[side] for row in trained] for side in (0, 1))
    says = tuple(
        f"The heaps are {distance:g} apart. The best that a trained discriminator makes of the game says a divergence "
        f"of {divergence[0]:z.2f} (log 2 = 0.69 is the most there is), and the slope that it leaves for a generated "
        f"point is {divergence[1]:.2g}; the trained critic says a distance of {earth[0]:z.2f}, with a slope of "
        f"{earth[1]:.2g}."
        for distance, divergence, earth in zip(distances, divergences, earths, strict=True)
    )
    return with_slider(
        "Distance of the heaps",
        distances,
        "{:g}".format,
        4,
        says,
        Chart(
            title="What is measured",
            x="distance of the heaps",
            y="divergence, and distance",
            lines=(
                *followed(
                    distances,
                    {
                        "Jensen-Shannon, by a trained discriminator": ("synthetic", (row[0] for row in divergences)),
                        "Wasserstein, by a trained critic": ("real", (row[0] for row in earths)),
                    },
                ),
                Line(name="log 2", role="plain", x=[0, distances[-1]], y=[math.log(2)] * 2, kind="dashes"),
            ),
        ),
        Chart(
            title="Slope that is left for a generated point",
            x="distance of the heaps",
            y="slope",
            log_y=True,
            lines=followed(
                distances,
                {
                    "saturating loss": ("synthetic", (row[1] for row in divergences)),
                    "Wasserstein loss": ("real", (row[1] for row in earths)),
                },
            ),
        ),
    )


def bounds(seed: int = 0) -> Figure:
    """The critic between two heaps, 0.8 apart: weights clipped at several limits, and the gradient penalty beside."""
    distance, limits = 0.8, (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
    line = np.linspace(-0.3, 1.1, 71)
    game = Game(loss="wasserstein", regulariser="weight_clipping", seed=seed)

    def critic(regulariser: PartConfig) -> tuple[list[float], float]:
        """Return the critic along the line, 0 in its middle, and its mean slope between the heaps."""
        config = game.configuration().model_copy(update={"regularisers": (regulariser,)})
        networks = _trained_networks(config, distance)
        along = torch.tensor(np.stack([line, np.zeros_like(line)], 1), dtype=torch.float32).view(-1, *SHAPE)
        with torch.no_grad():
            heights = _logits(networks, along).numpy().astype(np.float64)
        begin, end = np.interp([0.0, distance], line, heights)
        return numbers(heights - np.interp(distance / 2, line, heights)), float((begin - end) / distance)

    with one_thread():
        clipped = [critic(PartConfig(name="weight_clipping", settings={"limit": limit})) for limit in limits]
        penalised, slope = critic(PartConfig(name="gradient_penalty"))
    says = tuple(
        f"Weights clipped at {limit:g} leave a mean slope of {short(clip[1])} between the heaps; the gradient penalty "
        f"holds {short(slope)}. Minus the critic's loss is a distance only where the slope is 1: the heaps are "
        f"{distance:g} apart, and clipping reads {short(clip[1] * distance)}, the penalty {short(slope * distance)}."
        for limit, clip in zip(limits, clipped, strict=True)
    )
    return with_slider(
        "Limit of the weights",
        limits,
        "{:g}".format,
        1,
        says,
        Chart(
            title="The critic along the line from the truth (0) to the generated heap (0.8)",
            x="place",
            y="what the critic says, 0 in the middle",
            y_range=(-1.2, 1.2),
            lines=(
                Line(
                    name="weight clipping",
                    role="synthetic",
                    x=numbers(line),
                    y=[numbers(values) for values, _ in clipped],
                ),
                Line(name="gradient penalty", role="real", x=numbers(line), y=penalised),
            ),
        ),
        Chart(
            title="Mean slope between the heaps",
            x="limit of the weights",
            y="slope",
            log_x=True,
            log_y=True,
            lines=(
                *followed(
                    limits, {"weight clipping": ("synthetic", (max(slope_there, 1e-6) for _, slope_there in clipped))}
                ),
                Line(
                    name="gradient penalty",
                    role="real",
                    x=[limits[0], limits[-1]],
                    y=numbers([slope, slope]),
                    kind="dashes",
                ),
            ),
        ),
    )


@dataclass(frozen=True)
class Heap(Plane):
    """A generator that draws one heap and never learns."""

    says: ClassVar[str] = "A heap that stays where it is."

    distance: float = 0.0

    def generator(self, shape: tuple[int, int, int], classes: int) -> nn.Module:
        return FixedHeap(self.distance)


class FixedHeap(nn.Module):
    """Latents (n, 2) -> points (n, 2, 1, 1) of a heap."""

    def __init__(self, distance: float) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.tensor([distance, 0.0]), requires_grad=False)
        self.nothing = nn.Parameter(torch.zeros(()))  # what the optimiser would move

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        return (self.place + NARROW * latent + 0 * self.nothing).view(-1, *SHAPE)


def _trained_divergence(distance: float, seed: int) -> tuple[float, float]:
    """Return (V + log 4) / 2 of a discriminator trained by the minimax loss, and the slope that it leaves."""
    value, slope = _trained(Game(loss="minimax", regulariser="none", seed=seed), distance)
    return (value + math.log(4)) / 2, slope


def _trained_distance(distance: float, seed: int) -> tuple[float, float]:
    """Return minus the loss of a critic held to a slope of 1 by the gradient penalty, and the slope that it leaves."""
    return _trained(Game(loss="wasserstein", regulariser="gradient_penalty", seed=seed), distance)


def _trained(game: Game, distance: float) -> tuple[float, float]:
    """Return minus the discriminator's loss after its training, and the mean slope at a generated point."""
    config = game.configuration()
    if game.regulariser == "gradient_penalty":  # with the weight of the paper: here the slope itself is looked at
        config = config.model_copy(update={"regularisers": (PartConfig(name="gradient_penalty"),)})
    networks = _trained_networks(config, distance)
    with seeded(game.seed, _STEPS + 1):
        real = NARROW * torch.randn(_JUDGED, LATENT).view(-1, *SHAPE)
        fake = networks.generator(torch.randn(_JUDGED, LATENT), real).detach()
    loss = networks.parts.loss
    with torch.no_grad():
        value = -float(loss.discriminator_loss(_logits(networks, real), _logits(networks, fake)))
    return value, _mean_slope(loss, lambda points: _logits(networks, points), fake)


def _trained_networks(config: TrainingConfig, distance: float) -> AdversarialNetworks:
    """Return networks whose discriminator was trained on a heap of truth in the middle and one generated beside it."""
    truth = Target(np.zeros((1, 2), np.float32), np.zeros(1, np.int64), NARROW)
    networks = assemble(config, Heap(distance=distance), truth)
    for step in range(_STEPS):
        networks.step(step, step / _STEPS)
    return networks


def _logits(networks: AdversarialNetworks, points: Tensor) -> Tensor:
    logits: Tensor = networks.discriminator(points, torch.zeros(len(points), dtype=torch.int64))
    return logits


def _mean_slope(loss: Loss, logits: Callable[[Tensor], Tensor], fake: Tensor) -> float:
    places = fake.clone().requires_grad_()
    loss_there = loss.generator_loss(logits(places), logits(places)) * len(places)
    (gradient,) = torch.autograd.grad(loss_there, places)
    return float(gradient.flatten(1).norm(dim=1).mean())
