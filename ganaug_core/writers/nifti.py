"""NIfTI-1 with a side file: one volume of a single slice for each image, without a place in any body.

Source: nifti1.h of https://nifti.nimh.nih.gov. The image library cannot leave the place out, so the header is written
here.
"""

import gzip
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ganaug_core.errors import GeneratorError
from ganaug_core.interfaces import Written
from ganaug_core.records import Intensity, Samples
from ganaug_core.writers import file_names, marks
from ganaug_core.writers.stored_values import Storage, physical_images, storage_of

_TYPES = {np.dtype(np.uint8): 2, np.dtype(np.int16): 4, np.dtype(np.uint16): 512}
_HEADER, _DATA = 348, 352
NO_GEOMETRY = "A pixel is a cell of a grid: no size, no direction, no place in a body."


@dataclass(frozen=True)
class Nifti:
    """CLASS/0000.nii.gz and CLASS/0000.json: whole units as signed numbers where 16 bits hold them."""

    title: ClassVar[str] = "NIfTI with a side file"

    def write(self, samples: Samples, intensity: Intensity, folder: Path) -> Written:
        """Write two files an image; readers apply the rescale of the header, so slope 1 and offset 0 remain."""
        if samples.images.shape[1] != 1:
            raise GeneratorError("NIfTI is for grey images here.", do="Export as npz or png.", code="format")
        storage = storage_of(intensity)
        names = file_names.of_images(samples, ".nii.gz", folder)
        images, indices = physical_images(samples, intensity), marks.indices(samples)
        rows = zip(names, images, samples.labels, samples.ids, indices, strict=True)
        for name, physical, label, image_id, index in rows:
            (folder / name).write_bytes(content(storage.stored(physical), storage))
            side = {
                "Synthetic": marks.MARK,
                "DigitalSourceType": marks.SOURCE_TYPE,
                "Software": marks.SOFTWARE,
                "Geometry": NO_GEOMETRY,
                "Units": intensity.unit,
                "Class": samples.classes[label],
                "Id": str(image_id),
                "Index": index,
                **{key.capitalize(): fact for key, fact in marks.origin(samples).items()},
            }
            (folder / name.replace(".nii.gz", ".json")).write_text(json.dumps(side, indent=1), "utf-8")
        return Written(tuple(names), 1.0, 0.0, storage.error)


def content(stored: NDArray[Any], storage: Storage) -> bytes:
    """Return the compressed file of one image (row, column): columns run first, rows second."""
    slope, offset = storage.slope, storage.offset
    limits = np.iinfo(np.int16)
    if storage.dtype is np.uint16 and slope == 1 and limits.min <= offset and offset + int(stored.max()) <= limits.max:
        stored, offset = (stored.astype(np.int64) + int(offset)).astype(np.int16), 0.0
    header = bytearray(_DATA)
    rows, columns = stored.shape
    struct.pack_into("<i", header, 0, _HEADER)
    struct.pack_into("<8h", header, 40, 3, columns, rows, 1, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, _TYPES[stored.dtype], 8 * stored.itemsize)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into("<fff", header, 108, _DATA, slope, offset)
    header[148:228] = f"{marks.VISIBLE}; made by a trained algorithm; {marks.SOFTWARE}".encode()[:79].ljust(80, b"\0")
    header[344:348] = b"n+1\0"
    return gzip.compress(bytes(header) + stored.astype(stored.dtype.newbyteorder("<")).tobytes(), mtime=0)
