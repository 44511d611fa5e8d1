"""Colour stays colour where that was asked for: every image gets red, green and blue, or says why it cannot."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ganaug_core.records import Skipped, Slice

_SAVE = "Save it as PNG, JPEG or TIFF of 8 bits a colour, or import without colour."


def in_colour(images: Iterator[Slice | Skipped]) -> Iterator[Slice | Skipped]:
    """Yield images as (3, row, column); a grey one of 8 bits, or of real numbers, becomes three equal channels."""
    for image in images:
        if isinstance(image, Skipped) or len(image.pixels) == 3:
            yield image
        elif image.colour:
            say = "Its colour cannot be kept: that is done for pictures and arrays of 8 bits a colour alone."
            yield Skipped(image.source, "colour", say, _SAVE)
        elif image.pixels.dtype.kind in "iu" and image.pixels.dtype != np.uint8:
            say = "It is grey with more than 8 bits, and colour of 8 bits was asked for."
            yield Skipped(image.source, "colour", say, _SAVE)
        else:
            yield replace(image, pixels=np.repeat(image.pixels, 3, axis=0))
