"""What is taken of volumes, on which grid, and where the class comes from: choices that the user sees."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray
from PIL import Image

from ganaug_core import readers
from ganaug_core.errors import CohortError
from ganaug_core.readers import Choices, Columns, masks, resampling
from ganaug_core.readers.burned_in import LINE
from ganaug_core.readers.dicom_codes import TEXT_RISKS
from ganaug_core.records import Skipped, Slice
from tests.bad_input import table
from tests.volume_files import ramp, write_dicom

itk: Any = SimpleITK
Data = Callable[[str], Path]
NRRD = "nrrd_pyradiomics/data"


def split(source: Path, columns: Columns | None = None, **choices: Any) -> tuple[list[Slice], list[Skipped]]:
    items = list(readers.read(source, columns, Choices(**choices)))
    return [item for item in items if isinstance(item, Slice)], [item for item in items if isinstance(item, Skipped)]


def write(path: Path, voxels: NDArray[Any], spacing: Sequence[float] = (1, 1, 1), origin: float = 0) -> Path:
    """Write (z, y, x) voxels by ITK, in the format of the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = itk.GetImageFromArray(voxels)
    image.SetSpacing(spacing)
    image.SetOrigin((origin,) * 3)
    itk.WriteImage(image, str(path))
    return path


@pytest.fixture
def lesion(tmp_path: Path) -> Path:
    """A volume of 6 slices whose mask lies in slices 2 (4 voxels), 3 (12 voxels) and 4 (2 voxels), under label 2."""
    random = np.random.default_rng(0)
    write(tmp_path / "liver/a.nrrd", random.integers(0, 99, (6, 20, 30)).astype(np.int16))
    mask = np.zeros((6, 20, 30), np.uint8)
    mask[2, 8:10, 20:22] = mask[3, 7:10, 19:23] = mask[4, 9, 20:22] = 2
    mask[0, 0, 0] = 1
    write(tmp_path / "liver/a_mask.nrrd", mask)
    return tmp_path


# ---- which slices --------------------------------------------------------------------------------------------------


def places(slices: Sequence[Slice]) -> list[int]:
    return [int(image.source.rsplit(":", 1)[1]) for image in slices]


def test_slices_are_all_or_those_of_the_mask_or_the_largest_section(lesion: Path) -> None:
    assert places(split(lesion)[0]) == [0, 1, 2, 3, 4, 5]
    assert places(split(lesion, every=2)[0]) == [0, 2, 4]
    assert places(split(lesion, slices="mask")[0]) == [0, 2, 3, 4]
    assert places(split(lesion, slices="mask", mask_label=2)[0]) == [2, 3, 4]
    assert places(split(lesion, slices="mask", mask_label=2, every=2)[0]) == [2, 4]
    assert places(split(lesion, slices="largest", mask_label=2)[0]) == [3]


def test_a_mask_is_no_image_and_the_table_says_so(lesion: Path) -> None:
    slices, (entry,) = split(lesion)
    assert {image.source.split(":")[0] for image in slices} == {"liver/a.nrrd"}
    assert (entry.file, entry.code) == ("liver/a_mask.nrrd", "mask")
    assert "they are no images themselves" in entry.say


def test_a_crop_is_a_square_around_the_lesion_with_a_quarter_of_margin(lesion: Path) -> None:
    (whole,), _ = split(lesion, slices="largest", mask_label=2)
    (cut,), _ = split(lesion, slices="largest", mask_label=2, crop=True)
    # 4 columns wide: a square of 6 around the middle (8.5, 21)
    np.testing.assert_array_equal(cut.pixels[0], whole.pixels[0, 6:12, 18:24])
    (small,), _ = split(lesion, slices="largest", mask_label=2, crop=True, size=12)
    assert (small.pixels.shape, small.spacing_mm) == ((1, 12, 12), (0.5, 0.5))


def test_a_crop_at_the_border_moves_inside_and_a_large_one_ends_with_the_image() -> None:
    mask = np.zeros((10, 20), bool)
    mask[0:2, 0:4] = True
    plane = np.arange(200, dtype=np.int16).reshape(10, 20)
    cut, _ = resampling.placed(plane, None, mask, Choices(crop=True))
    np.testing.assert_array_equal(cut, plane[:6, :6])
    mask[:, :15] = True
    cut, _ = resampling.placed(plane, None, mask, Choices(crop=True))
    assert cut.shape == (10, 20)


