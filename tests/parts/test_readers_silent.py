"""What image libraries read wrongly without a word: here it is right, or refused with a reason.

The cases are those measured on SimpleITK 2.5.7 with its GDCM; "they" in the comments is what it answers.
"""

import gzip
import struct
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as Items

from ganaug_core.readers import folders, guarded_decoding, volumes
from ganaug_core.records import Skipped, Slice
from tests import bad_medical as files
from tests.bad_medical import BYTES, COLUMNS, ROWS, dicom, noise

BIG_ENDIAN = "1.2.840.10008.1.2.2"
RLE, JPEG, J2K = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90"
HU = noise().astype(int) - 1024


def read(path: Path) -> tuple[list[Slice], list[Skipped]]:
    items = list(folders.read_files([(path, path.name, "a")]))
    return [item for item in items if isinstance(item, Slice)], [item for item in items if isinstance(item, Skipped)]


def frames(count: int) -> bytes:
    return b"".join(noise(number).tobytes() for number in range(count))


def changed(content: bytes, at: int, form: str, *values: float) -> bytes:
    whole = bytearray(content)
    struct.pack_into(form, whole, at, *values)
    return bytes(whole)


def jpeg_cut() -> bytes:
    return files.picture("JPEG")[:-60]


REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    # they: what is missing becomes 0
    "NIfTI cut in half": ("a.nii", lambda: files.nifti()[:400], "truncated"),
    "NIfTI header only": ("a.nii", lambda: files.nifti()[:352], "truncated"),
    "compressed NIfTI cut in half": ("a.nii.gz", lambda: gzip.compress(files.nifti()[:400]), "truncated"),
    "a header that claims a thousand megavoxels": (
        "a.nii", lambda: changed(files.nifti(), 42, "<3h", 1000, 1000, 1000)[:352], "too_big"),
    "the same, of a size that fits": (
        "a.nii", lambda: changed(files.nifti(), 42, "<3h", 500, 500, 500)[:352], "truncated"),
    # they: become 0
    "NaN in NIfTI": ("a.nii", lambda: files.nifti("<f4", 16)[:-4] + struct.pack("<f", np.nan), "nonfinite"),
    "infinity in NIfTI": ("a.nii", lambda: files.nifti("<f4", 16)[:-4] + struct.pack("<f", np.inf), "nonfinite"),
    "NaN in NRRD": ("a.nrrd", lambda: files.nrrd({"type": "float"}, np.full(60, np.nan, "<f4").tobytes()), "nonfinite"),
    # they: ignored
    "an infinite slope": ("a.nii", lambda: changed(files.nifti(), 112, "<f", np.inf), "nifti.slope"),
    "a slope with an intercept that is no number": (
        "a.nii", lambda: changed(files.nifti(), 112, "<2f", 2, np.nan), "nifti.slope"),
    "an offset that is no number": ("a.nii", lambda: changed(files.nifti(), 108, "<f", np.nan), "nifti.offset"),
    "a negative offset": ("a.nii", lambda: changed(files.nifti(), 108, "<f", -1), "nifti.offset"),
    "a huge offset": ("a.nii", lambda: changed(files.nifti(), 108, "<f", 1e30), "nifti.offset"),
    # they: passed over
    "MetaImage with a scale": ("a.mha", lambda: files.meta({"ElementToIntensityFunctionSlope": "2"}), "meta.scale"),
    "MetaImage with an offset": ("a.mha", lambda: files.meta({"ElementToIntensityFunctionOffset": "-9"}), "meta.scale"),
    "a quantised NRRD": ("a.nrrd", lambda: files.nrrd({"old min": "-1.5"}), "nrrd.scale"),
    # they: read as Analyze
    "a wrong magic": ("a.nii", lambda: changed(files.nifti(), 344, "<i", 0), "type"),
    # they: nine frames, two of them made up; and the other way round, two dropped
    "nine frames promised, seven there": (
        "a.dcm", lambda: dicom({"NumberOfFrames": 9}, pixels=frames(7)), "truncated"),
    "five frames promised, seven there": (
        "a.dcm", lambda: dicom({"NumberOfFrames": 5}, pixels=frames(7)), "dicom.attributes"),
    "two compressed frames promised, one there": (
        "a.dcm", lambda: dicom({"NumberOfFrames": 2}, RLE, encapsulate([files.rle(noise())])), "truncated"),
    # they: read past the end
    "colour promised, grey there": (
        "a.dcm", lambda: dicom({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}),
        "truncated"),
    # they: taken as 1, accepted
    "a slope of 0": ("a.dcm", lambda: dicom({"RescaleSlope": 0}), "dicom.rescale"),
    "a slope of 1.5e300": ("a.dcm", lambda: dicom({"RescaleSlope": "1.5e300"}), "dicom.rescale"),
    # they: 1.0, or without the sign
    "a spacing of 0": ("a.dcm", lambda: dicom({"PixelSpacing": [0, 1]}), "dicom.spacing"),
    "a negative spacing": ("a.dcm", lambda: dicom({"PixelSpacing": [-1, 1]}), "dicom.spacing"),
    "a spacing that is no number": (
        "a.dcm", lambda: dicom({"PixelSpacing": [0.125, 0.5]}).replace(b"0.125", b"nan  "), "dicom.spacing"),
    # they: accepted
    "an orientation of zeros": ("a.dcm", lambda: dicom({"ImageOrientationPatient": [0] * 6}), "dicom.orientation"),
    "parallel directions": (
        "a.dcm", lambda: dicom({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}), "dicom.orientation"),
    "directions of length 2": (
        "a.dcm", lambda: dicom({"ImageOrientationPatient": [2, 0, 0, 0, 2, 0]}), "dicom.orientation"),
    "a text called .dcm": ("a.dcm", lambda: b"not an image" * 40, "type"),
    # they: the missing part made up
    "a truncated JPEG": ("a.jpg", jpeg_cut, "truncated"),
    "a truncated JPEG in DICOM": ("a.dcm", lambda: dicom(BYTES, JPEG, encapsulate([jpeg_cut()])), "truncated"),
    # they: an image of neither
    "rows of header and codestream differ": (
        "a.dcm", lambda: dicom({**BYTES, "Rows": 4}, JPEG, encapsulate([files.picture("JPEG")])), "dicom.attributes"),
    "a colour JPEG called grey": (
        "a.dcm", lambda: dicom(BYTES, JPEG, encapsulate([files.picture("JPEG", "RGB")])), "dicom.attributes"),
    "signs of header and codestream differ": (
        "a.dcm", lambda: dicom({**BYTES, "PixelRepresentation": 1}, J2K, encapsulate([files.picture("JPEG2000")])),
        "dicom.attributes"),
    # they: 6.3 GB, 16 seconds, invented pixels
    "eight kilobytes that claim a gigapixel": (
        "a.dcm", lambda: dicom({**BYTES, "Rows": 20000, "Columns": 20000}, JPEG, encapsulate([files.picture("JPEG")])),
        "too_big"),
    "a small file that claims 64 megapixels": (
        "a.dcm", lambda: dicom({**BYTES, "Rows": 8000, "Columns": 8000}, JPEG, encapsulate([files.picture("JPEG")])),
        "bomb"),
    "64 MB deflated to 64 kB": ("a.dcm", lambda: files.deflated(dicom(), files.deflated_zeros(64 << 20)), "bomb"),
    "sequences 20,000 deep": ("a.dcm", lambda: files.nested(20_000), "dicom.nesting"),
    "200,000 keys in an NRRD header": ("a.nrrd", lambda: files.nrrd(more=b"k:=v\n" * 200_000), "nrrd.header"),
    # they: the contents of any file as pixels
    "a header that points elsewhere": (
        "a.nrrd", lambda: files.nrrd({"data file": "/etc/passwd"}, b""), "nrrd.data_file"),
    "a detached header that points elsewhere": (
        "a.nhdr", lambda: files.nrrd({"data file": "../../etc/passwd"}, b""), "nrrd.data_file"),
    "a MetaImage that points elsewhere": (
        "a.mha", lambda: files.meta({"ElementDataFile": "/etc/passwd"}, b""), "meta.data_file"),
    "a detached MetaImage that points elsewhere": (
        "a.mhd", lambda: files.meta({"ElementDataFile": "/dev/zero"}, b""), "meta.data_file"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_libraries_read_wrongly_is_refused(case: str, tmp_path: Path) -> None:
    name, make, code = REFUSED[case]
    (tmp_path / name).write_bytes(make())
    slices, skipped = read(tmp_path / name)
    assert (slices, [entry.code for entry in skipped]) == ([], [code])


# ---- right values --------------------------------------------------------------------------------------------------


def only(tmp_path: Path, content: bytes, name: str = "a.dcm") -> Slice:
    (tmp_path / name).write_bytes(content)
    (image,), skipped = read(tmp_path / name)
    assert skipped == []
    return image


def same(image: Slice, expected: NDArray[Any] | Sequence[Any]) -> None:
    np.testing.assert_array_equal(image.pixels[0], expected)


def test_spare_bits_hold_overlays_and_are_not_values(tmp_path: Path) -> None:
    twelve = {"BitsStored": 12, "HighBit": 11}
    same(only(tmp_path, dicom(twelve, pixels=(noise() | 0xA000).astype("<u2").tobytes())), HU)
    signed = noise().astype("<i2") - 100
    content = dicom({**twelve, "PixelRepresentation": 1}, pixels=(signed & 0x0FFF).astype("<u2").tobytes())
    same(only(tmp_path, content), signed.astype(int) - 1024)


def test_monochrome1_of_12_signed_bits_is_mirrored_by_its_stored_range(tmp_path: Path) -> None:
    film = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 12, "HighBit": 11, "Modality": "DX"}
    same(only(tmp_path, dicom({**film, "RescaleIntercept": 0})), 4095 - noise().astype(int))
    signed = noise().astype("<i2") - 100
    content = dicom({**film, "PixelRepresentation": 1, "RescaleIntercept": 0}, pixels=signed.tobytes())
    same(only(tmp_path, content), -1 - signed.astype(int))
    same(only(tmp_path, dicom({**film, "Modality": "CT"})), HU)


