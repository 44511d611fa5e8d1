"""A first look at a source before its import: classes, counts, the first images of each, how large a pixel will be."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ganaug_core import readers
from ganaug_core.readers import folders
from ganaug_core.records import Skipped, Slice

FIRST = 6
MOST_SECONDS = 4.0
MOST_FILES = 4 * FIRST  # of a class, that are tried for its first images


@dataclass(frozen=True)
class Preview:
    """What a first look shows.

    Attributes:
        counts: Files by class where folders name the classes, else images.
        by_folder: Folders name the classes; every file below one counts, also such that are no images.
        is_whole: Whether `counts` are those of the whole source.
        first: Up to `FIRST` images of each class, as they come, without any change of size.
    """

    counts: dict[str, int]
    by_folder: bool
    is_whole: bool
    first: dict[str, tuple[Slice, ...]]

    @property
    def side_mm(self) -> float | None:
        """How wide the widest of the first images is, None where the spacing is not known."""
        sides = [
            max(image.pixels.shape[1] * image.spacing_mm[0], image.pixels.shape[2] * image.spacing_mm[1])
            for images in self.first.values()
            for image in images
            if image.spacing_mm is not None
        ]
        return max(sides, default=None)


def preview(
    source: str | Path, columns: readers.Columns | None = None, choices: readers.Choices | None = None
) -> Preview:
    """Return what a source holds; it takes a few seconds at most but for what a single large file costs.

    Raises:
        CohortError: There is no such source, or it cannot be read in this way; the words are those of an import.
    """
    columns, choices = columns or readers.Columns(), replace(choices or readers.Choices(), size=None)
    files = readers.files_by_folder(source, columns, choices)
    if not files:
        return _of_images(readers.read(source, columns, choices))
    deadline = time.monotonic() + MOST_SECONDS
    first: dict[str, tuple[Slice, ...]] = {}
    for label, named in files.items():
        images = _images(folders.read_files(named[:MOST_FILES], choices))
        first[label] = () if time.monotonic() > deadline else tuple(islice(images, FIRST))
    return Preview({label: len(named) for label, named in files.items()}, True, True, first)


def _of_images(read: Iterable[Slice | Skipped]) -> Preview:
    """Read for a while."""
    deadline = time.monotonic() + MOST_SECONDS
    counts, first, is_whole = Counter[str](), dict[str, list[Slice]](), True
    for image in _images(read):
        label = image.label or ""
        counts[label] += 1
        of_class = first.setdefault(label, [])
        if len(of_class) < FIRST:
            of_class.append(image)
        if time.monotonic() > deadline:
            is_whole = False
            break
    return Preview(dict(counts), False, is_whole, {label: tuple(images) for label, images in first.items()})


def _images(read: Iterable[Slice | Skipped]) -> Iterator[Slice]:
    return (image for image in read if isinstance(image, Slice))