def test_a_mask_on_another_grid_or_an_empty_one_or_none_is_refused_in_words(lesion: Path) -> None:
    voxels = np.random.default_rng(1).integers(0, 99, (6, 20, 30)).astype(np.int16)
    for name in ("far", "empty", "bare"):
        write(lesion / f"liver/{name}.nrrd", voxels)
    write(lesion / "liver/far_mask.nrrd", np.ones((6, 20, 30), np.uint8), origin=5)
    write(lesion / "liver/empty_mask.nrrd", np.zeros((6, 20, 30), np.uint8))
    slices, skipped = split(lesion, slices="mask")
    assert {image.source.split(":")[0] for image in slices} == {"liver/a.nrrd"}
    assert {entry.file: entry.code for entry in skipped} == {
        "liver/a_mask.nrrd": "mask",
        "liver/far.nrrd": "mask.geometry",
        "liver/empty.nrrd": "mask.empty",
        "liver/bare.nrrd": "mask.missing",
    }


def test_real_lesions_come_out_of_the_volumes_of_pyradiomics(data: Data, tmp_path: Path) -> None:
    home = tmp_path / "tumours"
    home.mkdir()
    for path in data(NRRD).glob("*.nrrd"):
        (home / path.name).write_bytes(path.read_bytes())
    slices, skipped = split(home, slices="largest", crop=True, size=32)
    assert sorted(image.source.split(":")[0] for image in slices) == [
        "brain1_image.nrrd", "brain2_image.nrrd", "breast1_image.nrrd", "prostate_phantom_subvolume.nrrd",
    ]  # fmt: skip
    assert {image.pixels.shape for image in slices} == {(1, 32, 32)}
    orphans = {entry.file for entry in skipped if "no image that it belongs to" in entry.say}
    assert orphans == {"lung1_label.nrrd", "lung2_label.nrrd"}


def test_every_third_slice_of_a_series_is_taken_in_the_order_of_position(tmp_path: Path) -> None:
    for z in range(8):
        write_dicom(tmp_path / f"{7 - z}.dcm", ramp() + z, ImagePositionPatient=[0, 0, z])
    slices, _ = split(tmp_path, every=3)
    assert [image.source for image in slices] == ["7.dcm", "4.dcm", "1.dcm"]


# ---- on which grid -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plane", "index", "spacing"),
    [("axial", np.s_[1], (2, 1)), ("coronal", np.s_[::-1, 1], (3, 1)), ("sagittal", np.s_[::-1, :, 1], (3, 2)),
     ("acquired", np.s_[1], (2, 1))],
)  # fmt: skip
def test_planes_lie_as_a_radiologist_sees_them(
    plane: str, index: Any, spacing: tuple[float, ...], tmp_path: Path
) -> None:
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)  # LPS: slice up, row to the back, column to the left
    write(tmp_path / "a/v.mha", voxels, (1, 2, 3))
    slices, _ = split(tmp_path, plane=plane)
    np.testing.assert_array_equal(slices[1].pixels[0], voxels[index])
    assert slices[1].spacing_mm == spacing


def test_unequal_spacing_is_kept_in_millimetres_when_a_slice_is_fitted() -> None:
    image = np.tile(np.arange(8, dtype=np.float32), (4, 1))  # 4 x 8 pixels of 2 x 1 mm: a square of 8 mm
    fitted = resampling.fitted(image[None], 8, (2.0, 1.0))
    np.testing.assert_allclose(fitted[0], np.tile(np.arange(8), (8, 1)), atol=0.01)
    assert (
        resampling.fitted(image[None], 8)[0, 0, 0] == resampling.fitted(image[None], 8)[0, 1, 7]
    )  # without: padded above


def test_a_common_spacing_gives_pixels_of_that_size_around_the_middle() -> None:
    plane = np.arange(100, dtype=np.int16).reshape(10, 10)
    choices = Choices(spacing_mm=2.0, size=4)
    placed, spacing = resampling.placed(plane, (1.0, 1.0), None, choices)
    means = plane.reshape(5, 2, 5, 2).mean((1, 3))
    np.testing.assert_allclose(placed, np.rint(means[0:4, 0:4]), atol=1)
    assert spacing == (2.0, 2.0)
    wide, _ = resampling.placed(plane, (1.0, 1.0), None, Choices(spacing_mm=1.0, size=14))
    np.testing.assert_array_equal(wide[2:12, 2:12], plane)
    assert len(np.unique(wide[0])) == 1


