"""What stored numbers mean: scales, padding, polarity and depth come out as the file says, or the file is refused."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ganaug_core.readers import pictures
from ganaug_core.readers.value_types import filling
from ganaug_core.readers.volume_pixels import is_hounsfield
from ganaug_core.records import Skipped, Slice
from tests.value_files import DEFLATED, RAW, png16, shades, tiff
from tests.volume_files import read, values, write_dicom, write_nifti


def cube(low: int, high: int, side: int = 12, seed: int = 0) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(low, high, (side, side, 4)).astype("<i2")


def with_header(path: Path, at: int, form: str, *numbers: float) -> Path:
    content = bytearray(path.read_bytes())
    struct.pack_into(form, content, at, *numbers)
    path.write_bytes(content)
    return path


# ---- volumes -------------------------------------------------------------------------------------------------------


def by_file(*paths: Path) -> dict[str, list[Slice]]:
    """Read several files at once, since each reading starts a decoder."""
    images: dict[str, list[Slice]] = {}
    for image in read(*paths)[0]:
        images.setdefault(image.source.split(":")[0], []).append(image)
    return images


def test_a_scale_of_zero_or_no_number_means_stored_values(tmp_path: Path) -> None:
    voxels = cube(50, 900)
    scales = {"one": (1, 0), "zero": (0, 0), "offset": (0, 50), "none": (np.nan, np.nan), "odd": (np.nan, 7)}
    paths = [
        with_header(write_nifti(tmp_path / f"{name}.nii", voxels, 4), 112, "<2f", *scale)
        for name, scale in scales.items()
    ]
    twice = with_header(write_nifti(tmp_path / "twice.nii", voxels, 4), 112, "<2f", 2, -100)
    images = by_file(*paths, twice)
    for path in paths:
        for image, expected in zip(images[path.name], images["one.nii"], strict=True):
            np.testing.assert_array_equal(image.pixels, expected.pixels)
    assert values(images["one.nii"]) == (voxels.min(), voxels.max())
    assert values(images["twice.nii"]) == (2 * voxels.min() - 100, 2 * voxels.max() - 100)


PHASE, REAL, DIFFERENCE = cube(-4096, 4095), cube(-300, 300), cube(-900, 900)
LONE = np.where(np.arange(12 * 12 * 100).reshape(12, 12, 100) == 5, -900, 300 + cube(0, 9, 12)[..., :1]).astype("<i2")
BODY = cube(-1000, 300)
PADDED = np.where(np.indices(BODY.shape)[0] < 3, -2000, BODY).astype("<i2")


@pytest.mark.parametrize("voxels", [PHASE, REAL, DIFFERENCE, LONE], ids=["phase", "real", "difference", "lone"])
def test_negative_values_that_are_no_hu_are_not_called_ct(voxels: NDArray[np.int16]) -> None:
    assert not is_hounsfield(voxels)


@pytest.mark.parametrize("voxels", [BODY, PADDED], ids=["body", "padded"])
def test_air_and_lung_are_called_ct(voxels: NDArray[np.int16]) -> None:
    assert is_hounsfield(voxels)


def test_a_phase_volume_is_kept_whole_and_ct_is_called_a_guess(tmp_path: Path) -> None:
    for voxels, unit, modality in ((PHASE, "intensity", None), (BODY, "HU", "CT")):
        slices, _ = read(write_nifti(tmp_path / "a.nii", voxels, 4))
        assert {(image.unit, image.modality, image.unit_guessed) for image in slices} == {
            (unit, modality, unit == "HU")
        }
        assert values(slices) == (voxels.min(), voxels.max())


def both_forms(path: Path, codes: tuple[int, int], turned: float, long: float = 1.0) -> Path:
    write_nifti(path, cube(0, 900), 4)
    with_header(path, 252, "<2h", *codes)
    with_header(path, 256, "<3f", 0, 0, np.sin(turned / 2))
    return with_header(path, 280, "<12f", *np.diag([long, 2, 3, 1])[:3].ravel())


def test_two_forms_that_disagree_are_told_with_the_one_that_was_used(tmp_path: Path) -> None:
    told = {
        "agree": both_forms(tmp_path / "agree.nii", (1, 1), 0.0),
        "matrix": both_forms(tmp_path / "matrix.nii", (0, 1), 1.5),
        "quaternion": both_forms(tmp_path / "quaternion.nii", (1, 0), 1.5),
        "the directions of its axes; the s-form": both_forms(tmp_path / "turned.nii", (1, 1), 1.5),
        "the directions of its axes; the q-form": both_forms(tmp_path / "aligned.nii", (1, 2), 1.5),
        "the size of a voxel; that of the q-form": both_forms(tmp_path / "long.nii", (1, 1), 0.0, 1.2),
    }
    slices, skipped = read(*told.values())
    assert len(slices) == 24
    assert {entry.code for entry in skipped} == {"series.forms"}
    said = {entry.file: entry.say for entry in skipped}
    assert set(said) == {"turned.nii", "aligned.nii", "long.nii"}
    for words, path in told.items():
        assert path.name not in said or f"disagree about {words} was used" in said[path.name]


def test_a_filling_that_no_header_names_is_no_air_and_becomes_background(tmp_path: Path) -> None:
    magnitude = cube(40, 900)
    fillings = {"low": -32768, "lower": -2000, "high": 32767}
    paths = []
    for name, value in fillings.items():
        filled = magnitude.copy()
        filled[:3] = value
        paths.append(write_nifti(tmp_path / f"{name}.nii", filled, 4))
    images = by_file(*paths)
    assert set(images) == {"low.nii", "lower.nii", "high.nii"}
    for of_file in images.values():
        assert values(of_file) == (magnitude[3:].min(), magnitude[3:].max())
        assert {(image.unit, image.padding) for image in of_file} == {("intensity", 0.25)}


GREYS = np.arange(10, 100, 10)


@pytest.mark.parametrize(
    ("pixels", "padding"),
    [
        ([*GREYS, -200], 1), ([*GREYS, 65535], 1), ([*GREYS, 32767, 32767], 2), ([*GREYS, -20], 0), ([*GREYS, 4095], 0),
        ([0, *(GREYS + 3000)], 0), ([*(600 * GREYS), 65535], 0), ([-300, -20, *GREYS], 0), ([0, 65535], 0),
        ([0, 1, 2, 65535], 0),
    ],
)  # fmt: skip
def test_only_an_impossible_end_of_an_image_is_a_filling(pixels: list[int], padding: int) -> None:
    assert filling(np.array([pixels])).sum() == padding


# ---- pictures ------------------------------------------------------------------------------------------------------


def picture(path: Path) -> NDArray[Any]:
    image = pictures.read(path, path.name)
    assert isinstance(image, Slice), image
    return image.pixels[0]


DEEP = shades(0, 4000, "u2")


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_png_of_16_bits_keeps_them_in_grey_and_in_colour(samples: int, tmp_path: Path) -> None:
    alpha = [np.full_like(DEEP, 65535)] if samples in (2, 4) else []
    colours = [DEEP] * (samples - len(alpha))
    pixels = DEEP if samples == 1 else np.stack([*colours, *alpha], -1)
    path = png16(tmp_path / "a.png", pixels)
    np.testing.assert_array_equal(picture(path), DEEP)
    assert picture(path).dtype == np.uint16
    image = pictures.read(path, "a.png")
    assert isinstance(image, Slice)
    assert image.colour == (samples >= 3)


def test_the_luminance_of_deep_colour_is_rounded_from_16_bits(tmp_path: Path) -> None:
    colours = np.random.default_rng(1).integers(0, 65536, (5, 6, 3))
    expected = np.rint(colours @ np.array([0.299, 0.587, 0.114]))
    for path in (png16(tmp_path / "a.png", colours), tiff(tmp_path / "a.tif", colours.astype("u2"), 2)):
        np.testing.assert_allclose(picture(path), expected, atol=1)


GREY8, SIGNED8, SIGNED16 = shades(0, 250, "u1"), shades(-120, 120, "i1"), shades(-2000, 2000, "i2")
COLOUR16 = np.stack([DEEP] * 3, -1)
PALETTE = [257 * (255 - index) for index in range(256)] * 3
CALIBRATION = b"ImageJ=1.54f\nc0=-32768.0\nc1=1.0\ncf=0\nvunit=gray value\n\0"


TIFFS: dict[str, tuple[NDArray[Any], int, dict[int, Any], NDArray[Any]]] = {
    "8 bits": (GREY8, 1, {}, GREY8),
    "8 bits, low is white": (GREY8, 0, {}, 255 - GREY8),
    "16 bits": (DEEP, 1, {}, DEEP),
    "16 bits, low is white": (DEEP, 0, {}, 65535 - DEEP),
    "8 bits with a sign": (SIGNED8, 1, {}, SIGNED8),
    "16 bits with a sign": (SIGNED16, 1, {}, SIGNED16),
    "32 bits without a sign": (shades(0, 4000, "u4") * 10**6, 1, {}, shades(0, 4000, "u4") * 10**6),
    "real numbers": (shades(0, 4000, "f4") / 7, 1, {}, shades(0, 4000, "f4") / 7),
    "colour of 16 bits": (COLOUR16, 2, {}, DEEP),
    "colour of 16 bits with alpha": (np.concatenate([COLOUR16, COLOUR16[..., :1]], -1), 2, {338: (3, [2])}, DEEP),
    "a palette": (GREY8, 3, {320: (3, PALETTE)}, 255 - GREY8),
    "signed values of ImageJ": ((SIGNED16.astype("i4") + 32768).astype("u2"), 1, {270: (2, CALIBRATION)}, SIGNED16),
}
UNKNOWN_BIG_ENDIAN = ("16 bits, low is white", "32 bits without a sign")
"""Pillow knows these in the other order of bytes alone."""


@pytest.mark.parametrize("compression", [RAW, DEFLATED])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("case", TIFFS)
def test_a_tiff_means_what_its_tags_say_at_every_depth(case: str, order: str, compression: int, tmp_path: Path) -> None:
    pixels, photometric, tags, expected = TIFFS[case]
    path = tiff(tmp_path / "a.tif", pixels, photometric, order=order, compression=compression, tags=tags)
    image = pictures.read(path, "a.tif")
    if order == ">" and case in UNKNOWN_BIG_ENDIAN:
        assert isinstance(image, Skipped)
        assert (image.code, "kind that is not read" in image.say) == ("type", True)
        return
    assert isinstance(image, Slice), image
    np.testing.assert_array_equal(image.pixels[0], expected.astype(np.float32))


@pytest.mark.parametrize(
    ("pixels", "photometric", "tags", "say"),
    [
        (GREY8, 1, {291: (3, list(range(256)))}, "GrayResponseCurve"),
        (shades(0, 9, "f4"), 0, {}, "low values are white"),
        (np.stack([DEEP] * 4, -1), 5, {}, "16-bit colours are in CMYK"),
        (np.stack([GREY8] * 3, -1), 8, {}, "colours are in LAB"),
        (DEEP, 1, {270: (2, b"ImageJ=1.54f\nc0=1\nc1=2\nc2=3\ncf=1\n\0")}, "calibrated them with a curve"),
        (DEEP, 1, {42112: (2, b'<Item name="SCALE" sample="0" role="scale">2</Item>\0')}, "values have a scale"),
    ],
)
def test_a_tiff_whose_values_mean_something_else_is_refused_in_words(
    pixels: NDArray[Any], photometric: int, tags: dict[int, Any], say: str, tmp_path: Path
) -> None:
    image = pictures.read(tiff(tmp_path / "a.tif", pixels, photometric, tags=tags), "a.tif")
    assert isinstance(image, Skipped)
    assert image.code == "values"
    assert say in image.say


def test_missing_pixels_of_a_tiff_become_background(tmp_path: Path) -> None:
    real = shades(100, 900, "f4")
    holes = np.where(real > 800, np.float32(-9999), real)
    image = pictures.read(tiff(tmp_path / "a.tif", holes, tags={42113: (2, b"-9999\0")}), "a.tif")
    assert isinstance(image, Slice)
    np.testing.assert_array_equal(image.pixels[0], np.where(real > 800, real[real <= 800].min(), real))
    assert image.padding == pytest.approx((real > 800).mean())


def save_pages(path: Path, pages: list[NDArray[Any]], **tags: Any) -> Path:
    first, *others = (Image.fromarray(page) for page in pages)
    first.save(path, save_all=True, append_images=others, **tags)
    return path


def test_the_pages_of_a_tiff_are_slices_of_one_volume(tmp_path: Path) -> None:
    pages = [np.roll(DEEP, number, 1) for number in range(5)]
    path = save_pages(tmp_path / "a.tif", pages)
    images = list(pictures.read_pages(path, "a.tif", "a", every=2))
    assert [image.source for image in images if isinstance(image, Slice)] == ["a.tif:0", "a.tif:2", "a.tif:4"]
    for image, page in zip(images, pages[::2], strict=True):
        assert isinstance(image, Slice)
        np.testing.assert_array_equal(image.pixels[0], page)
    assert len({image.volume for image in images if isinstance(image, Slice)} - {None}) == 1


def test_pages_that_are_no_slices_are_passed_over_or_refused(tmp_path: Path) -> None:
    small_copy = Image.fromarray(DEEP[:4, :4])
    small_copy.encoderinfo = {"tiffinfo": {254: 1}}
    Image.fromarray(DEEP).save(tmp_path / "pyramid.tif", save_all=True, append_images=[small_copy])
    np.testing.assert_array_equal(picture(tmp_path / "pyramid.tif"), DEEP)
    sizes = save_pages(tmp_path / "sizes.tif", [DEEP, DEEP[:4]])
    channels = save_pages(tmp_path / "channels.tif", [DEEP, DEEP], description="ImageJ=1.54f\nimages=2\nchannels=2\n")
    for path in (sizes, channels):
        (refused,) = pictures.read_pages(path, path.name)
        assert isinstance(refused, Skipped)
        assert refused.code == "pages"


def test_tiles_are_put_together(tmp_path: Path) -> None:
    wide = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
    tiles = b"".join(
        np.pad(wide, ((0, 8), (0, 14)))[row : row + 16, column : column + 16].astype("<u2").tobytes()
        for row in range(0, 48, 16)
        for column in range(0, 64, 16)
    )
    tiled = {322: (4, [16]), 323: (4, [16]), 324: (4, [8 + 512 * tile for tile in range(12)]), 325: (4, [512] * 12)}
    shape = {256: (4, [50]), 257: (4, [40]), 273: None, 278: None, 279: None}
    path = tiff(tmp_path / "a.tif", np.frombuffer(tiles, "<u2")[None], tags={**shape, **tiled})
    np.testing.assert_array_equal(picture(path), wide)


@pytest.mark.parametrize("name", ["a.webp", "a.jfif", "a.jpe", "a.bmp"])
def test_webp_and_other_names_of_jpeg_are_pictures(name: str, tmp_path: Path) -> None:
    kind = {"webp": "WEBP", "bmp": "BMP"}.get(name[2:], "JPEG")
    smooth = np.add.outer(np.arange(40), np.arange(40)).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / name, kind, quality=95)
    assert np.abs(picture(tmp_path / name).astype(int) - smooth).max() <= 4


# ---- DICOM ---------------------------------------------------------------------------------------------------------


NO_CT = {"Modality": "DX", "RescaleSlope": None, "RescaleIntercept": None, "BurnedInAnnotation": "NO"}


def test_padding_becomes_background_but_stays_where_ct_has_air(tmp_path: Path) -> None:
    grey, signed, body = shades(200, 3900, "<u2"), shades(200, 3900, "<i2"), shades(0, 2000, "<i2")

    def padded(name: str, pixels: NDArray[Any], value: int, **attributes: Any) -> Path:
        filled = pixels.copy()
        filled[:, :3] = value
        return write_dicom(tmp_path / name, filled, PixelPaddingValue=value, SeriesInstanceUID=None, **attributes)

    ranged = grey.copy()
    ranged[:, 0], ranged[:, 1:3] = 65000, 65535
    ends = {"PixelPaddingValue": 65535, "PixelPaddingRangeLimit": 65000, "SeriesInstanceUID": None}
    images = by_file(
        padded("grey.dcm", grey, 65535, **NO_CT),
        padded("signed.dcm", signed, -1, **NO_CT),
        write_dicom(tmp_path / "ranged.dcm", ranged, **NO_CT, **ends),
        padded("air.dcm", body, -976),
        padded("bone.dcm", body, 30000),
    )
    expected = {"grey": (grey, None), "signed": (signed, None), "ranged": (grey, None), "air": (body - 1024, -2000),
                "bone": (body - 1024, None)}  # fmt: skip
    for name, (pixels, fill) in expected.items():
        (image,) = images[f"{name}.dcm"]
        filled = pixels.copy()
        filled[:, :3] = pixels[:, 3:].min() if fill is None else fill
        np.testing.assert_array_equal(image.pixels[0], filled, name)
        assert image.padding == pytest.approx(0 if name == "air" else 3 / 11)
        assert "PixelPaddingValue" not in image.dropped
