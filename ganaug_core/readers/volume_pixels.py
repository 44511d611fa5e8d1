"""NIfTI, NRRD and MetaImage in the decoder's process: checked, decoded by SimpleITK, turned to the body's axes.

ITK fills what is missing with zeros and turns what is not a number into 0, so it is given a complete, uncompressed
file of our own, and numbers are checked before it sees them.
"""

import gzip
import zlib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from ganaug_core.config.importing import Choices
from ganaug_core.errors import CohortError
from ganaug_core.readers import nifti_forms, private_copies, resampling
from ganaug_core.readers.meta_header import is_meta, meta
from ganaug_core.readers.nifti_header import SECOND_LENGTH, Nifti, nifti, nifti_holds
from ganaug_core.readers.nrrd_header import nrrd
from ganaug_core.readers.refusals import LARGEST_RATIO, bomb, damaged
from ganaug_core.readers.value_types import filling, narrow, without_padding
from ganaug_core.readers.volume_header import HARMLESS_LENGTH, LONGEST_HEADER, Volume, voxels

itk: Any = SimpleITK  # half of its functions carry no types
HOUNSFIELD_BELOW = -500
"""These formats do not name their unit. Only HU has many values as low as this: lung is about -800, air -1000."""
LEAST_BELOW = 0.0001
"""Share of a volume's voxels; fewer are no air but lone extreme values."""
LOWEST_HU, PADDINGS, MOST_LOWER = -1200, 3, 0.01
"""CT ends at -1024 but for noise and padding, of a few values and what resampling made of them; phase images do not."""
BALANCED_ENDS, MOST_LOOKED_AT = 0.1, 1_000_000
DIRECTIONS = "ITK only supports orthonormal direction cosines"
SAME_GRID = 0.01
"""Of the voxel spacing: how far a mask may lie from its image."""


@dataclass(frozen=True)
class Read:
    """A decoded volume: ITK's image, the SHA-256 of its file, names of what its header holds beside the geometry.

    `colour` says that the file is in colour and the image its luminance; `forms` in what its two descriptions of how it
    lies in the body differ.
    """

    image: Any
    digest: str
    dropped: tuple[str, ...]
    colour: bool = False
    forms: str | None = None


def kind_of(start: bytes) -> str | None:
    """Return `nifti`, `nrrd` or `meta` of a file that starts so, None for anything else."""
    if start[:2] == b"\x1f\x8b" or start[344:348] in (b"n+1\0", b"ni1\0") or start[4:8] in (b"n+2\0", b"ni2\0"):
        return "nifti"
    return "nrrd" if start.startswith(b"NRRD000") else "meta" if is_meta(start) else None


def slices(
    path: Path, kind: str, mask: Path | None, choices: Choices, folder: Path
) -> tuple[list[NDArray[Any]], dict[str, Any]]:
    """Return the chosen slices (row, column) and the facts of one volume.

    Facts: `digest`, `count` of slices, `index` and `spacing_mm` of each chosen one, `empty` constant ones that were
    left out, `hounsfield`, `forms` as in `Read`, `dropped`; `masks` says that the slices are followed by their masks,
    and `unused` why a mask that nothing depends on is not used.

    Raises:
        CohortError: See the headers; `nonfinite`, `decode`, `mask`, `mask.geometry`, `mask.type` or `mask.empty`.
    """
    volume = _read(path, kind, folder, choices.volume)
    planes, spacing, axis = _planes(volume.image, choices.plane)
    values = narrow(planes)
    if len(values) > 1 and mask is None and _has_two_values(values):
        raise CohortError(
            "all its voxels have one of two values, as those of a mask have.",
            do="Name it like its image with _mask, to use it as one; or save its slices as PNG, if they are images.",
            code="mask",
        )
    hounsfield = is_hounsfield(values)
    padded = None if hounsfield or values.dtype == np.uint8 else filling(values)
    if padded is not None:
        values, _ = without_padding(values, padded)
    masks, unused = _mask_or_why(mask, volume.image, choices, axis, folder) if mask else (None, None)
    rows = resampling.chosen(masks, len(values), choices)
    if masks is not None and choices.needs_mask and not rows:
        raise CohortError("its mask is empty.", do="Leave it out, or choose all slices.", code="mask.empty")
    facts: dict[str, Any] = {"digest": volume.digest, "count": len(values), "index": [], "spacing_mm": [], "empty": 0,
                             "hounsfield": hounsfield, "padding": [], "forms": volume.forms,
                             "dropped": volume.dropped, "masks": masks is not None,
                             "unused": unused, "colour": volume.colour}  # fmt: skip
    placed, placed_masks = [], []
    for row in rows:
        if values[row].min() == values[row].max():
            facts["empty"] += 1
            continue
        plane, placed_spacing = resampling.placed(values[row], spacing, None if masks is None else masks[row], choices)
        placed.append(plane)
        if masks is not None:
            placed_masks.append(resampling.placed_mask(masks[row], spacing, choices))
        facts["index"].append(row)
        facts["spacing_mm"].append(placed_spacing)
        facts["padding"].append(0.0 if padded is None else float(padded[row].mean()))
    return placed + placed_masks, facts


