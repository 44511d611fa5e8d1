"""What a run drew over time, as a set of images: the same latents at every moment, so that they can be followed."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ganaug_core.errors import TrainingError
from ganaug_core.records import Cohort, Floats, Integers, Samples
from ganaug_core.records.digest import digest_of
from ganaug_core.training.recorder import SHEET_COLUMNS


def gathered(sheets: Sequence[tuple[int, Path]], cohort: Cohort, run: str, name: str, identity: str) -> Samples:
    """Return the images of all previews, moment after moment and class after class; of 256 grey levels each.

    `moments` of the provenance holds for each how many training images the run had seen. They are to be looked at: the
    images of one moment have the latents of the one before, so they are no independent draws.

    Args:
        sheets: Images seen so far, and the sheet drawn then: eight images a class, a class a row.
        cohort: That the run learns from.
        identity: Of the run.

    Raises:
        TrainingError: It has drawn nothing, or a sheet of another form.
    """
    moments, images = [], []
    for seen, sheet in sheets:
        part = _images(sheet, cohort, run)
        images.append(part)
        moments += [seen] * len(part)
    if not images:
        raise TrainingError(f"The run {run} has drawn no images yet.", do="Wait for its first preview.", code="empty")
    pixels = np.concatenate(images)
    labels: Integers = np.tile(np.repeat(np.arange(len(cohort.classes)), SHEET_COLUMNS), len(images)).astype(np.int64)
    keys = [f"{identity}/moment/{seen}/{row}" for row, seen in enumerate(moments)]
    return Samples(
        name=name,
        digest=digest_of(pixels, labels),
        images=pixels,
        labels=labels,
        ids=np.array([hashlib.sha256(key.encode()).hexdigest()[:12] for key in keys]),
        classes=cohort.classes,
        source="generator",
        provenance={"run": identity, "title": run, "cohort": cohort.digest, "moments": moments},
    )


def _images(sheet: Path, cohort: Cohort, run: str) -> Floats:
    """Return (8 * class, channel, row, column) in [-1, 1]."""
    channels, rows, columns = cohort.shape
    try:
        with Image.open(sheet) as picture:
            pixels = np.asarray(picture, np.float32)
    except OSError as error:
        raise TrainingError(
            f"The preview {sheet.name} of the run {run} cannot be read.", do="Train again.", code="damaged"
        ) from error
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    if pixels.shape != (len(cohort.classes) * rows, SHEET_COLUMNS * columns, channels):
        raise TrainingError(
            f"The preview {sheet.name} of the run {run} is no sheet of images like those of its cohort.",
            do="Follow a run of grey or colour images.",
            code="image_size",
        )
    tiles = pixels.reshape(len(cohort.classes), rows, SHEET_COLUMNS, columns, channels).transpose(0, 2, 4, 1, 3)
    images: Floats = tiles.reshape(-1, channels, rows, columns) / np.float32(127.5) - 1
    return np.ascontiguousarray(images, np.float32)
