"""What a DICOM header says of its image: numbers and enumerations alone, checked before a pixel is touched.

Runs in the decoder's process. Nothing else of a header leaves it: no free text, no UID, no date. The one exception is
asked for: the patient ID, which the cohort turns into a number, and the value of one attribute of `LABEL_TAGS`.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

from pydicom.datadict import keyword_for_tag

from ganaug_core.errors import CohortError
from ganaug_core.readers import dicom_codes as codes
from ganaug_core.readers import dicom_suv
from ganaug_core.readers.dicom_values import numbers, text, value, whole
from ganaug_core.readers.refusals import LARGEST_SIDE, damaged, require_memory

MOST_FRAMES = 100_000


@dataclass(frozen=True)
class Plane:
    """What may differ from frame to frame of one file.

    Attributes:
        slope, intercept: Stored value to physical unit.
        spacing_mm: Row and column spacing, None where unknown.
        orientation: Directions of a row and of a column in patient coordinates (6), None where unknown.
        position: Of the first pixel, mm in patient coordinates (3), None where unknown.
    """

    slope: float
    intercept: float
    spacing_mm: tuple[float, float] | None
    orientation: tuple[float, ...] | None
    position: tuple[float, ...] | None


@dataclass(frozen=True)
class Dicom:
    """The facts of one file.

    Attributes:
        rows, columns, samples, frames: Size of the image; 3 samples in colour.
        bits_allocated, bits_stored, signed: Type of the stored values; `floating` where they are real numbers.
        photometric: For instance `MONOCHROME1` (low values are white), `MONOCHROME2`, `RGB`, `PALETTE COLOR`.
        syntax: UID of the transfer syntax, one of `dicom_codes`.
        planes: One for all frames, or one a frame.
        unit: `HU` for CT with a rescale, `g/mL` for PET in SUV, `Gy`, `Bq/mL` and others where the header names them,
            or `intensity`.
        instance: Number within the series, None where unknown.
        series: SHA-256 of the series UID, 12 digits; of the frame of reference UID where anonymisation has emptied
            the former; None where there is neither.
        patient: Patient ID, None where empty.
        modality: Code of the modality, None where it is none that DICOM knows.
        text_risk: Why burned-in text is likely, one of `dicom_codes.TEXT_RISKS`, else None.
        label: Value of the attribute that was asked for, None where it is empty or none was.
        dropped: Keywords of everything else that the header holds.
        padding: Lowest and highest stored value that is no pixel but fills the space around the image, None where the
            header names none.
        synthetic: The header says that the image was drawn by a program.
    """

    rows: int
    columns: int
    samples: int
    frames: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    photometric: str
    syntax: str
    planes: tuple[Plane, ...]
    unit: str
    instance: int | None
    series: str | None
    patient: str | None
    modality: str | None
    text_risk: str | None
    label: str | None
    dropped: tuple[str, ...]
    floating: bool = False
    padding: tuple[int, int] | None = None
    synthetic: bool = False

    @property
    def length(self) -> int:
        """Bytes of the stored pixels of all frames, without padding."""
        samples = 2 if self.photometric == "YBR_FULL_422" and self.syntax in codes.NATIVE else self.samples
        return (self.rows * self.columns * samples * self.bits_allocated * self.frames + 7) // 8

    @property
    def coloured(self) -> bool:
        """The decoded image has red, green and blue."""
        return self.samples == 3 or self.photometric == "PALETTE COLOR"

    def plane(self, frame: int) -> Plane:
        """Return what holds for a frame."""
        return self.planes[min(frame, len(self.planes) - 1)]


def facts(dataset: Any, label_tag: str | None = None, *, at_once: bool = True) -> Dicom:
    """Return the facts of pydicom's `dataset`; `at_once` says that all frames must fit into the memory together.

    Raises:
        CohortError: `dicom.parse`, `.syntax`, `.attributes`, `.colour`, `.bits`, `.spacing`, `.orientation`,
            `.rescale`, or `too_big`.
    """
    syntax = text(dataset.file_meta, "TransferSyntaxUID")
    if not syntax:
        raise damaged("the file names no transfer syntax.", "dicom.parse")
    modality = text(dataset, "Modality")
    modality = modality if modality in codes.MODALITIES else ""
    if syntax not in codes.SYNTAXES:
        named = syntax if syntax.replace(".", "").isdecimal() and len(syntax) <= 64 else "unnamed"
        raise CohortError(f"the compression {named} is not read.", do=codes.CONVERT, code="dicom.syntax")
    rows, columns = whole(dataset, "Rows"), whole(dataset, "Columns")
    floating = next((bits for name, bits in codes.FLOATING.items() if name in dataset), 0)
    allocated = whole(dataset, "BitsAllocated", floating or None)
    stored = floating or whole(dataset, "BitsStored")
    frames, samples = whole(dataset, "NumberOfFrames", 1), whole(dataset, "SamplesPerPixel", 1)
    signed = 1 if floating else whole(dataset, "PixelRepresentation")
    if not (0 < rows <= LARGEST_SIDE and 0 < columns <= LARGEST_SIDE and 0 < stored <= allocated and signed in (0, 1)):
        raise damaged(
            f"an image of {rows} x {columns} pixels with {stored} of {allocated} bits cannot be.", "dicom.attributes"
        )
    if not 0 < frames <= MOST_FRAMES:
        raise damaged(f"an image of {frames} frames cannot be.", "dicom.attributes")
    photometric = text(dataset, "PhotometricInterpretation")
    if floating:
        _require_floating(photometric, samples, allocated, floating, syntax)
    else:
        _require_kind(dataset, photometric, samples=samples, allocated=allocated, stored=stored, syntax=syntax)
    if at_once:
        require_memory(rows * columns * frames * 4)
    planes, is_rescaled = _planes(dataset, frames)
    unit = _unit(dataset, modality, is_rescaled)
    if unit == "Bq/mL" and (factor := dicom_suv.factor(dataset)) is not None:
        planes = tuple(
            replace(plane, slope=plane.slope * factor, intercept=plane.intercept * factor) for plane in planes
        )
        unit = dicom_suv.UNIT
    return Dicom(
        rows,
        columns,
        samples,
        frames,
        allocated,
        stored,
        bool(signed),
        photometric,
        syntax,
        planes,
        unit,
        whole(dataset, "InstanceNumber", -1) if text(dataset, "InstanceNumber") else None,
        _series(dataset),
        text(dataset, "PatientID") or None,
        modality or None,
        _text_risk(dataset, modality),
        _label(dataset, label_tag) if label_tag else None,
        _dropped(tuple(dataset.keys()), any(dataset.preamble or b"")),
        bool(floating),
        _padding(dataset, bool(signed)) if samples == 1 and not floating else None,
        text(dataset, "SyntheticData") == "YES",
    )


def no_image(dataset: Any) -> CohortError:
    """The refusal of a report, a plan, a directory: DICOM without pixels."""
    if text(dataset.file_meta, "MediaStorageSOPClassUID") == codes.DIRECTORY:
        what = "it is the directory of a DICOM medium; the images that it lists are read from their own files."
        return CohortError(what, do="Nothing to do.", code="dicom.no_image")
    modality = text(dataset, "Modality")
    kind = f"modality {modality}" if modality in codes.MODALITIES else "no modality"
    return CohortError(f"the file holds no image ({kind}).", do="Leave it out.", code="dicom.no_image")


def _require_kind(dataset: Any, photometric: str, *, samples: int, allocated: int, stored: int, syntax: str) -> None:
    """Refuse what no decoder here reads right."""
    if codes.SAMPLES.get(photometric) != samples:
        kind = photometric if photometric in codes.SAMPLES else "an unknown colour model"
        raise CohortError(
            f"{samples} values a pixel in {kind} are not read.", do="Leave it out, or export it as PNG.",
            code="dicom.colour",
        )  # fmt: skip
    grey = photometric.startswith("MONOCHROME")
    widths: tuple[int, ...] = (
        (1, 8, 16, 32) if grey and syntax in codes.NATIVE | {codes.RLE, codes.DEFLATED} else (8, 16)
    )
    if samples == 3 and syntax == codes.RLE:
        widths = (8, 16, 32)
    if allocated not in widths or whole(dataset, "HighBit", stored - 1) != stored - 1:
        raise CohortError(
            f"{stored} bits stored in {allocated} are not read: decoders disagree on what such files show.",
            do="Export the image with 8 or 16 bits.",
            code="dicom.bits",
        )


def _require_floating(photometric: str, samples: int, allocated: int, floating: int, syntax: str) -> None:
    """Refuse real numbers in a form that the standard does not have."""
    if (photometric, samples, allocated) != ("MONOCHROME2", 1, floating) or syntax not in codes.NATIVE:
        raise CohortError(
            "floating-point pixels that are compressed, or no grey values of 32 or 64 bits, are not read.",
            do="Save the image as NIfTI or NRRD.",
            code="dicom.bits",
        )


def _planes(dataset: Any, frames: int) -> tuple[tuple[Plane, ...], bool]:
    """Return what holds for all frames or for each, and whether slope and intercept are given."""
    per_frame = value(dataset, "PerFrameFunctionalGroupsSequence") or ()
    shared = value(dataset, "SharedFunctionalGroupsSequence") or ()
    if per_frame and len(per_frame) < frames:
        raise damaged(f"{len(per_frame)} frames are described and {frames} promised.", "dicom.attributes")
    planes = [
        _plane(_Groups(dataset, [*per_frame[frame : frame + 1], *shared[:1]])) for frame in range(len(per_frame) or 1)
    ]
    return tuple(plane for plane, _ in planes), all(is_rescaled for _, is_rescaled in planes)


@dataclass(frozen=True)
class _Groups:
    """A dataset whose attributes may lie in the functional groups of enhanced DICOM, the frame's own first."""

    dataset: Any
    groups: list[Any]

    def holder(self, sequence: str, keyword: str) -> Any:
        for group in self.groups:
            items = value(group, sequence)
            if items and keyword in items[0]:
                return items[0]
        return self.dataset