def _read(path: Path, kind: str, folder: Path, number: int | None = None) -> Read:
    copy = folder / f"copy.{kind}"
    digest = private_copies.copied(path, copy)
    with copy.open("rb") as file:
        start = file.read(LONGEST_HEADER)
    if kind_of(start) != kind:
        raise CohortError(
            f"the content is not that of a {NAMES[kind]} file.",
            do="Look whether the name fits the content, or leave it out.",
            code="type",
        )
    if kind == "nifti":
        return _nifti(copy, digest, number)
    detached = path.suffix.casefold() in (".nhdr", ".mhd")
    header = (nrrd if kind == "nrrd" else meta)(start, detached=detached)
    image, data_digest = _volume(header, path, copy, folder)
    digest = sha256((digest + data_digest).encode()).hexdigest() if data_digest else digest
    return Read(image, digest, header.dropped, header.channels > 1)


NAMES = {"dicom": "DICOM", "nifti": "NIfTI", "nrrd": "NRRD", "meta": "MetaImage"}


def _volume(header: Volume, path: Path, copy: Path, folder: Path) -> tuple[Any, str]:
    """Return the image, and the digest of the voxels where they have a file of their own."""
    digest = ""
    if header.data_file is None:
        content = copy.read_bytes()[header.at :]
    else:
        content = private_copies.content_of(path.with_name(header.data_file))
        digest = sha256(content).hexdigest()
    content = voxels(header, content)
    if header.channels > 1:
        content = luminance(np.frombuffer(content, np.uint8).reshape(-1, header.channels)).tobytes()
    if header.dtype.kind == "f":
        require_finite(np.frombuffer(content, header.dtype))
    whole = folder / ("whole.nrrd" if header.format == "nrrd" else "whole.mha")
    with private_copies.writing(whole) as file:
        file.write("\n".join(header.lines).encode("latin-1"))
        file.write(content)
    reader = "NrrdImageIO" if header.format == "nrrd" else "MetaImageIO"
    return _by_itk(whole, reader, header.format), digest


