"""A rare mode is never learnt while the Fréchet distance falls: the lesson's own game, in numbers."""

from dataclasses import replace

import numpy as np

from ganaug_core.lessons.demonstrations.figure import Chart, Figure, Line, followed, numbers, short, with_slider
from ganaug_core.lessons.plane import RARE
from ganaug_core.metrics.frechet import Frechet
from ganaug_core.playground import Game, Recording, load, shipped
from ganaug_core.playground.targets import NEAR
from ganaug_core.wording import percent

_EVERY = 5  # of the moments of a recording
_REAL = 4000


def rare_mode(seed: int = 0) -> Figure:
    """The failure's game of the lesson `rare`: Fréchet distance to the truth, and how often the rare place is drawn."""
    game = replace(RARE.failure, seed=RARE.shown_seed + seed)
    recording = _played(game)
    target = game.truth()
    real, rare = target.draw(_REAL, np.random.default_rng(seed)), target.centres[0]
    points, steps = recording.points[::_EVERY], recording.header["steps"][::_EVERY]
    distances = [Frechet().compare(real, moment) for moment in points]
    near = NEAR * target.deviation
    shares = [float((np.linalg.norm(moment - rare, axis=1) <= near).mean()) for moment in points]
    there = 1 / len(target.centres)
    return with_slider(
        "Step",
        steps,
        "{:,}".format,
        len(steps) - 1,
        (
            f"After {step:,} steps the distance is {short(distance)}, and {percent(share)} of {len(points[0])} points "
            f"lie in the rare mode; of the truth {percent(there)} do."
            for step, distance, share in zip(steps, distances, shares, strict=True)
        ),
        Chart(
            title="Fréchet distance to the truth",
            x="step",
            y="distance",
            log_y=True,
            lines=followed(steps, {"distance": ("synthetic", distances)}),
        ),
        Chart(
            title="Share of points in the rare mode",
            x="step",
            y="share",
            y_range=(0, 2.5 * there),
            lines=(
                *followed(steps, {"drawn": ("synthetic", shares)}),
                Line(name="in the truth", role="plain", x=[0, steps[-1]], y=numbers([there] * 2), kind="dashes"),
            ),
        ),
    )


def _played(game: Game) -> Recording:
    file = shipped(game)
    if file.is_file():
        return load(file)
    from ganaug_core.playground.game import record

    return record(game)