def test_wide_and_narrow_values_keep_their_numbers(tmp_path: Path) -> None:
    wide = noise(kind="<u4").astype("<u4") * 10_000_000
    bits = {"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31, "RescaleIntercept": 0, "Modality": "MR"}
    image = only(tmp_path, dicom(bits, pixels=wide.tobytes()))
    assert image.pixels.dtype == np.float32
    same(image, wide.astype(np.float32))
    bit = (noise() % 2).astype("u1")
    one = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "RescaleSlope": None, "RescaleIntercept": None}
    packed = np.packbits(bit.ravel(), bitorder="little").tobytes()
    image = only(tmp_path, dicom(one, pixels=packed))
    assert image.pixels.dtype == np.uint8
    same(image, bit)
    eight = noise(kind="u1")
    image = only(tmp_path, dicom({**BYTES, "RescaleSlope": None, "RescaleIntercept": None, "Modality": "US"},
                                 pixels=eight.tobytes()))  # fmt: skip
    assert (image.pixels.dtype, image.text_risk) == (np.uint8, "Ultrasound scanners write into the image.")
    same(image, eight)


def test_colour_becomes_luminance_whatever_its_model(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (ROWS, COLUMNS, 3), dtype=np.uint8)
    grey = np.rint(rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32))
    base = {**BYTES, "SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "Modality": "US"}
    by_pixel = only(tmp_path, dicom({**base, "PlanarConfiguration": 0}, pixels=rgb.tobytes()))
    by_plane = only(tmp_path, dicom({**base, "PlanarConfiguration": 1}, pixels=np.moveaxis(rgb, 2, 0).tobytes()))
    for image in (by_pixel, by_plane):
        assert (image.colour, image.pixels.dtype) == (True, np.uint8)
        same(image, grey)


def test_a_palette_becomes_luminance(tmp_path: Path) -> None:
    table = np.random.default_rng(1).integers(0, 256, (256, 3), dtype=np.uint8)
    names = ("Red", "Green", "Blue")
    tables: dict[str, Any] = {f"{name}PaletteColorLookupTableDescriptor": [256, 0, 8] for name in names}
    tables |= {f"{name}PaletteColorLookupTableData": table[:, at].tobytes() for at, name in enumerate(names)}
    index = noise(kind="u1")
    content = dicom({**BYTES, **tables, "PhotometricInterpretation": "PALETTE COLOR"}, pixels=index.tobytes())
    image = only(tmp_path, content)
    assert image.colour
    same(image, np.rint(table[index].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)))