def test_series_of_two_spacings_come_out_at_one(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm", ramp(16, 16), PixelSpacing=[1, 1], SeriesInstanceUID="1.1")
    write_dicom(tmp_path / "b.dcm", ramp(16, 16), PixelSpacing=[0.5, 0.5], SeriesInstanceUID="1.2")
    slices, _ = split(tmp_path, spacing_mm=1.0, size=16)
    assert {(image.pixels.shape, image.spacing_mm) for image in slices} == {((1, 16, 16), (1.0, 1.0))}
    first, second = (image.pixels[0] for image in slices)
    np.testing.assert_array_equal(first, ramp(16, 16).astype(int) - 1024)
    assert second.min() >= -1024
    assert len(np.unique(second[0])) == 1  # 8 mm of image in the middle of 16 mm


@pytest.mark.parametrize(
    ("choices", "says"),
    [({"slices": "some"}, "all, mask, largest"), ({"plane": "oblique"}, "axial, coronal"), ({"every": 0}, "1 or more"),
     ({"spacing_mm": 0.0}, "0.001 to 100"), ({"label_tag": "PatientName"}, "BodyPartExamined")],
)  # fmt: skip
def test_a_choice_that_there_is_not_lists_the_right_ones(choices: dict[str, Any], says: str) -> None:
    with pytest.raises(CohortError) as error:
        Choices(**choices)
    assert says in error.value.do


# ---- names of masks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("a/x.nii.gz", "a/x_mask.nii.gz"), ("a/x.nii", "a/mask_x.nii"), ("a/x_image.nrrd", "a/x_label.nrrd"),
        ("a/p-1.nrrd", "a/p-1-label.nrrd"), ("imagesTr/c_7_0000.nii.gz", "labelsTr/c_7.nii.gz"),
        ("a/img0004.nii.gz", "a/label0004.nii.gz"), ("a/example_ct.nii.gz", "a/example_seg.nii.gz"),
        ("b/benign (1).png", "b/benign (1)_mask.png"), ("a/fixed.mhd", "a/mask_fixed.mhd"),
    ],
)  # fmt: skip
def test_a_mask_finds_its_image_by_name(image: str, mask: str) -> None:
    pairs = masks.paired([image, mask])
    assert (pairs.of, pairs.further, pairs.orphans) == ({image: mask}, (), ())


def test_second_masks_orphans_and_pictures_that_only_sound_like_masks() -> None:
    pairs = masks.paired(["b/u.png", "b/u_mask.png", "b/u_mask_1.png", "b/face mask.png", "a/lung1_label.nrrd"])
    assert pairs.of == {"b/u.png": "b/u_mask.png"}
    assert pairs.further == ("b/u_mask_1.png",)
    assert pairs.orphans == ("a/lung1_label.nrrd",)
    assert masks.paired(["one/x.nii", "two/x_mask.nii"]).of == {}


def test_folders_of_images_and_labels_are_one_class(tmp_path: Path) -> None:
    home = tmp_path / "liver"
    write(home / "imagesTr/p_0000.nii.gz", np.arange(60, dtype=np.int16).reshape(3, 4, 5))
    write(home / "labelsTr/p.nii.gz", np.ones((3, 4, 5), np.uint8))
    slices, _ = split(home)
    assert {(image.label, image.source.split(":")[0]) for image in slices} == {("liver", "imagesTr/p_0000.nii.gz")}


def test_masks_of_pictures_are_left_out_and_cut_around(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    picture, mask = random.integers(0, 256, (20, 30), dtype=np.uint8), np.zeros((20, 30), np.uint8)
    mask[8:12, 10:14] = 255
    (tmp_path / "benign").mkdir()
    Image.fromarray(picture).save(tmp_path / "benign/b (1).png")
    Image.fromarray(mask).save(tmp_path / "benign/b (1)_mask.png")
    (whole,), (entry,) = split(tmp_path)
    assert (whole.pixels.shape, entry.code) == ((1, 20, 30), "mask")
    (cut,), _ = split(tmp_path, crop=True)
    np.testing.assert_array_equal(cut.pixels[0], picture[7:13, 9:15])


# ---- classes -------------------------------------------------------------------------------------------------------


def test_a_table_without_images_names_the_class_of_each_patient(tmp_path: Path) -> None:
    home = tmp_path / "scans"
    (home / "P3").mkdir(parents=True)
    for number, patient in enumerate(["P1", "P1", "P2", "unknown"]):
        write_dicom(home / f"{number}.dcm", ramp() + number, PatientID=patient, SeriesInstanceUID=f"1.{number}")
    Image.fromarray(np.arange(100, dtype=np.uint8).reshape(10, 10)).save(home / "P3/one.png")
    Image.fromarray(np.arange(100, dtype=np.uint8).reshape(10, 10).T).save(home / "P4_lateral.png")
    listed = table(tmp_path / "t.csv", [["patient_id", "diagnosis", "split"], ["P1", "ill", "train"],
                                        ["P2", "well", "test"], ["P3", "ill", "train"], ["P4", "well", "train"],
                                        ["P2", "ill", "test"]])  # fmt: skip
    slices, skipped = split(home, Columns(labels=str(listed)))
    attributes = {image.source: (image.label, image.patient, image.role) for image in slices}
    assert attributes == {
        "0.dcm": ("ill", "P1", "train"), "1.dcm": ("ill", "P1", "train"), "2.dcm": ("well", "P2", "holdout"),
        "P3/one.png": ("ill", "P3", "train"), "P4_lateral.png": ("well", "P4", "train"),
    }  # fmt: skip
    assert {entry.file: entry.code for entry in skipped} == {"3.dcm": "no_label", "row 6": "row"}


def test_a_dicom_attribute_names_the_class_whatever_the_folders_are_called(tmp_path: Path) -> None:
    for number, part in enumerate(["CHEST", "HEAD", None]):
        (tmp_path / f"export{number}").mkdir()
        path = tmp_path / f"export{number}/a.dcm"
        write_dicom(path, ramp() + number, BodyPartExamined=part, SeriesInstanceUID=f"1.{number}")
    (tmp_path / "export0/readme.txt").write_text("no image")
    slices, skipped = split(tmp_path, label_tag="BodyPartExamined")
    assert {image.source: image.label for image in slices} == {"export0/a.dcm": "CHEST", "export1/a.dcm": "HEAD"}
    assert {entry.file: entry.code for entry in skipped} == {
        "export0/readme.txt": "not_image", "export2/a.dcm": "no_label",
    }  # fmt: skip


# ---- what a file holds beside its pixels ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "risk"),
    [
        ({}, None), ({"BurnedInAnnotation": "YES"}, "tag"), ({"BurnedInAnnotation": "NO", "Modality": "DX"}, None),
        ({"Modality": "DX"}, "radiograph"), ({"Modality": "US"}, "ultrasound"), ({"Modality": "OT"}, "other"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "capture"),
    ],
)  # fmt: skip
def test_the_header_tells_where_text_is_likely(header: dict[str, Any], risk: str | None, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp(), **header)
    ((image,), _) = split(path)
    assert image.text_risk == (None if risk is None else TEXT_RISKS[risk])


