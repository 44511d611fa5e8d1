"""DICOM and NIfTI: real scans come out in HU, and a bad file is named, costs itself, and nothing else."""

import gzip
import os
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from ganaug_core.readers import codestreams, guarded, series, volumes
from ganaug_core.readers.choices import Choices
from ganaug_core.records import Skipped, Slice

GE_HEAD = "dicom_ct/ge_head/In/GE"
SIEMENS = "dicom_ct/siemens_totalseg/tests/reference_files/example_ct_dicom"
NIFTI_CT = "nifti/totalseg/tests/reference_files/example_ct.nii.gz"
ODD_DICOM = "dicom_robust/pydicom_test_files/src/pydicom/data/test_files"


def read(*paths: Path, **choices: Any) -> tuple[list[Slice], list[Skipped]]:
    found = list(volumes.read([(path, path.name, "a") for path in paths], Choices(**choices)))
    slices = [each for each in found if isinstance(each, Slice)]
    return slices, [each for each in found if isinstance(each, Skipped)]


def values(slices: Sequence[Slice]) -> tuple[float, float]:
    return min(float(each.pixels.min()) for each in slices), max(float(each.pixels.max()) for each in slices)


def write_dicom(path: Path, pixels: "np.ndarray[Any, Any]", **changes: Any) -> Path:
    """Write an uncompressed CT slice; `changes` are attributes, None removes one."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    signed = pixels.dtype.kind == "i"
    attributes: dict[str, Any] = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "SeriesInstanceUID": "1.2.3",
        "Modality": "CT",
        "PatientID": "P1",
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": int(signed),
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelSpacing": [0.5, 0.75],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [0, 0, 0],
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "PixelData": pixels.tobytes(),
        **changes,
    }
    for keyword, value in attributes.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.save_as(path)
    return path


def ramp(rows: int = 6, columns: int = 8, dtype: str = "<u2") -> "np.ndarray[Any, Any]":
    return np.arange(rows * columns, dtype=dtype).reshape(rows, columns)


def write_nifti(path: Path, voxels: "np.ndarray[Any, Any]", code: int, spacing: Sequence[float] = (1, 2, 3)) -> Path:
    """Write voxels (x, y, z) as NIfTI-1 by hand, axes towards right, front and head."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    sizes = [voxels.ndim, *voxels.shape] + [1] * (7 - voxels.ndim)
    struct.pack_into("<8h", header, 40, *sizes)
    struct.pack_into("<2h", header, 70, code, 8 * voxels.dtype.itemsize)
    struct.pack_into("<4f", header, 76, 1, *spacing)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[123] = 2  # millimetres
    struct.pack_into("<2h", header, 252, 0, 1)
    rows = np.diag([*spacing, 1.0])[:3]
    struct.pack_into("<12f", header, 280, *rows.ravel())
    header[344:348] = b"n+1\0"
    path.write_bytes(bytes(header) + voxels.tobytes(order="F"))
    return path


# ---- real scans ----------------------------------------------------------------------------------------------------


def test_a_ct_head_with_a_tilted_gantry_comes_out_complete_in_hu_and_its_gaps_are_told(
    data: Callable[[str], Path],
) -> None:
    slices, (notice,) = read(*reversed(sorted(data(GE_HEAD).glob("*.dcm"))))
    assert len(slices) == 28
    assert values(slices) == (-1500, 2121)
    assert {(each.unit, each.patient, each.pixels.shape, each.pixels.dtype.name) for each in slices} == {
        ("HU", "QMNx85rKkkg", (1, 512, 512), "int16")
    }
    assert len({each.volume for each in slices}) == 1
    positions = [pydicom.dcmread(data(GE_HEAD) / each.source).ImagePositionPatient[2] for each in slices]
    assert positions == sorted(positions)
    assert notice.code == "series.missing"
    assert "series of 28 files: 14 of 27 gaps differ from the usual 4 mm. Each slice is used" in notice.say
    assert {(each.modality, each.text_risk) for each in slices} == {("CT", None)}
    assert {"PatientName", "StudyDate", "private attribute"} <= set(slices[0].dropped)


def test_jpeg_2000_slices_without_patient_and_series_stay_one_volume(data: Callable[[str], Path]) -> None:
    slices, skipped = read(*sorted(data(SIEMENS).iterdir()))
    assert (len(slices), skipped) == (20, [])
    assert values(slices) == (-1024, 1839)
    assert {(each.unit, each.patient) for each in slices} == {("HU", None)}
    assert len({each.volume for each in slices}) == 1
    assert None not in {each.volume for each in slices}


