"""From a source to images of one kind on the cohort's grid, and the table of what was left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ganaug_core import readers
from ganaug_core.cohort import pixels
from ganaug_core.cohort.image_stack import Stack
from ganaug_core.cohort.masks import Masks
from ganaug_core.cohort.source_size import expected
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report
from ganaug_core.readers import class_names
from ganaug_core.readers.burned_in import LINE, MARK, Marks, has_text
from ganaug_core.readers.value_types import luminance
from ganaug_core.records import Integers, Pixels, Skipped, Slice

UNREADABLE = 0.2
"""Share of broken files above which a source is refused."""
HARMLESS = ("duplicate", "two_labels", "constant", "not_image", "dicom.no_image", "mask", "system", "no_image")
"""Why images are left out that are not broken; so are notices on a series, `series.*`."""


@dataclass(frozen=True)
class Gathered:
    """What a source gave.

    Attributes:
        slices: Without their pixels.
        rows: Where the pixels of each slice lie on the stack.
        skipped: What was left out.
        suspected: Why an image may hold burned-in text, by its index in `slices`.
        dropped: How many files hold something that is not kept, by its name.
    """

    slices: list[Slice]
    rows: list[int]
    skipped: list[Skipped]
    suspected: dict[int, str]
    dropped: dict[str, int]


def read(
    source: str | Path,
    columns: readers.Columns | None,
    choices: readers.Choices,
    stack: Stack,
    masks: Masks,
    *,
    report: Report,
) -> Gathered:
    """Lay the images of a source on the stack, on the square grid of `choices.size`, and their masks beside it.

    Raises:
        CohortError: No image, more than a fifth broken, a class that is empty after reading, or labels that cannot be
            classes.
        WorkspaceError: The stack's disk is full.
    """
    slices: list[Slice] = []
    skipped: list[Skipped] = []
    marks, lines = Marks(), set[int]()
    dropped: Counter[str] = Counter()
    assert choices.size is not None
    size = choices.size
    progress = _Progress(expected(source, columns), report)
    for image in readers.read(source, columns, choices, progress.headers):
        progress.file(_file_of(image), len(stack), len(skipped))
        if isinstance(image, Skipped):
            skipped.append(image)
            continue
        dropped.update(image.dropped)
        if (image.pixels.min((1, 2)) == image.pixels.max((1, 2))).all():
            say = "Every pixel has the same value."
            skipped.append(Skipped(image.source, "constant", say, "Nothing to do: there is nothing to learn from it."))
            continue
        grey = image.pixels[0] if len(image.pixels) == 1 else luminance(image.pixels)
        marks.add(grey)
        if has_text(grey):
            lines.add(len(slices))
        if image.mask is not None:
            masks.add(len(stack), image.mask, size, image.spacing_mm)
        stack.add(pixels.fitted(image.pixels, size, image.spacing_mm))
        slices.append(replace(image, pixels=_nothing(image.pixels.shape), mask=None, spacing_mm=_spacing(image, size)))
    rows, mixed = _of_one_kind(slices, stack)
    check_enough(len(rows), skipped + mixed, source)
    if choices.colour and not any(slices[row].colour for row in rows):
        raise CohortError("None of the images is in colour.", do="Import them without colour.", code="colour")
    for name in {image.label for image in slices} - {slices[row].label for row in rows}:
        raise CohortError(
            f"The class {name} is empty: its images are of another kind than those of the other classes.",
            do="Convert the images of all classes in the same way.",
            code="empty_class",
        )
    class_names.check(str(slices[row].label) for row in rows)  # of a DICOM attribute they are known only now
    reasons = _reasons(slices, lines, marks)
    suspected = {index: reasons[row] for index, row in enumerate(rows) if row in reasons}
    return Gathered([slices[row] for row in rows], rows, skipped + mixed, suspected, dict(dropped))


class _Progress:
    """Says how many files of how many are read; the slices of one file count once."""

    def __init__(self, expected: int | None, report: Report) -> None:
        self._expected, self._report = expected, report
        self._last, self._files = "", 0

    def headers(self, share: float, doing: str) -> None:
        """Headers come before the first image of their series."""
        self._report(0.2 * share, doing)

    def file(self, name: str, images: int, skipped: int) -> None:
        if name != self._last:
            self._files, self._last = self._files + 1, name
        read = f"{images:,} images read" + (f", {skipped:,} left out" if skipped else "")
        if self._expected:
            files = min(self._files, self._expected)
            self._report(files / self._expected, f"file {files:,} of {self._expected:,}, {read}")
        else:
            self._report(images / (images + 2000), read)


def _file_of(image: Slice | Skipped) -> str:
    """Return the file that an image came from: slices of a volume are named `file:index`."""
    if isinstance(image, Skipped):
        return image.file
    file, colon, index = image.source.rpartition(":")
    return file if image.volume is not None and colon and index.isdecimal() else image.source


def _nothing(shape: tuple[int, ...]) -> Pixels:
    """Return pixels of a shape that take no memory."""
    return np.broadcast_to(np.uint8(0), shape)


def _reasons(slices: Sequence[Slice], lines: set[int], marks: Marks) -> dict[int, str]:
    """Return why an image may hold burned-in text: its header says so, it shows a line of letters, or a common mark."""
    marked = marks.shapes()
    reasons = {}
    for row, image in enumerate(slices):
        if image.text_risk:
            reasons[row] = image.text_risk
        elif row in lines:
            reasons[row] = LINE
        elif image.pixels.shape[1:] in marked:
            reasons[row] = MARK
    return reasons


def check_enough(read: int, skipped: Sequence[Skipped], source: str | Path) -> None:
    """Stop where nothing was read, or too much of it was broken.

    Raises:
        CohortError: With the first broken file and why.
    """
    broken = [entry for entry in skipped if entry.code not in HARMLESS and not entry.code.startswith("series.")]
    if not read and not broken:
        name = Path(source).name
        raise CohortError(
            f"{name} holds no image that ganaug can use.",
            do="Give a folder with one sub-folder per class (PNG, JPEG, TIFF, DICOM, NIfTI), an NPZ file, IDX files, "
            "or a CSV table that names the images.",
            code="unknown_format",
        )
    if len(broken) > UNREADABLE * (read + len(broken)):
        reasons = ", ".join(f"{count} {code}" for code, count in Counter(entry.code for entry in broken).most_common(4))
        raise CohortError(
            f"{len(broken):,} of {read + len(broken):,} images could not be used ({reasons}). "
            f"The first: {Path(broken[0].file).name}: {broken[0].say}",
            do=f"{broken[0].do} Up to a fifth may be broken.",
            code="unreadable",
            skipped=[asdict(entry) for entry in broken],
        )


def labelled(slices: Sequence[Slice]) -> tuple[tuple[str, ...], Integers]:
    """Return the class names, numbers in their order, and (n,) labels."""
    names = {str(image.label) for image in slices}
    numeric = all(name.isascii() and name.removeprefix("-").isdecimal() for name in names)
    classes = tuple(sorted(names, key=lambda name: (int(name) if numeric else 0, name)))
    label_of = {name: label for label, name in enumerate(classes)}
    return classes, np.array([label_of[str(image.label)] for image in slices], np.int64)


def common_spacing(slices: Sequence[Slice]) -> tuple[float, float] | None:
    """Return the spacing that all images share within 1 %, None where they differ or one is unknown."""
    spacings = [image.spacing_mm for image in slices if image.spacing_mm is not None]
    if len(spacings) < len(slices):
        return None
    median = np.median(spacings, axis=0)  # (2,)
    return (float(median[0]), float(median[1])) if np.allclose(spacings, median, rtol=0.01) else None


def _of_one_kind(slices: Sequence[Slice], stack: Stack) -> tuple[list[int], list[Skipped]]:
    """Return the rows of one kind; leave out images whose values mean something else: another unit, 8 bits among 16."""
    kinds = [(image.unit, kind == np.uint8) for image, kind in zip(slices, stack.kinds, strict=True)]
    if len(set(kinds)) < 2:
        return list(range(len(slices))), []
    usual = Counter(kinds).most_common(1)[0][0]
    mixed = [
        Skipped(
            image.source,
            "mixed",
            f"It is in {_words(kind)}, most images are in {_words(usual)}.",
            "Convert all images in the same way, or import one kind at a time.",
        )
        for image, kind in zip(slices, kinds, strict=True)
        if kind != usual
    ]
    return [row for row, kind in enumerate(kinds) if kind == usual], mixed


def _words(kind: tuple[str, bool]) -> str:
    return f"{kind[0]}, {'8 bits' if kind[1] else 'more than 8 bits'}"


def _spacing(image: Slice, size: int) -> tuple[float, float] | None:
    """Return the spacing of a slice on the cohort's grid."""
    if image.spacing_mm is None:
        return None
    factor = max(image.pixels.shape[1:]) / size
    return image.spacing_mm[0] * factor, image.spacing_mm[1] * factor