def _plane(groups: _Groups) -> tuple[Plane, bool]:
    holder = groups.holder("PixelValueTransformationSequence", "RescaleSlope")
    slope = numbers(holder, "RescaleSlope", 1, "dicom.rescale")
    intercept = numbers(holder, "RescaleIntercept", 1, "dicom.rescale")
    if text(groups.dataset, "Modality") == "RTDOSE":
        slope = numbers(groups.dataset, "DoseGridScaling", 1, "dicom.rescale") or slope
    if slope is not None and not 0 < abs(slope[0]) < 1e6:
        raise damaged(f"a rescale slope of {slope[0]:g} is not usable.", "dicom.rescale")
    if intercept is not None and abs(intercept[0]) > 1e9:
        raise damaged(f"a rescale intercept of {intercept[0]:g} is not usable.", "dicom.rescale")
    # "US" is "unspecified"; other types, such as "MGML" of a spectral scan, are not HU.
    is_rescaled = slope is not None and intercept is not None and text(holder, "RescaleType") in ("", "HU", "US")
    plane = Plane(
        (slope or (1.0,))[0],
        (intercept or (0.0,))[0],
        _spacing(groups),
        _orientation(groups),
        numbers(groups.holder("PlanePositionSequence", codes.POSITION), codes.POSITION, 3, "dicom.orientation"),
    )
    return plane, is_rescaled


