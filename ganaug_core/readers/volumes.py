"""DICOM and NIfTI as 2-D slices: CT in HU, everything else in its own unit.

A slice is an image of its own here, so a series with gaps, a tilted gantry or two orientations is read all the same;
what is odd about it is logged. No volume is built from it.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.readers.guarded import Decoder, changed
from ganaug_core.records import Skipped, Slice

logger = logging.getLogger(__name__)

NIFTI_SUFFIXES = (".nii", ".nii.gz")
HOUNSFIELD_BELOW = -500
"""A NIfTI file does not name its unit. Only HU has values as low as this: air is -1000."""
SAME_DIRECTION = 1e-3
SAME_GAP = 0.01
"""Share of the median gap."""


@dataclass(frozen=True)
class _File:
    path: Path
    name: str
    label: str | None
    volume: str | None
    digest: str
    facts: dict[str, Any]


def read(files: Sequence[tuple[Path, str, str | None]]) -> Iterator[Slice | Skipped]:
    """Yield the slices of DICOM and NIfTI files (`.nii`, `.nii.gz`), series by series in the order of position.

    Args:
        files: Path, name relative to the source, and class name or None, of each file.

    Yields:
        `Slice` with pixels (1, row, column), int16 where all values are whole and fit, otherwise float32; or `Skipped`.

    Raises:
        WorkspaceError: The decoder does not start, or there is no room for the copies.
    """
    series: dict[str, list[_File]] = {}
    with Decoder() as decoder:
        for path, name, label in files:
            if name.lower().endswith(NIFTI_SUFFIXES):
                yield from _volume(decoder, path, name, label)
                continue
            header = decoder.header(path, name, "dicom")
            if isinstance(header, Skipped):
                yield header
                continue
            volume = _volume_name(header.facts, name)
            key = volume or f"alone {len(series)}"
            series.setdefault(key, []).append(_File(path, name, label, volume, header.digest, header.facts))
        for members in series.values():
            for breach in breaches([file.facts for file in members]):
                logger.warning("Series of %s (%d files): %s", members[0].name, len(members), breach)
            for file in in_order(members):
                yield _dicom_slice(decoder, file)


def _volume_name(facts: dict[str, Any], name: str) -> str | None:
    """Return the series; the folder for slices of a body from which anonymisation took patient and series alike.

    Neighbouring slices are nearly one image, so they must stay together when the cohort is split.
    """
    if facts["series"] is None and facts["patient"] is None and facts["position"] is not None:
        return sha256(str(Path(name).parent).encode()).hexdigest()[:12]
    series: str | None = facts["series"]
    return series


def _dicom_slice(decoder: Decoder, file: _File) -> Slice | Skipped:
    image = decoder.image(file.path, file.name, "dicom")
    if isinstance(image, Skipped):
        return image
    assert image.pixels is not None
    if image.digest != file.digest:
        refusal = changed()
        return Skipped(file.name, refusal.code, f"{file.name}: {refusal.what}", refusal.do)
    if image.pixels.min() == image.pixels.max():
        return Skipped(file.name, "constant", f"{file.name}: every pixel has the same value.", "Leave it out.")
    return Slice(
        np.array(image.pixels),
        file.name,
        file.label,
        file.facts["patient"],
        file.volume,
        unit=file.facts["unit"],
        spacing_mm=_pair(file.facts["spacing_mm"]),
    )


def _volume(decoder: Decoder, path: Path, name: str, label: str | None) -> Iterator[Slice | Skipped]:
    """Yield the axial slices of one NIfTI file, from the feet upwards, and one entry for all constant ones."""
    volume = decoder.image(path, name, "nifti")
    if isinstance(volume, Skipped):
        yield volume
        return
    assert volume.pixels is not None
    unit = "HU" if volume.pixels.min() < HOUNSFIELD_BELOW else "intensity"
    empty = 0
    for index, plane in enumerate(volume.pixels):
        if plane.min() == plane.max():
            empty += 1
            continue
        yield Slice(
            np.array(plane[None]),
            f"{name}:{index}",
            label,
            volume=volume.digest[:12],
            unit=unit,
            spacing_mm=_pair(volume.facts["spacing_mm"]),
        )
    if empty:
        say = f"{name}: {empty} of {len(volume.pixels)} slices are empty (every pixel has the same value)."
        yield Skipped(name, "constant", say, "Nothing, if the volume is meant to have an empty margin.")


def _pair(spacing: Sequence[float] | None) -> tuple[float, float] | None:
    return None if spacing is None else (float(spacing[0]), float(spacing[1]))


def in_order(members: Sequence[_File]) -> list[_File]:
    """Return the files by position along the first one's normal, else by instance number, else as they came."""
    along = _along([file.facts for file in members])
    if along is not None:
        return [members[index] for index in np.argsort(along, kind="stable")]
    if all(file.facts["instance"] is not None for file in members):
        return sorted(members, key=lambda file: int(file.facts["instance"]))
    return list(members)


def breaches(headers: Sequence[dict[str, Any]]) -> list[str]:
    """Say what keeps the files of one series from being one regular volume; empty for a regular one.

    Args:
        headers: Facts of each file, as `headers.Dicom` names them.
    """
    if len(headers) < 2:
        return []
    found = []
    for names, what in (
        (("rows", "columns"), "image sizes"),
        (("bits_allocated",), "bit depths"),
        (("photometric",), "polarities"),
    ):
        kinds = {tuple(header[name] for name in names) for header in headers}
        if len(kinds) > 1:
            found.append(f"{len(kinds)} {what} in one series")
    along = _along(headers)
    if along is None:
        return [*found, "position or orientation is missing"]
    directions = np.array([header["orientation"] for header in headers])
    turned = int((np.abs(directions - directions[0]).max(1) > SAME_DIRECTION).sum())
    if turned:
        found.append(f"{turned} slices have another orientation than the first")
    gaps = np.diff(np.sort(along))
    typical = float(np.median(gaps))
    doubled = gaps <= SAME_GAP * typical
    if doubled.any():
        found.append(f"{doubled.sum()} slices lie where another one does")
    uneven = (np.abs(gaps - typical) > SAME_GAP * typical) & ~doubled
    if uneven.any():
        found.append(f"{uneven.sum()} of {len(gaps)} gaps differ from the usual {typical:.3g} mm")
    return found


def _along(headers: Sequence[dict[str, Any]]) -> NDArray[np.float64] | None:
    """Return the positions in mm along the normal of the first image, None where one is missing."""
    if any(header["position"] is None or header["orientation"] is None for header in headers):
        return None
    row, column = np.reshape(headers[0]["orientation"], (2, 3))
    along: NDArray[np.float64] = np.array([header["position"] for header in headers]) @ np.cross(row, column)
    return along
