"""Where the file of each image lies: a folder a class, numbered in it."""

import re
from pathlib import Path

from ganaug_core.records import Samples
from ganaug_core.storage import platform


def of_images(samples: Samples, suffix: str, folder: Path) -> list[str]:
    """Return `CLASS/0000.png` for each image, relative to the folder; the folders of the classes are made."""
    folders = of_classes(samples.classes)
    counts = [0] * len(folders)
    names = []
    for label in samples.labels.tolist():
        names.append(f"{folders[label]}/{counts[label]:04d}{suffix}")
        counts[label] += 1
    for label, count in enumerate(counts):
        if count:
            (folder / folders[label]).mkdir(exist_ok=True)
    return names


def of_classes(classes: tuple[str, ...]) -> list[str]:
    """Return a folder's name for each class: safe on every system, and distinct."""
    names: list[str] = []
    for number, class_name in enumerate(classes):
        name = re.sub(r"[^\w .-]", "_", class_name).strip(" .") or f"class {number}"
        name = f"{name} {number}" if platform.is_device(name) else name
        is_taken = name.casefold() in {other.casefold() for other in names}
        names.append(f"{name} {number}" if is_taken else name)
    return names
