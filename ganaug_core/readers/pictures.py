"""PNG, JPEG and TIFF through Pillow: one file, one grey image in its stored depth."""

import os
import stat
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ganaug_core.records import Skipped, Slice

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
MOST_PIXELS = 100_000_000
_COLOUR = ("RGB", "RGBA", "P", "PA", "CMYK", "YCbCr", "LAB", "HSV")
_TIFF_TEXTS = {269, 270, 271, 272, 285, 305, 306, 315, 316, 33432, 700, 34665}
"""Names of document, page, camera, host and artist, description, date, copyright, XMP, EXIF."""
_AGAIN = "Export the file again from its source, or leave it out."
_HUGE = ("too_big", f"It has more than {MOST_PIXELS // 10**6} megapixels.", "Make it smaller.")


def read(path: Path, name: str, label: str | None = None) -> Slice | Skipped:
    """Return (1, row, column) uint8, uint16 or float32, or why the file was left out.

    Colour becomes luminance (ITU-R BT.601), transparency is dropped, an image that a camera marked as turned is turned
    back. A stack of several pages is refused: which one to use is not ours to choose.

    Args:
        name: What the file is called in messages: its path relative to the source.
        label: Class of the image.
    """
    refusal = ordinary(path, name)
    if refusal:
        return refusal
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning)
            with Image.open(path, formats=("PNG", "JPEG", "TIFF", "BMP")) as opened:
                return _decoded(opened, name, label)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Skipped(name, *_HUGE)
    except UnidentifiedImageError:
        return Skipped(name, "type", "Its content is no PNG, JPEG or TIFF image.", "Convert it, or leave it out.")
    except Exception as error:  # Pillow lets come through what its parsers raise: KeyError, TypeError, struct.error
        return Skipped(name, "truncated", f"It is damaged ({type(error).__name__}).", _AGAIN)


def _decoded(opened: Image.Image, name: str, label: str | None) -> Slice | Skipped:
    if opened.width * opened.height > MOST_PIXELS:
        return Skipped(name, *_HUGE)
    pages = getattr(opened, "n_frames", 1) if opened.format == "TIFF" else 1
    if pages > 1:
        return Skipped(name, "pages", f"It holds {pages} pages.", "Save each page as a file of its own.")
    opened.load()
    colour, dropped = opened.mode in _COLOUR, _dropped(opened)
    pixels = _grey(ImageOps.exif_transpose(opened))  # (row, column)
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        return Skipped(name, "nonfinite", "It holds pixels that are not numbers.", _AGAIN)
    return Slice(pixels=pixels[None], source=name, label=label, colour=colour, dropped=dropped)


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


def _grey(image: Image.Image) -> NDArray[Any]:
    if image.mode in ("I;16", "I;16L", "I;16B"):
        return np.asarray(image).astype(np.uint16)
    if image.mode == "I":
        values = np.asarray(image)
        return values.astype(np.uint16) if values.min() >= 0 and values.max() < 2**16 else values.astype(np.float32)
    if image.mode == "F":
        return np.asarray(image, np.float32)
    return np.asarray(image.convert("RGB").convert("L") if image.mode in ("P", "PA", "RGBA") else image.convert("L"))
