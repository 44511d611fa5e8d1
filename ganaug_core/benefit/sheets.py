"""What an arm's training images look like: a row a class, in the shares in which they are drawn."""

import io

import numpy as np
import torch
from PIL import Image, ImageDraw

from ganaug_core.benefit.arms import chances
from ganaug_core.benefit.classifier import Classifier
from ganaug_core.benefit.fitting import Fitting
from ganaug_core.benefit_records import Arm
from ganaug_core.encoders import networks
from ganaug_core.records import Integers

COLUMNS = 10
TILE = 72
FRAME = (230, 159, 0)  # the colour of synthetic images in the palette of the pages
ROWS = 2


def sheet(both: Fitting, arm: Arm, classifier: Classifier, seed: int) -> bytes:
    """Return a PNG: first the rare class, below it the most frequent other one; synthetic images have a frame."""
    rows = both.shown(arm)
    chance = chances(arm, both.labels[rows], both.synthetic[rows], both.rare)
    frequent = both.prevalence.copy()
    frequent[both.rare] = -1
    chosen = np.concatenate(
        [_spread(rows, chance * (both.labels[rows] == label)) for label in (both.rare, int(frequent.argmax()))]
    )
    images = torch.from_numpy(both.images[chosen])
    if arm.classical:
        source = torch.Generator().manual_seed(seed)
        images = networks.distort(images, source, noise=classifier.noise, intensity=classifier.intensity)
    grey = ((images.mean(1).clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).numpy()
    picture = Image.new("RGB", (COLUMNS * TILE, ROWS * TILE))
    draw = ImageDraw.Draw(picture)
    for place, (image, row) in enumerate(zip(grey, chosen, strict=True)):
        top, left = divmod(place, COLUMNS)
        corner = left * TILE, top * TILE
        picture.paste(Image.fromarray(image).resize((TILE - 4, TILE - 4)), (corner[0] + 2, corner[1] + 2))
        if both.synthetic[row]:
            draw.rectangle((*corner, corner[0] + TILE - 1, corner[1] + TILE - 1), outline=FRAME, width=3)
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def _spread(rows: Integers, chance: np.ndarray) -> Integers:
    """Return rows at even steps of the summed chances: each kind is there in its share."""
    possible = np.flatnonzero(chance)
    sums = np.cumsum(chance[possible])
    places = (np.arange(COLUMNS) + 0.5) / COLUMNS * sums[-1]
    found: Integers = rows[possible[np.searchsorted(sums, places)]]
    return found