def _unit(dataset: Any, modality: str, is_rescaled: bool) -> str:
    if modality == "CT" and is_rescaled:
        return "HU"
    if modality == "RTDOSE" and text(dataset, "DoseUnits") == "GY":
        return "Gy"
    if modality != "PT":
        return "intensity"
    unit, by = codes.PET_UNITS.get(text(dataset, "Units"), "intensity"), text(dataset, "SUVType")
    return f"{unit} by {codes.SUV_TYPES[by]}" if by in codes.SUV_TYPES else unit


def _padding(dataset: Any, signed: bool) -> tuple[int, int] | None:
    """Return the values of padding with the sign that the pixels have: its own type is wrong in many files."""
    ends = []
    for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit"):
        content = value(dataset, keyword)
        if isinstance(content, bytes):  # implicit types leave the sign open
            content = int.from_bytes(content, "little") if len(content) == 2 else None
        if isinstance(content, int):
            bits = content & 0xFFFF
            ends.append(bits - (1 << 16) if signed and bits >> 15 else bits)
        elif keyword == "PixelPaddingValue":
            return None
    return min(ends), max(ends)


def _series(dataset: Any) -> str | None:
    uid = text(dataset, "SeriesInstanceUID") or text(dataset, "FrameOfReferenceUID")
    return sha256(uid.encode()).hexdigest()[:12] if uid else None