def test_frames_are_slices_of_one_volume_with_slopes_of_their_own(tmp_path: Path) -> None:
    def group(number: int) -> Dataset:
        values, place, item = Dataset(), Dataset(), Dataset()
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = number + 1, -1000, "HU"
        place.ImagePositionPatient = [0, 0, number]
        item.PixelValueTransformationSequence, item.PlanePositionSequence = Items([values]), Items([place])
        return item

    shared, measures = Dataset(), Dataset()
    measures.PixelSpacing = [0.25, 0.25]
    shared.PixelMeasuresSequence = Items([measures])
    enhanced = {"NumberOfFrames": 3, "PixelSpacing": None, "RescaleSlope": None, "RescaleIntercept": None,
                "SharedFunctionalGroupsSequence": Items([shared]),
                "PerFrameFunctionalGroupsSequence": Items([group(number) for number in range(3)])}  # fmt: skip
    (tmp_path / "a.dcm").write_bytes(dicom(enhanced, pixels=frames(3)))
    slices, skipped = read(tmp_path / "a.dcm")
    assert skipped == []
    assert [image.source for image in slices] == ["a.dcm:0", "a.dcm:1", "a.dcm:2"]
    assert {(image.unit, image.spacing_mm) for image in slices} == {("HU", (0.25, 0.25))}
    assert len({image.volume for image in slices}) == 1
    for number, image in enumerate(slices):
        same(image, noise(number).astype(int) * (number + 1) - 1000)


