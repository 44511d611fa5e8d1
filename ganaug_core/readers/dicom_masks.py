"""DICOM segmentations (SEG) and structure sets (RTSTRUCT) as masks of the slices of a series.

A frame or a contour belongs to the slice in whose plane it lies; nothing is interpolated between slices. Runs in the
decoder's process.

Source: DICOM PS3.3 C.8.20 (segmentation), C.8.8.6 (ROI contour).
"""

import base64
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.errors import CohortError
from ganaug_core.readers import dicom_codes as codes
from ganaug_core.readers import dicom_header, dicom_pixels
from ganaug_core.readers.dicom_header import Dicom
from ganaug_core.readers.dicom_values import text, value, whole
from ganaug_core.readers.refusals import damaged, require_memory, truncated

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
STRUCTURES = "1.2.840.10008.5.1.4.1.1.481.3"
PARALLEL = 0.9998
"""Cosine of the angle between normals up to which planes are parallel: one degree."""
SAME_GRID = 0.01
"""Of a pixel: how far the corners of equal grids may lie apart."""
NEAR = 0.25
"""Of the usual gap between slices: how far from a slice a frame or contour may lie."""
ALONE_MM = 0.5
"""The same where there is one slice."""
MOST_POINTS = 10_000_000

Bools = NDArray[np.bool_]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """The grid of a slice in patient coordinates.

    Attributes:
        shape: Rows and columns.
        origin: Centre of the first pixel, mm.
        axes: (2, 3) unit vectors of increasing row and increasing column.
        spacing: Between rows and between columns, mm.
    """

    shape: tuple[int, int]
    origin: Vector
    axes: Vector
    spacing: Vector

    @property
    def normal(self) -> Vector:
        normal: Vector = np.cross(self.axes[1], self.axes[0])
        return normal

    def pixels(self, points: Vector) -> Vector:
        """Return (..., 2) row and column of points (..., 3)."""
        indices: Vector = (points - self.origin) @ self.axes.T / self.spacing
        return indices

    def is_same(self, other: "Plane") -> bool:
        """Whether both have their pixels in the same places, but for the distance between the planes."""
        corner = np.array(self.shape) - 1
        far = self.origin + (corner * self.spacing) @ self.axes
        ends = other.pixels(np.stack([self.origin, far]))
        return self.shape == other.shape and bool(np.abs(ends - [[0, 0], corner]).max() <= SAME_GRID)


class Slices:
    """The slices of a series, of which some may not tell where they lie."""

    def __init__(self, planes: Sequence[Plane | None]) -> None:
        """Raise `CohortError` (`mask.geometry`) where none does."""
        self.planes = planes
        self._numbers = [number for number, plane in enumerate(planes) if plane is not None]
        placed = [plane for plane in planes if plane is not None]
        if not placed:
            raise _misplaced("the slices of its series do not tell where they lie.")
        self._origins = np.array([plane.origin for plane in placed])
        self._normals = np.array([plane.normal for plane in placed])
        gaps = np.diff(np.sort(self._origins @ self._normals[0]))
        gaps = gaps[gaps > 1e-3]
        self._reach = float(NEAR * np.median(gaps)) if len(gaps) else ALONE_MM

    def number_at(self, points: Vector, normal: Vector | None = None) -> int | None:
        """Return the number of the slice in which all points (n, 3) lie, None where there is none.

        Args:
            normal: Of the plane of the points, where they are too few to tell.
        """
        far = np.abs(np.einsum("kd,kd->k", points[0] - self._origins, self._normals))
        if normal is not None:
            far[np.abs(self._normals @ normal) < PARALLEL] = np.inf
        for nearest in map(int, np.argsort(far)):
            if far[nearest] > self._reach:
                return None
            if np.abs((points - self._origins[nearest]) @ self._normals[nearest]).max() <= self._reach:
                return self._numbers[nearest]
        return None


