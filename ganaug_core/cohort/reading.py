"""From a source to images of one kind on the cohort's grid, and the table of what was left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ganaug_core import readers
from ganaug_core.cohort import pixels
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report
from ganaug_core.records import Integers, Pixels, Skipped, Slice

UNREADABLE = 0.2
"""Share of broken files above which a source is refused."""
HARMLESS = ("duplicate", "two_labels", "constant", "not_image")
"""Why images are left out that are not broken."""


def read(
    source: str | Path, columns: readers.Columns | None, size: int, report: Report
) -> tuple[list[Slice], list[Pixels], list[Skipped]]:
    """Return slices, their pixels on a square grid of `size`, and what was left out.

    The originals are not kept in memory: the slices come back without their pixels.

    Raises:
        CohortError: No image, more than a fifth broken, or a class that is empty after reading.
    """
    slices, images, skipped = [], [], []
    nothing = np.zeros((1, 1, 1), np.uint8)
    for number, each in enumerate(readers.read(source, columns), start=1):
        if isinstance(each, Skipped):
            skipped.append(each)
        elif each.pixels.min() == each.pixels.max():
            say = "Every pixel has the same value."
            skipped.append(Skipped(each.source, "constant", say, "Nothing to do: there is nothing to learn from it."))
        else:
            images.append(pixels.fitted(each.pixels, size))
            slices.append(replace(each, pixels=nothing, spacing_mm=_spacing(each, size)))
        if number % 50 == 0:
            report(0.5 * number / (number + 2000), f"{number:,} images read, {len(skipped):,} left out")
    classes = {each.label for each in slices}
    slices, images, mixed = _of_one_kind(slices, images)
    check_enough(len(slices), skipped + mixed, source)
    for name in classes - {each.label for each in slices}:
        raise CohortError(
            f"The class {name} is empty: its images are of another kind than those of the other classes.",
            do="Convert the images of all classes in the same way.",
            code="empty_class",
        )
    return slices, images, skipped + mixed


def check_enough(read: int, skipped: Sequence[Skipped], source: str | Path) -> None:
    """Stop where nothing was read, or too much of it was broken.

    Raises:
        CohortError: With the first broken file and why.
    """
    broken = [each for each in skipped if each.code not in HARMLESS]
    if not read and not broken:
        name = Path(source).name
        raise CohortError(
            f"{name} holds no image that ganaug can use.",
            do="Give a folder with one sub-folder per class (PNG, JPEG, TIFF, DICOM, NIfTI), an NPZ file, IDX files, "
            "or a CSV table that names the images.",
            code="unknown_format",
        )
    if len(broken) > UNREADABLE * (read + len(broken)):
        reasons = ", ".join(f"{count} {code}" for code, count in Counter(each.code for each in broken).most_common(4))
        raise CohortError(
            f"{len(broken):,} of {read + len(broken):,} images could not be used ({reasons}). "
            f"The first: {Path(broken[0].file).name}: {broken[0].say}",
            do=f"{broken[0].do} Up to a fifth may be broken.",
            code="unreadable",
        )


def labelled(slices: Sequence[Slice]) -> tuple[tuple[str, ...], Integers]:
    """Return the class names, numbers in their order, and (n,) labels."""
    names = {str(each.label) for each in slices}
    numeric = all(name.isascii() and name.removeprefix("-").isdecimal() for name in names)
    classes = tuple(sorted(names, key=lambda name: (int(name) if numeric else 0, name)))
    place = {name: label for label, name in enumerate(classes)}
    return classes, np.array([place[str(each.label)] for each in slices], np.int64)


def common_spacing(slices: Sequence[Slice]) -> tuple[float, float] | None:
    """Return the spacing that all images share within 1 %, None where they differ or one is unknown."""
    known = [each.spacing_mm for each in slices if each.spacing_mm is not None]
    if len(known) < len(slices):
        return None
    middle = np.median(known, axis=0)
    return (float(middle[0]), float(middle[1])) if np.allclose(known, middle, rtol=0.01) else None


def _of_one_kind(slices: list[Slice], images: list[Pixels]) -> tuple[list[Slice], list[Pixels], list[Skipped]]:
    """Leave out images whose values mean something else than those of most: another unit, 8 bits among 16."""
    kinds = [(each.unit, image.dtype == np.uint8) for each, image in zip(slices, images, strict=True)]
    if len(set(kinds)) < 2:
        return slices, images, []
    usual = Counter(kinds).most_common(1)[0][0]
    mixed = [
        Skipped(
            each.source,
            "mixed",
            f"It is in {_words(kind)}, most images are in {_words(usual)}.",
            "Convert all images in the same way, or import one kind at a time.",
        )
        for each, kind in zip(slices, kinds, strict=True)
        if kind != usual
    ]
    kept = [row for row, kind in enumerate(kinds) if kind == usual]
    return [slices[row] for row in kept], [images[row] for row in kept], mixed


def _words(kind: tuple[str, bool]) -> str:
    return f"{kind[0]}, {'8 bits' if kind[1] else 'more than 8 bits'}"


def _spacing(each: Slice, size: int) -> tuple[float, float] | None:
    """Return the spacing of a slice on the cohort's grid."""
    if each.spacing_mm is None:
        return None
    factor = max(each.pixels.shape[1:]) / size
    return each.spacing_mm[0] * factor, each.spacing_mm[1] * factor
