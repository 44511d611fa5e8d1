"""Our own rules for DICOM series: in what order its slices lie, and what keeps them from being one regular volume.

SimpleITK stacks slices of different orientation and averages over missing ones without a word. Here a slice is an image
of its own, no volume is built, and everything that is odd about the series stands in the table of what was left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.records import Skipped

SAME_DIRECTION = 1e-3
SAME_GAP = 0.01
"""Share of the median gap."""
OTHER_PLANE = np.cos(np.radians(30))
"""Cosine of the angle between normals beyond which a slice is no tilted one but lies in another plane."""
OF_A_BODY = ("CT", "MR", "PT", "NM")
USED_ALL_THE_SAME = "Each slice is used as an image of its own, so nothing was left out."


@dataclass(frozen=True)
class Member:
    """A file of a series: facts are those of `dicom_header.Dicom`."""

    path: Path
    name: str
    label: str | None
    volume: str | None
    facts: dict[str, Any]

    @property
    def plane(self) -> dict[str, Any]:
        """Slope, spacing, orientation and position of the first frame."""
        plane: dict[str, Any] = self.facts["planes"][0]
        return plane


def in_order(members: Sequence[Member]) -> list[Member]:
    """Return the files by position along the first one's normal, else by instance number, else as they came."""
    along = _along([member.plane for member in members])
    if along is not None:
        return [members[index] for index in np.argsort(along, kind="stable")]
    if all(member.facts["instance"] is not None for member in members):
        return sorted(members, key=lambda member: int(member.facts["instance"]))
    return list(members)


def without_localisers(members: Sequence[Member]) -> tuple[list[Member], list[Skipped]]:
    """Return the files that lie in the plane of most, and the others: scanners file scouts with the series."""
    placed = [member for member in members if member.plane["orientation"] is not None]
    if len(placed) < 3:
        return list(members), []
    axes = np.reshape([member.plane["orientation"] for member in placed], (-1, 2, 3))
    normals = np.cross(axes[:, 0], axes[:, 1])
    alike = np.abs(normals @ normals.T) > OTHER_PLANE
    usual = alike[alike.sum(1).argmax()]
    if usual.all() or usual.sum() * 2 <= len(placed):
        return list(members), []
    others = {member.name for member, fits in zip(placed, usual, strict=True) if not fits}
    say = f"it lies in another plane than {usual.sum()} images of its series, as a localiser does."
    do = "Import it on its own, if it is wanted."
    return [member for member in members if member.name not in others], [
        Skipped(name, "series.localiser", f"{name}: {say}", do) for name in sorted(others)
    ]


def notices(members: Sequence[Member]) -> list[Skipped]:
    """Return what is odd about a series, for the table of what was left out; nothing was."""
    first = members[0].name
    return [
        Skipped(first, code, f"{first}: its series of {len(members)} files: {say}. {USED_ALL_THE_SAME}", do)
        for code, say, do in breaches([member.facts for member in members])
    ]


def breaches(headers: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return code, words and advice for what keeps files from being one regular volume; empty for a regular one."""
    if len(headers) < 2:
        return []
    breached = []
    for names, what in (
        (("rows", "columns"), "image sizes"),
        (("bits_allocated",), "bit depths"),
        (("samples",), "colour models"),
        (("photometric",), "polarities"),
    ):
        kinds = {tuple(header[name] for name in names) for header in headers}
        if len(kinds) > 1:
            look = "Look whether images of another kind were filed with it."
            breached.append(("series.mixed", f"{len(kinds)} {what} in one series", look))
    planes = [header["planes"][0] for header in headers]
    along = _along(planes)
    if along is None:
        if any(plane["position"] is not None for plane in planes) or headers[0]["modality"] in OF_A_BODY:
            say = "position or orientation is missing"
            breached.append(("series.unplaced", say, "The order of the slices is that of their numbers or names."))
        return breached
    directions = np.array([plane["orientation"] for plane in planes])
    turned = int((np.abs(directions - directions[0]).max(1) > SAME_DIRECTION).sum())
    if turned:
        look = "Look whether the gantry was tilted, or a localiser was filed with it."
        breached.append(("series.mixed", f"{turned} slices have another orientation than the first", look))
    gaps = np.diff(np.sort(along))
    typical = float(np.median(gaps[gaps > SAME_GAP * gaps.max()])) if gaps.max() > 0 else 0.0
    doubled = gaps <= SAME_GAP * typical
    if doubled.any():
        look = "Look whether several phases or copies lie in one series."
        breached.append(("series.duplicate", f"{doubled.sum()} slices lie where another one does", look))
    uneven = (np.abs(gaps - typical) > SAME_GAP * typical) & ~doubled
    if uneven.any():
        say = f"{uneven.sum()} of {len(gaps)} gaps differ from the usual {typical:.3g} mm"
        breached.append(("series.missing", say, "Look whether slices are missing; the first or last one never shows."))
    return breached


def _along(planes: Sequence[dict[str, Any]]) -> NDArray[np.float64] | None:
    """Return the positions in mm along the normal of the first image, None where one is missing."""
    if any(plane["position"] is None or plane["orientation"] is None for plane in planes):
        return None
    row, column = np.reshape(planes[0]["orientation"], (2, 3))
    along: NDArray[np.float64] = np.array([plane["position"] for plane in planes]) @ np.cross(row, column)
    return along