def test_letters_in_the_pixels_are_seen_before_the_slice_is_made_small(tmp_path: Path) -> None:
    from PIL import ImageDraw

    canvas = Image.new("I", (256, 256))
    ImageDraw.Draw(canvas).text((10, 200), "SMITH JOHN 1947", fill=3000, font_size=24)
    pixels = (np.asarray(canvas) + np.random.default_rng(0).integers(0, 900, (256, 256))).astype("<u2")
    path = write_dicom(tmp_path / "a.dcm", np.where(np.asarray(canvas) > 0, 3000, pixels).astype("<u2"))
    ((small,), _) = split(path, size=32)
    assert small.text_risk == LINE
    ((clean,), _) = split(write_dicom(tmp_path / "b.dcm", (pixels % 900).astype("<u2")), size=32)
    assert clean.text_risk is None


def test_texts_in_pictures_and_volumes_are_named_and_never_kept(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    home = tmp_path / "a"
    home.mkdir()
    picture = Image.fromarray(np.arange(100, dtype=np.uint8).reshape(10, 10))
    note = PngInfo()
    note.add_text("Comment", "SMITH^JOHN")
    picture.save(home / "p.png", pnginfo=note)
    picture.save(home / "j.jpg", comment=b"SMITH^JOHN")
    exif = Image.Exif()
    exif[0x010E] = "SMITH^JOHN"
    picture.save(home / "e.jpg", exif=exif)
    picture.save(home / "t.tif", description="SMITH^JOHN")
    image = itk.GetImageFromArray(np.arange(8, dtype=np.int16).reshape(2, 2, 2))
    image.SetMetaData("Patient", "SMITH^JOHN")
    itk.WriteImage(image, str(home / "n.nrrd"))
    slices, _ = split(tmp_path)
    dropped = {image.source.split("/")[1].split(":")[0]: image.dropped for image in slices}
    assert dropped == {
        "p.png": ("PNG text",), "j.jpg": ("JPEG comment",), "e.jpg": ("EXIF",), "t.tif": ("TIFF text",),
        "n.nrrd": ("key/value pairs",),
    }  # fmt: skip
    assert "SMITH" not in repr(slices)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16])
@pytest.mark.parametrize("side", resampling.EXACT)
def test_whole_blocks_are_averaged_bit_for_bit_as_pillow_does(kind: type[np.integer[Any]], side: int) -> None:
    ends = np.iinfo(kind)
    noise = np.random.default_rng(side).integers(ends.min, ends.max, (24 * side, 24 * side), kind, endpoint=True)
    for image in (noise, np.full_like(noise, ends.max), np.full_like(noise, ends.min)):
        pillow = np.asarray(Image.fromarray(image.astype(np.float32)).resize((24, 24), Image.Resampling.BOX))
        expected = np.rint(np.clip(pillow, image.min(), image.max())).astype(kind)
        np.testing.assert_array_equal(resampling.fitted(image[None], 24)[0], expected)
