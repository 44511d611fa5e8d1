"""Every format of export: values come back as exactly as it says, every file says synthetic, and DICOM is DICOM."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image

from ganaug_core import readers
from ganaug_core.cohort import _about
from ganaug_core.errors import GeneratorError
from ganaug_core.interfaces import look_up
from ganaug_core.records import Intensity, Samples, Slice
from ganaug_core.writers import WRITERS, marks

HU, GREY, SUV = Intensity("HU", -160.0, 240.0), Intensity("intensity", 0.0, 255.0), Intensity("g/mL", 0.0, 12.0)
VALUED = sorted(set(WRITERS) - {"slides", "npz"})
TOO_NEW = "is not a recognized standard attribute - (0x0008,0x001c)"
"""Debian's dciodvfy of 2022 does not know Synthetic Data, which the standard has since; a newer one may."""


def samples_of(channels: int = 1) -> Samples:
    random = np.random.default_rng(3)
    images = random.uniform(-1, 1, (5, channels, 9, 12)).astype(np.float32)
    images[0, :, 0, :2] = -1, 1  # both ends of the range
    return Samples(
        name="s",
        digest="d" * 64,
        images=images,
        labels=np.array([0, 1, 0, 1, 1]),
        ids=np.array([f"{number:012x}" for number in range(5)]),
        classes=("benign", "malignant"),
        source="generator",
        provenance={"generator": "e" * 64, "seed": 4, "truncation": 0.7, "cohort": "c" * 64},
    )


def read_back(folder: Path, colour: bool = False) -> dict[str, Slice]:
    choices = readers.Choices(colour=colour)
    images = [image for image in readers.read(folder, choices=choices) if isinstance(image, Slice)]
    return {image.source.split(":")[0]: image for image in images}


@pytest.mark.parametrize("unit", [HU, GREY, SUV], ids=["HU", "grey", "SUV"])
@pytest.mark.parametrize("format", VALUED)
def test_our_own_reader_finds_the_values_within_the_stated_rounding(
    format: str, unit: Intensity, tmp_path: Path
) -> None:
    samples = samples_of()
    written = look_up(WRITERS, format, "format").write(samples, unit, tmp_path)
    images = read_back(tmp_path)
    assert written.error is not None and written.slope is not None and written.offset is not None  # noqa: PT018
    for name, image in zip(written.names, samples.images, strict=True):
        found = images[name].pixels[0].astype(np.float64) * written.slope + written.offset
        physical = unit.physical(image[0])
        assert np.abs(found - physical).max() <= written.error * 1.001 + 1e-6 * abs(unit.high)
        if format == "dicom":
            assert images[name].unit == ("HU" if unit is HU else "intensity")


@pytest.mark.parametrize("format", ["png", "tiff", "dicom"])
def test_colour_comes_back_and_what_cannot_be_held_is_refused(format: str, tmp_path: Path) -> None:
    samples = samples_of(3)
    written = WRITERS[format]().write(samples, GREY, tmp_path)
    for name, image in zip(written.names, samples.images, strict=True):
        if format == "dicom":  # the reader makes DICOM grey
            found = np.moveaxis(pydicom.dcmread(tmp_path / name).pixel_array, -1, 0)
        else:
            found = read_back(tmp_path, colour=True)[name].pixels
        assert np.abs(found - GREY.physical(image)).max() <= 0.501
    with pytest.raises(GeneratorError, match="cannot hold 3 channels"):
        WRITERS[format]().write(samples, HU, tmp_path)


