"""Folders whose own list names the class of each image: an export of ganaug, and `dataset.json` of the StyleGAN tools.

There the folders are no classes: their names are numbers, or what a system takes for a class called `N/A`.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganaug_core.config.importing import Choices
from ganaug_core.errors import CohortError
from ganaug_core.interfaces import Report, silent
from ganaug_core.readers import class_names, folders, pictures
from ganaug_core.readers.file_names import Homes
from ganaug_core.records import Skipped, Slice

EXPORT = "ganaug.export/1"
MOST_BYTES = 256 << 20


def labels_of(folder: Path) -> dict[str, str] | None:
    """Return the class by file of a folder that has such a list, None for other folders.

    Raises:
        CohortError: The list is damaged, or names no classes.
    """
    if (folder / "manifest.json").is_file() and not (folder / "samples.npz").is_file():
        return _exported(folder)
    return _dataset_json(folder / "dataset.json") if (folder / "dataset.json").is_file() else None


def read(
    folder: Path, labels: Mapping[str, str], choices: Choices | None = None, report: Report = silent
) -> Iterator[Slice | Skipped]:
    """Yield the images that a folder's list names, each with its class.

    Raises:
        CohortError: A class of which no image can be used.
    """
    yield from folders.of_the_system(folder)
    homes = Homes([folder])
    files: list[folders.Named] = []
    missing: list[tuple[str, Skipped]] = []
    for text, label in labels.items():
        path = homes.find(text)
        if isinstance(path, Skipped):
            missing.append((label, path))
            yield path
        else:
            files.append((path, homes.name(path), label))
    uses = class_names.Uses({name: label for _, name, label in files})
    for label, entry in missing:
        uses.skipped[label].append(entry)
    named = {name for _, name, _ in files}
    for path in folders.files_below(folder):
        name = homes.name(path)
        if name not in named and path.name.casefold().endswith(pictures.SUFFIXES):
            yield Skipped(name, "no_label", f"{name}: the folder's list names no class of it.", "Add it to the list.")
    yield from uses.watch(folders.read_files(files, choices, report))
    if uses.used:
        uses.require(labels.values())


def _exported(folder: Path) -> dict[str, str] | None:
    """Return the classes of the images that ganaug wrote into a folder, None for anybody else's."""
    described = _json(folder / "manifest.json")
    table = folder / "manifest.csv"
    if not isinstance(described, dict) or described.get("schema") != EXPORT or not table.is_file():
        return None
    try:
        with table.open(encoding="utf-8", newline="") as file:
            return {row["image"]: row["label"] for row in csv.DictReader(file, strict=True)}
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise _refused("manifest.csv", f"is damaged ({type(error).__name__})", "Export the images again.") from error


def _dataset_json(path: Path) -> dict[str, str] | None:
    """Return the classes of `{"labels": [[file, class], ...]}`, None for another kind of file of that name."""
    content = _json(path)
    entries = content.get("labels") if isinstance(content, dict) else None
    if not isinstance(content, dict) or "labels" not in content or isinstance(entries, dict):
        return None  # of another program, such as that of the Medical Segmentation Decathlon
    do = "Make it again with labels, or give a table that names the classes (--labels FILE.csv)."
    if not isinstance(entries, list) or not entries:
        raise _refused(path.name, "names no classes, and the numbered folders beside it are none", do)
    labels = {}
    for entry in entries:
        if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[0], str):
            raise _refused(path.name, "does not name a file and its class in each entry", do)
        labels[entry[0]] = _class(entry[1], path.name)
    class_names.check(labels.values())
    return labels


def _class(label: Any, name: str) -> str:
    """Return a class's name: the number, the text, or the place of the one 1 among zeros."""
    if isinstance(label, list) and label and label.count(1) == 1 and label.count(0) == len(label) - 1:
        label = label.index(1)
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    if not isinstance(label, int | str) or label == "":
        do = "Give one number or name for each image, or a table (--labels FILE.csv)."
        raise _refused(name, f"gives an image the label {str(label)[:40]}, which is no class", do)
    return str(label)


def _json(path: Path) -> Any:
    """Return what a JSON file holds, None where it is none."""
    try:
        return json.loads(path.read_bytes()) if path.stat().st_size <= MOST_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None


def _refused(name: str, why: str, do: str) -> CohortError:
    return CohortError(f"{name} {why}.", do=do, code="no_classes")
