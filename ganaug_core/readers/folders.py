"""Folders: one sub-folder per class, perhaps below one per role; or a folder that is one series or volume."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ganaug_core.errors import CohortError
from ganaug_core.readers import pictures, volumes
from ganaug_core.records import ROLES, Skipped, Slice

Named = tuple[Path, str, str | None]
"""A file, its path relative to the source, its class."""

ROLE_NAMES = {
    **{role: role for role in ROLES},
    "training": "train", "tune": "tuning", "val": "tuning", "valid": "tuning", "validation": "tuning", "dev": "tuning",
    "test": "holdout", "testing": "holdout", "hold-out": "holdout",
}  # fmt: skip
_MEDICAL = (".dcm", ".dicom", ".ima", ".gz", *volumes.SUFFIXES)
_PASSED_OVER = ("manifest.json", "manifest.csv", "Thumbs.db")
_NO_IMAGE = ("not_image", "It is no image.", "Nothing to do.")


def read(source: Path) -> Iterator[Slice | Skipped]:
    """Yield the images of a folder.

    Raises:
        CohortError: The folder is empty, holds images without a class, or a class of which nothing can be read.
    """
    below = _folders(source)
    if below and all(path.name.casefold() in ROLE_NAMES for path in below):
        for part in below:
            role = ROLE_NAMES[part.name.casefold()]
            for each in _classes(source, part):
                yield replace(each, role=role) if isinstance(each, Slice) else each
        return
    yield from _classes(source, source)


def read_files(files: list[Named]) -> Iterator[Slice | Skipped]:
    """Yield the images of files by their format: pictures first, then series and volumes."""
    medical: list[Named] = []
    for path, name, label in files:
        refusal = pictures.ordinary(path, name)
        if refusal:
            yield refusal
        elif _is_picture(path):
            yield pictures.read(path, name, label)
        elif _is_medical(path):
            medical.append((path, name, label))
        else:
            yield Skipped(name, *_NO_IMAGE)
    if medical:
        yield from volumes.read(medical)


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder in the order of their names."""
    return [each for each in _below(folder) if isinstance(each, Path)]


def _classes(source: Path, folder: Path) -> Iterator[Slice | Skipped]:
    """Yield the images of `folder`: its sub-folders are the classes; without any it is one series of that name."""
    classes = _folders(folder)
    while len(classes) == 1 and len(deeper := _folders(classes[0])) == 1 and not _files(classes[0]):
        classes = deeper  # an export's chain of folders: the last one names the class
    loose = _files(folder)
    if not classes and not loose:
        raise CohortError(
            f"The folder {pictures.shown(folder.name)} is empty.",
            do="Choose a folder with one sub-folder per class.",
            code="empty",
        )
    if not classes and any(_is_picture(path) for path in loose if pictures.ordinary(path, path.name) is None):
        raise CohortError(
            f"The images in {pictures.shown(folder.name)} have no class: they do not lie in sub-folders.",
            do="Put the images of each class into a folder of its own, or give a CSV table that names their classes.",
            code="no_classes",
        )
    if classes:
        for path in loose:
            if path.suffix.casefold() in (*pictures.SUFFIXES, *_MEDICAL):
                do = "Put it into the folder of its class."
                yield Skipped(pictures.shown(_relative(path, source)), "no_class", "It lies in no class's folder.", do)
    files: list[Named] = [(path, _relative(path, source), folder.name) for path in ([] if classes else loose)]
    for each in classes:
        for found in _below(each):
            if isinstance(found, Skipped):
                yield found
            else:
                files.append((found, _relative(found, source), each.name))
    images = Counter[str | None]()
    for image in read_files(files):
        images[image.label if isinstance(image, Slice) else None] += 1
        yield image
    for path in classes or [folder]:
        if not images[path.name]:
            raise CohortError(
                f"The class {pictures.shown(path.name)} is empty: none of its files could be used.",
                do="Put images into its folder, or remove the folder.",
                code="empty_class",
            )


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.is_dir() and not _passed_over(path.name))


def _below(folder: Path) -> Iterator[Path | Skipped]:
    """Yield all files below a folder in the order of their names, and the folders that cannot be looked into."""
    denied: list[Skipped] = []

    def deny(error: OSError) -> None:
        name = pictures.shown(Path(error.filename).name)
        denied.append(Skipped(name, "permission", "The folder may not be read.", "Allow this user to read it."))

    for home, folders, names in os.walk(folder, onerror=deny):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        yield from (Path(home, name) for name in sorted(names) if not _passed_over(name))
        for each in folders:
            if Path(home, each).is_symlink():
                yield Skipped(pictures.shown(each), "link", "Links to folders are not followed.", "Copy the folder.")
    yield from denied


def _passed_over(name: str) -> bool:
    return name.startswith(".") or name in _PASSED_OVER


def _is_picture(path: Path) -> bool:
    return path.suffix.casefold() in pictures.SUFFIXES or _start(path).startswith(pictures.MAGIC)


def _is_medical(path: Path) -> bool:
    return path.suffix.casefold() in _MEDICAL or _start(path)[128:132] == b"DICM"


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(132)


def _relative(path: Path, source: Path) -> str:
    return path.relative_to(source).as_posix()