def test_dicom_says_who_is_not_shown_and_holds_no_more_than_it_is_made_of(tmp_path: Path) -> None:
    samples = samples_of()
    names = WRITERS["dicom"]().write(samples, HU, tmp_path).names
    first, second = (pydicom.dcmread(tmp_path / name) for name in names[:2])
    assert (first.SyntheticData, list(first.ImageType), first.ConversionType) == (
        "YES",
        ["DERIVED", "SECONDARY"],
        "SYN",
    )
    assert first.SOPClassUID == pydicom.uid.SecondaryCaptureImageStorage
    assert (first.PatientID, first.SeriesDescription) == ("SYN-000000000000", "SYNTHETIC - NOT A PATIENT")
    purpose = first.ContributingEquipmentSequence[0].PurposeOfReferenceCodeSequence[0]
    assert (purpose.CodeValue, purpose.CodingSchemeDesignator) == ("109100", "DCM")
    for fact in ("e" * 64, "seed 4", "truncation 0.7", marks.SOFTWARE):
        assert fact in first.DerivationDescription
    assert (first.RescaleSlope, first.RescaleIntercept, first.RescaleType) == (1, -160, "HU")
    assert (first.WindowCenter, first.WindowWidth) == (40, 400)
    uids = [dataset[key].value for dataset in (first, second) for key in dataset.dir("InstanceUID")]
    assert len(uids) == len(set(uids)) == 6
    assert all(uid.startswith("2.25.") and uid.is_valid for uid in uids)
    for geometry in ("FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        assert geometry not in first
    assert not [element.keyword for element in first if element.VR in ("DA", "TM", "DT") and element.value]
    assert b"c" * 64 not in (tmp_path / names[0]).read_bytes()


def test_the_same_image_is_the_same_file_and_another_generator_gives_another_uid(tmp_path: Path) -> None:
    def content(samples: Samples, folder: str) -> bytes:
        (tmp_path / folder).mkdir()
        return (tmp_path / folder / WRITERS["dicom"]().write(samples, HU, tmp_path / folder).names[0]).read_bytes()

    samples = samples_of()
    other = replace(samples, provenance={**samples.provenance, "generator": "f" * 64})
    assert content(samples, "one") == content(replace(samples, digest="a" * 64), "again")
    content(other, "other")
    uids = {pydicom.dcmread(tmp_path / name / "benign/0000.dcm").SOPInstanceUID for name in ("one", "again", "other")}
    assert len(uids) == 2


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy, of Debian's package dicom3tools")
@pytest.mark.parametrize(("channels", "unit"), [(1, HU), (1, GREY), (1, SUV), (3, GREY)])
def test_dciodvfy_finds_no_error(channels: int, unit: Intensity, tmp_path: Path) -> None:
    def errors(path: Path) -> list[str]:
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert "SCImage" in done.stderr
        return [line for line in done.stderr.splitlines() if line.startswith("Error") and TOO_NEW not in line]

    path = tmp_path / WRITERS["dicom"]().write(samples_of(channels), unit, tmp_path).names[0]
    assert errors(path) == []
    spoilt = pydicom.dcmread(path)
    del spoilt.ConversionType
    spoilt.save_as(tmp_path / "spoilt.dcm")
    assert errors(tmp_path / "spoilt.dcm"), "the test can fail"


def test_nifti_has_no_place_in_a_body_and_a_side_file(tmp_path: Path) -> None:
    samples = samples_of()
    name = WRITERS["nifti"]().write(samples, HU, tmp_path).names[1]
    image = nibabel.load(tmp_path / name)
    assert (int(image.header["qform_code"]), int(image.header["sform_code"])) == (0, 0)
    assert image.header["descrip"].item().startswith(b"SYNTHETIC - NOT A PATIENT")
    found = np.asarray(image.dataobj)[..., 0].T
    assert found.dtype == np.int16
    assert np.abs(found - HU.physical(samples.images[1, 0])).max() <= 0.501
    side = json.loads((tmp_path / name.replace(".nii.gz", ".json")).read_text())
    assert side["DigitalSourceType"] == marks.SOURCE_TYPE
    assert (side["Class"], side["Id"], side["Index"], side["Seed"]) == ("malignant", "000000000001", 1, "4")


@pytest.mark.parametrize("format", ["png", "png8", "tiff", "slides"])
def test_pictures_carry_the_source_type_where_tools_look_for_it(format: str, tmp_path: Path) -> None:
    name = WRITERS[format]().write(samples_of(), HU, tmp_path).names[0]
    with Image.open(tmp_path / name) as opened:
        assert marks.SOURCE_TYPE.encode() in opened.info["xmp"]
        said = opened.tag_v2[270] if format == "tiff" else opened.text["Synthetic"]  # type: ignore[attr-defined]
    assert said.startswith(marks.MARK)


def test_the_visible_mark_is_on_slides_alone(tmp_path: Path) -> None:
    black = replace(samples_of(), images=np.full((5, 1, 9, 12), -1, np.float32))
    for format, side in (("slides", 512), ("png8", 12)):
        (tmp_path / format).mkdir()
        name = WRITERS[format]().write(black, GREY, tmp_path / format).names[0]
        with Image.open(tmp_path / format / name) as opened:
            shades = np.asarray(opened.convert("L"))
        assert shades.shape[1] >= side
        lower = shades[-len(shades) // 10 :]
        assert ((lower > 200).mean() > 0.02) == (format == "slides")
        assert not shades[: len(shades) // 2].any()


@pytest.mark.parametrize("format", ["dicom", "png", "tiff"])
def test_the_importer_sees_and_says_that_images_are_synthetic(format: str, tmp_path: Path) -> None:
    WRITERS[format]().write(samples_of(), HU, tmp_path)
    images = list(read_back(tmp_path).values())
    assert all(image.synthetic and image.text_risk is None for image in images)
    assert any("5 images say in their files that they are synthetic" in sentence for sentence in _about(images, 0))
    plain = [replace(image, synthetic=False) for image in images]
    assert not any("synthetic" in sentence for sentence in _about(plain, 0))
