"""Distributions in the plane with a known truth: every mode can be counted, and a lost one is seen at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ganaug_core.errors import ConfigurationError
from ganaug_core.records import Floats, Integers

NEAR = 3.0  # standard deviations of a mode, as in the papers that use these targets
DEVIATION = 0.04
MOST_DRAWN = 120
REACH = 1.6  # the plane that is shown is [-REACH, REACH] in both directions


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
        across, up = (points[:, None, axis].astype(np.float64) - self.centres[:, axis] for axis in (0, 1))
        squared_distance = across**2 + up**2  # (n, c)
        nearest = squared_distance.argmin(1)
        good = squared_distance.min(1) <= (NEAR * self.deviation) ** 2
        counts = np.bincount(self.mode[nearest[good]], minlength=self.modes)
        return int((counts >= max(1.0, 0.1 * len(points) / self.modes)).sum()), float(good.mean())


def ring(modes: int = 8) -> Target:
    """Return Gaussians on the unit circle."""
    angle = 2 * np.pi * np.arange(modes) / modes
    return Target(np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32), np.arange(modes), DEVIATION)


def grid(side: int = 5) -> Target:
    """Return Gaussians on a square lattice in [-1, 1]."""
    line = np.linspace(-1, 1, side)
    centres = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    return Target(centres.astype(np.float32), np.arange(side * side), DEVIATION)


def moons(beads: int = 100) -> Target:
    """Return two interleaved half circles, each a string of Gaussians and one mode."""
    angle = np.linspace(0, np.pi, beads)
    upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], 1)
    lower = np.stack([0.5 - np.cos(angle), 0.25 - np.sin(angle)], 1)
    centres = 0.66 * np.concatenate([upper, lower])
    return Target(centres.astype(np.float32), np.repeat([0, 1], beads), DEVIATION)


def segments(beads: int = 60) -> Target:
    """Return two parallel upright lines, each one mode: thin supports that do not meet.

    Source: after Arjovsky et al., 2017, arXiv:1701.07875, example 1.
    """
    height = np.linspace(-0.9, 0.9, beads)
    lines = [np.stack([np.full(beads, side), height], 1) for side in (-0.6, 0.6)]
    return Target(np.concatenate(lines).astype(np.float32), np.repeat([0, 1], beads), DEVIATION)


def drawn(points: Sequence[Sequence[float]]) -> Target:
    """Return a Gaussian at each point; points that lie nearer than a gap of three deviations are one mode.

    Raises:
        ConfigurationError: No point, too many, or one outside the plane.
    """
    centres = np.asarray(points, np.float32).reshape(-1, 2) if len(points) else np.zeros((0, 2), np.float32)
    if not 1 <= len(centres) <= MOST_DRAWN or not (np.abs(centres) <= REACH).all():
        raise ConfigurationError(
            f"A drawing of {len(centres)} points cannot be learnt.",
            do=f"Draw 1 to {MOST_DRAWN} points within {REACH} of the middle.",
        )
    return Target(centres, _connected(centres, gap=2 * NEAR * DEVIATION), DEVIATION)


def _connected(centres: Floats, gap: float) -> Integers:
    """Return the number of the group of each point; neighbours within `gap` are of one group."""
    near = np.linalg.norm(centres[:, None] - centres[None], axis=2) <= gap  # (c, c)
    group = np.full(len(centres), -1)
    for first in range(len(centres)):
        if group[first] >= 0:
            continue
        number, members = group.max() + 1, np.arange(len(centres)) == first
        while (grown := near[members].any(0)).sum() > members.sum():
            members = grown
        group[members] = number
    return group.astype(np.int64)


def dirac() -> Target:
    """Return one place, the middle; with it the two sides have one vector each, and no networks.

    Source: Mescheder et al., 2018, arXiv:1801.04406, section 2, in the plane instead of on a line.
    """
    return Target(np.zeros((1, 2), np.float32), np.zeros(1, np.int64), 1e-3)


TARGETS: dict[str, Callable[[], Target]] = {
    "ring": ring,
    "grid": grid,
    "moons": moons,
    "segments": segments,
    "dirac": dirac,
}
DRAWN = "drawn"
