"""A game from the first step to the last, as a stream of what is seen."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from ganaug_core.playground import moments, networks
from ganaug_core.playground.densities import Densities
from ganaug_core.playground.moments import ARROWS, FIELD, FRAMES, GRID, POINTS, Moment
from ganaug_core.playground.settings import Game
from ganaug_core.playground.targets import REACH
from ganaug_core.records import Floats
from ganaug_core.training.adversarial_step import AdversarialNetworks
from ganaug_core.training.devices import mixed, seeded

WITH_PROBABILITY = ("minimax", "non_saturating")  # losses whose logit is that of a probability
_JUDGED = 1000
_OTHERS = 2**32  # seeds of what is looked at, apart from those of the steps


def play(game: Game, frames: int = FRAMES) -> Iterator[bytes]:
    """Yield a header and then moments, as many as `frames` or as there are steps; on one thread.

    Raises:
        ConfigurationError: A loss that does not exist, or parts that exclude each other.
    """
    table = Table(game)
    steps = np.unique(np.linspace(0, game.steps, min(frames, game.steps + 1)).round().astype(int))
    yield moments.first_line(table.header(steps.tolist()))
    for step in steps:
        with one_thread():
            moment = table.moment_at(int(step))
        yield moment.to_bytes()


def record(game: Game, frames: int = FRAMES) -> moments.Recording:
    """Return the whole game."""
    return moments.collect(play(game, frames))


class Table:
    """A game at some step, and what is seen of it."""

    def __init__(self, game: Game) -> None:
        self.game, self.target = game, game.truth()
        self.networks: AdversarialNetworks = networks.build(game)
        self.step = 0
        self._measures: list[dict[str, Tensor]] = []
        self._densities = Densities(self.target)
        with seeded(game.seed, _OTHERS):
            self._latents, self._judged = torch.randn(POINTS, 2), torch.randn(_JUDGED, 2)
        quantiles = torch.special.ndtri(torch.linspace(0.01, 0.99, GRID))
        self._lattice = torch.stack(torch.meshgrid(quantiles, quantiles, indexing="xy"), 2).view(-1, 2)
        line = torch.linspace(-REACH, REACH, FIELD)
        self._places = torch.stack(torch.meshgrid(line, line, indexing="xy"), 2).view(-1, *networks.SHAPE)
        self.real = self.target.draw(POINTS, np.random.default_rng(mixed(game.seed, _OTHERS)))

    def header(self, steps: list[int]) -> dict[str, object]:
        """Return what a reader has to know before the first moment."""
        real = np.rint(self.real * moments.UNIT).astype(int).ravel().tolist()
        return {
            "target": self.game.target,
            "modes_there": self.target.modes,
            "probability": self.game.loss in WITH_PROBABILITY,
            "reach": REACH,
            "steps": steps,
            "real": real,
            **moments.layout(),
        }

    def moment_at(self, step: int) -> Moment:
        """Play on to that step and look."""
        while self.step < step:
            self._measures.append(self.networks.step(self.step, self.step / self.game.steps))
            self.step += 1
        judged = self._generate(self._judged)
        modes, quality = self.target.judge(judged)
        optimum, divergence = self._densities.compare(judged)
        points = self._generate(self._latents)
        field, push, arrows = self._field(), *self._pushes(points)
        real, fake = self._mean_probabilities(points)
        curves = {
            "modes": modes,
            "quality": quality,
            "divergence": divergence,
            "distance": float(np.linalg.norm(judged.mean(0) - self.target.centres.mean(0))),
            **self._means(),
            "push": push,
            "real": real,
            "fake": fake,
        }
        grid = self._generate(self._lattice).reshape(GRID, GRID, 2)
        return Moment(curves=curves, points=points, grid=grid, field=field, optimum=optimum, arrows=arrows)

    @torch.no_grad()
    def _generate(self, latents: Tensor) -> Floats:
        """Return (n, 2) points."""
        points: Floats = self.networks.generator(latents, _labels(latents)).flatten(1).numpy()
        return points

    def _means(self) -> dict[str, float]:
        """Return the means of losses and gradient norms since the last moment; not a number before the first step."""
        names = ("discriminator_loss", "generator_loss", "discriminator_gradient", "generator_gradient")
        taken, self._measures = self._measures, []
        return {name: float(torch.stack([m[name] for m in taken]).mean()) if taken else np.nan for name in names}

    @torch.no_grad()
    def _field(self) -> Floats:
        """Return (f, f) in [0, 1]: D, or a critic's logit about its mean, scaled by what lies furthest from it."""
        logits = self._logits(self._places)
        if self.game.loss in WITH_PROBABILITY:
            shown = logits.sigmoid()
        else:
            about_mean = logits - logits.mean()
            shown = 0.5 + 0.5 * about_mean / about_mean.abs().max().clamp_min(1e-12)
        field: Floats = shown.view(FIELD, FIELD).numpy()
        return field

    def _pushes(self, points: Floats) -> tuple[float, Floats]:
        """Return the mean length of minus the generator's gradient at a point, and the first arrows, scaled."""
        fake = torch.from_numpy(points).view(-1, *networks.SHAPE).requires_grad_()
        real = torch.from_numpy(self.real).view(-1, *networks.SHAPE)
        loss = self.networks.parts.loss.generator_loss(self._logits(real).detach(), self._logits(fake))
        (gradient,) = torch.autograd.grad(loss * len(points), fake)  # the loss is a mean over points
        push: Floats = -gradient.flatten(1).numpy()  # (n, 2)
        lengths = np.linalg.norm(push, axis=1)
        return float(lengths.mean()), push[:ARROWS] / max(float(lengths[:ARROWS].max()), 1e-12)

    @torch.no_grad()
    def _mean_probabilities(self, points: Floats) -> tuple[float, float]:
        if self.game.loss not in WITH_PROBABILITY:
            return np.nan, np.nan
        both = [torch.from_numpy(side).view(-1, *networks.SHAPE) for side in (self.real, points)]
        real, fake = (float(self._logits(side).sigmoid().mean()) for side in both)
        return real, fake

    def _logits(self, points: Tensor) -> Tensor:
        """Return (n,) what the discriminator says; layers with randomness or a view of the batch as in evaluation."""
        discriminator = self.networks.discriminator
        discriminator.eval()
        logits: Tensor = discriminator(points, _labels(points))
        discriminator.train()
        return logits


def _labels(points: Tensor) -> Tensor:
    return torch.zeros(len(points), dtype=torch.int64)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread: small networks are slower on more, and the sums are then the same everywhere."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
