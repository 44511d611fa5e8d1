"""DICOM and NIfTI: real scans come out in HU, and values are those worked out by hand."""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from ganaug_core.readers import series
from tests.volume_files import ramp, read, values, write_dicom, write_nifti

GE_HEAD = "dicom_ct/ge_head/In/GE"
SIEMENS = "dicom_ct/siemens_totalseg/tests/reference_files/example_ct_dicom"
NIFTI_CT = "nifti/totalseg/tests/reference_files/example_ct.nii.gz"
ODD_DICOM = "dicom_robust/pydicom_test_files/src/pydicom/data/test_files"


# ---- real scans ----------------------------------------------------------------------------------------------------


def test_a_ct_head_with_a_tilted_gantry_comes_out_complete_in_hu_and_its_gaps_are_told(
    data: Callable[[str], Path],
) -> None:
    slices, (notice,) = read(*reversed(sorted(data(GE_HEAD).glob("*.dcm"))))
    assert len(slices) == 28
    assert values(slices) == (-1500, 2121)
    assert {(image.unit, image.patient, image.pixels.shape, image.pixels.dtype.name) for image in slices} == {
        ("HU", "QMNx85rKkkg", (1, 512, 512), "int16")
    }
    assert len({image.volume for image in slices}) == 1
    positions = [pydicom.dcmread(data(GE_HEAD) / image.source).ImagePositionPatient[2] for image in slices]
    assert positions == sorted(positions)
    assert notice.code == "series.missing"
    assert "series of 28 files: 14 of 27 gaps differ from the usual 4 mm. Each slice is used" in notice.say
    assert {(image.modality, image.text_risk) for image in slices} == {("CT", None)}
    assert {"PatientName", "StudyDate", "private attribute"} <= set(slices[0].dropped)


def test_jpeg_2000_slices_without_patient_and_series_stay_one_volume(data: Callable[[str], Path]) -> None:
    slices, skipped = read(*sorted(data(SIEMENS).iterdir()))
    assert (len(slices), skipped) == (20, [])
    assert values(slices) == (-1024, 1839)
    assert {(image.unit, image.patient) for image in slices} == {("HU", None)}
    assert len({image.volume for image in slices}) == 1
    assert None not in {image.volume for image in slices}


def test_pixels_equal_those_of_pydicom_after_the_rescale(data: Callable[[str], Path]) -> None:
    folder = data(ODD_DICOM)
    files = [
        *sorted(data(GE_HEAD).glob("*.dcm"))[:2],
        *sorted(data(SIEMENS).iterdir())[:2],
        *(folder / name for name in ("CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm")),
    ]
    slices, skipped = read(*files)
    assert {entry.code for entry in skipped} == {"series.duplicate"}
    assert len(slices) == len(files)
    by_name = {path.name: path for path in files}
    for image in slices:
        dataset = pydicom.dcmread(by_name[image.source])
        slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
        np.testing.assert_array_equal(image.pixels[0], dataset.pixel_array * slope + intercept)


def test_a_nifti_ct_gives_axial_slices_in_hu(data: Callable[[str], Path]) -> None:
    slices, skipped = read(data(NIFTI_CT))
    assert skipped == []
    assert values(slices) == (-1207, 3382)
    assert {(image.unit, image.spacing_mm, image.pixels.shape) for image in slices} == {
        ("HU", (3.0, 3.0), (1, 101, 122))
    }
    assert [image.source for image in slices[:2]] == ["example_ct.nii.gz:0", "example_ct.nii.gz:1"]
    assert len(slices) == 112


def test_every_odd_dicom_of_pydicom_is_read_or_refused_in_words(data: Callable[[str], Path]) -> None:
    files = sorted(path for path in data(ODD_DICOM).glob("*.dcm"))
    slices, skipped = read(*files)
    refused = [entry for entry in skipped if not entry.code.startswith("series.")]
    files_read = {image.source.split(":")[0] for image in slices}
    assert sorted([*files_read, *(entry.file for entry in refused)]) == [path.name for path in files]
    assert {entry.code for entry in refused} <= {
        "type", "truncated", "decode", "dicom.no_image", "dicom.parse", "dicom.syntax", "dicom.attributes",
        "dicom.colour", "dicom.bits", "mask",
    }  # fmt: skip
    assert all(entry.say.startswith(f"{entry.file}: ") and entry.say.endswith(".") and entry.do for entry in skipped)


# ---- values worked out by hand -------------------------------------------------------------------------------------


def test_axial_slices_show_the_front_up_and_the_left_right(tmp_path: Path) -> None:
    voxels = np.arange(24, dtype="<i2").reshape(4, 3, 2)  # x to the right side, y to the front, z to the head
    slices, _ = read(write_nifti(tmp_path / "a.nii", voxels, 4))
    assert [image.source for image in slices] == ["a.nii:0", "a.nii:1"]
    np.testing.assert_array_equal(slices[0].pixels[0], voxels[::-1, ::-1, 0].T)
    assert slices[0].spacing_mm == (2.0, 1.0)
    assert slices[0].unit == "intensity"