def _spacing(groups: _Groups) -> tuple[float, float] | None:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        spacing = numbers(groups.holder("PixelMeasuresSequence", keyword), keyword, 2, "dicom.spacing")
        if spacing is None:
            continue
        if not all(0 < distance < 1000 for distance in spacing):
            raise damaged(f"a pixel spacing of {spacing} mm cannot be.", "dicom.spacing")
        return spacing[0], spacing[1]
    return None


def _orientation(groups: _Groups) -> tuple[float, ...] | None:
    holder = groups.holder("PlaneOrientationSequence", codes.ORIENTATION)
    orientation = numbers(holder, codes.ORIENTATION, 6, "dicom.orientation")
    if orientation is None:
        return None
    row, column = orientation[:3], orientation[3:]
    if not (_near(row, row, 1) and _near(column, column, 1) and _near(row, column, 0)):
        raise damaged("the directions of rows and columns are not perpendicular and of length 1.", "dicom.orientation")
    return orientation


def _near(one: tuple[float, ...], other: tuple[float, ...], product: float) -> bool:
    """Whether the scalar product is this one, within a hundredth."""
    return abs(sum(x * y for x, y in zip(one, other, strict=True)) - product) <= 0.01


def _text_risk(dataset: Any, modality: str) -> str | None:
    """Say why the header makes burned-in text likely: tags lie or are missing, so several count."""
    burned = text(dataset, "BurnedInAnnotation")
    if burned == "YES":
        return codes.TEXT_RISKS["tag"]
    if burned == "NO" and text(dataset, "SyntheticData") == "YES":
        return None  # no screen was captured: a program drew the pixels
    if text(dataset, "SOPClassUID").startswith(codes.SECONDARY_CAPTURE):
        return codes.TEXT_RISKS["capture"]
    if modality in ("US", "IVUS"):
        return codes.TEXT_RISKS["ultrasound"]
    if modality == "OT":
        return codes.TEXT_RISKS["other"]
    return codes.TEXT_RISKS["radiograph"] if modality in ("CR", "DX", "MG") and not burned else None


def _label(dataset: Any, keyword: str) -> str | None:
    content = value(dataset, keyword)
    if content is None or isinstance(content, bytes):
        return None
    words = content if isinstance(content, list | tuple) or type(content).__name__ == "MultiValue" else [content]
    shown = " ".join("".join(sign if sign.isprintable() else " " for sign in " ".join(map(str, words))).split())
    return shown[:64] or None


@lru_cache(maxsize=512)
def _dropped(tags: tuple[Any, ...], preamble: bool) -> tuple[str, ...]:
    """Name what is not kept, without a value; headers of one scanner share their tags, so it is remembered."""
    names = {
        "private attribute" if tag.is_private else keyword_for_tag(tag) or "unknown attribute"
        for tag in tags
    }  # fmt: skip
    return tuple(sorted(names - codes.KEPT) + (["preamble"] if preamble else []))
