"""Folders: one sub-folder per class, perhaps below one per role; or a folder that is one series or volume."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ganaug_core.config.importing import Choices
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report, silent
from ganaug_core.readers import class_names, dicom_medium, masks, pictures, resampling, volumes
from ganaug_core.records import ROLES, Skipped, Slice

Named = tuple[Path, str, str | None]
"""A file, its path relative to the source, its class."""

ROLE_NAMES = {
    **{role: role for role in ROLES},
    "training": "train", "tune": "tuning", "val": "tuning", "valid": "tuning", "validation": "tuning", "dev": "tuning",
    "test": "holdout", "testing": "holdout", "hold-out": "holdout",
}  # fmt: skip
MEDICAL = (".dcm", ".dicom", ".ima", ".gz", *volumes.SUFFIXES)
_MAY_BE_MASKS = (*pictures.SUFFIXES, *volumes.SUFFIXES)
_PASSED_OVER = ("manifest.json", "manifest.csv", "dataset.json")
_OF_THE_SYSTEM = (
    "__macosx", ".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".ipynb_checkpoints", "@eadir", "$recycle.bin",
    "system volume information", "lost+found",
)  # fmt: skip
"""What macOS, Windows, Jupyter and network disks leave between other files, in small letters."""
_NO_IMAGE = ("not_image", "It is no image.", "Nothing to do.")


def read(source: Path, choices: Choices | None = None, report: Report = silent) -> Iterator[Slice | Skipped]:
    """Yield the images of a folder; where a DICOM attribute names the classes, its sub-folders do not.

    Raises:
        CohortError: The folder is empty, holds images without a class, or a class of which nothing can be read.
    """
    choices = choices or Choices()
    dicom_medium.require_classes(source, choices)
    yield from of_the_system(source)
    if choices.label_tag:
        yield from _tagged(source, choices, report)
        return
    if role_folders := _role_folders(source):
        yield from _without_images(role_folders, [path for path in subfolders(source) if path not in role_folders])
        for role_folder in role_folders:
            role = ROLE_NAMES[role_folder.name.casefold()]
            for image in _classes(source, role_folder, choices, report):
                yield replace(image, role=role) if isinstance(image, Slice) else image
        return
    yield from _classes(source, source, choices, report)


def outline(source: Path) -> dict[str, list[Named]]:
    """Return the files of each class, by the folders that name them; no file is opened."""
    files: dict[str, list[Named]] = {}
    for home in _role_folders(source) or [source]:
        classes = _class_folders(home)
        are_masks = masks.are_together([path.name for path in classes])
        for folder in classes or [home]:
            label = home.name if are_masks else folder.name
            named = [(path, _relative(path, source), label) for path in files_below(folder)]
            files.setdefault(label, []).extend(named)
    return files


def _role_folders(source: Path) -> list[Path]:
    """Return the folders of a split (`train`, `val`, `test`), none where folders of that name are classes."""
    named = [path for path in subfolders(source) if path.name.casefold() in ROLE_NAMES]
    roles = {ROLE_NAMES[path.name.casefold()] for path in named}
    return named if len(named) == len(subfolders(source)) or len(roles) > 1 or roles == {"train"} else []


def _class_folders(folder: Path) -> list[Path]:
    """Return the folders that name classes; of an export's chain of single folders the last one does."""
    classes = subfolders(folder)
    while len(classes) == 1 and len(deeper := subfolders(classes[0])) == 1 and not _files(classes[0]):
        classes = deeper
    return classes


def _without_images(role_folders: list[Path], others: list[Path]) -> Iterator[Skipped]:
    """Say that folders beside those of a split hold no image.

    Raises:
        CohortError: One holds images, which then have no part in the split.
    """
    for path in others:
        if any(pictures.ordinary(file, file.name) is None and _may_be_image(file) for file in files_below(path)):
            names = ", ".join(folder.name for folder in role_folders)
            raise CohortError(
                f"{names} are parts of a split, and {pictures.shown(path.name)} beside them is none but holds images.",
                do=f"Move {pictures.shown(path.name)} away; or, if all of them are classes, rename {names}.",
                code="split",
            )
        yield Skipped(pictures.shown(path.name), *_NO_IMAGE)


