"""A small real cohort without a file: scikit-learn's handwritten digits."""

from pathlib import Path

import numpy as np
from PIL import Image

from ganaug_core.records import HOLDOUT, TRAIN, TUNING, UNKNOWN_PATIENT, Cohort, Intensity, Samples
from ganaug_core.storage.workspace import digest_of


def cohort(name: str = "digits", count: int = 400) -> Cohort:
    """Return digits 0 and 1 to 9 at 16 px, every fourth image held out."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = np.kron(digits.images[:count], np.ones((2, 2))).astype(np.uint8)[:, None]
    labels = digits.target[:count].astype(np.int64)
    place = np.arange(count)
    roles = np.where(place % 4 == 3, HOLDOUT, np.where(place % 7 == 0, TUNING, TRAIN)).astype(np.int64)
    return Cohort(
        name=name,
        digest=digest_of(pixels, labels, roles),
        pixels=pixels,
        labels=labels,
        roles=roles,
        ids=np.array([f"{number:012x}" for number in place]),
        patients=np.full(count, UNKNOWN_PATIENT),
        groups=place,
        classes=tuple("0123456789"),
        intensity=Intensity("intensity", 0, 16),
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=False,
    )


def samples(name: str = "drawn", per_class: int = 4, seed: int = 0) -> Samples:
    """Return images of noise under the digits' classes."""
    labels = np.repeat(np.arange(10), per_class).astype(np.int64)
    images = np.random.default_rng(seed).uniform(-1, 1, (len(labels), 1, 16, 16)).astype(np.float32)
    digest = digest_of(images, labels)
    ids = np.array([digest_of(digest, row)[:12] for row in range(len(labels))])
    return Samples(
        name=name, digest=digest, images=images, labels=labels, ids=ids, classes=tuple("0123456789"), source="folder"
    )


def folder(place: Path, count: int = 300) -> Path:
    """Write the digits as a source: a folder a class with 8-bit PNGs of 16 px."""
    made = cohort(count=count)
    for number, (pixels, label) in enumerate(zip(made.pixels, made.labels, strict=True)):
        (place / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels[0] * 15).astype(np.uint8)).save(place / str(label) / f"{number:04d}.png")
    return place