def test_compressed_frames_are_decoded_one_by_one(tmp_path: Path) -> None:
    packed = encapsulate([files.rle(noise(number)) for number in range(3)])
    (tmp_path / "a.dcm").write_bytes(dicom({"NumberOfFrames": 3}, RLE, packed))
    slices, _ = read(tmp_path / "a.dcm")
    assert len(slices) == 3
    for number, image in enumerate(slices):
        same(image, noise(number).astype(int) - 1024)


def test_big_endian_values_of_all_widths(tmp_path: Path) -> None:
    for kind, bits in ((">u2", 16), (">u4", 32)):
        changes = {"BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1}
        content = dicom(changes, pixels=noise().astype("<" + kind[1:]).tobytes())
        path = tmp_path / f"{bits}.dcm"
        path.write_bytes(as_big_endian(content))
        (image,), _ = read(path)
        same(image, HU)


def as_big_endian(content: bytes) -> bytes:
    """Return the file in the retired big-endian syntax, written by pydicom."""
    from io import BytesIO

    import pydicom

    dataset = pydicom.dcmread(BytesIO(content))
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(BIG_ENDIAN)
    kind = f"u{dataset.BitsAllocated // 8}"
    dataset.PixelData = np.frombuffer(dataset.PixelData, "<" + kind).astype(">" + kind).tobytes()
    target = BytesIO()
    pydicom.dcmwrite(target, dataset, implicit_vr=False, little_endian=False)
    return target.getvalue()


def test_a_png_called_dicom_is_read_as_the_png_that_it_is(tmp_path: Path) -> None:
    image = only(tmp_path, files.picture("PNG") + bytes(200))
    assert image.modality is None
    same(image, noise(3, "u1"))


def test_a_turned_photograph_is_turned_back(tmp_path: Path) -> None:
    values = np.arange(200, dtype=np.uint8).reshape(10, 20)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(values).save(tmp_path / "a.png", exif=exif)
    (image,), _ = read(tmp_path / "a.png")
    same(image, np.rot90(values, -1))


def test_detached_voxels_beside_their_header_are_read(tmp_path: Path) -> None:
    for name, data, content in (
        ("a.mhd", "a.raw", files.meta({"ElementDataFile": "a.raw"}, b"")),
        ("b.nhdr", "b.raw", files.nrrd({"data file": "b.raw"}, b"")),
    ):
        (tmp_path / name).write_bytes(content)
        (tmp_path / data).write_bytes(files.VOXELS)
        slices, skipped = read(tmp_path / name)
        assert (len(slices), skipped) == (3, [])
        same(slices[1], np.frombuffer(files.VOXELS, "<i2").reshape(3, 4, 5)[1])
    (tmp_path / "b.raw").unlink()
    (tmp_path / "b.raw").symlink_to("/etc/passwd")
    _, (refusal,) = read(tmp_path / "b.nhdr")
    assert refusal.code == "link"


def test_volumes_with_the_same_header_and_other_voxels_are_two(tmp_path: Path) -> None:
    names = []
    for number in range(2):
        folder = tmp_path / f"p{number}"
        folder.mkdir()
        (folder / "a.mhd").write_bytes(files.meta({"ElementDataFile": "a.raw"}, b""))
        (folder / "a.raw").write_bytes(noise(number, "<i2", 1, 60).tobytes())
        names.append({image.volume for image in read(folder / "a.mhd")[0]})
    assert names[0].isdisjoint(names[1])


def test_one_bad_slice_of_a_series_is_named_and_the_gap_too(tmp_path: Path) -> None:
    for number in range(6):
        content = dicom({"ImagePositionPatient": [0, 0, 2 * number]}, pixels=noise(number).tobytes())
        (tmp_path / f"{number}.dcm").write_bytes(content[:-40] if number == 2 else content)
    (tmp_path / "notes.dcm").write_text("not an image")
    listed = [(path, path.name, "a") for path in sorted(tmp_path.iterdir())]
    items = list(volumes.read(listed))
    assert [item.source for item in items if isinstance(item, Slice)] == ["0.dcm", "1.dcm", "3.dcm", "4.dcm", "5.dcm"]
    refused = {item.file: item.code for item in items if isinstance(item, Skipped)}
    assert refused == {"2.dcm": "truncated", "notes.dcm": "type"}


def test_a_file_that_is_rewritten_all_the_time_kills_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    usual = guarded_decoding.Decoder._start
    monkeypatch.setattr(guarded_decoding.Decoder, "_start", lambda decoder: (started.append(1), usual(decoder))[1])
    path = tmp_path / "a.dcm"
    variants = [dicom(syntax=RLE, pixels=encapsulate([files.rle(noise())])), dicom()[:700], dicom()]
    path.write_bytes(variants[0])
    stop = threading.Event()

    def rewrite() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            path.write_bytes(variants[number % 3])

    writer = threading.Thread(target=rewrite)
    writer.start()
    codes = set()
    end = time.monotonic() + 3
    with guarded_decoding.Decoder() as decoder:
        while time.monotonic() < end:
            (answer,) = decoder.read([guarded_decoding.FileRequest(path, "a.dcm")])
            codes.add(answer.code if isinstance(answer, Skipped) else "ok")
    stop.set()
    writer.join()
    assert len(started) == 1
    assert codes <= {"ok", "changed", "empty", "truncated", "type", "dicom.parse", "dicom.attributes", "dicom.no_image"}
