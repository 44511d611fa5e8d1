"""What a NIfTI or DICOM header promises, checked against the bytes that are there.

SimpleITK reads a file cut in half, a header that claims a thousand times its data, and spacings of zero without an
exception: what is missing becomes 0. So nothing is decoded before it has passed here. Runs in the decoder's process.
Every refusal is a `CohortError` whose sentence goes on after the file's name.
"""

import math
import struct
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from pydicom.encaps import generate_frames

from ganaug_core.errors import CohortError
from ganaug_core.readers.codestreams import codestream

LARGEST_IMAGE = 1 << 30
"""Bytes of decoded pixels."""
LARGEST_RATIO = 400
"""Decoded bytes for one compressed byte; images stay far below, decompression bombs far above."""
LARGEST_SIDE = 20_000
LARGEST_PADDING = 16
"""Some scanners pad the pixels; more than one part in 16 is no padding, but a header of another image."""

EXPORT_AGAIN = "Export the file from its source again."
CONVERT = "Convert it with a DICOM tool, for example dcmdjpeg, and import it again."


# ---- NIfTI-1 -------------------------------------------------------------------------------------------------------

NIFTI_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}


@dataclass(frozen=True)
class Nifti:
    """Where the voxels lie: `offset` and `length` in bytes, `slice_length` of one plane, their NumPy type."""

    offset: int
    length: int
    slice_length: int
    dtype: np.dtype[Any]


def nifti(start: bytes) -> Nifti:
    """Return what the first 348 bytes or more of a NIfTI-1 file promise.

    Raises:
        CohortError: `nifti.header`, `.pair`, `.dims`, `.type`, `.spacing`, `.offset`, `.slope`, or `too_big`.
    """
    convert = "Write the volume as a 3-D NIfTI-1 file (.nii or .nii.gz) and import it again."
    if start[4:8] in (b"n+2\0", b"ni2\0"):
        raise CohortError("the file is NIfTI-2, which is not read.", do=convert, code="nifti.header")
    if start[344:348] == b"ni1\0":
        raise CohortError("the voxels are in a second file (.hdr/.img).", do=convert, code="nifti.pair")
    order = next((each for each in "<>" if start[:4] == struct.pack(each + "i", 348)), None)
    if order is None or start[344:348] != b"n+1\0":
        raise damaged("the file does not start with a NIfTI-1 header.", "nifti.header")
    dimensions, *sizes = struct.unpack(order + "8h", start[40:56])
    if not 2 <= dimensions <= 4 or any(size < 1 for size in sizes[:dimensions]):
        raise CohortError(
            f"the header gives {dimensions} dimensions of sizes {sizes}; 2 or 3 positive ones are read.",
            do=convert,
            code="nifti.dims",
        )
    if dimensions == 4 and sizes[3] > 1:
        raise CohortError(
            f"the file holds {sizes[3]} takes of one volume (4-D); which one to use is not ours to choose.",
            do="Save the take you want as a 3-D file and import it again.",
            code="nifti.dims",
        )
    code, bits = struct.unpack(order + "2h", start[70:74])
    if code not in NIFTI_TYPES or bits != 8 * np.dtype(NIFTI_TYPES[code]).itemsize:
        raise CohortError(
            f"voxels of NIfTI type {code} with {bits} bits are not read; integers and floats are.",
            do=convert,
            code="nifti.type",
        )
    spacing = struct.unpack(order + "3f", start[80:92])[: min(dimensions, 3)]
    if not all(0 < each < 1000 for each in spacing):
        raise damaged(f"the voxel spacing {spacing} is not positive.", "nifti.spacing")
    offset, slope, intercept = struct.unpack(order + "3f", start[108:120])
    if not 352 <= offset < 1e7:
        raise damaged(f"voxels cannot start at byte {offset:g}.", "nifti.offset")
    if not (math.isfinite(slope) and math.isfinite(intercept)):
        raise damaged("the scale of the voxels is not a number.", "nifti.slope")
    dtype = np.dtype(order + NIFTI_TYPES[code])
    plane = sizes[0] * sizes[1] * dtype.itemsize
    length = plane * (sizes[2] if dimensions > 2 else 1)
    _fits_memory(length)
    return Nifti(int(offset), length, plane, dtype)


