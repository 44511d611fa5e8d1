"""DICOM Secondary Capture, one file an image; `dicom_attributes` says what stands in it and why."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ganaug_core.interfaces import Written
from ganaug_core.records import Intensity, Samples
from ganaug_core.writers import file_names
from ganaug_core.writers.stored_values import physical_images, require_colour, storage_of


@dataclass(frozen=True)
class Dicom:
    """CLASS/0000.dcm, ...: grey values with rescale and window, or red, green and blue of 0 to 255."""

    title: ClassVar[str] = "DICOM, Secondary Capture"

    def write(self, samples: Samples, intensity: Intensity, folder: Path) -> Written:
        """Write one file an image; readers apply its rescale, so slope 1 and offset 0 remain."""
        from ganaug_core.writers import dicom_attributes  # pydicom takes half a second, which no start should wait for

        storage = storage_of(intensity)
        require_colour(samples, storage, "DICOM")
        names = file_names.of_images(samples, ".dcm", folder)
        rows = zip(names, physical_images(samples, intensity), samples.ids, strict=True)
        for name, physical, image_id in rows:
            dataset = dicom_attributes.file_of(storage.stored(physical), storage, intensity, samples, str(image_id))
            dataset.save_as(folder / name, enforce_file_format=True)
        return Written(tuple(names), 1.0, 0.0, storage.error)