def test_pixels_equal_those_of_pydicom_after_the_rescale(data: Callable[[str], Path]) -> None:
    folder = data(ODD_DICOM)
    files = [
        *sorted(data(GE_HEAD).glob("*.dcm"))[:2],
        *sorted(data(SIEMENS).iterdir())[:2],
        *(folder / name for name in ("CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm")),
    ]
    slices, skipped = read(*files)
    assert {each.code for each in skipped} == {"series.duplicate"}
    assert len(slices) == len(files)
    by_name = {path.name: path for path in files}
    for each in slices:
        dataset = pydicom.dcmread(by_name[each.source])
        slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
        np.testing.assert_array_equal(each.pixels[0], dataset.pixel_array * slope + intercept)


def test_a_nifti_ct_gives_axial_slices_in_hu(data: Callable[[str], Path]) -> None:
    slices, skipped = read(data(NIFTI_CT))
    assert skipped == []
    assert values(slices) == (-1207, 3382)
    assert {(each.unit, each.spacing_mm, each.pixels.shape) for each in slices} == {("HU", (3.0, 3.0), (1, 101, 122))}
    assert [each.source for each in slices[:2]] == ["example_ct.nii.gz:0", "example_ct.nii.gz:1"]
    assert len(slices) == 112


def test_every_odd_dicom_of_pydicom_is_read_or_refused_in_words(data: Callable[[str], Path]) -> None:
    files = sorted(path for path in data(ODD_DICOM).glob("*.dcm"))
    slices, skipped = read(*files)
    refused = [each for each in skipped if not each.code.startswith("series.")]
    found = {each.source.split(":")[0] for each in slices}
    assert sorted([*found, *(each.file for each in refused)]) == [path.name for path in files]
    assert {each.code for each in refused} <= {
        "type", "truncated", "decode", "dicom.no_image", "dicom.parse", "dicom.syntax", "dicom.attributes",
        "dicom.colour", "dicom.bits", "mask",
    }  # fmt: skip
    assert all(each.say.startswith(f"{each.file}: ") and each.say.endswith(".") and each.do for each in skipped)


# ---- values worked out by hand -------------------------------------------------------------------------------------


def test_axial_slices_show_the_front_up_and_the_left_right(tmp_path: Path) -> None:
    voxels = np.arange(24, dtype="<i2").reshape(4, 3, 2)  # x to the right side, y to the front, z to the head
    slices, _ = read(write_nifti(tmp_path / "a.nii", voxels, 4))
    assert [each.source for each in slices] == ["a.nii:0", "a.nii:1"]
    np.testing.assert_array_equal(slices[0].pixels[0], voxels[::-1, ::-1, 0].T)
    assert slices[0].spacing_mm == (2.0, 1.0)
    assert slices[0].unit == "intensity"


def test_a_compressed_nifti_gives_the_same_as_a_plain_one(tmp_path: Path) -> None:
    voxels = np.linspace(0, 1, 24, dtype="<f4").reshape(4, 3, 2)
    plain = write_nifti(tmp_path / "a.nii", voxels, 16)
    packed = tmp_path / "a.nii.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    slices, _ = read(plain, packed)
    assert [each.source for each in slices] == ["a.nii:0", "a.nii:1", "a.nii.gz:0", "a.nii.gz:1"]
    assert {each.pixels.dtype.name for each in slices} == {"float32"}
    for one, other in zip(slices[:2], slices[2:], strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


def test_empty_slices_of_a_volume_are_one_entry_with_their_number(tmp_path: Path) -> None:
    voxels = np.zeros((4, 3, 5), "<i2")
    voxels[1, 1:, 2] = 7, 9
    slices, skipped = read(write_nifti(tmp_path / "a.nii", voxels, 4))
    assert [each.source for each in slices] == ["a.nii:2"]
    assert [(each.file, each.code) for each in skipped] == [("a.nii", "constant")]
    assert "4 of 5 slices are empty" in skipped[0].say


def test_monochrome1_is_mirrored_once_and_never_in_hu(tmp_path: Path) -> None:
    stored = ramp()
    film: dict[str, Any] = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 12, "HighBit": 11}
    ray = write_dicom(tmp_path / "x.dcm", stored, Modality="DX", RescaleIntercept=0, SeriesInstanceUID="1.1", **film)
    scan = write_dicom(tmp_path / "ct.dcm", stored, **film)
    signed = write_dicom(tmp_path / "s.dcm", ramp(dtype="<i2"), Modality="DX", SeriesInstanceUID="1.4", **film)
    found = {each.source: each for each in read(ray, scan, signed)[0]}
    np.testing.assert_array_equal(found["x.dcm"].pixels[0], 4095 - stored.astype(int))
    np.testing.assert_array_equal(found["ct.dcm"].pixels[0], stored.astype(int) - 1024)
    np.testing.assert_array_equal(found["s.dcm"].pixels[0], -1 - stored.astype(int) - 1024)