def nifti_holds(promised: Nifti, size: int) -> None:
    """Compare the promise with the `size` in bytes of the uncompressed file.

    Raises:
        CohortError: `truncated`, or `nifti.dims` where a whole plane more is there than the header knows of.
    """
    held = size - promised.offset
    if held < promised.length:
        raise _truncated(promised.length, max(0, held))
    if held >= promised.length + promised.slice_length:
        raise damaged(f"the header promises {promised.length:,} bytes of image and the file holds more.", "nifti.dims")


# ---- DICOM ---------------------------------------------------------------------------------------------------------

NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}
RLE = "1.2.840.10008.1.2.5"
JPEG_FAMILY = {f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91)}


@dataclass(frozen=True)
class Dicom:
    """The numbers and enumerations of a grey image that may leave the decoder; no free text, no UID, no date.

    Attributes:
        rows, columns: Size of the image.
        bits_allocated, bits_stored, signed: Type of the stored values.
        photometric: `MONOCHROME1` (low values are white) or `MONOCHROME2`.
        slope, intercept: Stored value to physical unit.
        unit: `HU` for CT with a rescale, otherwise `intensity`.
        spacing_mm: Row and column spacing, None where unknown.
        orientation: Directions of a row and of a column in patient coordinates (6), None where unknown.
        position: Of the first pixel, mm in patient coordinates (3), None where unknown.
        instance: Number within the series, None where unknown.
        series: SHA-256 of the series UID, 12 digits; of the frame of reference UID where anonymisation has emptied
            the former; None where there is neither.
        patient: Patient ID, None where empty.
    """

    rows: int
    columns: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    photometric: str
    slope: float
    intercept: float
    unit: str
    spacing_mm: tuple[float, float] | None
    orientation: tuple[float, ...] | None
    position: tuple[float, ...] | None
    instance: int | None
    series: str | None
    patient: str | None

    @property
    def length(self) -> int:
        """Bytes of the stored pixels."""
        return self.rows * self.columns * self.bits_allocated // 8


def dicom(dataset: Any) -> Dicom:
    """Return the facts of a single grey image; `dataset` is pydicom's; the pixels themselves are not touched.

    Raises:
        CohortError: `dicom.parse`, `.syntax`, `.no_image`, `.attributes`, `.frames`, `.colour`, `.bits`, `.spacing`,
            `.orientation`, `.rescale`, or `too_big`.
    """
    syntax = _text(dataset.file_meta, "TransferSyntaxUID")
    if not syntax:
        raise damaged("the file names no transfer syntax.", "dicom.parse")
    if "PixelData" not in dataset:
        kind = _text(dataset, "Modality")
        kind = (
            kind if kind.isalnum() and len(kind) <= 16 else "unnamed"
        )  # a code leaves the decoder, free text does not
        raise CohortError(f"the file holds no image (modality {kind}).", do="Leave it out.", code="dicom.no_image")
    if syntax not in NATIVE | JPEG_FAMILY | {RLE}:
        raise CohortError(f"the compression {syntax} is not read.", do=CONVERT, code="dicom.syntax")
    rows, columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
    allocated, stored = _whole(dataset, "BitsAllocated"), _whole(dataset, "BitsStored")
    frames = _whole(dataset, "NumberOfFrames", 1)
    signed = _whole(dataset, "PixelRepresentation")
    photometric = _text(dataset, "PhotometricInterpretation")
    if not (0 < rows <= LARGEST_SIDE and 0 < columns <= LARGEST_SIDE and 0 < stored <= allocated and signed in (0, 1)):
        raise damaged(
            f"an image of {rows} x {columns} pixels with {stored} of {allocated} bits cannot be.", "dicom.attributes"
        )
    if frames != 1:
        raise CohortError(
            f"the file holds {frames} frames; one image a file is read.",
            do="Split it into one file a frame and import it again.",
            code="dicom.frames",
        )
    if _whole(dataset, "SamplesPerPixel", 1) != 1 or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise CohortError(
            f"the image is in colour ({photometric or 'unnamed'}); grey ones are read.",
            do="Leave it out, or export it as PNG.",
            code="dicom.colour",
        )
    if allocated not in (8, 16) or _whole(dataset, "HighBit", stored - 1) != stored - 1:
        raise CohortError(
            f"{stored} bits stored in {allocated} are not read: GDCM decodes some such files wrongly.",
            do="Export the image with 8 or 16 bits.",
            code="dicom.bits",
        )
    _fits_memory(rows * columns * 8)
    slope, intercept, is_hounsfield = _rescale(dataset)
    return Dicom(
        rows,
        columns,
        allocated,
        stored,
        bool(signed),
        photometric,
        slope,
        intercept,
        "HU" if is_hounsfield else "intensity",
        _spacing(dataset),
        _orientation(dataset),
        _numbers(dataset, "ImagePositionPatient", 3, "dicom.orientation"),
        _whole(dataset, "InstanceNumber", -1) if _text(dataset, "InstanceNumber") else None,
        _series(dataset),
        _text(dataset, "PatientID") or None,
    )


