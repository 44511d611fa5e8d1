"""From the bytes of a DICOM file to pixels in the physical unit.

NumPy takes uncompressed grey images; pydicom (with Pillow) what it decodes as it should be, colour among it; GDCM,
through SimpleITK, the rest: JPEG-LS, lossless and 12-bit JPEG, grey RLE. GDCM never sees a source's header: it inverts
MONOCHROME1 before the rescale, takes the type of a series from its first slice, makes up frames. It gets one frame in a
file that we write. Runs in the decoder's process.
"""

import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID, SecondaryCaptureImageStorage

from ganaug_core.errors import CohortError
from ganaug_core.readers import dicom_codes as codes
from ganaug_core.readers.codestreams import codestream
from ganaug_core.readers.dicom_header import Dicom
from ganaug_core.readers.dicom_values import value
from ganaug_core.readers.refusals import LARGEST_RATIO, bomb, damaged, truncated
from ganaug_core.readers.value_types import LUMINANCE, filling, narrow, without_padding

AIR_HU = -1000
LARGEST_PADDING = 16
"""Some scanners pad the pixels; more than one part in 16 is no padding, but a header of another image."""


def plain(content: bytes, at: int, header: Dicom) -> NDArray[Any] | None:
    """Return (frame, row, column) of an uncompressed grey image whose pixel data element starts at byte `at`.

    None where pydicom has to look at it: another kind of image, or an element that is not as it should be.

    Raises:
        CohortError: `truncated` or `dicom.attributes`.
    """
    if header.syntax not in codes.NATIVE or header.coloured or header.bits_allocated not in (8, 16, 32):
        return None
    order = ">" if header.syntax == codes.BIG_ENDIAN else "<"
    if header.bits_allocated == 8 and order == ">":
        return None
    explicit = content[at + 4 : at + 6] in (b"OW", b"OB")
    start = at + (12 if explicit else 8)
    length = int(struct.unpack(order + "L", content[start - 4 : start])[0])
    if length == 0xFFFFFFFF:
        return None
    _require_length(header, min(length, len(content) - start))
    kind = f"{order}{'i' if header.signed else 'u'}{header.bits_allocated // 8}"
    count = header.length * 8 // header.bits_allocated
    stored = np.frombuffer(content, kind, count, start)
    return stored.reshape(header.frames, header.rows, header.columns)


def decoded(dataset: Any, header: Dicom, size: int, folder: Path) -> NDArray[Any]:
    """Return stored values, (frame, row, column) or (frame, row, column, 3) in colour.

    Args:
        dataset: The whole file as pydicom parsed it.
        size: Of the file, in bytes.
        folder: Where GDCM's file may lie.

    Raises:
        CohortError: `truncated`, `bomb`, `dicom.parse`, `dicom.attributes` or `decode`.
    """
    if header.floating:
        return _real_numbers(dataset, header)
    pixels: bytes = value(dataset, "PixelData") or b""
    if header.syntax in codes.NATIVE:
        _require_length(header, len(pixels))
        stored = _by_pydicom(dataset, header)
    else:
        frames = _checked_frames(pixels, header, size)
        if _needs_gdcm(header):
            stored = np.stack([_by_gdcm(frame, header, folder) for frame in frames])
        else:
            stored = _by_pydicom(dataset, header)
    shape: tuple[int, ...] = (header.frames, header.rows, header.columns)
    shape = (*shape, 3) if header.coloured else shape
    if stored.size != int(np.prod(shape)):
        raise damaged("the decoded image has another size.", "decode")
    return stored.reshape(shape)


def physical(stored: NDArray[Any], header: Dicom, dataset: Any) -> NDArray[Any]:
    """Return (frame, row, column) in the physical unit: uint8, int16, uint16 or float32.

    Colour becomes luminance. MONOCHROME1 is mirrored in the range of the stored type, but for HU, which are no shades.

    Raises:
        CohortError: `nonfinite`, of real numbers.
    """
    if header.coloured:
        grey = np.rint(stored.astype(np.float32) @ LUMINANCE)
        kinds = {1: np.uint8, 2: np.uint16}
        shades: NDArray[Any] = grey.astype(kinds.get(stored.dtype.itemsize, np.float32))
        return shades
    if header.floating:
        return _physical_numbers(stored, header)
    values = _used_bits(stored, header)
    if dataset is not None and "ModalityLUTSequence" in dataset and "RescaleSlope" not in dataset:
        return narrow(np.asarray(apply_modality_lut(values, dataset)))
    if header.photometric == "MONOCHROME1" and header.unit != "HU":
        end = -1 if header.signed else (1 << header.bits_stored) - 1
        values = end - values.astype(np.int64)
    slopes = {(plane.slope, plane.intercept) for plane in header.planes}
    if len(slopes) == 1:
        return _rescaled(values, *slopes.pop(), small=header.bits_stored <= 8 and not header.signed)
    slope, intercept = _rescale_by_frame(header, len(values))
    return narrow(values * slope + intercept)


