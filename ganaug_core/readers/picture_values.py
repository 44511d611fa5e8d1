"""What the numbers of a picture mean: its depth, sign, polarity and calibration, which Pillow reads at 8 bits alone.

Sources: TIFF 6.0 and its supplements; ImageJ's TiffDecoder for the calibration in its description; GDAL's driver of
GeoTIFF for the tag of missing values.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile

from ganaug_core.errors import CohortError
from ganaug_core.readers.value_types import LUMINANCE, filling, narrow, without_padding

PHOTOMETRIC, BITS, DESCRIPTION, RESPONSE, SIGN, NO_DATA, GDAL = 262, 258, 270, 291, 339, 42113, 42112
MIN_IS_WHITE, SIGNED = 0, 2
"""Of the tags `PHOTOMETRIC` and `SIGN`."""
STRAIGHT_LINE, UNCALIBRATED = 0, 21
"""Of ImageJ's kinds of calibration."""
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
_COLOUR_MODES = ("RGB", "RGBA", "CMYK")
_SAVE_GREY = "Save it as grey PNG or TIFF of 8 or 16 bits."


def grey(path: Path, opened: ImageFile) -> tuple[NDArray[Any], float]:
    """Return (row, column) uint8, int16, uint16 or float32, and the share of pixels that are missing.

    Colour becomes luminance (ITU-R BT.601) in its own depth, transparency is dropped, an image that a camera marked as
    turned is turned back. Missing pixels, by a tag or by `value_types.filling`, get the lowest value of the others.

    Args:
        path: What `opened` was opened from: two bytes a sample are read one after the other.

    Raises:
        CohortError: `values`, where a tag gives values a meaning that is not read.
    """
    tags: Mapping[int, Any] = getattr(opened, "tag_v2", {}) if opened.format == "TIFF" else {}
    _require_read(tags, opened)
    kind = stored_as(opened)
    if opened.mode in _COLOUR_MODES and ";16" in kind:
        return _deep(path, opened, kind), 0.0
    if opened.tile and opened.tile[0].codec_name == "libtiff" and kind in ("I;16BS", "I;32BS", "F;32BF"):
        _decode_as(opened, kind.replace("B", "N"))  # this decoder swaps bytes itself, and Pillow would once more
    values = _shades(ImageOps.exif_transpose(opened), tags)
    missing, values = _missing(values, tags), _calibrated(values, tags)
    if values.dtype != np.uint8 and not missing.any():
        missing = filling(values)
    return without_padding(values, missing)


def colours(opened: ImageFile) -> tuple[NDArray[Any], float]:
    """Return (3, row, column) uint8 of an image in 8-bit colour, and the share of pixels that are missing.

    Transparency, turned images, missing pixels and what is refused are as in `grey`.

    Raises:
        CohortError: `values`, where a tag gives values a meaning that is not read.
    """
    tags: Mapping[int, Any] = getattr(opened, "tag_v2", {}) if opened.format == "TIFF" else {}
    _require_read(tags, opened)
    values = np.moveaxis(np.asarray(ImageOps.exif_transpose(opened).convert("RGB")), 2, 0)
    missing = _missing(values, tags).all(0, keepdims=True)  # (1, row, column)
    return without_padding(_calibrated(values, tags), np.broadcast_to(missing, values.shape))


def has_channels(opened: ImageFile) -> bool:
    """Return whether ImageJ says that the pages of a TIFF are the channels of one picture."""
    text = str(getattr(opened, "tag_v2", {}).get(DESCRIPTION, ""))
    return text.startswith("ImageJ=") and re.search(r"^channels=(?!1$)", text, re.MULTILINE) is not None


def _require_read(tags: Mapping[int, Any], opened: ImageFile) -> None:
    if RESPONSE in tags:
        raise _refused("a curve says what its grey values mean (GrayResponseCurve)")
    if re.search(r'role="(scale|offset)"', str(tags.get(GDAL, ""))):
        raise _refused("its description says that values have a scale (GDAL metadata)")
    if tags.get(PHOTOMETRIC) == MIN_IS_WHITE and opened.mode == "F":
        raise _refused("low values are white, and which real number is black is not said")
    if opened.mode in ("LAB", "HSV"):
        raise _refused(f"its colours are in {opened.mode}")


