"""Anybody's synthetic images, brought onto a cohort's grid and range."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ganaug_core import readers
from ganaug_core.cohort import number_formats, pixels, reading
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report, silent
from ganaug_core.readers import arrays
from ganaug_core.records import Cohort, Floats, Pixels, Samples, Skipped, Slice
from ganaug_core.storage.workspace import check_name, digest_of


def import_samples(source: Path, cohort: Cohort, name: str, report: Report = silent) -> Samples:
    """Return images of a folder with one sub-folder per class, or of an NPZ with `images` and `labels`.

    Colour stays where the cohort is in colour, and becomes luminance where it is grey. Values are taken in the cohort's
    unit; where they are none of it, by `number_formats`, which says so in the
    provenance's `notes`. What ganaug exported carries its own map to the unit.

    Raises:
        CohortError: No image, a class that the cohort does not have, values in no format that fits, or more than a
            fifth of the files unreadable.
    """
    check_name(name)
    read: list[Slice] = []
    skipped: list[Skipped] = []
    label_of = {name: label for label, name in enumerate(cohort.classes)}
    choices = readers.Choices(colour=cohort.shape[0] == 3)
    for number, image in enumerate(readers.read(source, choices=choices), start=1):
        if isinstance(image, Skipped):
            skipped.append(image)
            continue
        if image.label not in label_of:
            raise CohortError(
                f"The synthetic images have a class {image.label!r} that {cohort.name} does not have.",
                do=f"Name the classes as the cohort does: {', '.join(cohort.classes)}.",
                code="unknown_class",
            )
        read.append(replace(image, pixels=pixels.fitted(image.pixels, cohort.shape[1])))
        if number % 100 == 0:
            report(number / (number + 2000), f"{number:,} images read")
    images, mixed = _of_one_depth(read)
    skipped += mixed
    reading.check_enough(len(images), skipped, source)
    _require_unit(images, cohort)
    values, note = _normalised(source, pixels.stacked([image.pixels for image in images]), cohort)
    notes = [note] if note else []
    if synthetic := sum(image.synthetic for image in images):
        notes.append(f"{synthetic:,} of {len(images):,} say in the file that a program drew them.")
    if choices.colour and (grey := sum(not image.colour for image in images)):
        notes.append(f"{grey:,} of them are grey: their three channels are equal.")
    label_array = np.array([label_of[str(image.label)] for image in images], np.int64)
    digest = digest_of(values, label_array)
    report(1.0, f"{len(values):,} images. {' '.join(notes)}".strip())
    return Samples(
        name=name,
        digest=digest,
        images=values,
        labels=label_array,
        ids=np.array([digest_of(digest, row)[:12] for row in range(len(values))]),
        classes=cohort.classes,
        source="npz" if source.suffix.casefold() == ".npz" else "folder",
        paths=tuple(image.source for image in images),
        provenance={
            "imitates": cohort.digest,
            "skipped": [asdict(entry) for entry in skipped],
            "notes": notes,
            **_drawn(source, len(images)),
        },
    )


def _drawn(source: Path, images: int) -> dict[str, Any]:
    """Return network, truncation and seeds that an NPZ file says its images were drawn with; see `model_scripts`."""
    if source.suffix.casefold() != ".npz":
        return {}
    said = arrays.drawn_with(source)
    if "seeds" in said and len(said["seeds"]) != images:
        said.pop("seeds")
    return said


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


def _normalised(source: Path, values: Pixels, cohort: Cohort) -> tuple[Floats, str]:
    """Return images in [-1, 1], and in words what their numbers were taken for."""
    exported = _exported(source)
    if exported is None:
        return number_formats.normalised(values, cohort.intensity, cohort.pixels.dtype)
    slope, offset = np.float32(exported[0]), np.float32(exported[1])
    return cohort.intensity.normalise(values.astype(np.float32) * slope + offset), ""


def _of_one_depth(images: Sequence[Slice]) -> tuple[list[Slice], list[Skipped]]:
    """Return the images of the most frequent depth, and the others: no one rule makes grey values of both."""
    deep = [image.pixels.dtype != np.uint8 for image in images]
    usual = Counter(deep).most_common(1)[0][0] if deep else False
    say, do = "It has another number of bits than most of the synthetic images.", "Save all of them with the same one."
    kept, others = list[Slice](), list[Skipped]()
    for image, is_deep in zip(images, deep, strict=True):
        if is_deep == usual:
            kept.append(image)
        else:
            others.append(Skipped(image.source, "mixed", say, do))
    return kept, others


def _require_unit(images: Sequence[Slice], cohort: Cohort) -> None:
    for image in images:
        if image.unit not in ("intensity", cohort.intensity.unit):
            raise CohortError(
                f"The synthetic images are in {image.unit}, {cohort.name} is in {cohort.intensity.unit}.",
                do="Bring both to one unit, or save the synthetic images as PNG of 8 bits, from black to white.",
                code="unit",
            )
