"""A phantom whose label is one thing: a lesion is malignant if and only if it has a necrotic core.

Tissue, vessels and scanner are made as in the shipped phantom; size, outline and texture are drawn alike for both
classes, so nothing else makes a lesion malignant. In a cohort most malignant lesions come from a second scanner, which
is the shortcut: it has a sharp kernel and reads higher.
"""

from dataclasses import dataclass

import numpy as np

from ganaug_core.readers.phantom import KERNELS, Field, grid, reconstructed, smooth_noise, step, vessels
from ganaug_core.records import Integers

SIZE = 64
SECOND_SCANNER_HU = 14.0  # how much higher it reads
SHORTCUT = (0.1, 0.9)  # share of benign and of malignant lesions that come from the second scanner
NECROSIS_HU = 10.0  # a core that is darker than the lesion by less is none


@dataclass(frozen=True)
class Scene:
    """A lesion before any scanner.

    Attributes:
        tissue: (size, size) HU without the core.
        core: (size, size) share of each pixel that is necrotic, 0 everywhere in a benign lesion.
        depth_hu: How much darker the core is.
        centre: Row and column of the lesion.
        scanner: Index into `KERNELS`.
        noise_hu: Of the scanner with the soft kernel.
        seed: Of the noise, so that a scene scanned again has the same.
    """

    tissue: Field
    core: Field
    depth_hu: float
    centre: tuple[float, float]
    scanner: int
    noise_hu: float
    seed: tuple[int, int]

    @property
    def is_malignant(self) -> bool:
        return is_necrotic(self.core, self.depth_hu)

    def scan(self, scanner: int) -> Field:
        """Return the image in HU that a scanner makes of it."""
        random = np.random.default_rng((*self.seed, 1))
        image = self.tissue - self.depth_hu * self.core + SECOND_SCANNER_HU * scanner
        return reconstructed(random, image, KERNELS[scanner], self.noise_hu)


def is_necrotic(core: Field, depth_hu: float) -> bool:
    """Whether a core is left: at some place the lesion is darker by the limit, before noise."""
    return bool(core.max() * depth_hu >= NECROSIS_HU)


def cohort(lesions: int, seed: int, shortcut: tuple[float, float]) -> tuple[list[Scene], Integers]:
    """Return as many scenes, every second one malignant, and their labels; `shortcut` as `SHORTCUT`."""
    scenes = [_scene((seed, number), number % 2 == 1, shortcut[number % 2]) for number in range(lesions)]
    return scenes, np.array([int(scene.is_malignant) for scene in scenes])


def _scene(seed: tuple[int, int], is_malignant: bool, second_scanner: float) -> Scene:
    random = np.random.default_rng((*seed, 0))
    tissue = random.normal(108, 6) + smooth_noise(random, SIZE, 14, 3)
    tissue += vessels(random, SIZE) * random.uniform(40, 65)
    row, column = grid(SIZE)
    radius, centre = random.uniform(10, 16), SIZE / 2 + random.normal(0, 2, 2)
    beyond = _beyond(random, row - centre[0], column - centre[1], radius)
    inside = step(-beyond / 0.9)
    tissue = tissue * (1 - inside) + inside * (random.normal(66, 6) + smooth_noise(random, SIZE, 1.5, 9))
    aside = centre + random.normal(0, 1.5, 2)
    core = step(-_beyond(random, row - aside[0], column - aside[1], random.uniform(0.35, 0.5) * radius) / 0.7)
    return Scene(
        tissue,
        core * inside if is_malignant else np.zeros_like(core),
        random.uniform(24, 34),
        (float(centre[0]), float(centre[1])),
        int(random.random() < second_scanner),
        float(random.normal(7, 1)),
        seed,
    )


def _beyond(random: np.random.Generator, down: Field, right: Field, radius: float) -> Field:
    """Return how many pixels each place lies outside a lobulated outline."""
    angle = np.arctan2(down, right)
    outline = 1 + 0.1 * np.cos(2 * (angle - random.uniform(0, 2 * np.pi)))
    for order in range(3, 7):
        outline += 0.05 * random.normal() * np.cos(order * angle + random.uniform(0, 2 * np.pi))
    beyond: Field = np.hypot(down, right) - radius * outline
    return beyond
