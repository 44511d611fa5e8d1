"""Pictures for slides: large, as one sees them, with a mark that cannot be cut off without cutting the image."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ganaug_core.interfaces import Written
from ganaug_core.records import Floats, Intensity, Samples
from ganaug_core.writers import file_names, marks
from ganaug_core.writers.pictures import save_png
from ganaug_core.writers.stored_values import require_colour, storage_of

SIDE = 512
"""Least pixels of the longer side: below, the words of the mark cannot be read."""
_STRIP, _LETTERS = 0.07, 0.86
"""Height of the mark's strip in the image's, and length of its words in the strip's."""


@dataclass(frozen=True)
class Slides:
    """One PNG an image for people: every pixel enlarged to a square, marked as synthetic within the image."""

    title: ClassVar[str] = "Pictures for slides: large PNG with a visible mark"

    def write(self, samples: Samples, intensity: Intensity, folder: Path) -> Written:
        """Write CLASS/0000.png, ...; no values come back from these, so slope and offset are None."""
        if samples.images.shape[1] != 1:
            require_colour(samples, storage_of(intensity), "A picture")
        names = file_names.of_images(samples, ".png", folder)
        for name, image in zip(names, samples.images, strict=True):
            save_png(slide(image), folder / name, samples)
        return Written(tuple(names), None, None, None)


def slide(image: Floats) -> Image.Image:
    """Return an image (channel, row, column) in [-1, 1], black to white, enlarged and marked."""
    shades = np.rint((np.moveaxis(np.clip(image, -1, 1), 0, -1) + 1) * 127.5).astype(np.uint8)
    factor = math.ceil(SIDE / max(shades.shape[:2]))
    large = np.repeat(np.repeat(shades, factor, 0), factor, 1)
    picture = Image.fromarray(large[..., 0] if large.shape[2] == 1 else large).convert("RGB")
    return _marked(picture)


def _marked(picture: Image.Image) -> Image.Image:
    """Lay a dark strip with white words over the lower edge."""
    height = round(_STRIP * max(picture.size))
    font = _fitting(picture.width, height)
    strip = Image.new("RGB", (picture.width, height))
    place = (picture.width // 2, height // 2)
    ImageDraw.Draw(strip).text(place, marks.VISIBLE, font=font, fill="white", anchor="mm")
    picture.paste(strip, (0, picture.height - height))
    return picture


def _fitting(width: int, height: int) -> ImageFont.FreeTypeFont:
    """Return the font (Pillow's own, no file of the system) in which the mark fills a strip and stays inside it."""
    size = round(0.7 * height)
    while size > 8 and _font(size).getlength(marks.VISIBLE) > _LETTERS * width:
        size -= 1
    return _font(size)


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font