def plane_of(
    shape: tuple[int, int], position: Sequence[float] | None, orientation: Sequence[float] | None, spacing: Any
) -> Plane | None:
    """Return the grid of a slice, None where the header does not tell where it lies."""
    if position is None or orientation is None or spacing is None:
        return None
    row, column = np.reshape(np.array(orientation, float), (2, 3))
    return Plane(shape, np.array(position, float), np.stack([column, row]), np.array(spacing, float))


def references(dataset: Any) -> list[str] | None:
    """Return the digests of the series and frames of reference that a mask belongs to; None for what is no mask."""
    kind = text(dataset, "SOPClassUID")
    if kind == SEGMENTATION:
        uids = [text(series, "SeriesInstanceUID") for series in value(dataset, "ReferencedSeriesSequence") or ()]
    elif kind == STRUCTURES:
        uids = []
        for frame in value(dataset, "ReferencedFrameOfReferenceSequence") or ():
            uids.append(text(frame, "FrameOfReferenceUID"))
            for study in value(frame, "RTReferencedStudySequence") or ():
                items = value(study, "RTReferencedSeriesSequence") or ()
                uids += [text(series, "SeriesInstanceUID") for series in items]
    else:
        return None
    uids.append(text(dataset, "FrameOfReferenceUID"))
    return sorted({sha256(uid.encode()).hexdigest()[:12] for uid in uids if uid})


def slice_masks(
    dataset: Any, targets: Sequence[Plane | None], label: int | None, size: int, folder: Any
) -> dict[str, Any]:
    """Return facts of the mask of each slice that it meets.

    Args:
        dataset: The whole file as pydicom parsed it.
        targets: The slices of the series.
        label: Number of the segment or region; None takes all of them, but for the outline of the body.
        size: Of the file, in bytes.
        folder: For copies.

    Facts: `packed_masks` by the number of their slice in `targets`, `areas` in pixels likewise, `labels` that the
    file holds, `outside` how many frames or contours lie on no slice.

    Raises:
        CohortError: See `dicom_header.facts` and `dicom_pixels.decoded`; `mask.geometry`, `mask.type`, `mask.empty`.
    """
    slices = Slices(targets)
    if text(dataset, "SOPClassUID") == SEGMENTATION:
        regions: _Segments | _Contours = _Segments(dataset, size, folder)
    else:
        regions = _Contours(dataset)
    chosen = regions.usual if label is None else [number for number in regions.labels if number == label]
    if not chosen:
        held = ", ".join(map(str, regions.labels[:20])) or "none"
        raise CohortError(
            f"it holds no region of the number {label}; there are: {held}." if label else "it holds no region.",
            do="Choose one of its numbers, or all of them.",
            code="mask.empty",
        )
    masks: dict[int, Bools] = {}
    outside = total = 0
    for number, mask in regions.on(slices, chosen):
        total += 1
        if number is None:
            outside += 1
        else:
            masks[number] = masks[number] | mask if number in masks else mask
    if not total:
        raise CohortError("it is empty.", do="Leave it out, or draw it.", code="mask.empty")
    if outside == total:
        raise _misplaced("none of its frames or contours lies on a slice of its series.")
    return {
        "packed_masks": {number: packed(mask) for number, mask in masks.items() if mask.any()},
        "areas": {number: int(mask.sum()) for number, mask in masks.items() if mask.any()},
        "labels": regions.labels,
        "outside": outside,
        "total": total,
    }


def packed(mask: Bools) -> str:
    """Return a mask as text, some thousand characters at most: it goes with the request for its slice."""
    return base64.b64encode(zlib.compress(np.packbits(mask).tobytes(), 1)).decode("ascii")


def unpacked(content: str, shape: tuple[int, int]) -> Bools:
    """Return what `packed` took apart."""
    bits = np.frombuffer(zlib.decompress(base64.b64decode(content)), np.uint8)
    return np.unpackbits(bits, count=shape[0] * shape[1]).reshape(shape).astype(bool)


