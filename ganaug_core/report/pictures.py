"""Images of a report as PNG."""

import io

import numpy as np
from PIL import Image

from ganaug_core.records import Floats

LARGEST = 256  # pixels a side: what paper shows, and what keeps a report small


def png(image: Floats) -> bytes:
    """Return an image (channel, row, column) in [-1, 1] as PNG of 8 bits, black -1 and white 1."""
    bright = np.clip(np.rint((np.asarray(image, np.float32) + 1) * 127.5), 0, 255).astype(np.uint8)
    picture = Image.fromarray(bright[0] if len(bright) < 3 else np.moveaxis(bright[:3], 0, -1))
    picture.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    picture.save(data, "PNG", optimize=True)
    return data.getvalue()