def dicom_holds(dataset: Any, promised: Dicom, size: int) -> None:
    """Compare the promise with the pixels of `dataset`; `size` is the file's, in bytes.

    Raises:
        CohortError: `truncated`, `bomb`, `dicom.parse` or `dicom.attributes`.
    """
    pixels: bytes = dataset.PixelData or b""
    if str(dataset.file_meta.TransferSyntaxUID) in NATIVE:
        if len(pixels) < promised.length:
            raise _truncated(promised.length, len(pixels))
        if len(pixels) > promised.length + max(1, promised.length // LARGEST_PADDING):
            raise damaged(
                f"the header promises {promised.length:,} bytes of image and {len(pixels):,} are there.",
                "dicom.attributes",
            )
        return
    if promised.length > LARGEST_RATIO * size:
        raise bomb(size, promised.length)
    try:
        first = next(generate_frames(pixels, number_of_frames=1))
    except (ValueError, StopIteration, struct.error) as error:
        raise damaged("the compressed image is damaged.", "dicom.parse") from error
    if str(dataset.file_meta.TransferSyntaxUID) == RLE:
        _rle_fits(first, promised)
    else:
        _codestream_fits(first, promised)


def _rle_fits(frame: bytes, promised: Dicom) -> None:
    if len(frame) < 64:
        raise _truncated(64, len(frame))
    segments = struct.unpack("<L", frame[:4])[0]
    if segments != promised.bits_allocated // 8:
        raise damaged(
            f"{segments} byte planes are there and the header promises {promised.bits_allocated} bits.",
            "dicom.attributes",
        )
    last = struct.unpack("<15L", frame[4:64])[segments - 1]
    if last >= len(frame):
        raise _truncated(last, len(frame))


def _codestream_fits(frame: bytes, promised: Dicom) -> None:
    """Compare rows, columns, components and bits: where they differ, GDCM returns an image of neither."""
    found = codestream(frame)
    if found is None:
        raise damaged("the compressed image has no beginning.", "dicom.parse")
    if not frame.rstrip(b"\0\xff").endswith(b"\xff\xd9"):
        raise damaged("the compressed image has no end.", "truncated")
    rows, columns, components, bits, signed = found
    if signed not in (None, promised.signed):
        raise damaged(
            "the compressed image and the header disagree on whether values can be negative.", "dicom.attributes"
        )
    if (rows, columns, components) != (promised.rows, promised.columns, 1) or bits > promised.bits_allocated:
        raise damaged(
            f"the compressed image is {rows} x {columns} x {components} with {bits} bits, the header promises "
            f"{promised.rows} x {promised.columns} x 1 with {promised.bits_stored}.",
            "dicom.attributes",
        )


def _series(dataset: Any) -> str | None:
    uid = _text(dataset, "SeriesInstanceUID") or _text(dataset, "FrameOfReferenceUID")
    return sha256(uid.encode()).hexdigest()[:12] if uid else None


def _rescale(dataset: Any) -> tuple[float, float, bool]:
    slope = _numbers(dataset, "RescaleSlope", 1, "dicom.rescale")
    intercept = _numbers(dataset, "RescaleIntercept", 1, "dicom.rescale")
    if slope is not None and not 0 < abs(slope[0]) < 1e6:
        raise damaged(f"a rescale slope of {slope[0]:g} is not usable.", "dicom.rescale")
    # "US" is "unspecified"; other types, such as "MGML" of a spectral scan, are not HU.
    named = _text(dataset, "RescaleType") in ("", "HU", "US")
    is_hounsfield = _text(dataset, "Modality") == "CT" and slope is not None and intercept is not None and named
    return (slope or (1.0,))[0], (intercept or (0.0,))[0], is_hounsfield


def _spacing(dataset: Any) -> tuple[float, float] | None:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        spacing = _numbers(dataset, keyword, 2, "dicom.spacing")
        if spacing is None:
            continue
        if not all(0 < each < 1000 for each in spacing):
            raise damaged(f"a pixel spacing of {spacing} mm cannot be.", "dicom.spacing")
        return spacing[0], spacing[1]
    return None


def _orientation(dataset: Any) -> tuple[float, ...] | None:
    orientation = _numbers(dataset, "ImageOrientationPatient", 6, "dicom.orientation")
    if orientation is None:
        return None
    axes = np.reshape(orientation, (2, 3))
    if not np.allclose(axes @ axes.T, np.eye(2), atol=0.01):
        raise damaged("the directions of rows and columns are not perpendicular and of length 1.", "dicom.orientation")
    return orientation


def _value(dataset: Any, keyword: str) -> Any:
    try:
        return dataset.get(keyword)
    except Exception as error:  # pydicom converts on access, and a damaged value raises whatever its type's parser does
        raise damaged(f"{keyword} cannot be read.", "dicom.attributes") from error


def _text(dataset: Any, keyword: str) -> str:
    value = _value(dataset, keyword)
    return "" if value is None else str(value).strip(" \0")


def _whole(dataset: Any, keyword: str, otherwise: int | None = None) -> int:
    value = _value(dataset, keyword)
    if value in (None, "") and otherwise is not None:
        return otherwise
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise damaged(f"{keyword} is missing or not a whole number.", "dicom.attributes") from error


def _numbers(dataset: Any, keyword: str, count: int, code: str) -> tuple[float, ...] | None:
    value = _value(dataset, keyword)
    if value is None or value == "" or (count > 1 and not value):
        return None
    try:
        numbers = tuple(float(each) for each in (value if count > 1 else [value]))
    except (TypeError, ValueError) as error:
        raise damaged(f"{keyword} is not made of numbers.", code) from error
    if len(numbers) != count or not all(math.isfinite(each) for each in numbers):
        raise damaged(f"{keyword} is not made of {count} finite numbers.", code)
    return numbers


def damaged(what: str, code: str) -> CohortError:
    """The refusal of a file that cannot be what its source once wrote."""
    return CohortError(what, do=EXPORT_AGAIN, code=code)


def bomb(size: int, claims: int) -> CohortError:
    return CohortError(
        f"{size:,} compressed bytes claim to hold {claims:,}.", do="Leave the file out: no image does so.", code="bomb"
    )


def _fits_memory(length: int) -> None:
    if length > LARGEST_IMAGE:
        raise CohortError(
            f"the image would take {length / 2**30:.1f} GB of memory; {LARGEST_IMAGE / 2**30:g} GB is the limit.",
            do="Cut or resample it and import it again.",
            code="too_big",
        )


def _truncated(promised: int, held: int) -> CohortError:
    return damaged(f"the file promises {promised:,} bytes of image and holds {held:,}.", "truncated")