def padding(stored: NDArray[Any], header: Dicom) -> NDArray[np.bool_] | None:
    """Return which pixels are padding, (frame, row, column); None where the header names no such value."""
    if header.padding is None:
        return None
    low, high = header.padding
    values = _used_bits(stored, header)
    filled: NDArray[np.bool_] = ((stored >= low) & (stored <= high)) | ((values >= low) & (values <= high))
    return filled


def background(values: NDArray[Any], filled: NDArray[np.bool_] | None, unit: str) -> tuple[NDArray[Any], float]:
    """Return one frame with the lowest of its values in place of padding, and how large a share of it that was.

    Where the header names no padding, values of no unit may tell it. That of CT stays where it is no brighter than air:
    its range is fixed, so it becomes black.
    """
    if filled is None and unit == "intensity" and values.dtype != np.uint8:
        filled = filling(values)
    if filled is None or not filled.any() or (unit == "HU" and values[filled].max() <= AIR_HU):
        return values, 0.0
    return without_padding(values, filled)


def _rescale_by_frame(header: Dicom, frames: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slope and intercept, (frame, 1, 1)."""
    planes = [header.plane(frame) for frame in range(frames)]
    rescale = np.array([(plane.slope, plane.intercept) for plane in planes], np.float64)  # (frame, 2)
    return rescale[:, :1, None], rescale[:, 1:, None]


def _real_numbers(dataset: Any, header: Dicom) -> NDArray[Any]:
    name = next(name for name, bits in codes.FLOATING.items() if bits == header.bits_allocated)
    content: bytes = value(dataset, name) or b""
    _require_length(header, len(content))
    kind = f"{'>' if header.syntax == codes.BIG_ENDIAN else '<'}f{header.bits_allocated // 8}"
    stored = np.frombuffer(content, kind, header.length * 8 // header.bits_allocated)
    return stored.reshape(header.frames, header.rows, header.columns)


def _physical_numbers(stored: NDArray[Any], header: Dicom) -> NDArray[Any]:
    slope, intercept = _rescale_by_frame(header, len(stored))
    with np.errstate(over="ignore", invalid="ignore"):
        values = stored.astype(np.float64) * slope + intercept
        wrong = values.size - int(np.count_nonzero(np.isfinite(values.astype(np.float32))))
    if wrong:
        raise CohortError(
            f"{wrong:,} pixels are not numbers.", do="Replace them by a value and import it again.", code="nonfinite"
        )
    return narrow(values)


def _rescaled(values: NDArray[Any], slope: float, intercept: float, *, small: bool) -> NDArray[Any]:
    if slope == 1 and intercept == 0 and small and values.max() < 256:
        return values.astype(np.uint8)
    if slope == 1 and intercept.is_integer():
        low, high = int(values.min()) + intercept, int(values.max()) + intercept
        if low >= -(2**15) and high < 2**15:
            return values.astype(np.int16) + np.int16(intercept) if abs(intercept) < 2**15 else narrow(
                values + intercept
            )  # fmt: skip
    return narrow(values.astype(np.float64) * slope + intercept)


def _used_bits(stored: NDArray[Any], header: Dicom) -> NDArray[Any]:
    """Return values without the bits above those that are stored: old files keep overlays there."""
    spare = header.bits_allocated - header.bits_stored
    if header.bits_allocated == 1 or spare == 0:
        return stored
    ends = (-(1 << header.bits_stored - 1), (1 << header.bits_stored - 1) - 1)
    low, high = ends if header.signed else (0, (1 << header.bits_stored) - 1)
    if stored.min() >= low and stored.max() <= high:
        return stored
    native = stored.astype(stored.dtype.newbyteorder("="))
    return (native << spare) >> spare if header.signed else native & high


def _require_length(header: Dicom, held: int) -> None:
    if held < header.length:
        raise truncated(header.length, held)
    if held > header.length + max(1, header.length // LARGEST_PADDING):
        raise damaged(
            f"the header promises {header.length:,} bytes of image and {held:,} are there.", "dicom.attributes"
        )


def _checked_frames(pixels: bytes, header: Dicom, size: int) -> list[bytes]:
    if header.length > LARGEST_RATIO * size:
        raise bomb(size, header.length)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frames = list(generate_frames(pixels, number_of_frames=header.frames))
    except (ValueError, IndexError, struct.error) as error:
        raise damaged("the compressed image is damaged.", "dicom.parse") from error
    if len(frames) != header.frames:
        code = "truncated" if len(frames) < header.frames else "dicom.attributes"
        raise damaged(f"the header promises {header.frames} frames and {len(frames)} are there.", code)
    for frame in frames:
        if header.syntax == codes.RLE:
            _require_rle(frame, header)
        else:
            _require_codestream(frame, header)
    return frames


def _require_rle(frame: bytes, header: Dicom) -> None:
    """Refuse a frame that is not made of as many byte planes as the header promises."""
    if len(frame) < 64:
        raise truncated(64, len(frame))
    segments = struct.unpack("<L", frame[:4])[0]
    if segments != header.bits_allocated // 8 * header.samples:
        raise damaged(
            f"{segments} byte planes are there and the header promises {header.samples} x {header.bits_allocated} "
            "bits.",
            "dicom.attributes",
        )
    last = struct.unpack("<15L", frame[4:64])[segments - 1]
    if last >= len(frame):
        raise truncated(last, len(frame))


def _require_codestream(frame: bytes, header: Dicom) -> None:
    """Compare rows, columns, components and bits: where they differ, GDCM returns an image of neither."""
    try:
        described = codestream(frame)
    except struct.error as error:
        raise damaged("the compressed image ends in its header.", "truncated") from error
    if described is None:
        raise damaged("the compressed image has no beginning.", "dicom.parse")
    if not frame.rstrip(b"\0\xff").endswith(b"\xff\xd9"):
        raise damaged("the compressed image has no end.", "truncated")
    rows, columns, components, bits, signed = described
    if signed not in (None, header.signed):
        raise damaged(
            "the compressed image and the header disagree on whether values can be negative.", "dicom.attributes"
        )
    samples = header.samples
    if (rows, columns, components) != (header.rows, header.columns, samples) or bits > header.bits_allocated:
        raise damaged(
            f"the compressed image is {rows} x {columns} x {components} with {bits} bits, the header promises "
            f"{header.rows} x {header.columns} x {samples} with {header.bits_stored}.",
            "dicom.attributes",
        )


def _needs_gdcm(header: Dicom) -> bool:
    if header.syntax == codes.RLE:  # GDCM refuses damage of which pydicom makes wrong pixels
        return not header.coloured and header.bits_allocated <= 16
    return header.syntax not in {codes.JPEG_BASELINE, *codes.JPEG_2000}


def _by_pydicom(dataset: Any, header: Dicom) -> NDArray[Any]:
    """Return values as pydicom decodes them; colour spaces and palettes become red, green and blue."""
    if header.syntax in codes.HIGH_THROUGHPUT:
        dataset.file_meta.TransferSyntaxUID = UID(codes.HIGH_THROUGHPUT[header.syntax])
    try:
        pixels = pixel_array(dataset)
        if header.photometric == "PALETTE COLOR":
            pixels = apply_color_lut(pixels, dataset)[..., :3]
    except MemoryError:
        raise
    except Exception as error:  # its decoders raise whatever the plug-ins below them do
        raise damaged(f"the image cannot be decoded ({type(error).__name__}).", "decode") from error
    return pixels


def _by_gdcm(frame: bytes, header: Dicom, folder: Path) -> NDArray[Any]:
    """Return stored values of one frame, from a file that holds nothing but it."""
    import SimpleITK  # half a second that most cohorts do not need

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(header.syntax)
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    path = folder / "frame.dcm"
    alone = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    alone.SOPClassUID, alone.SOPInstanceUID = SecondaryCaptureImageStorage, "1.2.3"
    alone.SamplesPerPixel = header.samples
    alone.PhotometricInterpretation = "RGB" if header.samples == 3 else "MONOCHROME2"
    if header.samples == 3:
        alone.PlanarConfiguration = 0
    alone.Rows, alone.Columns = header.rows, header.columns
    alone.BitsAllocated, alone.BitsStored = header.bits_allocated, header.bits_stored
    alone.HighBit, alone.PixelRepresentation = header.bits_stored - 1, int(header.signed)
    alone.PixelData = encapsulate([frame])
    alone["PixelData"].is_undefined_length = True
    alone.save_as(path)
    itk: Any = SimpleITK  # half of its functions carry no types
    try:
        image = itk.ReadImage(str(path), imageIO="GDCMImageIO")
    except RuntimeError as error:
        if "allocat" in str(error):
            raise MemoryError from error
        raise damaged("the image library cannot decode it.", "decode") from error
    if image.GetSize()[:2] != (header.columns, header.rows):
        raise damaged("the decoded image has another size.", "decode")
    return np.array(itk.GetArrayViewFromImage(image))
