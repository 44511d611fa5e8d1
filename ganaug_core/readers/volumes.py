"""DICOM, NIfTI, NRRD and MetaImage as 2-D slices: CT in HU, everything else in its own unit."""

import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from ganaug_core.config.importing import Choices
from ganaug_core.interfaces import Report, silent
from ganaug_core.readers import series
from ganaug_core.readers.burned_in import LINE
from ganaug_core.readers.dicom_mask_series import MaskFile, chosen, read_masks
from ganaug_core.readers.guarded_decoding import Decoded, Decoders, FileRequest
from ganaug_core.readers.series import Member
from ganaug_core.records import Pixels, Skipped, Slice

SUFFIXES = {".nii": "nifti", ".nii.gz": "nifti", ".nrrd": "nrrd", ".nhdr": "nrrd", ".mha": "meta", ".mhd": "meta"}
Named = tuple[Path, str, str | None]
FILES_A_REQUEST = 16
PIXELS_A_REQUEST = FILES_A_REQUEST << 18
"""Of slices of 512 x 512."""


def kind_of(name: str) -> str:
    """Return `nifti`, `nrrd` or `meta` by the end of a file's name; everything else can only be `dicom`."""
    return next((kind for suffix, kind in SUFFIXES.items() if name.casefold().endswith(suffix)), "dicom")


def read(
    files: Sequence[Named],
    choices: Choices | None = None,
    masks: dict[str, Path] | None = None,
    report: Report = silent,
) -> Iterator[Slice | Skipped]:
    """Yield the slices of volumes, then those of DICOM files, series by series in the order of position.

    Args:
        files: Path, name relative to the source, and class name or None, of each file.
        masks: The mask of each volume that has one, by the volume's name.
        report: Told how many headers were read.

    Yields:
        `Slice` with pixels (1, row, column), uint8, int16 or uint16 where all values are whole and fit, otherwise
        float32; or `Skipped`.

    Raises:
        WorkspaceError: The decoder does not start, or there is no room for the copies.
    """
    choices, masks = choices or Choices(), masks or {}
    volumes = [file for file in files if kind_of(file[1]) != "dicom"]
    dicom = [file for file in files if kind_of(file[1]) == "dicom"]
    with Decoders(choices, len(dicom) + 8 * len(volumes)) as decoders:
        yield from _read_volumes(volumes, choices, masks, decoders)
        members, mask_files = yield from _read_headers(dicom, decoders, report)
        yield from _read_series(members, mask_files, choices, decoders)


def _read_volumes(
    files: Sequence[Named], choices: Choices, masks: dict[str, Path], decoders: Decoders
) -> Iterator[Slice | Skipped]:
    readable = []
    for path, name, label in files:
        if choices.needs_mask and name not in masks:
            yield _no_mask(name)
        else:
            readable.append((path, name, label))
    requests = ([FileRequest(path, name, kind_of(name), mask=masks.get(name))] for path, name, _ in readable)
    for file, volume in zip(readable, decoders.read(requests), strict=True):
        yield from _volume_slices(file, volume)


def _read_headers(
    files: Sequence[Named], decoders: Decoders, report: Report
) -> Generator[Skipped, None, tuple[list[Member], list[MaskFile]]]:
    """Return the images and the masks among DICOM files; yield those that are neither."""
    members: list[Member] = []
    mask_files: list[MaskFile] = []
    headers = decoders.read(_batches(FileRequest(path, name, header_only=True) for path, name, _ in files))
    for number, (file, header) in enumerate(zip(files, headers, strict=True), start=1):
        if isinstance(header, Skipped):
            yield header
        elif "mask" in header.facts:
            mask_files.append(MaskFile(file[0], file[1], tuple(header.facts["mask"])))
        else:
            members.append(_member(file, header.facts))
        if number % 50 == 0:
            report(number / len(files), f"{number:,} of {len(files):,} headers read")
    return members, mask_files


def _read_series(
    members: Sequence[Member], mask_files: Sequence[MaskFile], choices: Choices, decoders: Decoders
) -> Iterator[Slice | Skipped]:
    all_series: list[list[Member]] = []
    for unordered in _by_series(members).values():
        slices, localisers = series.without_localisers(unordered)
        yield from localisers
        yield from series.notices(slices)
        all_series.append(series.in_order(slices))
    all_masks = yield from read_masks(all_series, mask_files, decoders)
    images: list[tuple[Member, dict[str, str] | None]] = []
    for slices, masks in zip(all_series, all_masks, strict=True):
        if choices.needs_mask and masks is None:
            yield from (_no_mask(member.name) for member in slices)
        else:
            images += chosen(slices, masks, choices)
    requests = (
        FileRequest(member.path, member.name, earlier_header=member.facts, packed_masks=packed_masks)
        for member, packed_masks in images
    )
    for (member, _), image in zip(images, decoders.read(_batches(requests)), strict=True):
        yield from _dicom_slices(member, image, choices)


def _batches(files: Iterable[FileRequest]) -> Iterator[list[FileRequest]]:
    """Cut work into requests of several files: to wait for a turn costs as much as a slice. Large images go alone."""
    batch: list[FileRequest] = []
    pixels = 0
    for file in files:
        header = file.earlier_header
        size = math.prod(header[key] for key in ("rows", "columns", "frames")) if header else 0
        if batch and (len(batch) == FILES_A_REQUEST or pixels + size > PIXELS_A_REQUEST):
            yield batch
            batch, pixels = [], 0
        batch.append(file)
        pixels += size
    if batch:
        yield batch


