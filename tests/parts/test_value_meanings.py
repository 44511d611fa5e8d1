"""What stored numbers mean: scales, padding, polarity and depth come out as the file says, or the file is refused."""

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.volume_files import read, values, write_nifti


def cube(low: int, high: int, side: int = 12, seed: int = 0) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(low, high, (side, side, 4)).astype("<i2")


def with_header(path: Path, at: int, form: str, *numbers: float) -> Path:
    content = bytearray(path.read_bytes())
    struct.pack_into(form, content, at, *numbers)
    path.write_bytes(content)
    return path


# ---- volumes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [(1, 0), (0, 0), (0, 50), (np.nan, np.nan), (np.nan, 7)])
def test_a_scale_of_zero_or_no_number_means_stored_values(scale: tuple[float, float], tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", cube(50, 900), 4)
    expected = [image.pixels for image in read(path)[0]]
    slices, skipped = read(with_header(path, 112, "<2f", *scale))
    assert skipped == []
    np.testing.assert_array_equal([image.pixels for image in slices], expected)


def test_a_scale_is_applied_to_every_voxel(tmp_path: Path) -> None:
    voxels = cube(50, 900)
    slices, _ = read(with_header(write_nifti(tmp_path / "a.nii", voxels, 4), 112, "<2f", 2, -100))
    assert values(slices) == (2 * voxels.min() - 100, 2 * voxels.max() - 100)


PHASE, REAL = cube(-4096, 4095), cube(-300, 300)
LONE = np.where(np.arange(12 * 12 * 100).reshape(12, 12, 100) == 5, -900, 300 + cube(0, 9, 12)[..., :1]).astype("<i2")
BODY = cube(-1000, 300)
PADDED = np.where(np.indices(BODY.shape)[0] < 3, -2000, BODY).astype("<i2")


@pytest.mark.parametrize(
    ("voxels", "unit", "modality"),
    [(PHASE, "intensity", None), (REAL, "intensity", None), (LONE, "intensity", None), (BODY, "HU", "CT"),
     (PADDED, "HU", "CT")],
)  # fmt: skip
def test_only_what_looks_like_ct_is_called_ct(
    voxels: NDArray[np.int16], unit: str, modality: str | None, tmp_path: Path
) -> None:
    slices, _ = read(write_nifti(tmp_path / "a.nii", voxels, 4))
    assert {(image.unit, image.modality, image.unit_guessed) for image in slices} == {(unit, modality, unit == "HU")}
    assert values(slices)[0] == voxels.min()


def both_forms(path: Path, codes: tuple[int, int], turned: float, long: float = 1.0) -> Path:
    write_nifti(path, cube(0, 900), 4)
    with_header(path, 252, "<2h", *codes)
    with_header(path, 256, "<3f", 0, 0, np.sin(turned / 2))
    return with_header(path, 280, "<12f", *np.diag([long, 2, 3, 1])[:3].ravel())


@pytest.mark.parametrize(
    ("codes", "turned", "long", "say"),
    [
        ((1, 1), 0.0, 1.0, None),
        ((0, 1), 1.5, 1.0, None),
        ((1, 0), 1.5, 1.0, None),
        ((1, 1), 1.5, 1.0, "about the directions of its axes; the s-form was used"),
        ((1, 2), 1.5, 1.0, "about the directions of its axes; the q-form was used"),
        ((1, 1), 0.0, 1.2, "about the size of a voxel; that of the q-form was used"),
    ],
)
def test_two_forms_that_disagree_are_told_with_the_one_that_was_used(
    codes: tuple[int, int], turned: float, long: float, say: str | None, tmp_path: Path
) -> None:
    slices, skipped = read(both_forms(tmp_path / "a.nii", codes, turned, long))
    assert len(slices) == 4
    assert [entry.code for entry in skipped] == ["series.forms"] * (say is not None)
    assert say is None or say in skipped[0].say
