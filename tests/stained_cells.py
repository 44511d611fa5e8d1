"""Stained cells in three classes, drawn from numbers: colour pictures for tests, nobody's data."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CLASSES = ("gland", "lymphocytes", "stroma")
PINK, PURPLE, WHITE = (np.array(colour, np.float64) for colour in ((226, 148, 186), (84, 46, 140), (240, 236, 240)))
NUCLEI = {"gland": 9, "lymphocytes": 16, "stroma": 4}


def cells(count: int, side: int = 24, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return (n, row, column, 3) of `count` pictures of each class, and their labels; equal seeds draw equal pictures.

    A gland is a ring of nuclei around a white lumen, lymphocytes are many small round nuclei, stroma has few long ones.
    """
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(CLASSES)), count)
    return np.stack([_picture(CLASSES[label], side, random) for label in labels]), labels


def _picture(class_name: str, side: int, random: np.random.Generator) -> NDArray[np.uint8]:
    down, right = np.mgrid[:side, :side] / side
    wave = np.sin(2 * np.pi * (random.uniform(0.5, 2, 2) @ [down.ravel(), right.ravel()]) + random.uniform(0, 6))
    picture = PINK + wave.reshape(side, side, 1) * np.array([6.0, 14.0, 8.0]) + random.normal(0, 4, 3)
    centre, turn = random.uniform(0.4, 0.6, 2), random.uniform(0, np.pi)
    if class_name == "gland":
        lumen = _ellipse((down, right), centre, random.uniform(0.14, 0.2), random.uniform(0.14, 0.2), turn)
        picture += lumen[..., None] * (WHITE - picture)
    for number in range(NUCLEI[class_name] + random.integers(-1, 2)):
        place, radii, angle = random.uniform(0.05, 0.95, 2), (0.06, 0.06), turn
        if class_name == "gland":
            around = 2 * np.pi * (number + random.uniform(-0.2, 0.2)) / NUCLEI["gland"]
            place = centre + random.uniform(0.27, 0.33) * np.array([np.sin(around), np.cos(around)])
            radii = (0.07, 0.09)
        elif class_name == "stroma":
            radii, angle = (0.035, 0.2), turn + random.normal(0, 0.15)
        nucleus = _ellipse((down, right), place, *(np.array(radii) * random.uniform(0.85, 1.15, 2)), angle)
        picture += nucleus[..., None] * (PURPLE + random.normal(0, 8, 3) - picture)
    return np.clip(np.rint(picture + random.normal(0, 3, picture.shape)), 0, 255).astype(np.uint8)


def _ellipse(
    grid: tuple[NDArray[Any], NDArray[Any]], centre: NDArray[Any], short: float, long: float, angle: float
) -> NDArray[Any]:
    """Return (row, column) from 0 outside to 1 inside, with an edge about a pixel wide."""
    y, x = grid[0] - centre[0], grid[1] - centre[1]
    across, along = y * np.cos(angle) - x * np.sin(angle), y * np.sin(angle) + x * np.cos(angle)
    away = np.sqrt((across / short) ** 2 + (along / long) ** 2)
    return np.clip((1 - away) * short * len(y) + 0.5, 0, 1)


def folders(home: Path, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Path:
    """Write pictures as PNG into one folder for each class."""
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        folder = home / CLASSES[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:04d}.png")
    return home