def test_a_fractional_slope_gives_floats_and_spacing_is_row_then_column(tmp_path: Path) -> None:
    (image,), _ = read(write_dicom(tmp_path / "a.dcm", ramp(), Modality="PT", RescaleSlope="0.25", RescaleIntercept=0))
    assert (image.pixels.dtype, image.unit, image.spacing_mm) == (np.float32, "intensity", (0.5, 0.75))
    np.testing.assert_array_equal(image.pixels[0], ramp() * 0.25)


def test_a_series_that_is_no_regular_volume_is_told_what_keeps_it_from_being_one() -> None:
    def header(z: float | None, orientation: Sequence[float] = (1, 0, 0, 0, 1, 0), **changes: Any) -> dict[str, Any]:
        plane = {"orientation": orientation, "position": None if z is None else [0, 0, z]}
        facts = {"rows": 4, "columns": 4, "bits_allocated": 16, "samples": 1, "photometric": "MONOCHROME2"}
        return {**facts, "modality": "CT", "planes": [plane], **changes}

    def told(*headers: dict[str, Any]) -> list[tuple[str, str]]:
        return [(code, say) for code, say, _ in series.breaches(headers)]

    regular = [header(z) for z in (4, 0, 2, 6)]
    assert told(*regular) == []
    assert told(*regular, header(12)) == [("series.missing", "1 of 4 gaps differ from the usual 2 mm")]
    assert told(*regular, header(2)) == [("series.duplicate", "1 slices lie where another one does")]
    assert told(*(header(z) for z in (0, 0, 2, 2, 4, 4))) == [
        ("series.duplicate", "3 slices lie where another one does")
    ]
    assert told(*regular, header(8, rows=5)) == [("series.mixed", "2 image sizes in one series")]
    assert told(*regular, header(8, bits_allocated=8)) == [("series.mixed", "2 bit depths in one series")]
    assert told(*regular, header(8, samples=3)) == [("series.mixed", "2 colour models in one series")]
    tilted = header(8, (1, 0, 0, 0, 0.99, 0.14))
    assert told(*regular, tilted) == [("series.mixed", "1 slices have another orientation than the first")]
    assert told(*regular, header(None)) == [("series.unplaced", "position or orientation is missing")]
    assert told(header(None, modality="DX"), header(None, modality="DX")) == []


def test_a_localiser_filed_with_its_series_is_left_out_and_a_tilted_slice_is_not(tmp_path: Path) -> None:
    files = [write_dicom(tmp_path / f"{z}.dcm", ramp(), ImagePositionPatient=[0, 0, z]) for z in range(4)]
    files.append(write_dicom(tmp_path / "scout.dcm", ramp(), ImageOrientationPatient=[1, 0, 0, 0, 0, -1]))
    tilt = [1, 0, 0, 0, 0.94, 0.342]
    files.append(
        write_dicom(tmp_path / "tilted.dcm", ramp(), ImageOrientationPatient=tilt, ImagePositionPatient=[0, 0, 4])
    )
    slices, skipped = read(*files)
    assert [each.source for each in slices] == ["0.dcm", "1.dcm", "2.dcm", "3.dcm", "tilted.dcm"]
    assert [(each.file, each.code) for each in skipped] == [
        ("scout.dcm", "series.localiser"), ("0.dcm", "series.mixed"),
    ]  # fmt: skip


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
    told = [each for each in mixture if isinstance(each, Skipped) and not each.code.startswith("series.")]
    (refusal,) = (each for each in told if each.file.startswith(f"{case}/"))
    assert refusal.code == code
    assert says in refusal.say
    assert refusal.say.startswith(f"{refusal.file}: ")
    assert refusal.do.endswith(".")


def test_bad_files_cost_nothing_but_themselves(mixture: list[Slice | Skipped]) -> None:
    slices = [each for each in mixture if isinstance(each, Slice)]
    assert [each.source for each in slices] == [f"{case}/good.dcm" for case in BAD_FILES]
    for each in slices:
        np.testing.assert_array_equal(each.pixels[0], ramp().astype(int) - 1024)


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
    assert [each.code for each in skipped] == ["dicom.attributes", "dicom.attributes"]
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


# ---- a child that dies ---------------------------------------------------------------------------------------------

MISBEHAVING = """
import os, signal, sys, time
from ganaug_core.readers import decoder
usual = decoder.decode
def decode(request):
    if b"TROUBLE" in open(request["path"], "rb").read():
        {trouble}
    return usual(request)
decoder.decode = decode
decoder.main()
"""


