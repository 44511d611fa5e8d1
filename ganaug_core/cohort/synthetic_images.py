"""Anybody's synthetic images, brought onto a cohort's grid and range."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ganaug_core import readers
from ganaug_core.cohort import pixels, reading
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Cohort, Floats, Intensity, Pixels, Samples, Skipped
from ganaug_core.storage.workspace import check_name, digest_of


def import_samples(source: Path, cohort: Cohort, name: str, report: Report = silent) -> Samples:
    """Return images of a folder with one sub-folder per class, or of an NPZ with `images` and `labels`.

    Values are taken in the cohort's unit. Where they cannot be: real numbers within [0, 1] or [-1, 1], and 8-bit images
    for a cohort of another depth, span the cohort's range; what ganaug exported carries its own map to the unit.

    Raises:
        CohortError: No image, a class that the cohort does not have, or more than a fifth of the files unreadable.
    """
    check_name(name)
    images: list[Pixels] = []
    labels: list[int] = []
    paths: list[str] = []
    skipped: list[Skipped] = []
    label_of = {name: label for label, name in enumerate(cohort.classes)}
    for number, image in enumerate(readers.read(source), start=1):
        if isinstance(image, Skipped):
            skipped.append(image)
            continue
        if image.label not in label_of:
            raise CohortError(
                f"The synthetic images have a class {image.label!r} that {cohort.name} does not have.",
                do=f"Name the classes as the cohort does: {', '.join(cohort.classes)}.",
                code="unknown_class",
            )
        images.append(pixels.fitted(image.pixels, cohort.shape[1]))
        labels.append(label_of[image.label])
        paths.append(image.source)
        if number % 100 == 0:
            report(number / (number + 2000), f"{number:,} images read")
    reading.check_enough(len(images), skipped, source)
    values = _normalised(pixels.stacked(images), cohort.intensity, cohort.pixels.dtype, _exported(source))
    label_array = np.array(labels, np.int64)
    digest = digest_of(values, label_array)
    report(1.0, f"{len(values):,} images")
    return Samples(
        name=name,
        digest=digest,
        images=values,
        labels=label_array,
        ids=np.array([digest_of(digest, row)[:12] for row in range(len(values))]),
        classes=cohort.classes,
        source="npz" if source.suffix.casefold() == ".npz" else "folder",
        paths=tuple(paths),
        provenance={"imitates": cohort.digest, "skipped": [asdict(entry) for entry in skipped]},
    )


def _exported(source: Path) -> tuple[float, float] | None:
    """Return slope and offset of a folder that ganaug exported, None for anybody else's."""
    described = source / "manifest.json"
    if not described.is_file():
        return None
    try:
        content = json.loads(described.read_bytes())
        if content.get("schema") != "ganaug.export/1":
            return None
        return float(content["slope"]), float(content["offset"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _normalised(
    values: Pixels, intensity: Intensity, depth: np.dtype[np.generic], exported: tuple[float, float] | None
) -> Floats:
    if exported is not None:
        return intensity.normalise(values.astype(np.float32) * np.float32(exported[0]) + np.float32(exported[1]))
    wide = intensity.high - intensity.low > 2
    if values.dtype.kind == "f" and wide and values.min() >= -1 and values.max() <= 1:
        return np.clip(values, -1, 1) if values.min() < 0 else (2 * values - 1).astype(np.float32)
    if values.dtype == np.uint8 and depth != np.uint8:
        return (values.astype(np.float32) / np.float32(127.5) - 1).astype(np.float32)
    return intensity.normalise(values)
