"""DICOM and NIfTI files of a few pixels, and how to read them."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from ganaug_core.config.importing import Choices
from ganaug_core.readers import volumes
from ganaug_core.records import Skipped, Slice


def read(*paths: Path, **choices: Any) -> tuple[list[Slice], list[Skipped]]:
    entries = list(volumes.read([(path, path.name, "a") for path in paths], Choices(**choices)))
    slices = [entry for entry in entries if isinstance(entry, Slice)]
    return slices, [entry for entry in entries if isinstance(entry, Skipped)]


def values(slices: Sequence[Slice]) -> tuple[float, float]:
    return min(float(image.pixels.min()) for image in slices), max(float(image.pixels.max()) for image in slices)


def write_dicom(path: Path, pixels: "np.ndarray[Any, Any]", **changes: Any) -> Path:
    """Write an uncompressed CT slice; `changes` are attributes, None removes one."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    signed = pixels.dtype.kind == "i"
    attributes: dict[str, Any] = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "SeriesInstanceUID": "1.2.3",
        "Modality": "CT",
        "PatientID": "P1",
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": int(signed),
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelSpacing": [0.5, 0.75],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [0, 0, 0],
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "PixelData": pixels.tobytes(),
        **changes,
    }
    for keyword, value in attributes.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.save_as(path)
    return path


def ramp(rows: int = 6, columns: int = 8, dtype: str = "<u2") -> "np.ndarray[Any, Any]":
    return np.arange(rows * columns, dtype=dtype).reshape(rows, columns)


def write_nifti(path: Path, voxels: "np.ndarray[Any, Any]", code: int, spacing: Sequence[float] = (1, 2, 3)) -> Path:
    """Write voxels (x, y, z) as NIfTI-1 by hand, axes towards right, front and head."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    sizes = [voxels.ndim, *voxels.shape] + [1] * (7 - voxels.ndim)
    struct.pack_into("<8h", header, 40, *sizes)
    struct.pack_into("<2h", header, 70, code, 8 * voxels.dtype.itemsize)
    struct.pack_into("<4f", header, 76, 1, *spacing)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[123] = 2  # millimetres
    struct.pack_into("<2h", header, 252, 0, 1)
    rows = np.diag([*spacing, 1.0])[:3]
    struct.pack_into("<12f", header, 280, *rows.ravel())
    header[344:348] = b"n+1\0"
    path.write_bytes(bytes(header) + voxels.tobytes(order="F"))
    return path
