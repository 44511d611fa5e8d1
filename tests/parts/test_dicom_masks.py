"""DICOM segmentations and structure sets: the right pixels of the right slices, or words."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray

from ganaug_core.readers import Choices, folders
from ganaug_core.readers.dicom_masks import enclosed, packed, unpacked
from ganaug_core.records import Skipped, Slice
from tests.mask_files import OBLIQUE, UPRIGHT, Series, write_seg, write_series, write_structures
from tests.parts.test_readers_bad_input import LISTED
from tests.parts.test_readers_choices import split

SQUARE = ((4.5, 9.5), (4.5, 19.5), (11.5, 19.5), (11.5, 9.5))
"""Rows 5 to 11, columns 10 to 19."""
HOLE = ((6.5, 12.5), (6.5, 15.5), (9.5, 15.5), (9.5, 12.5))


def voxels(shape: tuple[int, int, int] = (6, 20, 30)) -> NDArray[np.int16]:
    return np.random.default_rng(0).integers(-500, 500, shape).astype(np.int16)


def marked(shape: tuple[int, int] = (20, 30), rows: slice = slice(5, 12), columns: slice = slice(10, 20)) -> Any:
    mask = np.zeros(shape, bool)
    mask[rows, columns] = True
    return mask


def series(home: Path, **changes: Any) -> Series:
    scan = Series(**changes)
    write_series(home / "c", scan, voxels(scan.shape))
    return scan


def by_place(slices: list[Slice]) -> dict[int, Slice]:
    return {int(image.source.split("_")[1].split(".")[0]): image for image in slices}


def masks_of(slices: list[Slice]) -> dict[int, Any]:
    return {place: image.mask for place, image in by_place(slices).items()}


def why(skipped: list[Skipped], file: str) -> tuple[str, str]:
    (skip,) = [entry for entry in skipped if entry.file == f"c/{file}"]
    return skip.code, skip.say


# ---- segmentations ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [UPRIGHT, OBLIQUE], ids=["upright", "oblique"])
def test_a_binary_segmentation_marks_the_slices_where_its_frames_lie(
    orientation: tuple[float, ...], tmp_path: Path
) -> None:
    scan = series(tmp_path, orientation=orientation)
    small = marked(rows=slice(1, 3), columns=slice(0, 5))
    write_seg(tmp_path / "c/s.dcm", scan, [(1, 4, marked()), (1, 2, small), (2, 2, marked())])
    slices, skipped = split(tmp_path)
    masks = masks_of(slices)
    assert list(masks) == [0, 1, 2, 3, 4, 5], "in the order of position"
    np.testing.assert_array_equal(masks[4], marked())
    np.testing.assert_array_equal(masks[2], marked() | small)
    assert not any(masks[place].any() for place in (0, 1, 3, 5))
    assert why(skipped, "s.dcm") == (
        "mask", "c/s.dcm: it is no image, but marks 2 slices of its series (regions 1, 2)."
    )  # fmt: skip
    for place, image in by_place(slices).items():
        np.testing.assert_array_equal(image.pixels[0], voxels()[place])


def test_slices_and_crops_follow_the_lesion_of_a_dicom_series(tmp_path: Path) -> None:
    scan = series(tmp_path)
    frames = [(1, 1, marked()), (1, 2, marked(rows=slice(2, 14))), (1, 4, marked()), (2, 5, marked())]
    write_seg(tmp_path / "c/s.dcm", scan, frames)
    assert list(by_place(split(tmp_path, slices="mask")[0])) == [1, 2, 4, 5]
    assert list(by_place(split(tmp_path, slices="mask", mask_label=1, every=2)[0])) == [1, 4]
    (largest,), _ = split(tmp_path, slices="largest", mask_label=1)
    assert list(by_place([largest])) == [2]
    (cut,), _ = split(tmp_path, slices="largest", mask_label=2, crop=True)
    # 7 rows of 2 mm and 10 columns of 1.5 mm: a square of 22.5 mm around their middle (8.5, 15)
    assert cut.pixels.shape == (1, 11, 15)
    np.testing.assert_array_equal(cut.pixels[0], voxels()[5, 3:14, 8:23])
    assert cut.mask is not None
    np.testing.assert_array_equal(cut.mask, marked()[3:14, 8:23])
    (small,), _ = split(tmp_path, slices="largest", mask_label=2, crop=True, size=32)
    assert small.mask is not None
    assert small.mask.shape == (32, 32)


def test_a_fractional_segmentation_is_inside_from_one_half(tmp_path: Path) -> None:
    scan = series(tmp_path)
    shares = np.zeros((20, 30), np.uint8)
    shares[3, :4] = (127, 128, 255, 1)
    write_seg(tmp_path / "c/s.dcm", scan, [(1, 3, shares)], fractional=True)
    masks = masks_of(split(tmp_path)[0])
    assert masks[3][3, :4].tolist() == [0, 1, 1, 0]
    assert masks[3].sum() == 2


def test_frames_on_another_grid_of_the_same_planes_are_carried_over(tmp_path: Path) -> None:
    scan = series(tmp_path, orientation=OBLIQUE)
    fine = Series(shape=(6, 40, 60), spacing=(4.0, 1.0, 0.75), orientation=OBLIQUE, origin=scan.origin)
    mask = np.zeros((40, 60), bool)
    mask[10:24, 20:40] = True
    write_seg(tmp_path / "c/s.dcm", scan, [(1, 3, mask)], grid=fine)
    np.testing.assert_array_equal(masks_of(split(tmp_path)[0])[3], marked())
    part = Series(spacing=scan.spacing, orientation=OBLIQUE, origin=tuple(scan.points(0, [(5, 10)])))  # type: ignore[arg-type]
    write_seg(tmp_path / "c/s.dcm", scan, [(1, 3, np.ones((7, 10), bool))], grid=part)
    np.testing.assert_array_equal(masks_of(split(tmp_path)[0])[3], marked())


def test_frames_between_two_slices_are_counted_and_not_used(tmp_path: Path) -> None:
    scan = series(tmp_path)
    write_seg(tmp_path / "c/s.dcm", scan, [(1, 3, marked()), (1, 3.5, marked()), (1, 9, marked())])
    slices, skipped = split(tmp_path)
    assert [place for place, mask in masks_of(slices).items() if mask.any()] == [3]
    assert why(skipped, "s.dcm")[1].endswith("2 of its 3 frames or contours lie on no slice.")


def test_a_segmentation_of_an_enhanced_file_marks_its_frames(tmp_path: Path) -> None:
    scan = Series()
    home = tmp_path / "c"
    home.mkdir()
    values = voxels()
    path = write_seg(home / "e.dcm", scan, [(1, place, np.zeros((20, 30))) for place in range(6)])
    dataset = pydicom.dcmread(path)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    dataset.Modality, dataset.SeriesInstanceUID = "CT", scan.uid
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 1
    dataset.PixelData = values.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.save_as(path)
    write_seg(home / "s.dcm", scan, [(1, 2, marked()), (1, 4, marked(rows=slice(5, 7)))])
    slices, _ = split(tmp_path, slices="mask")
    assert [image.source for image in slices] == ["c/e.dcm:2", "c/e.dcm:4"]
    (largest,), _ = split(tmp_path, slices="largest")
    assert largest.mask is not None
    np.testing.assert_array_equal(largest.mask, marked())
    np.testing.assert_array_equal(largest.pixels[0], values[2])


# ---- structure sets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [UPRIGHT, OBLIQUE], ids=["upright", "oblique"])
def test_contours_are_filled_on_their_slices_and_holes_stay_open(
    orientation: tuple[float, ...], tmp_path: Path
) -> None:
    scan = series(tmp_path, orientation=orientation)
    regions = {3: [(2, SQUARE), (2, HOLE), (4, SQUARE)], 7: [(4, HOLE)]}
    write_structures(tmp_path / "c/r.dcm", scan, regions)
    slices, skipped = split(tmp_path)
    masks = masks_of(slices)
    np.testing.assert_array_equal(masks[2], marked() & ~marked(rows=slice(7, 10), columns=slice(13, 16)))
    np.testing.assert_array_equal(masks[4], marked())
    assert why(skipped, "r.dcm")[1] == "c/r.dcm: it is no image, but marks 2 slices of its series (regions 3, 7)."
    one = masks_of(split(tmp_path, slices="mask", mask_label=7)[0])
    assert list(one) == [4]
    np.testing.assert_array_equal(one[4], marked(rows=slice(7, 10), columns=slice(13, 16)))


def test_the_outline_of_the_body_counts_only_when_it_is_asked_for(tmp_path: Path) -> None:
    scan = series(tmp_path)
    whole = ((-1, -1), (-1, 30), (20, 30), (20, -1))
    regions = {1: [(place, whole) for place in range(6)], 2: [(3, SQUARE)]}
    write_structures(tmp_path / "c/r.dcm", scan, regions, kinds={1: "EXTERNAL", 2: "GTV"})
    assert list(by_place(split(tmp_path, slices="mask")[0])) == [3]
    body = masks_of(split(tmp_path, slices="mask", mask_label=1)[0])
    assert list(body) == [0, 1, 2, 3, 4, 5]
    assert all(mask.all() for mask in body.values())


def test_a_polygon_holds_the_pixels_whose_centres_it_encloses() -> None:
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    disc = np.stack([40 + 25.3 * np.sin(turn), 50 + 25.3 * np.cos(turn)], 1)
    rows, columns = np.indices((80, 100))
    expected = np.hypot(rows - 40, columns - 50) < 25.3
    assert (enclosed([disc], (80, 100)) != expected).sum() <= 4, "the polygon is a little smaller than the disc"
    outside = enclosed([disc + np.array([-40, 60])], (80, 100))
    np.testing.assert_array_equal(outside, np.hypot(rows, columns - 110) < 25.3)
    # a star that crosses itself: its middle is enclosed twice
    star = np.stack([40 + 30 * np.sin(0.01 + turn[::80] * 2), 50 + 30 * np.cos(0.01 + turn[::80] * 2)], 1)
    assert not enclosed([star], (80, 100))[40, 50]
    assert enclosed([star], (80, 100)).sum() > 300


def test_a_mask_is_packed_and_comes_back() -> None:
    mask = np.random.default_rng(0).random((37, 23)) < 0.3
    np.testing.assert_array_equal(unpacked(packed(mask), (37, 23)), mask)
    assert len(packed(marked((512, 512)))) < 1000


# ---- what cannot be used ---------------------------------------------------------------------------------------------

CASES = {
    "other series": ("mask", "a series that is not there"),
    "nowhere": ("mask.geometry", "none of its frames or contours lies on a slice"),
    "turned": ("mask.geometry", "none of its frames or contours lies on a slice"),
    "empty": ("mask.empty", "it is empty"),
    "no region": ("mask.empty", "holds no region"),
    "label map": ("mask.type", "neither binary nor fractional"),
    "cut": ("truncated", "promises"),
    "points": ("mask.empty", "holds no region"),
    "not numbers": ("dicom.attributes", "points in space"),
    "no number": ("dicom.attributes", "ReferencedROINumber"),
    "no groups": ("dicom.attributes", "frames are described"),
}


def write_bad(case: str, path: Path, scan: Series) -> None:
    frames = [(1, 3.0, marked())]
    turned = Series(orientation=(1, 0, 0, 0, 0, 1), origin=scan.origin)
    segmentations: dict[str, dict[str, Any]] = {
        "other series": {"refers": "1.2.77"},
        "nowhere": {"grid": Series(origin=(0, 0, 400))},
        "turned": {"grid": turned},
        "label map": {"SegmentationType": "LABELMAP"},
        "cut": {"PixelData": b"\0" * 10},
        "no groups": {"NumberOfFrames": 3},
    }
    if case in segmentations:
        write_seg(path, scan, frames, **segmentations[case])
    elif case == "empty":
        write_seg(path, scan, [(1, 3, np.zeros((20, 30)))])
    elif case == "no region":
        write_structures(path, scan, {})
    elif case == "points":
        write_structures(path, scan, {1: [(3, SQUARE)]}, shape="POINT")
    elif case == "not numbers":
        write_structures(path, scan, {1: [(3, SQUARE)]}, data=[1, 2, 3, 4])
    else:
        write_structures(path, scan, {1: [(3, SQUARE)]})
        content = path.read_bytes().replace(b"\x06\x30\x84\x00IS\x02\x001 ", b"\x06\x30\x84\x00IS\x02\x00x ")
        path.write_bytes(content)


@pytest.mark.parametrize("case", CASES)
def test_a_bad_mask_is_refused_in_words_and_the_rest_loads(case: str, tmp_path: Path) -> None:
    scan = series(tmp_path)
    write_bad(case, tmp_path / "c/m.dcm", scan)
    slices, skipped = split(tmp_path)
    code, says = CASES[case]
    told, say = why(skipped, "m.dcm")
    assert told == code
    assert says in say
    assert len(slices) == 6
    assert all(image.mask is None for image in slices)
    none, skipped = split_all(tmp_path)
    assert none == []
    assert sum(entry.code == "mask.missing" for entry in skipped) == 6


def split_all(home: Path) -> tuple[list[Slice], list[Skipped]]:
    files = [(path, path.relative_to(home).as_posix(), "c") for path in sorted((home / "c").iterdir())]
    items = list(folders.read_files(files, Choices(slices="mask")))
    return [item for item in items if isinstance(item, Slice)], [item for item in items if isinstance(item, Skipped)]


def test_a_number_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    scan = series(tmp_path)
    write_seg(tmp_path / "c/s.dcm", scan, [(1, 3, marked()), (4, 3, marked())])
    _, skipped = split(tmp_path, mask_label=2)
    assert why(skipped, "s.dcm") == ("mask.empty", "c/s.dcm: it holds no region of the number 2; there are: 1, 4.")


def test_the_first_of_two_masks_of_a_series_is_used_and_each_series_has_its_own(tmp_path: Path) -> None:
    scan = series(tmp_path)
    other = Series(uid="1.2.4", origin=(0, 0, 0))
    write_series(tmp_path / "c/other", other, voxels())
    write_seg(tmp_path / "c/a.dcm", scan, [(1, 3, marked())])
    write_structures(tmp_path / "c/b.dcm", scan, {1: [(1, SQUARE)]})
    write_structures(tmp_path / "c/o.dcm", other, {1: [(5, SQUARE)]})
    slices, skipped = split(tmp_path, slices="mask")
    assert sorted(image.source for image in slices) == ["c/1_3.dcm", "c/other/5_5.dcm"]
    assert why(skipped, "b.dcm")[1].endswith("the first one by its name is used.")


def test_masks_in_a_folder_of_their_own_are_no_class(tmp_path: Path) -> None:
    scan = series(tmp_path)
    (tmp_path / "segmentations").mkdir()
    write_seg(tmp_path / "segmentations/s.dcm", scan, [(1, 3, marked())])
    slices, _ = split(tmp_path, slices="mask")
    assert [(image.label, image.source) for image in slices] == [("c", "c/1_3.dcm")]


def test_no_text_of_a_structure_set_leaves_it(tmp_path: Path) -> None:
    scan = series(tmp_path)
    write_structures(tmp_path / "c/r.dcm", scan, {1: [(1, SQUARE)]})
    slices, skipped = split(tmp_path)
    assert "Jane" not in repr(slices) + repr(skipped)


def test_mutated_masks_cost_nothing_but_themselves(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    masks = []
    for number in range(60):
        scan = Series(uid=f"1.2.{number + 100}", shape=(4, 20, 30))  # of its own, so that each mask is looked at
        home = tmp_path / f"c/{number}"
        write_series(home, scan, voxels(scan.shape))
        if number % 2:
            write_seg(home / "m.dcm", scan, [(1, 2, marked()), (1, 3, marked())])
        else:
            write_structures(home / "m.dcm", scan, {1: [(2, SQUARE), (3, SQUARE)], 2: [(1, HOLE)]})
        content = bytearray((home / "m.dcm").read_bytes())
        for place in random.integers(132, len(content), random.integers(1, 8)):
            content[place] = random.integers(0, 256)
        if number % 5 == 0:
            del content[int(random.integers(132, len(content))) :]
        (home / "m.dcm").write_bytes(content)
        masks.append(f"c/{number}/m.dcm")
    files = [(path, path.relative_to(tmp_path).as_posix(), "c") for path in sorted(tmp_path.rglob("*.dcm"))]
    items = list(folders.read_files(files, Choices()))
    slices = [item for item in items if isinstance(item, Slice)]
    told = {item.file: item.code for item in items if isinstance(item, Skipped) and not item.code.startswith("series.")}
    assert set(told.values()) <= LISTED
    # where the class of the file is what was hit, it may be an image
    assert set(masks) == set(told) | {image.source.split(":")[0] for image in slices if "/m.dcm" in image.source}
    assert sum("/m.dcm" not in image.source for image in slices) == 60 * 4