def misbehave(monkeypatch: pytest.MonkeyPatch, trouble: str) -> None:
    monkeypatch.setattr(guarded, "COMMAND", (sys.executable, "-P", "-c", MISBEHAVING.format(trouble=trouble)))


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed on it (SIGSEGV)"),
        ("os._exit(3)", "crashed on it (exit status 3)"),
    ],
)
def test_a_decoder_that_dies_names_the_file_and_reads_the_next(
    trouble: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    misbehave(monkeypatch, trouble)
    names = ["a.dcm", "b.dcm", "c.dcm"]
    for index, name in enumerate(names):
        owner = "TROUBLE" if name == "b.dcm" else "fine"
        write_dicom(tmp_path / name, ramp(), PatientID=owner, ImagePositionPatient=[0, 0, index])
    slices, skipped = read(*(tmp_path / name for name in names))
    assert [each.source for each in slices] == ["a.dcm", "c.dcm"]
    assert [(each.file, each.code) for each in skipped] == [("b.dcm", "crash")]
    assert says in skipped[0].say


def test_of_files_asked_for_together_each_bad_one_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    misbehave(monkeypatch, "os.kill(os.getpid(), signal.SIGSEGV)")
    asked = []
    for number in range(8):
        owner = "TROUBLE" if number in (0, 3, 4, 7) else "fine"
        path = write_dicom(tmp_path / f"{number}.dcm", ramp(), PatientID=owner, InstanceNumber=number)
        asked.append(guarded.Asked(path, path.name, header_only=number == 5))
    asked.insert(2, guarded.Asked(tmp_path / "\udce9.dcm", "\udce9.dcm"))
    with guarded.Decoder() as decoder:
        found = decoder.read(asked)
    codes = [each.code if isinstance(each, Skipped) else len(each.slices) for each in found]
    assert codes == ["crash", 1, "name", 1, "crash", "crash", 0, 1, "crash"]


def test_a_decoder_that_hangs_is_stopped_and_the_next_file_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    misbehave(monkeypatch, "time.sleep(60)")
    bad = write_dicom(tmp_path / "bad.dcm", ramp(), PatientID="TROUBLE")
    good = write_dicom(tmp_path / "good.dcm", ramp())
    with guarded.Decoder(seconds=1) as decoder:
        (refused,) = decoder.read([guarded.Asked(bad, "bad.dcm")])
        monkeypatch.undo()
        decoder.seconds = 20
        (read_next,) = decoder.read([guarded.Asked(good, "good.dcm")])
    assert isinstance(refused, Skipped)
    assert (refused.code, "more than 1 seconds" in refused.say) == ("timeout", True)
    assert isinstance(read_next, guarded.Decoded)
    assert len(read_next.slices) == 1


def test_memory_beyond_the_limit_costs_the_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    misbehave(monkeypatch, "bytearray(5 << 30)")
    path = write_dicom(tmp_path / "bad.dcm", ramp(), PatientID="TROUBLE")
    _, (refusal,) = read(path)
    assert refusal.code == "too_big"


def test_a_decoder_that_does_not_start_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "COMMAND", (sys.executable, "-c", "raise SystemExit(7)"))
    path = write_dicom(tmp_path / "a.dcm", ramp())
    with pytest.raises(guarded.WorkspaceError, match=r"does not start \(exit status 7\).*ganaug doctor"):
        read(path)


def test_nothing_stays_behind_in_the_staging_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "staging"
    home.mkdir()
    monkeypatch.setattr(guarded.tempfile, "tempdir", str(home))
    path = write_dicom(tmp_path / "a.dcm", ramp())
    with guarded.Decoder() as decoder:
        (image,) = decoder.read([guarded.Asked(path, "a.dcm")])
        (folder,) = home.iterdir()
        assert list(folder.iterdir()) == []
        assert isinstance(image, guarded.Decoded)
        np.testing.assert_array_equal(image.slices[0], ramp().astype(int) - 1024)
    assert list(home.iterdir()) == []


def test_a_file_that_changes_between_header_and_pixels_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp())
    usual = guarded.Decoder.read

    def change_before_pixels(
        decoder: guarded.Decoder, files: Sequence[guarded.Asked]
    ) -> list[guarded.Decoded | Skipped]:
        if not files[0].header_only:
            write_dicom(path, ramp(), RescaleIntercept=-1000)
        return usual(decoder, files)

    monkeypatch.setattr(guarded.Decoder, "read", change_before_pixels)
    slices, (refusal,) = read(path)
    assert (slices, refusal.code) == ([], "changed")
