"""Two-dimensional GANs with a known truth: every mode can be counted, and a lost one is seen at once.

torch is imported where it computes, not here: the page reads recorded games without it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zipfile import BadZipFile

import numpy as np

from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import Report, look_up, silent
from ganaug_core.records import Floats, Integers
from ganaug_core.storage.workspace import write_atomic

if TYPE_CHECKING:
    from torch import Tensor

Choice = TypeVar("Choice")
FRAMES = 60
POINTS = 400
STEPS = 1500
LATENT = 2
WIDTH = 64
LAYERS = 4
BATCH = 256
NEAR = 3.0  # standard deviations of a mode, as in the papers that use these targets


@dataclass(frozen=True)
class Target:
    """A distribution in the plane whose modes are known; a mode is one Gaussian or a string of them.

    Attributes:
        centres: (c, 2) means of the Gaussians, all equally likely.
        mode: (c,) number of the mode that each Gaussian belongs to, from 0.
        deviation: Their standard deviation in both directions.
    """

    centres: Floats
    mode: Integers
    deviation: float

    @property
    def modes(self) -> int:
        return int(self.mode.max()) + 1

    def draw(self, count: int, random: np.random.Generator) -> Floats:
        """Return (count, 2) points."""
        chosen = self.centres[random.integers(len(self.centres), size=count)]
        return (chosen + self.deviation * random.standard_normal((count, 2))).astype(np.float32)

    def judge(self, points: Floats) -> tuple[int, float]:
        """Return how many modes the points reach, and the share of points of high quality.

        A point is of high quality within 3 standard deviations of the nearest centre. A mode is reached by a tenth of
        its fair share of such points, at least one: a stray point between two modes is no mode.

        Source: Srivastava et al., VEEGAN, 2017, arXiv:1705.07761, where one point is enough.
        """
        distance = np.linalg.norm(points[:, None].astype(np.float64) - self.centres[None], axis=2)  # (n, c)
        nearest = distance.argmin(1)
        good = distance.min(1) <= NEAR * self.deviation
        counts = np.bincount(self.mode[nearest[good]], minlength=self.modes)
        return int((counts >= max(1.0, 0.1 * len(points) / self.modes)).sum()), float(good.mean())


def ring(modes: int = 8) -> Target:
    """Return Gaussians on the unit circle."""
    angle = 2 * np.pi * np.arange(modes) / modes
    return Target(np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32), np.arange(modes), 0.04)


def grid(side: int = 5) -> Target:
    """Return Gaussians on a square lattice in [-1, 1]."""
    line = np.linspace(-1, 1, side)
    centres = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    return Target(centres.astype(np.float32), np.arange(side * side), 0.04)


def moons(beads: int = 100) -> Target:
    """Return two interleaved half circles, each a string of Gaussians and one mode."""
    angle = np.linspace(0, np.pi, beads)
    upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], 1)
    lower = np.stack([0.5 - np.cos(angle), 0.25 - np.sin(angle)], 1)
    centres = 0.66 * np.concatenate([upper, lower])
    return Target(centres.astype(np.float32), np.repeat([0, 1], beads), 0.04)


TARGETS: dict[str, Callable[[], Target]] = {"ring": ring, "grid": grid, "moons": moons}


@dataclass(frozen=True)
class Rules:
    """How a game is played.

    Attributes:
        loss: Name in the family of losses.
        gamma: Strength of R1 and of R2 each, 0 for none.
        rate: Learning rate of both sides, > 0.
        betas: Adam's two coefficients, in [0, 1).
        falling: Whether the learning rate falls to 2 % along a cosine, or stays.
        says: What will be seen, in words.
    """

    loss: str
    gamma: float
    rate: float
    betas: tuple[float, float]
    falling: bool
    says: str


# minimax under heavy momentum: with ordinary settings of the optimiser it reaches all eight modes too
RULES = {
    "minimax": Rules(
        "minimax",
        0.0,
        1e-3,
        (0.95, 0.99),
        False,
        "The game of the theory under heavy momentum, no penalty: it finds one mode, forgets it and finds another.",
    ),
    "recommended": Rules(
        "relativistic_pairing",
        0.02,
        3e-3,
        (0.0, 0.99),
        True,
        "Pairs of real and generated points, a gradient penalty on both sides: it finds all modes and stays.",
    ),
}


@dataclass(frozen=True)
class Play:
    """A played game.

    Attributes:
        target: Name of the target.
        rules: Name of the rules.
        seed: It decides everything.
        steps: (f,) discriminator steps done at each frame, from 0.
        frames: (f, n, 2) what the generator makes of the same latents at each frame.
        real: (n, 2) points of the target.
        modes: (f,) modes reached; `modes_there` exist.
        quality: (f,) share of points within 3 standard deviations of a mode.
        losses: (f, 2) of the discriminator and of the generator, means since the last frame; not a number at first.
    """

    target: str
    rules: str
    seed: int
    modes_there: int
    steps: Integers
    frames: Floats
    real: Floats
    modes: Integers
    quality: Floats
    losses: Floats

    def to_bytes(self) -> bytes:
        """Return the game as a small .npz; points are kept in half precision (0.0005 of the ring's radius)."""
        arrays: dict[str, Any] = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        arrays |= {key: arrays[key].astype(np.float16) for key in ("frames", "real")}
        file = BytesIO()
        np.savez_compressed(file, **arrays)
        return file.getvalue()


def load(path: Path) -> Play:
    """Return a game that `Play.to_bytes` wrote.

    Raises:
        ConfigurationError: The file is not one, or damaged.
    """
    try:
        # From bytes: NumPy leaves the file open when it is no archive.
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            values: dict[str, Any] = {field.name: archive[field.name] for field in fields(Play)}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ConfigurationError(
            f"{path.name} is not a game of the playground, or it is damaged.", do="Play it again.", code="damaged"
        ) from error
    for key in ("frames", "real"):
        values[key] = values[key].astype(np.float32)
    for key, kind in (("target", str), ("rules", str), ("seed", int), ("modes_there", int)):
        values[key] = kind(values[key])
    return Play(**values)


def play(
    target: str = "ring", rules: str = "recommended", steps: int = STEPS, seed: int = 0, *, report: Report = silent
) -> Play:
    """Return a game played to its end: a generator and a discriminator of four hidden layers, on one thread.

    Raises:
        ConfigurationError: No such target or rules, or fewer steps than frames.
    """
    import torch

    truth, rule = _choose(TARGETS, target, "target")(), _choose(RULES, rules, "rules")
    if steps < FRAMES:
        raise ConfigurationError(f"{steps} steps are too few to see anything.", do=f"Play at least {FRAMES} steps.")
    random, threads = np.random.default_rng(seed), torch.get_num_threads()
    frame_steps = np.unique(np.linspace(0, steps, FRAMES).astype(int))
    frames, losses = [], []
    losses_since_frame: list[tuple[float, float]] = []
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            networks = _Networks(rule)
            frame_latents = torch.randn(POINTS, LATENT)
            for step in range(steps + 1):
                if step in frame_steps:
                    frames.append(networks.generate(frame_latents))
                    losses.append(np.mean(losses_since_frame, axis=0) if losses_since_frame else np.full(2, np.nan))
                    losses_since_frame = []
                    report(step / steps, f"Playing {rules} on the {target}")
                if step < steps:
                    losses_since_frame.append(networks.step(torch.from_numpy(truth.draw(BATCH, random)), step / steps))
    finally:
        torch.set_num_threads(threads)
    judgements = [truth.judge(frame) for frame in frames]
    return Play(
        target=target,
        rules=rules,
        seed=seed,
        modes_there=truth.modes,
        steps=frame_steps.astype(np.int64),
        frames=np.stack(frames),
        real=truth.draw(POINTS, random),
        modes=np.array([modes for modes, _ in judgements]),
        quality=np.array([quality for _, quality in judgements], np.float32),
        losses=np.array(losses, np.float32),
    )


def precompute(folder: Path) -> None:
    """Write the two games that the playground opens with: `ring-minimax.npz` and `ring-recommended.npz`."""
    for rules in RULES:
        write_atomic(folder / f"ring-{rules}.npz", play("ring", rules).to_bytes())


class _Networks:
    """Generator, discriminator and their optimisers."""

    def __init__(self, rules: Rules) -> None:
        import torch
        from torch import nn

        from ganaug_core.losses import LOSSES

        def network(inputs: int, outputs: int) -> nn.Sequential:
            widths = pairwise((inputs, *[WIDTH] * LAYERS))
            hidden = [layer for before, after in widths for layer in (nn.Linear(before, after), nn.LeakyReLU(0.2))]
            return nn.Sequential(*hidden, nn.Linear(WIDTH, outputs))

        self.rules, self.loss = rules, look_up(LOSSES, rules.loss, "loss")
        self.generator, self.discriminator = network(LATENT, 2), network(2, 1)
        self.optimisers = [
            torch.optim.Adam(side.parameters(), rules.rate, betas=rules.betas)
            for side in (self.discriminator, self.generator)
        ]

    def step(self, real: "Tensor", share: float) -> tuple[float, float]:
        """Let the discriminator learn once, then the generator; return their losses without the penalty."""
        import torch

        discriminator_optimiser, generator_optimiser = self.optimisers
        if self.rules.falling:
            for group in (*discriminator_optimiser.param_groups, *generator_optimiser.param_groups):
                group["lr"] = self.rules.rate * (0.02 + 0.49 * (1 + np.cos(np.pi * share)))
        with torch.no_grad():
            fake = self.generator(torch.randn(len(real), LATENT))
        points = torch.cat([real, fake]).requires_grad_(self.rules.gamma > 0)  # (2 n, 2), real ones first
        logits = self.discriminator(points)[:, 0]  # (2 n,)
        discriminator_loss = self.loss.discriminator_loss(*logits.chunk(2))
        total = discriminator_loss
        if self.rules.gamma:
            (gradient,) = torch.autograd.grad(logits.sum(), points, create_graph=True)  # (2 n, 2)
            # gamma / 2 for each side; the mean runs over both sides, so it holds each with weight one half.
            total = discriminator_loss + self.rules.gamma * gradient.square().sum(1).mean()
        discriminator_optimiser.zero_grad()
        torch.autograd.backward(total)
        discriminator_optimiser.step()
        fake = self.generator(torch.randn(len(real), LATENT))
        with torch.no_grad():
            real_logits = self.discriminator(real)[:, 0]
        generator_loss = self.loss.generator_loss(real_logits, self.discriminator(fake)[:, 0])
        generator_optimiser.zero_grad()
        torch.autograd.backward(generator_loss)
        generator_optimiser.step()
        return discriminator_loss.item(), generator_loss.item()

    def generate(self, latents: "Tensor") -> Floats:
        """Return (n, 2) points."""
        import torch

        with torch.no_grad():
            points: Floats = self.generator(latents).numpy()
        return points


def _choose(family: Mapping[str, Choice], name: str, kind: str) -> Choice:
    if name not in family:
        raise ConfigurationError(f"The playground has no {kind} {name!r}.", do=f"Choose one of: {', '.join(family)}.")
    return family[name]