class _Segments:
    """The frames of a segmentation."""

    def __init__(self, dataset: Any, size: int, folder: Any) -> None:
        if "PixelData" not in dataset:
            raise dicom_header.no_image(dataset)
        self.facts = dicom_header.facts(dataset, at_once=False)
        kind = text(dataset, "SegmentationType")
        if kind not in ("BINARY", "FRACTIONAL") or self.facts.bits_allocated != (1 if kind == "BINARY" else 8):
            raise CohortError(
                "the segmentation is neither binary nor fractional with 8 bits.",
                do="Save it as a binary segmentation.",
                code="mask.type",
            )
        self.half = 1 if kind == "BINARY" else (whole(dataset, "MaximumFractionalValue", 255) + 1) // 2
        self.segments = _segments(dataset, self.facts.frames)
        self.usual = self.labels = sorted(set(self.segments))
        self.frames = _frames(dataset, self.facts, size, folder)

    def on(self, slices: Slices, labels: Sequence[int]) -> Iterator[tuple[int | None, Bools]]:
        """Yield the number of a slice, None where there is none, and what a frame marks of it."""
        for row in np.flatnonzero(np.isin(self.segments, labels)).tolist():
            inside = self.frames(row) >= self.half
            if not inside.any():
                continue
            frame = self.facts.plane(row)
            plane = plane_of((self.facts.rows, self.facts.columns), frame.position, frame.orientation, frame.spacing_mm)
            if plane is None:
                raise _misplaced("its frames do not tell where they lie.")
            number = slices.number_at(plane.origin[None], plane.normal)
            target = None if number is None else slices.planes[number]
            yield number, inside if target is None else _resampled(inside, plane, target)


class _Contours:
    """The closed contours of a structure set."""

    def __init__(self, dataset: Any) -> None:
        self.contours: dict[int, list[Vector]] = defaultdict(list)
        points = 0
        for region in value(dataset, "ROIContourSequence") or ():
            number = whole(region, "ReferencedROINumber")
            for contour in value(region, "ContourSequence") or ():
                if text(contour, "ContourGeometricType") not in ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR"):
                    continue
                corners = _points(contour)
                if len(corners) < 3:
                    continue
                self.contours[number].append(corners)
                points += len(corners)
                if points > MOST_POINTS:
                    raise CohortError("it has too many points.", do="Draw it on fewer slices.", code="too_big")
        self.labels = sorted(self.contours)
        outlines = {
            whole(observation, "ReferencedROINumber", -1)
            for observation in value(dataset, "RTROIObservationsSequence") or ()
            if text(observation, "RTROIInterpretedType") == "EXTERNAL"
        }
        self.usual = [label for label in self.labels if label not in outlines] or self.labels

    def on(self, slices: Slices, labels: Sequence[int]) -> Iterator[tuple[int | None, Bools]]:
        """Yield the number of a slice, None where there is none, and what a region's contours there enclose."""
        nothing = np.zeros((1, 1), bool)
        for label in labels:
            polygons: dict[int, list[Vector]] = defaultdict(list)
            for points in self.contours[label]:
                number = slices.number_at(points)
                target = None if number is None else slices.planes[number]
                if number is None or target is None:
                    yield None, nothing
                else:
                    polygons[number].append(target.pixels(points))
            for number, on_slice in polygons.items():
                target = slices.planes[number]
                assert target is not None
                yield number, enclosed(on_slice, target.shape)