def _no_mask(name: str) -> Skipped:
    say = f"{name}: it has no mask, and slices around the lesion were asked for."
    do = "Name the mask like the image with _mask or _label (DICOM: put its SEG or RTSTRUCT there), or take all slices."
    return Skipped(name, "mask.missing", say, do)


def _member(file: Named, facts: dict[str, Any]) -> Member:
    path, name, label = file
    facts["dropped"] = _same(tuple(facts["dropped"]))
    return Member(path, name, label, _volume_name(facts, name), facts)


_SHARED_NAMES: dict[tuple[str, ...], tuple[str, ...]] = {}


def _same(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return one tuple for equal ones: each of 20,000 headers drops the same eighty attributes."""
    if len(_SHARED_NAMES) > 10_000:
        _SHARED_NAMES.clear()
    return _SHARED_NAMES.setdefault(names, names)


def _volume_name(facts: dict[str, Any], name: str) -> str | None:
    """Return the series; the folder for slices of a body from which anonymisation took patient and series alike.

    Neighbouring slices are nearly one image, so they must stay together when the cohort is split.
    """
    if facts["series"] is None and facts["patient"] is None and facts["planes"][0]["position"] is not None:
        return sha256(str(Path(name).parent).encode()).hexdigest()[:12]
    if facts["series"] is None and facts["frames"] > 1:
        return sha256(name.encode()).hexdigest()[:12]
    series_digest: str | None = facts["series"]
    return series_digest


def _by_series(members: Sequence[Member]) -> dict[str, list[Member]]:
    """Return files by series; a file of several frames, or of no series, is one of its own."""
    by_series: dict[str, list[Member]] = {}
    for number, member in enumerate(members):
        alone = member.volume is None or member.facts["frames"] > 1
        by_series.setdefault(f"alone {number}" if alone else str(member.volume), []).append(member)
    return by_series


def _dicom_slices(member: Member, image: Decoded | Skipped, choices: Choices) -> Iterator[Slice | Skipped]:
    if isinstance(image, Skipped):
        yield image
        return
    facts, name = member.facts, member.name
    label = facts["label"] if choices.label_tag else member.label
    if choices.label_tag and label is None:
        say = f"{name}: its header has no {choices.label_tag}, which names the class."
        yield Skipped(name, "no_label", say, "Fill it in, or take the classes from folders or a table.")
        return
    if image.facts["empty"]:
        yield _empty(name, image.facts["empty"], image.facts["count"])
    columns = (image.facts[key] for key in ("index", "spacing_mm", "text", "padding"))
    for index, spacing, has_text, padding, pixels, mask in zip(*columns, *_with_masks(image), strict=True):
        yield Slice(
            pixels=pixels[None],
            source=f"{name}:{index}" if facts["frames"] > 1 else name,
            label=label,
            patient=facts["patient"],
            volume=member.volume,
            unit=facts["unit"],
            padding=padding,
            spacing_mm=_pair(spacing),
            colour=facts["samples"] == 3 or facts["photometric"] == "PALETTE COLOR",
            modality=facts["modality"],
            text_risk=facts["text_risk"] or (LINE if has_text else None),
            dropped=facts["dropped"],
            mask=mask,
            synthetic=facts["synthetic"],
        )


def _volume_slices(file: Named, volume: Decoded | Skipped) -> Iterator[Slice | Skipped]:
    """Yield the slices of one volume, and one entry for all constant ones."""
    if isinstance(volume, Skipped):
        yield volume
        return
    _, name, label = file
    facts = volume.facts
    is_hounsfield = facts["hounsfield"]
    planes, masks = _with_masks(volume)
    columns = (facts[key] for key in ("index", "spacing_mm", "padding"))
    for index, spacing, padding, pixels, mask in zip(*columns, planes, masks, strict=True):
        yield Slice(
            pixels=pixels[None],
            source=f"{name}:{index}",
            label=label,
            volume=facts["digest"][:12],
            unit="HU" if is_hounsfield else "intensity",
            unit_guessed=is_hounsfield,
            padding=padding,
            spacing_mm=_pair(spacing),
            colour=facts["colour"],
            modality="CT" if is_hounsfield else None,
            dropped=_same(tuple(facts["dropped"])),
            mask=mask,
        )
    if facts["forms"]:
        say = f"{name}: {facts['forms']} Its slices are used all the same."
        yield Skipped(name, "series.forms", say, "Look whether they show the plane that they should.")
    if facts["unused"]:
        yield masks_unused(name, facts["unused"])
    if facts["empty"]:
        yield _empty(name, facts["empty"], facts["count"])


def _with_masks(decoded: Decoded) -> tuple[Sequence[Pixels], Sequence[Pixels | None]]:
    """Return the slices and their masks, which lie behind them where there are some."""
    count = len(decoded.facts["index"])
    if not decoded.facts["masks"]:
        return decoded.slices, [None] * count
    return decoded.slices[:count], [mask.astype(np.uint8) for mask in decoded.slices[count:]]


def masks_unused(name: str, why: str) -> Skipped:
    """The notice of an image that is used without its mask."""
    say = f"{name}: it is used without its mask: {why}"
    return Skipped(name, "mask", say, "Draw the mask on the image's own grid, if a region of it is to be looked at.")


def _empty(name: str, empty: int, count: int) -> Skipped:
    if count == 1:
        return Skipped(name, "constant", f"{name}: every pixel has the same value.", "Leave it out.")
    say = f"{name}: {empty} of {count} slices are empty (every pixel has the same value)."
    return Skipped(name, "constant", say, "Nothing, if the volume is meant to have an empty margin.")


def _pair(spacing: Sequence[float] | None) -> tuple[float, float] | None:
    return None if spacing is None else (float(spacing[0]), float(spacing[1]))