def luminance(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (n,) of red, green and blue (n, 3 or more), ITU-R BT.601, rounded as Pillow does for pictures."""
    weights = np.array([19595, 38470, 7471], np.uint32)  # of 65,536
    shades: NDArray[np.uint8] = ((colours[:, :3].astype(np.uint32) @ weights + 0x8000) >> 16).astype(np.uint8)
    return shades


def _nifti(copy: Path, digest: str, number: int | None) -> Read:
    start = _nifti_start(copy)
    header = nifti(start, number)
    plain = _uncompressed(copy, header)
    nifti_holds(header, plain.stat().st_size)
    if header.dtype.kind == "f":  # ITK turns what is not a number into 0
        count = header.length // header.dtype.itemsize
        require_finite(np.memmap(plain, header.dtype, "r", header.offset, (count,)))
    if header.rewritten is not None:
        plain = _alone(plain, header, header.rewritten)
    spans = ((240, 320), (320, 344), (508, 524)) if start[4:6] == b"n+" else ((148, 228), (228, 252), (328, 344))
    names = ("descrip", "aux_file", "intent_name")
    dropped = tuple(name for name, span in zip(names, spans, strict=True) if start[slice(*span)].strip(b"\0 "))
    image = _by_itk(plain, "NiftiImageIO", "nifti")
    image = image[:, :, :, 0] if image.GetDimension() == 4 else image
    flat = image.GetSize()[2] == 1
    forms = None if flat else nifti_forms.disagreement(header.rewritten or start, image.GetDirection())
    return Read(image, digest, dropped, header.channels > 1, forms)


def _alone(plain: Path, header: Nifti, rewritten: bytes) -> Path:
    """Return a NIfTI-1 file of the voxels that are taken, in grey."""
    alone = plain.with_name("alone.nii")
    content = np.memmap(plain, np.uint8, "r", header.offset, (header.length,))
    with private_copies.writing(alone) as file:
        file.write(rewritten)
        file.write((content if header.channels == 1 else luminance(content.reshape(-1, header.channels))).data)
    return alone


def _nifti_start(path: Path) -> bytes:
    with path.open("rb") as file:
        start = file.read(SECOND_LENGTH)
    if start[:2] != b"\x1f\x8b":
        return start
    try:
        with gzip.open(path) as file:
            return file.read(SECOND_LENGTH)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged_gzip() from error


def _uncompressed(path: Path, header: Nifti) -> Path:
    """Return the file, unpacked beside itself if it is gzip: ITK fills what is missing of a stream with zeros."""
    plain = path.with_name("plain.nii")
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return path.rename(plain)
    most = header.end + header.slice_length
    if header.whole > max(HARMLESS_LENGTH, LARGEST_RATIO * path.stat().st_size):
        raise bomb(path.stat().st_size, header.whole)
    written = 0
    try:
        with gzip.open(path) as source, private_copies.writing(plain) as copy:
            while written < most and (block := source.read(min(1 << 20, most - written))):
                written += copy.write(block)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged_gzip() from error
    return plain


def _damaged_gzip() -> CohortError:
    return damaged("the compressed file ends early or is damaged.", "truncated")


def _by_itk(path: Path, reader: str, name: str) -> Any:
    """Return the image as 3-D; the reader is named, because ITK would choose one by content."""
    try:
        image = itk.ReadImage(str(path), imageIO=reader)
    except RuntimeError as error:
        if "allocat" in str(error):
            raise MemoryError from error
        if DIRECTIONS in str(error):
            raise CohortError(
                "the axes of the volume are not perpendicular.",
                do="Resample it on a rectangular grid and import it again.",
                code=f"{name}.orientation",
            ) from error
        raise damaged("the image library cannot decode it.", "decode") from error
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise CohortError("voxels of several channels are not read.", do="Save one channel.", code=f"{name}.dims")
    return itk.JoinSeries([image]) if image.GetDimension() == 2 else image


def _planes(image: Any, plane: str) -> tuple[NDArray[Any], resampling.Spacing, int]:
    """Return (slice, row, column), row and column spacing, and the axis (0 = feet to head) across which they lie.

    Seen as radiologists do: axial with the front up and the left side right, from the feet upwards; the others with the
    head up.
    """
    # A picture has no third axis to turn to: a matrix of two axes says nothing of the body.
    turned = image if image.GetSize()[2] == 1 else itk.DICOMOrient(image, "LPS")
    values = itk.GetArrayFromImage(turned)
    x, y, z = turned.GetSpacing()
    widest = int(np.argmax((z, y, x)))
    axis = {"axial": 0, "coronal": 1, "sagittal": 2, "acquired": widest}[plane] if values.shape[0] > 1 else 0
    return _across(values, axis), ((y, x), (z, x), (z, y))[axis], axis


def _across(values: NDArray[Any], axis: int) -> NDArray[Any]:
    return values if axis == 0 else np.moveaxis(values[::-1], axis, 0)


def _mask_or_why(
    path: Path, image: Any, choices: Choices, axis: int, folder: Path
) -> tuple[NDArray[np.bool_] | None, str | None]:
    """Return the mask, or, where nothing depends on it, why it cannot be used; errors as in `_mask`."""
    try:
        return _mask(path, image, choices, axis, folder), None
    except CohortError as error:
        if choices.needs_mask or error.code == private_copies.DISK_FULL:
            raise
        return None, error.what


def _mask(path: Path, image: Any, choices: Choices, axis: int, folder: Path) -> NDArray[np.bool_]:
    """Return (slice, row, column), true inside the lesion.

    Raises:
        CohortError: See `_read`; `mask.geometry`, `mask.type`.
    """
    mask_folder = folder / "mask"
    mask_folder.mkdir()
    with path.open("rb") as file:
        kind = kind_of(file.read(352)) or "nifti"
    mask = _read(path, kind, mask_folder).image
    reach = SAME_GRID * min(image.GetSpacing())
    near = (
        mask.GetSize() == image.GetSize()
        and np.allclose(mask.GetOrigin(), image.GetOrigin(), atol=reach)
        and np.allclose(mask.GetSpacing(), image.GetSpacing(), rtol=0.001)
        and np.allclose(mask.GetDirection(), image.GetDirection(), atol=0.001)
    )
    if not near:
        raise CohortError(
            "its mask lies on another grid (size, spacing, origin or direction).",
            do="Resample the mask to the image and import both again.",
            code="mask.geometry",
        )
    turned = mask if mask.GetSize()[2] == 1 else itk.DICOMOrient(mask, "LPS")
    values = itk.GetArrayFromImage(turned)
    if values.dtype.kind == "f" and not np.array_equal(values, np.rint(values)):
        raise CohortError("its mask is not made of whole numbers.", do="Save a label map.", code="mask.type")
    inside: NDArray[np.bool_] = values != 0 if choices.mask_label is None else values == choices.mask_label
    return _across(inside, axis)


def is_hounsfield(values: NDArray[Any]) -> bool:
    """Return whether a volume that names no unit is CT: it has air or lung, and below the scale padding alone.

    Values that lie as far and as often below zero as above it are differences or parts of complex numbers.
    """
    air = np.count_nonzero((values < HOUNSFIELD_BELOW) & (values >= LOWEST_HU))
    if air < max(1, LEAST_BELOW * values.size):
        return False
    if _is_balanced(values):
        return False
    _, counts = np.unique(values[values < LOWEST_HU], return_counts=True)
    padding = np.sort(counts)[-PADDINGS:].sum()
    return bool(counts.sum() - padding <= MOST_LOWER * values.size)


def _is_balanced(values: NDArray[Any]) -> bool:
    few = values.reshape(-1)[:: max(1, values.size // MOST_LOOKED_AT)]
    low, high = np.percentile(few, [0.1, 99.9])
    below, above = np.count_nonzero(few < HOUNSFIELD_BELOW), np.count_nonzero(few > -HOUNSFIELD_BELOW)
    return bool(abs(low + high) <= BALANCED_ENDS * (high - low) and below <= 2 * above <= 4 * below)


def _has_two_values(values: NDArray[Any]) -> bool:
    low, high = values.min(), values.max()
    return bool(low < high and ((values == low) | (values == high)).all())


def require_finite(values: NDArray[Any]) -> None:
    """Refuse values that are not numbers.

    Raises:
        CohortError: `nonfinite`.
    """
    wrong = values.size - int(np.count_nonzero(np.isfinite(values)))
    if wrong:
        raise CohortError(
            f"{wrong:,} pixels are not numbers.", do="Replace them by a value and import it again.", code="nonfinite"
        )
