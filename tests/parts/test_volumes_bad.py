"""A bad DICOM or NIfTI file is named, costs itself, and nothing else."""

import gzip
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ganaug_core.readers import codestreams, volumes
from ganaug_core.records import Skipped, Slice
from tests.volume_files import ramp, read, write_dicom, write_nifti

SIEMENS = "dicom_ct/siemens_totalseg/tests/reference_files/example_ct_dicom"


# ---- bad files -----------------------------------------------------------------------------------------------------


def bad_header(**changes: Any) -> Callable[[Path], Path]:
    return lambda folder: write_dicom(folder / "bad.dcm", ramp(), **changes)


def bad_nifti(where: int, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = write_nifti(folder / "bad.nii", np.arange(24, dtype="<f4").reshape(4, 3, 2), 16)
        whole = bytearray(path.read_bytes())
        whole[where : where + len(content)] = content
        path.write_bytes(whole)
        return path

    return make


def cut_nifti(folder: Path) -> Path:
    path = write_nifti(folder / "bad.nii", np.arange(24, dtype="<i2").reshape(4, 3, 2), 4)
    path.write_bytes(path.read_bytes()[:-20])
    return path


def cut_gzip(folder: Path) -> Path:
    whole = cut_nifti(folder).read_bytes() + b"\0" * 20
    (folder / "bad.nii.gz").write_bytes(gzip.compress(whole)[:-12])
    return folder / "bad.nii.gz"


def bomb(folder: Path) -> Path:
    header = write_nifti(folder / "bad.nii", np.zeros((1, 1, 1), "<i2"), 4).read_bytes()
    header = header[:42] + struct.pack("<3h", 512, 512, 600) + header[48:]
    (folder / "bad.nii.gz").write_bytes(gzip.compress(header + bytes(1000)))
    return folder / "bad.nii.gz"


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "bad.dcm")
    return folder / "bad.dcm"


def link(folder: Path) -> Path:
    (folder / "bad.dcm").symlink_to(write_dicom(folder / "there.dcm", ramp()))
    return folder / "bad.dcm"


