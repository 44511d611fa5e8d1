"""What the models have in common, and how they learn: Adam on batches of the truth, as long as a game is."""

from typing import Protocol

import torch
from torch import Tensor, nn

from ganaug_core.playground.networks import TruePoints
from ganaug_core.playground.settings import Game
from ganaug_core.training import schedule
from ganaug_core.training.devices import seeded


class ExplicitModel(Protocol):
    """A model that draws points and says how likely points are.

    Attributes:
        passes: How often a network is asked, one time after the other, for a set of points to be drawn.
    """

    passes: int

    def loss(self, points: Tensor) -> Tensor:
        """Return what training makes small, a scalar, of points (n, 2) of the truth."""
        ...

    def draw(self, count: int) -> Tensor:
        """Return (count, 2) points; torch's generator decides."""
        ...

    def log_likelihood(self, points: Tensor) -> Tensor:
        """Return (n,) nats of each point (n, 2): the density's logarithm, or what it is at least."""
        ...


def fit(model: ExplicitModel, game: Game) -> None:
    """Train a model on a game's truth: its steps, batch, learning rate with its schedule, and seed.

    Adam keeps its usual momentum: what circles in a game of two helps where one loss only falls.
    """
    truth, config = TruePoints(game.truth()), game.configuration()
    assert isinstance(model, nn.Module)
    optimiser = torch.optim.Adam(model.parameters(), lr=game.learning_rate)
    for step in range(game.steps):
        with seeded(game.seed, step):
            points, _ = truth.batch(game.batch)
            loss = model.loss(points.flatten(1))
        for group in optimiser.param_groups:
            group["lr"] = game.learning_rate * schedule.at(step / game.steps, config).learning_rate
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
