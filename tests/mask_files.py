"""DICOM series with segmentations and structure sets as planning and annotation programs write them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixels import pack_bits
from pydicom.uid import (
    ExplicitVRLittleEndian,
    RTStructureSetStorage,
    SegmentationStorage,
    generate_uid,
)

from tests.volume_files import write_dicom

UPRIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
OBLIQUE = (0.8, 0.6, 0.0, -0.36, 0.48, 0.8)
"""Of rows and columns; the normal is (0.48, -0.64, 0.6)."""


@dataclass(frozen=True)
class Series:
    """Where the slices of a series lie."""

    uid: str = "1.2.3"
    shape: tuple[int, int, int] = (6, 20, 30)
    spacing: tuple[float, float, float] = (4.0, 2.0, 1.5)
    orientation: tuple[float, ...] = UPRIGHT
    origin: tuple[float, float, float] = (-20.0, 10.0, 5.0)

    def position(self, number: float) -> list[float]:
        """Of the first pixel of a slice."""
        row, column = np.reshape(self.orientation, (2, 3))
        return [
            float(coordinate) for coordinate in np.array(self.origin) + number * self.spacing[0] * np.cross(row, column)
        ]

    def points(self, number: float, corners: Sequence[tuple[float, float]]) -> list[float]:
        """Patient coordinates of (row, column) places on a slice, flat."""
        row, column = np.reshape(self.orientation, (2, 3))
        rows_mm, columns_mm = (np.array(corners, float) * self.spacing[1:]).T[..., None]  # (corner, 1)
        points = self.position(number) + rows_mm * column + columns_mm * row
        return [round(float(coordinate), 4) for coordinate in points.ravel()]


def write_series(home: Path, series: Series, voxels: NDArray[np.int16]) -> None:
    """Write CT slices whose values in HU are `voxels`; files are named so that their order is not that of position."""
    home.mkdir(parents=True, exist_ok=True)
    for number, plane in enumerate(voxels):
        write_dicom(
            home / f"{(number * 7) % 10}_{number}.dcm", plane, SeriesInstanceUID=series.uid, RescaleIntercept=0,
            PixelSpacing=list(series.spacing[1:]), ImageOrientationPatient=list(series.orientation),
            ImagePositionPatient=series.position(number), InstanceNumber=number + 1, PixelRepresentation=1,
        )  # fmt: skip


def _file(path: Path, kind: str, **attributes: Any) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = kind
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    dataset.SeriesInstanceUID, dataset.PatientID = generate_uid(), "P1"
    for keyword, value in attributes.items():
        if value is not None:
            setattr(dataset, keyword, value)
    return dataset


def _with(**attributes: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def write_seg(
    path: Path,
    series: Series,
    frames: Sequence[tuple[int, float, NDArray[Any]]],
    *,
    fractional: bool = False,
    refers: str | None = None,
    grid: Series | None = None,
    **changes: Any,
) -> Path:
    """Write a segmentation.

    Args:
        frames: Number of the segment, number of the slice, and (row, column) marks, or shares of 255 if `fractional`.
        refers: Series that it says it belongs to, by default that of `series`.
        grid: Where its frames lie, by default where the slices of `series` do.
    """
    grid = grid or series
    rows, columns = frames[0][2].shape
    stack = np.stack([marks for _, _, marks in frames]).astype(np.uint8)
    groups = [
        _with(
            PlanePositionSequence=[_with(ImagePositionPatient=grid.position(slice_number))],
            SegmentIdentificationSequence=[_with(ReferencedSegmentNumber=segment)],
        )
        for segment, slice_number, _ in frames
    ]
    shared = _with(
        PlaneOrientationSequence=[_with(ImageOrientationPatient=list(grid.orientation))],
        PixelMeasuresSequence=[_with(PixelSpacing=list(grid.spacing[1:]), SliceThickness=grid.spacing[0])],
    )
    bits = 8 if fractional else 1
    attributes: dict[str, Any] = {
        "Modality": "SEG", "Rows": rows, "Columns": columns, "NumberOfFrames": len(frames), "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1,
        "PixelRepresentation": 0, "SegmentationType": "FRACTIONAL" if fractional else "BINARY",
        "MaximumFractionalValue": 255 if fractional else None,
        "ReferencedSeriesSequence": [_with(SeriesInstanceUID=refers or series.uid)],
        "SharedFunctionalGroupsSequence": [shared], "PerFrameFunctionalGroupsSequence": groups,
        "PixelData": stack.tobytes() if fractional else pack_bits(stack.ravel()), **changes,
    }  # fmt: skip
    dataset = _file(path, SegmentationStorage, **attributes)
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path)
    return path


def write_structures(
    path: Path,
    series: Series,
    regions: Mapping[int, Sequence[tuple[float, Sequence[tuple[float, float]]]]],
    *,
    refers: str | None = None,
    kinds: Mapping[int, str] | None = None,
    shape: str = "CLOSED_PLANAR",
    data: Sequence[Any] | None = None,
) -> Path:
    """Write a structure set.

    Args:
        regions: By number, its contours: number of the slice, and corners as row and column.
        kinds: Interpreted type of a region.
        data: In place of the coordinates of every contour.
    """
    contours = [
        _with(
            ReferencedROINumber=number,
            ContourSequence=[
                _with(
                    ContourGeometricType=shape,
                    NumberOfContourPoints=len(corners),
                    ContourData=list(data) if data is not None else series.points(slice_number, corners),
                )
                for slice_number, corners in slice_contours
            ],
        )
        for number, slice_contours in regions.items()
    ]
    study = _with(RTReferencedSeriesSequence=[_with(SeriesInstanceUID=refers or series.uid)])
    frame = _with(FrameOfReferenceUID="1.2.9", RTReferencedStudySequence=[study])
    dataset = _file(
        path, RTStructureSetStorage, Modality="RTSTRUCT", ReferencedFrameOfReferenceSequence=[frame],
        StructureSetROISequence=[_with(ROINumber=number, ROIName="Jane Doe's tumour") for number in regions],
        ROIContourSequence=contours,
        RTROIObservationsSequence=[
            _with(ReferencedROINumber=number, RTROIInterpretedType=kind) for number, kind in (kinds or {}).items()
        ],
    )  # fmt: skip
    dataset.save_as(path)
    return path
