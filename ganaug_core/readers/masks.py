"""Which files are masks, and of which image: by name, as segmentation sets have it.

`x_mask`, `x-label`, `seg_x` belong to `x`, `x_image`, `x_ct` or `x_0000`; in `labelsTr` beside `imagesTr` the same name
belongs together. A mask among the images of a class would be learnt as one of them, so a mask is never an image.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ganaug_core.readers.pictures import SUFFIXES as PICTURES

MASK_WORDS = ("mask", "masks", "label", "labels", "seg", "segmentation", "gt")
IMAGE_WORDS = ("image", "img", "ct", "mr", "mri", "pet", "0000")
MASK_FOLDERS = ("labels", "labelstr", "labelsts", "masks", "mask", "segmentations", "annotations", "seg", "rtstruct")
IMAGE_FOLDERS = ("images", "imagestr", "imagests", "image")


@dataclass(frozen=True)
class Masks:
    """Names by what they are.

    Attributes:
        of: The mask of each image that has one.
        further: Masks of an image that has another one.
        orphans: Masks without an image.
    """

    of: dict[str, str] = field(default_factory=dict)
    further: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()

    @property
    def all(self) -> set[str]:
        """Every name that is a mask."""
        return {*self.of.values(), *self.further, *self.orphans}


def paired(names: Sequence[str]) -> Masks:
    """Return the masks among files, named by their path relative to the source.

    A picture counts as a mask only beside its image: photographs may be called anything.
    """
    homes = {PurePosixPath(name).parent for name in names}
    keys = {name: _mask_key(name, homes) for name in names}
    images: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in names:
        if keys[name] is None:
            for words in _image_keys(name):
                images[words].append(name)
    of: dict[str, str] = {}
    further, orphans = [], []
    for name, key in keys.items():
        if key is None:
            continue
        candidates = [image for image in images.get(key, ()) if _is_picture(image) == _is_picture(name)]
        free = [image for image in candidates if image not in of]
        for image in free:
            of[image] = name
        if candidates and not free:
            further.append(name)
        elif not candidates and not _is_picture(name):
            orphans.append(name)
    return Masks(of, tuple(further), tuple(orphans))


def are_together(folders: Sequence[str]) -> bool:
    """Whether sub-folders are images and their masks, and no classes."""
    small = {name.casefold() for name in folders}
    return bool(small & set(MASK_FOLDERS)) and bool(small & set(IMAGE_FOLDERS))


def _mask_key(name: str, homes: set[PurePosixPath]) -> tuple[str, ...] | None:
    """Return the words that name the image of a mask, None for what is no mask."""
    home, words = _home(name), _words(name)
    parent = PurePosixPath(name).parent
    has_images = any(other.parent == parent.parent and other.name.casefold() in IMAGE_FOLDERS for other in homes)
    if parent.name.casefold() in MASK_FOLDERS and has_images:
        return (*home, *_without(words, MASK_WORDS))
    if len(words) > 1 and words[0] in MASK_WORDS:
        return (*home, *words[1:])
    if len(words) > 1 and words[-1] in MASK_WORDS:
        return (*home, *words[:-1])
    if len(words) > 2 and words[-2] in MASK_WORDS and words[-1].isdecimal():
        return (*home, *words[:-2])
    return None


def _image_keys(name: str) -> set[tuple[str, ...]]:
    words = _words(name)
    return {(*_home(name), *words), (*_home(name), *_without(words, IMAGE_WORDS))}


def _without(words: list[str], affixes: Sequence[str]) -> list[str]:
    """Return words without a first or last one of these, if others stay."""
    if len(words) > 1 and words[-1] in affixes:
        return words[:-1]
    return words[1:] if len(words) > 1 and words[0] in affixes else words


def _home(name: str) -> tuple[str, ...]:
    """Return the folder, the same one for images and their masks, closed by a sign that no word is."""
    parent = PurePosixPath(name).parent
    if parent.name.casefold() in (*MASK_FOLDERS, *IMAGE_FOLDERS):
        parent = parent.parent
    return (*parent.parts, "/")


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+|\d+", PurePosixPath(name).name.split(".")[0].casefold())


def _is_picture(name: str) -> bool:
    return name.casefold().endswith(PICTURES)