def of_the_system(source: Path) -> Iterator[Skipped]:
    """Say what the operating system left in a folder; nothing of it is read."""
    names = Counter[str]()
    for _, folders, files in os.walk(source):
        names.update(name for name in [*folders, *files] if name.casefold() in _OF_THE_SYSTEM)
        folders[:] = [name for name in folders if not _passed_over(name)]
    for name, number in sorted(names.items()):
        say = f"{name}: left by the system and no image of the source; passed over{f' {number} times' * (number > 1)}."
        yield Skipped(name, "system", say, "Nothing to do.")


def read_files(
    files: list[Named], choices: Choices | None = None, report: Report = silent
) -> Iterator[Slice | Skipped]:
    """Yield the images of files by their format: pictures first, then series and volumes. Masks are no images."""
    choices = choices or Choices()
    file_masks = masks.paired([name for _, name, _ in files if name.casefold().endswith(_MAY_BE_MASKS)])
    paths = {name: path for path, name, _ in files}
    yield from _mask_entries(file_masks)
    medical: list[Named] = []
    for path, name, label in files:
        if name in file_masks.all:
            continue
        if refusal := pictures.ordinary(path, name):
            yield refusal
        elif _is_picture(path):
            mask = file_masks.of.get(name)
            for picture in pictures.read_pages(path, name, label, choices.every, choices.colour):
                yield from _with_mask(picture, paths[mask] if mask else None, choices)
        elif _is_medical(path):
            medical.append((path, name, label))
        else:
            yield Skipped(name, *_NO_IMAGE)
    if medical:
        volume_masks = {name: paths[mask] for name, mask in file_masks.of.items()}
        yield from volumes.read(medical, choices, volume_masks, report)


def _mask_entries(file_masks: masks.Masks) -> Iterator[Skipped]:
    do = "Rename it, if it is an image."
    for name in file_masks.orphans:
        say = f"{name}: its name says that it is a mask, and there is no image that it belongs to."
        yield Skipped(name, "mask", say, do)
    used = sorted({*file_masks.of.values()})
    if used:
        say = f"{used[0]}: it is one of {len(used)} masks by their names; they are no images themselves."
        yield Skipped(used[0], "mask", say, do)
    for name in file_masks.further:
        yield Skipped(name, "mask", f"{name}: it is a further mask of its image; the first one is used.", do)


def _with_mask(picture: Slice | Skipped, mask: Path | None, choices: Choices) -> Iterator[Slice | Skipped]:
    """Yield a picture with its mask, cut around it where that was asked for."""
    if isinstance(picture, Skipped) or (mask is None and not choices.needs_mask):
        yield picture
        return
    mask_picture = pictures.read(mask, picture.source) if mask else None
    if not isinstance(mask_picture, Slice) or mask_picture.pixels.shape[1:] != picture.pixels.shape[1:]:
        if choices.needs_mask:
            say = f"{picture.source}: it has no mask of its size, and the lesion was asked for."
            yield Skipped(picture.source, "mask.missing", say, "Name the mask like the image with _mask.")
        else:
            yield picture
            yield volumes.masks_unused(picture.source, "it cannot be read or has another size.")
        return
    inside = mask_picture.pixels[0] > (0 if choices.mask_label is None else choices.mask_label - 1)
    if choices.needs_mask and not inside.any():
        say = f"{picture.source}: its mask is empty."
        yield Skipped(picture.source, "mask.empty", say, "Leave it out, or choose all slices.")
        return
    unsized = replace(choices, size=None)
    pixels = np.stack([resampling.placed(plane, None, inside, unsized)[0] for plane in picture.pixels])
    yield replace(picture, pixels=pixels, mask=resampling.placed_mask(inside, None, unsized))


