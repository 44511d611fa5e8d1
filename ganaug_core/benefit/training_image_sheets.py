"""What an arm's training images look like: a row a class, in the shares in which they are drawn."""

import io

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ganaug_core.benefit.arms import chances
from ganaug_core.benefit.classifier import Classifier
from ganaug_core.benefit.experiment_data import ExperimentData
from ganaug_core.encoders import networks
from ganaug_core.records import Integers
from ganaug_core.records.benefit import Arm

COLUMNS = 10
TILE, EDGE = 64, 2  # pixels of an image, about, and of the edge around it
FRAMED = 255  # place in the palette; greys are 0 to 254
FRAME = (230, 159, 0)  # the colour of synthetic images in the palette of the pages
ROWS = 2


def sheet(data: ExperimentData, arm: Arm, classifier: Classifier, seed: int) -> bytes:
    """Return a PNG: first the rare class, below it the most frequent other one; synthetic images have a frame."""
    rows = data.shown(arm)
    chance = chances(arm, data.labels[rows], data.synthetic[rows], data.rare)
    frequent = data.prevalence.copy()
    frequent[data.rare] = -1
    chosen = np.concatenate(
        [_spread(rows, chance * (data.labels[rows] == label)) for label in (data.rare, int(frequent.argmax()))]
    )
    images = torch.from_numpy(data.images[chosen])
    if arm.classical:
        source = torch.Generator().manual_seed(seed)
        images = networks.distort(images, source, noise=classifier.noise, intensity=classifier.intensity)
    planes = images if images.shape[1] == 3 else images.mean(1, keepdim=True)
    shades = ((planes.clamp(-1, 1) + 1) * 127).round().to(torch.uint8).numpy()  # (n, 1 or 3, row, column)
    factor = max(1, round(TILE / shades.shape[3]))  # whole, so that no grey level is invented
    shades = shades.repeat(factor, 2).repeat(factor, 3)
    rows_high, columns_wide = shades.shape[2] + 2 * EDGE, shades.shape[3] + 2 * EDGE
    picture = np.zeros((shades.shape[1], ROWS * rows_high, COLUMNS * columns_wide), np.uint8)
    for tile, (image, row) in enumerate(zip(shades, chosen, strict=True)):
        top, left = divmod(tile, COLUMNS)
        edged = np.pad(
            image, ((0, 0), (EDGE, EDGE), (EDGE, EDGE)), constant_values=FRAMED if data.synthetic[row] else 0
        )
        picture[:, top * rows_high :, left * columns_wide :][:, :rows_high, :columns_wide] = edged
    png = io.BytesIO()
    _coloured(picture).save(png, "PNG", optimize=True)
    return png.getvalue()


def _coloured(picture: NDArray[np.uint8]) -> Image.Image:
    """Return (1 or 3, row, column) as a picture, `FRAMED` in the colour of synthetic images; grey as a palette."""
    if len(picture) == 3:
        framed = (picture == FRAMED).all(0)[..., None]
        return Image.fromarray(np.where(framed, np.array(FRAME, np.uint8), np.moveaxis(picture, 0, -1)))
    coloured = Image.frombytes("P", picture.shape[:0:-1], picture.tobytes())
    coloured.putpalette([level for grey_level in range(FRAMED) for level in (grey_level,) * 3] + list(FRAME))
    return coloured


def _spread(rows: Integers, chance: np.ndarray) -> Integers:
    """Return rows at even steps of the summed chances: each kind is there in its share."""
    possible = np.flatnonzero(chance)
    sums = np.cumsum(chance[possible])
    places = (np.arange(COLUMNS) + 0.5) / COLUMNS * sums[-1]
    spread: Integers = rows[possible[np.searchsorted(sums, places)]]
    return spread
