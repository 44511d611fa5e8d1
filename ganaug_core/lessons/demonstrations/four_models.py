"""A GAN beside three models that can say a likelihood, on the playground's ring: a comparison, by ten seeds."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ganaug_core.lessons.demonstrations.figure import Chart, Figure, Line, numbers, short, with_slider
from ganaug_core.lessons.rule import SEEDS
from ganaug_core.playground import Game, Target
from ganaug_core.playground.game import Table, one_thread
from ganaug_core.playground.other_models import Autoregressive, Diffusion, VariationalAutoencoder, fit
from ganaug_core.playground.targets import REACH
from ganaug_core.records import Floats
from ganaug_core.training.devices import seeded
from ganaug_core.wording import percent

GAME = Game(steps=4000)
"""What all of them have: the truth, steps, points in a step, units of a layer, learning rate and its schedule."""
_DRAWN, _HELD, _SHOWN, _REPEATS = 1000, 4000, 350, 20
_BUILD, _LOOK, _HOLD = 2**33, 2**34, 77  # seeds apart from those of the steps

EXPLICIT: Mapping[str, type[VariationalAutoencoder] | type[Autoregressive] | type[Diffusion]] = {
    "VAE": VariationalAutoencoder,
    "autoregressive": Autoregressive,
    "diffusion": Diffusion,
}
MODELS = ("GAN", *EXPLICIT)
_KNOWN_BY = {"VAE": "at least ", "autoregressive": "", "diffusion": ""}
_SAYS_OF = {
    "GAN": "It draws and says nothing of how likely a point is.",
    "VAE": "It says what the log likelihood is at least: {}.",
    "autoregressive": "It says the log likelihood exactly: {}.",
    "diffusion": "Its flow says the log likelihood exactly, up to the flow's own steps: {}.",
}


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What came of one training.

    Attributes:
        points: (n, 2) what was drawn.
        modes, quality: Modes that they reach, and the share of points near one.
        likelihood: Mean over held-out points, nats a point; None of the GAN.
        milliseconds: Processor time of drawing them, the median of several times.
    """

    points: Floats
    modes: int
    quality: float
    likelihood: float | None
    milliseconds: float


def four_models(seed: int = 0) -> Figure:
    """Points, likelihood, time and modes of a GAN, a VAE, an autoregressive and a diffusion model; six minutes."""
    target = GAME.truth()
    held = target.draw(_HELD, np.random.default_rng((seed, _HOLD)))
    with one_thread():
        trained = {name: [train(name, replace(GAME, seed=one + seed), held) for one in SEEDS] for name in MODELS}
    return _figure(trained, held, target)


def train(name: str, game: Game, held: Floats) -> Trained:
    """Train one of `MODELS` and look at what it draws."""
    if name == "GAN":
        table = Table(game)
        table.moment_at(game.steps)
        draw, likelihood = _of_game(table), None
    else:
        with seeded(game.seed, _BUILD):
            model = EXPLICIT[name](game.width)
        fit(model, game)
        draw = model.draw
        with seeded(game.seed, _LOOK):
            likelihood = float(model.log_likelihood(torch.from_numpy(held)).mean())
    with seeded(game.seed, _LOOK):
        points = draw(_DRAWN).numpy()
        milliseconds = _time_of(draw)
    modes, quality = game.truth().judge(points)
    return Trained(points=points, modes=modes, quality=quality, likelihood=likelihood, milliseconds=milliseconds)


def passes(name: str) -> int:
    """Return how often a network is asked, one time after the other, for points to be drawn."""
    return 1 if name == "GAN" else EXPLICIT[name].passes


def most(held: Floats, target: Target) -> float:
    """Return the log likelihood of points by the truth itself, nats a point: on average no model has more."""
    apart = np.square(held[:, None].astype(np.float64) - target.centres).sum(2) / (2 * target.deviation**2)
    density = np.exp(-apart).mean(1) / (2 * math.pi * target.deviation**2)
    return float(np.log(density).mean())