def enclosed(polygons: Sequence[Vector], shape: tuple[int, int]) -> Bools:
    """Return (row, column): pixels whose centre an odd number of polygons encloses, so that holes stay open.

    Args:
        polygons: Each (n, 2) row and column of its corners; the last one is joined to the first.
    """
    rows, columns = shape
    crossings = np.zeros((rows, columns + 1), np.int32)
    for polygon in polygons:
        start, end = polygon, np.roll(polygon, -1, axis=0)
        first = np.clip(np.ceil(np.minimum(start[:, 0], end[:, 0])), 0, rows).astype(np.int64)
        last = np.clip(np.ceil(np.maximum(start[:, 0], end[:, 0])), 0, rows).astype(np.int64)
        lengths = last - first
        edge = np.repeat(np.arange(len(polygon)), lengths)
        row = np.arange(len(edge)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + first[edge]
        slope = (end[edge, 1] - start[edge, 1]) / (end[edge, 0] - start[edge, 0])
        column = start[edge, 1] + (row - start[edge, 0]) * slope
        np.add.at(crossings, (row, np.clip(np.ceil(column), 0, columns).astype(np.int64)), 1)
    inside: Bools = np.cumsum(crossings[:, :columns], axis=1) % 2 == 1
    return inside


def _points(contour: Any) -> Vector:
    """Return (n, 3) corners in patient coordinates."""
    try:
        flat = np.array([float(coordinate) for coordinate in value(contour, "ContourData") or ()])
    except (TypeError, ValueError) as error:
        raise damaged("a contour is not made of numbers.", "dicom.attributes") from error
    if len(flat) % 3 or not np.isfinite(flat).all() or np.abs(flat).max(initial=0) > 1e6:
        raise damaged("a contour is not made of points in space.", "dicom.attributes")
    return flat.reshape(-1, 3)


def _segments(dataset: Any, frames: int) -> list[int]:
    """Return the number of the segment of each frame."""
    per_frame = value(dataset, "PerFrameFunctionalGroupsSequence") or ()
    shared = value(dataset, "SharedFunctionalGroupsSequence") or ()
    segments = []
    for frame in range(frames):
        groups = [*per_frame[frame : frame + 1], *shared[:1]]
        holder = next((items[0] for group in groups if (items := value(group, "SegmentIdentificationSequence"))), None)
        segments.append(1 if holder is None else whole(holder, "ReferencedSegmentNumber"))
    return segments


def _frames(dataset: Any, facts: Dicom, size: int, folder: Any) -> Any:
    """Return a function that gives one frame (row, column) at a time: unpacked, they would fill the memory."""
    count = facts.rows * facts.columns
    if facts.syntax not in codes.NATIVE:
        require_memory(count * facts.frames * 4)
        decoded = dicom_pixels.decoded(dataset, facts, size, folder)
        return lambda number: decoded[number]
    content = np.frombuffer(value(dataset, "PixelData") or b"", np.uint8)
    if len(content) < facts.length:
        raise truncated(facts.length, len(content))
    if facts.bits_allocated == 8:
        return lambda number: content[number * count : (number + 1) * count].reshape(facts.rows, facts.columns)

    def bits(number: int) -> NDArray[np.uint8]:
        start, spare = divmod(number * count, 8)
        unpacked_bits = np.unpackbits(content[start : start + (count + spare + 7) // 8], bitorder="little")
        return unpacked_bits[spare : spare + count].reshape(facts.rows, facts.columns)

    return bits


def _resampled(inside: Bools, plane: Plane, target: Plane) -> Bools:
    """Return a frame on the grid of a slice: each pixel takes the value of the frame's pixel that it lies in."""
    if plane.is_same(target):
        return inside
    rows, columns = target.shape
    down, right = target.axes * target.spacing[:, None]
    points = target.origin + np.arange(rows)[:, None, None] * down + np.arange(columns)[None, :, None] * right
    indices = np.rint(plane.pixels(points)).astype(np.int64)  # (row, column, 2)
    within = ((indices >= 0) & (indices < np.array(plane.shape))).all(2)
    resampled = np.zeros(target.shape, bool)
    resampled[within] = inside[indices[within][:, 0], indices[within][:, 1]]
    return resampled


def _misplaced(why: str) -> CohortError:
    return CohortError(
        why, do="Export the images and their mask together, and import both again.", code="mask.geometry"
    )