def _refused(why: str) -> CohortError:
    return CohortError(f"Its values cannot be read: {why}.", do=_SAVE_GREY, code="values")


def stored_as(opened: ImageFile) -> str:
    """Return Pillow's name for how samples lie in the file, such as `RGB;16B`."""
    arguments = opened.tile[0].args if getattr(opened, "tile", ()) else ""
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def _decode_as(opened: ImageFile, kind: str) -> None:
    """Let samples be taken as if they lay in the file in another way."""
    opened.tile = [
        tile._replace(args=(kind, *tile.args[1:]) if isinstance(tile.args, tuple) else kind) for tile in opened.tile
    ]


def _deep(path: Path, opened: ImageFile, kind: str) -> NDArray[np.uint16]:
    """Return the luminance of 16-bit colour, of which Pillow takes the higher byte alone."""
    if kind == "LA;16B":  # four bytes a pixel, as in red, green, blue and alpha
        _decode_as(opened, "RGBA")
        pair = np.asarray(ImageOps.exif_transpose(opened)).astype(np.uint16)
        return (pair[..., 0] << 8 | pair[..., 1]).astype(np.uint16, copy=False)
    name, depth = kind.split(";")
    if name not in ("RGB", "RGBA", "RGBX"):
        raise _refused(f"its 16-bit colours are in {name}")
    high = np.asarray(ImageOps.exif_transpose(opened)).astype(np.uint16)
    with Image.open(path, formats=FORMATS) as again:
        again.seek(opened.tell())
        _decode_as(again, f"{name};16{'L' if depth == '16B' else 'B'}")
        low = np.asarray(ImageOps.exif_transpose(again)).astype(np.uint16)
    colours = (high << 8 | low)[..., :3].astype(np.float32)
    luminance: NDArray[np.uint16] = np.rint(colours @ LUMINANCE).astype(np.uint16)
    return luminance


def _shades(image: Image.Image, tags: Mapping[int, Any]) -> NDArray[Any]:
    """Return (row, column) of a decoded image, by the sign and the polarity of the file."""
    if image.mode in ("I;16", "I;16L", "I;16B"):
        values = np.asarray(image).astype(np.uint16)
        white = (1 << tags[BITS][0]) - 1 if tags.get(PHOTOMETRIC) == MIN_IS_WHITE else None
        return values if white is None else (white - values).astype(np.uint16)
    if image.mode == "I":
        whole = np.asarray(image)
        unsigned = tags.get(BITS, (0,))[0] == 32 and tags.get(SIGN, (1,))[0] != SIGNED
        whole = whole.view(np.uint32) if unsigned else whole
        return whole.astype(np.uint16) if whole.min() >= 0 and whole.max() < 2**16 else narrow(whole)
    if image.mode == "F":
        return np.asarray(image, np.float32)
    if image.mode == "L" and tags.get(SIGN, (1,))[0] == SIGNED:
        return np.asarray(image).view(np.int8).astype(np.int16)
    return np.asarray(image.convert("RGB").convert("L") if image.mode in ("P", "PA", "RGBA") else image.convert("L"))


def _calibrated(values: NDArray[Any], tags: Mapping[int, Any]) -> NDArray[Any]:
    """Return values on the straight line that ImageJ has written into the description: so it keeps signed images."""
    text = str(tags.get(DESCRIPTION, ""))
    if not text.startswith("ImageJ="):
        return values
    told = dict(re.findall(r"^(cf|c[0-9])=(\S+)$", text, re.MULTILINE))
    kind = int(float(told.get("cf", UNCALIBRATED)))
    if kind == UNCALIBRATED:
        return values
    if kind != STRAIGHT_LINE or not {"c0", "c1"} <= told.keys():
        raise _refused("ImageJ has calibrated them with a curve")
    return narrow(values.astype(np.float64) * float(told["c1"]) + float(told["c0"]))


def _missing(values: NDArray[Any], tags: Mapping[int, Any]) -> NDArray[np.bool_]:
    """Return where the tag of missing values says that there is no pixel."""
    try:
        no_data = float(str(tags.get(NO_DATA, "")).strip(" \0"))
    except ValueError:
        return np.zeros(values.shape, np.bool_)
    missing: NDArray[np.bool_] = np.isnan(values) if np.isnan(no_data) else values == no_data
    return missing
