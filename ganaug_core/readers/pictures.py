"""PNG, JPEG, TIFF, BMP and WebP through Pillow: one file, one image, grey in its stored depth or in 8-bit colour."""

import os
import stat
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from ganaug_core.errors import CohortError
from ganaug_core.readers import picture_values
from ganaug_core.records import Skipped, Slice

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".webp")
TIFF = (b"II*\0", b"MM\0*")
MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", *TIFF)
MOST_PIXELS = 100_000_000
_COLOUR = ("RGB", "RGBA", "P", "PA", "CMYK", "YCbCr", "LAB", "HSV")
_TIFF_TEXTS = {269, 270, 271, 272, 285, 305, 306, 315, 316, 33432, 700, 34665}
"""Names of document, page, camera, host and artist, description, date, copyright, XMP, EXIF."""
Result = TypeVar("Result")
_SUBFILE, _REDUCED_OR_MASK = 254, 0b101
"""Tag that says what a page is, and its bits of a smaller copy and of a mask."""
_SYNTHETIC = b"/digitalsourcetype/trainedAlgorithmicMedia"
"""How a picture's XMP says that a trained algorithm made it: a term of the IPTC's digital source types."""
_AGAIN = "Export the file again from its source, or leave it out."
_HUGE = ("too_big", f"It has more than {MOST_PIXELS // 10**6} megapixels.", "Make it smaller.")


def read(path: Path, name: str, label: str | None = None) -> Slice | Skipped:
    """Return the one image of a file, (1, row, column) as in `picture_values.grey`, or why it was left out.

    Args:
        name: What the file is called in messages: its path relative to the source.
        label: Class of the image.
    """
    first, *others = read_pages(path, name, label)
    if not others:
        return first
    return Skipped(name, "pages", f"It holds {len(others) + 1} pages.", "Save each page as a file of its own.")


def read_pages(
    path: Path, name: str, label: str | None = None, every: int = 1, colour: bool = False
) -> Iterator[Slice | Skipped]:
    """Yield the image of a file; of a TIFF of several pages, each `every`-th as a slice `name:page` of one volume.

    With `colour` an image in 8-bit colour is (3, row, column).

    Smaller copies and masks that a TIFF keeps of its pages are passed over. An animation is refused: which picture of
    it to use is not ours to choose.
    """
    if refusal := ordinary(path, name):
        yield refusal
        return
    with ExitStack() as stack:
        opened = _tried(path, name, lambda: stack.enter_context(Image.open(path, formats=picture_values.FORMATS)))
        if isinstance(opened, Skipped):
            yield opened
            return
        pages = _tried(path, name, partial(_pages, opened))
        if isinstance(pages, Skipped):
            yield pages
            return
        volume = sha256(name.encode()).hexdigest()[:12] if len(pages) > 1 else None
        for page in pages[::every]:
            page_name = f"{name}:{page}" if volume else name
            image = _tried(path, page_name, partial(_page, path, opened, page, page_name, colour))
            yield replace(image, label=label, volume=volume) if isinstance(image, Slice) else image


