"""pydicom's own test files, most of them odd: our pixels are pydicom's, or there is a reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.pixels.processing import apply_color_lut

from ganaug_core.readers import volumes
from ganaug_core.records import Skipped, Slice
from tests.volume_files import write_dicom

Data = Callable[[str], Path]
FILES = "dicom_robust/pydicom_test_files/src/pydicom/data/test_files"

REFUSED_HERE_ONLY = {
    "J2K_pixelrep_mismatch.dcm": "dicom.attributes"  # header and codestream disagree on the sign; pydicom chooses one
}
GDCM_ONLY = {
    # Sum of all pixels as pylibjpeg-libjpeg 2.3 decodes them; None where only GDCM does.
    "MR_small_jpeg_ls_lossless.dcm": 2_125_338,
    "SC_rgb_jls_lossy_line.dcm": 1_279_000,
    "SC_rgb_jls_lossy_sample.dcm": 1_279_000,
    "SC_rgb_jpeg_gdcm.dcm": 1_277_000,
    "JPGExtended.dcm": None,  # 12 bits: decoders round the cosine transform differently, by one grey level
    "JPEG-lossy.dcm": None,
    "JPEGLSNearLossless_08.dcm": None,
    "JPEGLSNearLossless_16.dcm": None,
}


SEGMENTATIONS = ("liver_1frame.dcm", "liver_expb_1frame.dcm")  # masks, which are no images: see the last test


@pytest.fixture(scope="module")
def files(data: Data) -> dict[str, Path]:
    home = data(FILES)
    return {str(path.relative_to(home)): path for path in sorted(home.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def ours(files: dict[str, Path]) -> list[Slice | Skipped]:
    return list(volumes.read([(path, name, "a") for name, path in files.items()]))


def theirs(path: Path) -> NDArray[Any] | None:
    """Return (frame, row, column) by pydicom, in the physical unit; None where it raises."""
    try:
        dataset = pydicom.dcmread(path)
        pixels = dataset.pixel_array
    except Exception:
        return None
    palette = dataset.PhotometricInterpretation == "PALETTE COLOR"
    pixels = apply_color_lut(pixels, dataset)[..., :3] if palette else pixels
    coloured = palette or dataset.get("SamplesPerPixel", 1) == 3
    if pixels.ndim == (3 if coloured else 2):
        pixels = pixels[None]
    if coloured:
        return np.rint(pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32))
    if dataset.PhotometricInterpretation == "MONOCHROME1" and dataset.Modality != "CT":
        pixels = (1 << dataset.BitsStored) - 1 - pixels.astype(np.int64)
    if dataset.Modality == "RTDOSE":
        return pixels * float(dataset.DoseGridScaling)
    return pixels * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))


@pytest.mark.filterwarnings("ignore")
def test_every_image_that_we_read_is_the_one_that_pydicom_reads(
    files: dict[str, Path], ours: list[Slice | Skipped]
) -> None:
    read: dict[str, list[Slice]] = {}
    for result in ours:
        if isinstance(result, Slice):
            read.setdefault(result.source if result.source in files else result.source.rsplit(":", 1)[0], []).append(
                result
            )
    refused = {
        result.file: result for result in ours if isinstance(result, Skipped) and not result.code.startswith("series.")
    }
    equal = 0
    for name, path in files.items():
        expected = theirs(path)
        if name in SEGMENTATIONS:
            assert refused[name].code == "mask"
        elif name in REFUSED_HERE_ONLY:
            assert (expected is not None, refused[name].code) == (True, REFUSED_HERE_ONLY[name])
        elif name in GDCM_ONLY:
            assert len(read[name]) == 1
        elif expected is None:
            assert name in refused, name
            assert refused[name].say
            assert refused[name].do
        else:
            assert len(read[name]) == len(expected), name
            for image in read[name]:
                frame = int(image.source.rsplit(":", 1)[1]) if image.source != name else 0
                np.testing.assert_array_equal(image.pixels[0], expected[frame].astype(image.pixels.dtype), name)
            equal += 1
    assert (len(files), len(read), equal) == (176, 86, 78)


@pytest.mark.filterwarnings("ignore")
def test_compressions_that_pydicom_alone_cannot_read_have_the_sums_of_another_library(
    files: dict[str, Path], ours: list[Slice | Skipped]
) -> None:
    pixels = {result.source: result.pixels for result in ours if isinstance(result, Slice)}
    sums = {name: int(pixels[name].sum(dtype=np.int64)) for name, expected in GDCM_ONLY.items() if expected is not None}
    assert sums == {name: expected for name, expected in GDCM_ONLY.items() if expected is not None}
    lossless = pydicom.dcmread(files["MR_small.dcm"]).pixel_array
    np.testing.assert_array_equal(pixels["MR_small_jpeg_ls_lossless.dcm"][0], lossless)


def test_every_refusal_has_a_listed_code_and_none_is_a_crash(ours: list[Slice | Skipped]) -> None:
    codes = {result.code for result in ours if isinstance(result, Skipped) and not result.code.startswith("series.")}
    assert codes <= {
        "dicom.no_image", "type", "dicom.attributes", "dicom.parse", "decode", "truncated", "dicom.bits", "mask",
    }  # fmt: skip


@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_a_real_segmentation_marks_the_pixels_that_pydicom_reads(
    name: str, files: dict[str, Path], tmp_path: Path
) -> None:
    dataset = pydicom.dcmread(files[name])
    shared = dataset.SharedFunctionalGroupsSequence[0]
    ramp = np.arange(dataset.Rows * dataset.Columns, dtype="<u2").reshape(dataset.Rows, -1)
    for number, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        write_dicom(
            tmp_path / f"{number}.dcm", ramp,
            SeriesInstanceUID=dataset.ReferencedSeriesSequence[0].SeriesInstanceUID,
            ImagePositionPatient=group.PlanePositionSequence[0].ImagePositionPatient,
            ImageOrientationPatient=shared.PlaneOrientationSequence[0].ImageOrientationPatient,
            PixelSpacing=shared.PixelMeasuresSequence[0].PixelSpacing,
        )  # fmt: skip
    images = [(path, path.name, "a") for path in sorted(tmp_path.iterdir())]
    results = list(volumes.read([*images, (files[name], name, "a")]))
    masks = {result.source: result.mask for result in results if isinstance(result, Slice)}
    first = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)[0]
    assert masks["0.dcm"] is not None
    assert first.sum() > 1000
    np.testing.assert_array_equal(masks["0.dcm"], first)
