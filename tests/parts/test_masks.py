"""Masks stay with their images: on the same grid, at the same place, and nothing is lost for want of one."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganaug_core.readers import Choices, resampling
from tests.parts.test_readers_choices import lesion, places, split, write

__all__ = ["lesion"]


def test_every_slice_brings_its_mask_along(lesion: Path) -> None:
    slices, _ = split(lesion)
    assert all(image.mask is not None and image.mask.dtype == np.uint8 for image in slices)
    assert [int(image.mask.sum()) for image in slices if image.mask is not None] == [1, 0, 4, 12, 2, 0]
    (largest,), _ = split(lesion, slices="largest", mask_label=2, crop=True)
    assert largest.mask is not None
    assert largest.mask.shape == largest.pixels.shape[1:] == (6, 6)
    expected = np.zeros((6, 6), np.uint8)
    expected[1:4, 1:5] = 1
    np.testing.assert_array_equal(largest.mask, expected)


def test_a_mask_turns_and_shrinks_with_its_image(tmp_path: Path) -> None:
    voxels = np.zeros((12, 16, 20), np.int16)
    voxels[3:9, 4:12, 8:16] = 1000
    voxels[0, 0, 0] = 7  # a mask has two values, an image more
    write(tmp_path / "c/a.nii.gz", voxels, spacing=(1, 1, 2))
    write(tmp_path / "c/a_seg.nii.gz", (voxels == 1000).astype(np.uint8), spacing=(1, 1, 2))
    for choices in (
        {"plane": "coronal"}, {"plane": "sagittal", "size": 16}, {"spacing_mm": 2.0, "size": 12}, {"spacing_mm": 0.5},
        {"spacing_mm": 0.5, "size": 24, "crop": True}, {"size": 40},
    ):  # fmt: skip
        slices, _ = split(tmp_path, **choices)
        assert slices
        for image in slices:
            assert image.mask is not None
            assert image.mask.shape == image.pixels.shape[1:]
            bright = image.pixels[0] >= 500
            assert (bright == image.mask).mean() > 0.97, choices


def test_what_lies_outside_the_image_is_outside_the_mask() -> None:
    whole = np.ones((4, 12), bool)
    assert resampling.placed_mask(whole, None, Choices(size=12)).sum() == 4 * 12
    assert resampling.placed_mask(whole, (1.0, 1.0), Choices(size=24, spacing_mm=1)).sum() == 4 * 12


def test_an_image_whose_mask_cannot_be_used_is_used_without_it(tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).integers(0, 99, (6, 20, 30)).astype(np.int16)
    write(tmp_path / "c/a.nrrd", voxels)
    write(tmp_path / "c/a_mask.nrrd", np.ones((5, 20, 30), np.uint8))
    Image.fromarray(voxels[0].astype(np.uint8)).save(tmp_path / "c/p.png")
    Image.fromarray(voxels[0, :10].astype(np.uint8)).save(tmp_path / "c/p_mask.png")
    (tmp_path / "c/b.nrrd").write_bytes((tmp_path / "c/a.nrrd").read_bytes())
    (tmp_path / "c/b_mask.nrrd").write_bytes(b"NRRD0004\nbroken")
    slices, skipped = split(tmp_path)
    assert len(slices) == 13
    assert all(image.mask is None for image in slices)
    notices = {entry.file: entry.say for entry in skipped if "used without its mask" in entry.say}
    assert set(notices) == {"c/a.nrrd", "c/b.nrrd", "c/p.png"}
    assert "another grid" in notices["c/a.nrrd"]
    assert {entry.code for entry in skipped} == {"mask"}


@pytest.mark.parametrize("name", ["heart.nii.gz", "heart.nrrd", "heart.mha"])
def test_a_volume_of_two_values_is_a_mask_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    voxels = np.zeros((6, 20, 30), np.uint8)
    voxels[2:4, 5:9, 5:9] = 1
    write(tmp_path / "c" / name, voxels)
    write(tmp_path / "c/ct.nrrd", np.random.default_rng(0).integers(0, 99, (6, 20, 30)).astype(np.int16))
    slices, (notice,) = split(tmp_path)
    assert places(slices) == [0, 1, 2, 3, 4, 5]
    assert {image.source[:4] for image in slices} == {"c/ct"}
    assert (notice.file, notice.code) == (f"c/{name}", "mask")
    assert "_mask" in notice.do


def test_a_mask_of_a_picture_comes_along(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 255, (20, 30)).astype(np.uint8)).save(tmp_path / "c/p.png")
    mask = np.zeros((20, 30), np.uint8)
    mask[4:9, 10:20] = 255
    Image.fromarray(mask).save(tmp_path / "c/p_mask.png")
    (picture,), _ = split(tmp_path)
    assert picture.mask is not None
    np.testing.assert_array_equal(picture.mask, mask // 255)