def _tried(path: Path, name: str, step: Callable[[], Result]) -> Result | Skipped:
    """Return what a step of reading gives, or why the file (or the page) of this name is left out."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning)
            return step()
    except CohortError as refused:
        return Skipped(name, refused.code, refused.what, refused.do)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Skipped(name, *_HUGE)
    except UnidentifiedImageError:
        with path.open("rb") as file:
            is_tiff = file.read(4) in TIFF
        say = (
            "It is a TIFF of a kind that is not read (such as 64-bit numbers, a 16-bit palette, raw camera data)."
            if is_tiff
            else "Its content is no PNG, JPEG, TIFF, BMP or WebP image."
        )
        return Skipped(name, "type", say, "Save it as grey PNG or TIFF of 8 or 16 bits, or leave it out.")
    except Exception as error:  # Pillow lets come through what its parsers raise: KeyError, TypeError, struct.error
        return Skipped(name, "truncated", f"It is damaged ({type(error).__name__}).", _AGAIN)


def _pages(opened: ImageFile) -> list[int]:
    """Return the numbers of the pages that are images of their own.

    Raises:
        CohortError: `pages`, where they are of several sizes, or no pages but frames or channels; `too_big`.
    """
    if opened.width * opened.height > MOST_PIXELS:
        raise CohortError(_HUGE[1], do=_HUGE[2], code=_HUGE[0])
    count = getattr(opened, "n_frames", 1)
    if count == 1 or opened.format not in ("TIFF", "WEBP"):
        return [0]
    if opened.format == "WEBP" or picture_values.has_channels(opened):
        raise CohortError(f"It holds {count} pages.", do="Save each page as a file of its own.", code="pages")
    sizes: dict[int, tuple[int, int]] = {}
    for page in range(count):
        opened.seek(page)
        if not int(opened.tag_v2.get(_SUBFILE, 0)) & _REDUCED_OR_MASK:  # type: ignore[attr-defined]
            sizes[page] = opened.size
    opened.seek(next(iter(sizes), 0))
    if len(set(sizes.values())) > 1:
        say = f"Its {count} pages are of different sizes."
        raise CohortError(say, do="Save each page as a file of its own.", code="pages")
    return list(sizes) or [0]


def _page(path: Path, opened: ImageFile, page: int, name: str, keep_colour: bool) -> Slice:
    if page != opened.tell():
        opened.seek(page)
    colour = opened.mode in _COLOUR and picture_values.stored_as(opened) != "LA;16B"
    if colour and keep_colour and ";16" not in picture_values.stored_as(opened):
        pixels, padding = picture_values.colours(opened)  # (3, row, column)
    else:
        pixels, padding = picture_values.grey(path, opened)
        pixels = pixels[None]
    dropped = _dropped(opened)
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise CohortError("It holds pixels that are not numbers.", do=_AGAIN, code="nonfinite")
    synthetic = _SYNTHETIC in (opened.info.get("xmp") or b"")
    return Slice(pixels=pixels, source=name, padding=padding, colour=colour, dropped=dropped, synthetic=synthetic)


def _dropped(opened: Image.Image) -> tuple[str, ...]:
    """Name, without a value, what an image holds beside its pixels and may tell of a person."""
    holds = {
        "PNG text": bool(getattr(opened, "text", None)),
        "EXIF": "exif" in opened.info and opened.format != "TIFF",
        "JPEG comment": opened.format == "JPEG" and "comment" in opened.info,
        "TIFF text": opened.format == "TIFF" and bool(_TIFF_TEXTS & set(getattr(opened, "tag_v2", ()))),
    }
    return tuple(name for name, is_held in holds.items() if is_held)


def ordinary(path: Path, name: str) -> Skipped | None:
    """Return why a path is not a readable ordinary file, None if it is one."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return Skipped(shown(name), "name", "Its name is not valid text.", "Rename the file.")
    try:
        status = path.lstat()
    except OSError as error:
        return Skipped(name, "missing", f"It cannot be found ({error.strerror}).", "Check the path.")
    if refusal := _odd_status(status):
        return Skipped(name, *refusal)
    try:
        with path.open("rb"):
            return None
    except PermissionError:
        return Skipped(name, "permission", "It may not be read.", "Allow this user to read it.")


def _odd_status(status: os.stat_result) -> tuple[str, str, str] | None:
    if stat.S_ISLNK(status.st_mode):
        return "link", "It is a link, and links are not followed.", "Copy the file itself."
    if not stat.S_ISREG(status.st_mode):
        return "not_file", "It is not an ordinary file.", "Leave it out."
    return ("empty", "It is empty.", "Copy it again.") if status.st_size == 0 else None


def shown(name: str) -> str:
    """Return a name that can be shown and written: bytes that are no text become question marks."""
    return name.encode("utf-8", "replace").decode()