def _tagged(source: Path, choices: Choices, report: Report) -> Iterator[Slice | Skipped]:
    """Yield the DICOM images below a folder, whatever its sub-folders are called."""
    files: list[Named] = []
    for path in _below(source):
        if isinstance(path, Skipped):
            yield path
        elif pictures.ordinary(path, path.name) is None and not _is_medical(path):
            name = _relative(path, source)
            yield Skipped(name, "not_image", f"{name}: only DICOM has attributes that name a class.", "Nothing to do.")
        else:
            files.append((path, _relative(path, source), None))
    yield from read_files(files, choices, report)


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder in the order of their names."""
    return [path for path in _below(folder) if isinstance(path, Path)]


def _classes(source: Path, folder: Path, choices: Choices, report: Report) -> Iterator[Slice | Skipped]:
    """Yield the images of `folder`: its sub-folders are the classes; without any it is one series of that name."""
    classes, loose = _class_folders(folder), _files(folder)
    _require_classes(folder, classes, loose)
    if classes:
        yield from _without_class(source, loose)
    files: list[Named] = [(path, _relative(path, source), folder.name) for path in ([] if classes else loose)]
    are_masks = masks.are_together([path.name for path in classes])
    if not are_masks:
        class_names.check([path.name for path in classes])
    for class_folder in classes:
        for path in _below(class_folder):
            if isinstance(path, Skipped):
                yield path
            else:
                files.append((path, _relative(path, source), folder.name if are_masks else class_folder.name))
    _refuse_numbered(classes, files)
    uses = class_names.Uses({name: label for _, name, label in files})
    has_masks = False
    for image in uses.watch(read_files(files, choices, report)):
        has_masks = has_masks or (isinstance(image, Slice) and image.mask is not None)
        yield image
    names = [path.name for path in ([folder] if are_masks else classes or [folder])]
    uses.require(name for name in names if not (has_masks and name.casefold() in masks.MASK_FOLDERS))


def _refuse_numbered(classes: list[Path], files: list[Named]) -> None:
    """Refuse the numbered folders of the StyleGAN tools, which hold a thousand images each and are no classes.

    Raises:
        CohortError: Folders are called 00000, 00001 ... and each image after its number among all.
    """
    names = [re.fullmatch(r"(?:.*/)?(\d{5})/img(\d{8})\.\w+", name) for _, name, _ in files]
    if len(classes) > 1 and all(match and int(match[1]) == int(match[2]) // 1000 for match in names):
        raise CohortError(
            f"{classes[0].name}, {classes[1].name} ... are numbered folders of a thousand images each, and no classes.",
            do="Put the dataset.json that names the classes beside them, or give a table (--labels FILE.csv).",
            code="no_classes",
        )


def _require_classes(folder: Path, classes: list[Path], loose: list[Path]) -> None:
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


def _without_class(source: Path, loose: list[Path]) -> Iterator[Skipped]:
    for path in loose:
        if path.suffix.casefold() in (*pictures.SUFFIXES, *MEDICAL):
            do = "Put it into the folder of its class."
            yield Skipped(pictures.shown(_relative(path, source)), "no_class", "It lies in no class's folder.", do)


def subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder that may hold images, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and not _passed_over(path.name))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.is_dir() and not _passed_over(path.name))


def _below(folder: Path) -> Iterator[Path | Skipped]:
    """Yield all files below a folder in the order of their names, and the folders that cannot be looked into."""
    denied: list[Skipped] = []

    def deny(error: OSError) -> None:
        name = pictures.shown(Path(error.filename).name)
        denied.append(Skipped(name, "permission", "The folder may not be read.", "Allow this user to read it."))

    for home, folders, names in os.walk(folder, onerror=deny):
        folders[:] = sorted(name for name in folders if not _passed_over(name))
        yield from (Path(home, name) for name in sorted(names) if not _passed_over(name))
        for name in folders:
            if Path(home, name).is_symlink():
                yield Skipped(pictures.shown(name), "link", "Links to folders are not followed.", "Copy the folder.")
    yield from denied


def _passed_over(name: str) -> bool:
    return name.startswith(".") or name in _PASSED_OVER or name.casefold() in _OF_THE_SYSTEM


def _may_be_image(path: Path) -> bool:
    return _is_picture(path) or _is_medical(path)


def _is_picture(path: Path) -> bool:
    return path.suffix.casefold() in pictures.SUFFIXES or _start(path).startswith(pictures.MAGIC)


def _is_medical(path: Path) -> bool:
    return path.suffix.casefold() in MEDICAL or _start(path)[128:132] == b"DICM"


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(132)


def _relative(path: Path, source: Path) -> str:
    return path.relative_to(source).as_posix()