def _of_game(table: Table) -> Callable[[int], Tensor]:
    generator = table.networks.generator

    @torch.no_grad()
    def draw(count: int) -> Tensor:
        points: Tensor = generator(torch.randn(count, 2), torch.zeros(count, dtype=torch.int64)).flatten(1)
        return points

    return draw


def _time_of(draw: Callable[[int], Tensor]) -> float:
    taken = []
    for _ in range(_REPEATS):
        begun = time.process_time()
        draw(_DRAWN)
        taken.append(time.process_time() - begun)
    return 1000 * float(np.median(taken))


def _figure(trained: Mapping[str, list[Trained]], held: Floats, target: Target) -> Figure:
    best, runs = most(held, target), len(SEEDS)
    shown = [trained[name][0].points[:_SHOWN] for name in MODELS]
    return replace(
        with_slider(
            "Model",
            MODELS,
            str,
            0,
            (_sentence(name, trained[name], target.modes) for name in MODELS),
            Chart(
                title="What is drawn",
                x="x",
                y="y",
                x_range=(-REACH, REACH),
                y_range=(-REACH, REACH),
                is_square=True,
                lines=(
                    _points("truth", "real", held[:_SHOWN]),
                    Line(
                        name="the model",
                        role="synthetic",
                        kind="points",
                        x=[_hundredths(points[:, 0]) for points in shown],
                        y=[_hundredths(points[:, 1]) for points in shown],
                    ),
                ),
            ),
            Chart(
                title="Log likelihood of held-out points",
                x="model",
                y="nats a point",
                x_range=(-0.5, len(MODELS) - 0.5),
                x_names=("GAN: none", *MODELS[1:]),
                lines=(
                    Line(
                        name=f"{runs} trainings",
                        role="synthetic",
                        kind="points",
                        x=[place for place in range(1, len(MODELS)) for _ in range(runs)],
                        y=numbers(one.likelihood for name in MODELS[1:] for one in trained[name]),
                    ),
                    Line(
                        name="of the truth itself",
                        role="plain",
                        x=[-0.5, len(MODELS) - 0.5],
                        y=numbers([best] * 2),
                        kind="dashes",
                    ),
                ),
            ),
        ),
        table=(
            ("Model", "Log likelihood", "Modes", "Near a mode", "Passes", "Processor time for 1,000 points"),
            *(_row(name, trained[name]) for name in MODELS),
        ),
    )


def _points(name: str, role: str, points: Floats) -> Line:
    return Line(name=name, role=role, kind="points", x=_hundredths(points[:, 0]), y=_hundredths(points[:, 1]))  # type: ignore[arg-type]


def _hundredths(values: Floats) -> list[float]:
    return [round(float(value), 2) for value in values]


def _sentence(name: str, trained: list[Trained], modes: int) -> str:
    times = passes(name)
    reached = np.mean([one.modes for one in trained])
    return (
        f"{_SAYS_OF[name].format(f'{_likelihood(trained)} nats a point')} 1,000 points take {times} "
        f"{'pass' if times == 1 else 'passes'} of a network and {_milliseconds(trained)} ms; {reached:.1f} of {modes} "
        f"modes are reached and {_quality(trained)} of the points lie near one, on average of "
        f"{len(trained)} trainings."
    )


def _row(name: str, trained: list[Trained]) -> tuple[str, ...]:
    said = "none" if name == "GAN" else f"{_KNOWN_BY[name]}{_likelihood(trained)}"
    reached = np.mean([one.modes for one in trained])
    return (name, said, f"{reached:.1f}", _quality(trained), str(passes(name)), f"{_milliseconds(trained)} ms")


def _likelihood(trained: list[Trained]) -> str:
    values = [one.likelihood for one in trained if one.likelihood is not None]
    return f"{np.mean(values):.2f} ({min(values):.2f} to {max(values):.2f})" if values else ""


def _quality(trained: list[Trained]) -> str:
    values = [one.quality for one in trained]
    return f"{percent(float(np.mean(values)))} ({percent(min(values))} to {percent(max(values))})"


def _milliseconds(trained: list[Trained]) -> str:
    return short(float(np.median([one.milliseconds for one in trained])))
