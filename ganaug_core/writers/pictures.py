"""PNG and TIFF; the mark stands in their own text fields and in XMP."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from ganaug_core.interfaces import Written
from ganaug_core.records import Intensity, Samples
from ganaug_core.writers import file_names, marks
from ganaug_core.writers.stored_values import Storage, eight_bits, physical_images, require_colour, storage_of

_DESCRIPTION, _SOFTWARE, _XMP = 270, 305, 700
"""Fields of TIFF 6.0, and of part 3 of Adobe's XMP specification."""


@dataclass(frozen=True)
class Png:
    """One PNG an image: 8 bits for values in 0 to 255, else 16."""

    title: ClassVar[str] = "PNG, 8 or 16 bits as the values need"

    def write(self, samples: Samples, intensity: Intensity, folder: Path) -> Written:
        """Write CLASS/0000.png, ...; see `interfaces.Writer`."""
        return _written(samples, intensity, folder, storage_of(intensity), ".png")


@dataclass(frozen=True)
class Png8:
    """One PNG of 8 bits an image: the range of the cohort from black to white, for tools that know no other."""

    title: ClassVar[str] = "PNG of 8 bits, from black to white"

    def write(self, samples: Samples, intensity: Intensity, folder: Path) -> Written:
        """Write CLASS/0000.png, ...; see `interfaces.Writer`."""
        coloured = samples.images.shape[1] == 3
        storage = storage_of(intensity) if coloured else eight_bits(intensity)
        return _written(samples, intensity, folder, storage, ".png")


@dataclass(frozen=True)
class Tiff:
    """One TIFF an image, compressed without loss: 8 bits for values in 0 to 255, else 16."""

    title: ClassVar[str] = "TIFF, 8 or 16 bits as the values need"

    def write(self, samples: Samples, intensity: Intensity, folder: Path) -> Written:
        """Write CLASS/0000.tif, ...; see `interfaces.Writer`."""
        return _written(samples, intensity, folder, storage_of(intensity), ".tif")


def save_png(image: Image.Image, path: Path, samples: Samples) -> None:
    """Save a picture as PNG with the mark."""
    mark = PngInfo()
    mark.add_text("Synthetic", marks.MARK)
    mark.add_text("Software", marks.SOFTWARE)
    mark.add_text("Generator", marks.origin(samples)["generator"])
    mark.add_text("Source", marks.SOURCE_TYPE)
    mark.add_itxt("XML:com.adobe.xmp", marks.xmp(samples).decode())
    image.save(path, format="PNG", pnginfo=mark)


def _save_tiff(image: Image.Image, path: Path, samples: Samples) -> None:
    fields = ImageFileDirectory_v2()
    fields[_DESCRIPTION] = f"{marks.MARK} {marks.sentence(samples)}"
    fields[_SOFTWARE] = marks.SOFTWARE
    fields[_XMP] = marks.xmp(samples)
    image.save(path, format="TIFF", compression="tiff_adobe_deflate", tiffinfo=fields)


def _written(samples: Samples, intensity: Intensity, folder: Path, storage: Storage, suffix: str) -> Written:
    name, save = _KINDS[suffix]
    require_colour(samples, storage, name)
    names = file_names.of_images(samples, suffix, folder)
    for file, physical in zip(names, physical_images(samples, intensity), strict=True):
        save(Image.fromarray(storage.stored(physical)), folder / file, samples)
    return Written(tuple(names), storage.slope, storage.offset, storage.error)


_KINDS: dict[str, tuple[str, Callable[[Image.Image, Path, Samples], None]]] = {
    ".png": ("PNG", save_png),
    ".tif": ("TIFF", _save_tiff),
}