def test_a_compressed_nifti_gives_the_same_as_a_plain_one(tmp_path: Path) -> None:
    voxels = np.linspace(0, 1, 24, dtype="<f4").reshape(4, 3, 2)
    plain = write_nifti(tmp_path / "a.nii", voxels, 16)
    packed = tmp_path / "a.nii.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    slices, _ = read(plain, packed)
    assert [image.source for image in slices] == ["a.nii:0", "a.nii:1", "a.nii.gz:0", "a.nii.gz:1"]
    assert {image.pixels.dtype.name for image in slices} == {"float32"}
    for one, other in zip(slices[:2], slices[2:], strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


def test_empty_slices_of_a_volume_are_one_entry_with_their_number(tmp_path: Path) -> None:
    voxels = np.zeros((4, 3, 5), "<i2")
    voxels[1, 1:, 2] = 7, 9
    slices, skipped = read(write_nifti(tmp_path / "a.nii", voxels, 4))
    assert [image.source for image in slices] == ["a.nii:2"]
    assert [(entry.file, entry.code) for entry in skipped] == [("a.nii", "constant")]
    assert "4 of 5 slices are empty" in skipped[0].say


def test_monochrome1_is_mirrored_once_and_never_in_hu(tmp_path: Path) -> None:
    stored = ramp()
    film: dict[str, Any] = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 12, "HighBit": 11}
    ray = write_dicom(tmp_path / "x.dcm", stored, Modality="DX", RescaleIntercept=0, SeriesInstanceUID="1.1", **film)
    scan = write_dicom(tmp_path / "ct.dcm", stored, **film)
    signed = write_dicom(tmp_path / "s.dcm", ramp(dtype="<i2"), Modality="DX", SeriesInstanceUID="1.4", **film)
    by_source = {image.source: image for image in read(ray, scan, signed)[0]}
    np.testing.assert_array_equal(by_source["x.dcm"].pixels[0], 4095 - stored.astype(int))
    np.testing.assert_array_equal(by_source["ct.dcm"].pixels[0], stored.astype(int) - 1024)
    np.testing.assert_array_equal(by_source["s.dcm"].pixels[0], -1 - stored.astype(int) - 1024)


def test_a_fractional_slope_gives_floats_and_spacing_is_row_then_column(tmp_path: Path) -> None:
    (image,), _ = read(write_dicom(tmp_path / "a.dcm", ramp(), Modality="PT", RescaleSlope="0.25", RescaleIntercept=0))
    assert (image.pixels.dtype, image.unit, image.spacing_mm) == (np.float32, "intensity", (0.5, 0.75))
    np.testing.assert_array_equal(image.pixels[0], ramp() * 0.25)


def test_a_series_that_is_no_regular_volume_is_told_what_keeps_it_from_being_one() -> None:
    def header(z: float | None, orientation: Sequence[float] = (1, 0, 0, 0, 1, 0), **changes: Any) -> dict[str, Any]:
        plane = {"orientation": orientation, "position": None if z is None else [0, 0, z]}
        facts = {"rows": 4, "columns": 4, "bits_allocated": 16, "samples": 1, "photometric": "MONOCHROME2"}
        return {**facts, "modality": "CT", "planes": [plane], **changes}

    def breaches_of(*headers: dict[str, Any]) -> list[tuple[str, str]]:
        return [(code, say) for code, say, _ in series.breaches(headers)]

    regular = [header(z) for z in (4, 0, 2, 6)]
    assert breaches_of(*regular) == []
    assert breaches_of(*regular, header(12)) == [("series.missing", "1 of 4 gaps differ from the usual 2 mm")]
    assert breaches_of(*regular, header(2)) == [("series.duplicate", "1 slices lie where another one does")]
    assert breaches_of(*(header(z) for z in (0, 0, 2, 2, 4, 4))) == [
        ("series.duplicate", "3 slices lie where another one does")
    ]
    assert breaches_of(*regular, header(8, rows=5)) == [("series.mixed", "2 image sizes in one series")]
    assert breaches_of(*regular, header(8, bits_allocated=8)) == [("series.mixed", "2 bit depths in one series")]
    assert breaches_of(*regular, header(8, samples=3)) == [("series.mixed", "2 colour models in one series")]
    tilted = header(8, (1, 0, 0, 0, 0.99, 0.14))
    assert breaches_of(*regular, tilted) == [("series.mixed", "1 slices have another orientation than the first")]
    assert breaches_of(*regular, header(None)) == [("series.unplaced", "position or orientation is missing")]
    assert breaches_of(header(None, modality="DX"), header(None, modality="DX")) == []


def test_a_localiser_filed_with_its_series_is_left_out_and_a_tilted_slice_is_not(tmp_path: Path) -> None:
    files = [write_dicom(tmp_path / f"{z}.dcm", ramp(), ImagePositionPatient=[0, 0, z]) for z in range(4)]
    files.append(write_dicom(tmp_path / "scout.dcm", ramp(), ImageOrientationPatient=[1, 0, 0, 0, 0, -1]))
    tilt = [1, 0, 0, 0, 0.94, 0.342]
    files.append(
        write_dicom(tmp_path / "tilted.dcm", ramp(), ImageOrientationPatient=tilt, ImagePositionPatient=[0, 0, 4])
    )
    slices, skipped = read(*files)
    assert [image.source for image in slices] == ["0.dcm", "1.dcm", "2.dcm", "3.dcm", "tilted.dcm"]
    assert [(entry.file, entry.code) for entry in skipped] == [
        ("scout.dcm", "series.localiser"), ("0.dcm", "series.mixed"),
    ]  # fmt: skip