def content(name: str, whole: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(whole)
        return folder / name

    return make


BAD_FILES = {
    "empty": (content("bad.dcm", b""), "empty", "it is empty"),
    "folder": (lambda folder: folder, "not_file", "not an ordinary file"),
    "gone": (lambda folder: folder / "gone.dcm", "not_file", "not there any more"),
    "pipe": (pipe, "not_file", "not an ordinary file"),
    "link": (link, "link", "links are not followed"),
    "picture": (content("bad.dcm", b"\x89PNG\r\n\x1a\n" + bytes(400)), "type", "not that of a DICOM file"),
    "text": (content("bad.nii", b"hello"), "type", "not that of a NIfTI file"),
    "cut nifti": (cut_nifti, "truncated", "promises 48 bytes of image and holds 28"),
    "cut gzip": (cut_gzip, "truncated", "ends early or is damaged"),
    "bomb": (bomb, "bomb", "claim to hold 314,572,800"),
    "not a number": (bad_nifti(352, struct.pack("<f", float("nan"))), "nonfinite", "1 pixels are not numbers"),
    "four takes": (bad_nifti(40, struct.pack("<5h", 4, 4, 3, 2, 7)), "nifti.dims", "7 volumes (4-D)"),
    "zero size": (bad_nifti(42, b"\0\0"), "nifti.dims", "3 dimensions"),
    "surplus": (bad_nifti(46, b"\1\0"), "nifti.dims", "holds more"),
    "complex": (bad_nifti(70, struct.pack("<2h", 32, 64)), "nifti.type", "type 32 with 64 bits"),
    "no spacing": (bad_nifti(80, bytes(4)), "nifti.spacing", "not positive"),
    "offset": (bad_nifti(108, struct.pack("<f", float("nan"))), "nifti.offset", "byte nan"),
    "slope": (bad_nifti(112, struct.pack("<f", float("inf"))), "nifti.slope", "not a number"),
    "two files": (bad_nifti(344, b"ni1\0"), "nifti.pair", "second file"),
    "claims a terabyte": (bad_nifti(42, struct.pack("<3h", 32767, 32767, 32767)), "too_big", "1 GB is the limit"),
    "no pixels": (bad_header(PixelData=None), "dicom.no_image", "holds no image (modality CT)"),
    "cut": (bad_header(PixelData=ramp().tobytes()[:-6]), "truncated", "promises 96 bytes of image and holds 90"),
    "other size": (bad_header(Rows=3), "dicom.attributes", "promises 48 bytes of image and 96 are there"),
    "no rows": (bad_header(Rows=None), "dicom.attributes", "Rows is missing"),
    "frames": (bad_header(NumberOfFrames=9), "truncated", "promises 864 bytes of image and holds 96"),
    "no frame": (bad_header(NumberOfFrames=0), "dicom.attributes", "0 frames cannot be"),
    "colour": (bad_header(PhotometricInterpretation="RGB"), "dicom.colour", "1 values a pixel in RGB"),
    "claims colour": (bad_header(PhotometricInterpretation="RGB", SamplesPerPixel=3), "truncated", "288 bytes"),
    "odd bits": (bad_header(HighBit=12), "dicom.bits", "16 bits stored in 16"),
    "wide": (bad_header(BitsAllocated=64), "dicom.bits", "16 bits stored in 64"),
    "other kind": (bad_header(BitsAllocated=32), "truncated", "promises 192 bytes of image and holds 96"),
    "spacing": (bad_header(PixelSpacing=[0, 1]), "dicom.spacing", "cannot be"),
    "parallel": (bad_header(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), "dicom.orientation", "perpendicular"),
    "no slope": (bad_header(RescaleSlope=0), "dicom.rescale", "slope of 0"),
    "constant": (bad_header(PixelData=bytes(96)), "constant", "the same value"),
}  # fmt: skip


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> list[Slice | Skipped]:
    """All bad files, each followed by a good one, read in one go."""
    files: list[tuple[Path, str, str | None]] = []
    for number, (case, (make, _, _)) in enumerate(BAD_FILES.items()):
        folder = tmp_path_factory.mktemp("mixture")
        bad = make(folder)
        good = write_dicom(folder / "good.dcm", ramp(), SeriesInstanceUID=f"1.3.{number}")
        files += [(bad, f"{case}/{bad.name}", "a"), (good, f"{case}/good.dcm", "a")]
    return list(volumes.read(files))


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_named_with_what_to_do(case: str, mixture: list[Slice | Skipped]) -> None:
    _, code, says = BAD_FILES[case]
    told = [entry for entry in mixture if isinstance(entry, Skipped) and not entry.code.startswith("series.")]
    (refusal,) = (entry for entry in told if entry.file.startswith(f"{case}/"))
    assert refusal.code == code
    assert says in refusal.say
    assert refusal.say.startswith(f"{refusal.file}: ")
    assert refusal.do.endswith(".")


def test_bad_files_cost_nothing_but_themselves(mixture: list[Slice | Skipped]) -> None:
    slices = [image for image in mixture if isinstance(image, Slice)]
    assert [image.source for image in slices] == [f"{case}/good.dcm" for case in BAD_FILES]
    for image in slices:
        np.testing.assert_array_equal(image.pixels[0], ramp().astype(int) - 1024)


def test_a_name_that_is_not_utf8_is_refused_before_any_library_sees_it(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xe9.dcm")
    path.write_bytes(b"x")
    _, (refusal,) = read(path)
    assert (refusal.file, refusal.code) == ("?.dcm", "name")


def test_a_compressed_image_that_disagrees_with_its_header_is_refused(
    data: Callable[[str], Path], tmp_path: Path
) -> None:
    dataset = pydicom.dcmread(sorted(data(SIEMENS).iterdir())[0])
    for name, keyword, value in (("rows", "Rows", 16), ("sign", "PixelRepresentation", 1)):
        setattr(dataset, keyword, value)
        dataset.save_as(tmp_path / f"{name}.dcm")
        dataset[keyword].value = 512 if keyword == "Rows" else 0
    slices, skipped = read(tmp_path / "rows.dcm")
    skipped += read(tmp_path / "sign.dcm")[1]
    assert slices == []
    assert [entry.code for entry in skipped] == ["dicom.attributes", "dicom.attributes"]
    assert "is 512 x 512 x 1 with 12 bits, the header promises 16 x 512" in skipped[0].say
    assert "disagree on whether values can be negative" in skipped[1].say


@pytest.mark.parametrize("first", [128, 132, None], ids=["no preamble", "no mark", "no group 2"])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_dicom_without_its_beginning_is_read(first: int | None, syntax: str, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp())
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, implicit_vr=syntax == ImplicitVRLittleEndian)
    content = path.read_bytes()
    first = content.index(b"\x08\0\x16\0") if first is None else first
    path.write_bytes(content[first:])
    (image,), skipped = read(path)
    np.testing.assert_array_equal(image.pixels[0], ramp().astype(int) - 1024)
    assert (image.unit, skipped) == ("HU", [])


@pytest.mark.parametrize("start", [b"\x08\0\x16\0\xff\xff\0\0", b"\2\0\0\0XX", b"\x08\0\x16\1UI\4\0", b"no DICOM"])
def test_what_begins_like_no_dicom_is_refused(start: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(start + bytes(2000))
    _, (refusal,) = read(tmp_path / "a.dcm")
    assert refusal.code == "type"


def test_the_size_of_a_jpeg_is_read_from_its_frame_header() -> None:
    start = b"\xff\xd8" + b"\xff\xe0\x00\x04ab" + b"\xff\xff\xc3\x00\x0b" + struct.pack(">BHHB", 12, 20, 30, 1)
    assert codestreams.codestream(start + bytes(4)) == (20, 30, 1, 12, None)
    assert codestreams.codestream(b"no image at all") is None
