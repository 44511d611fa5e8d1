"""DICOM files of real numbers, as parametric maps have them: the numbers that pydicom reads, or words."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray

from ganaug_core.readers import folders
from ganaug_core.records import Skipped, Slice
from tests.volume_files import write_dicom

NUMBERS = np.random.default_rng(0).normal(0, 500, (6, 8))


def write(path: Path, values: NDArray[Any], **changes: Any) -> Path:
    """Write 32 or 64 bits a pixel; the attributes of whole numbers are absent, as the standard has it."""
    name = "FloatPixelData" if values.dtype.itemsize == 4 else "DoubleFloatPixelData"
    frames = {"NumberOfFrames": len(values)} if values.ndim == 3 else {}
    absent = dict.fromkeys(("PixelData", "BitsStored", "HighBit", "PixelRepresentation", "RescaleType"))
    rows = {"Rows": values.shape[-2], "Columns": values.shape[-1], "BitsAllocated": values.dtype.itemsize * 8}
    given = {"RescaleIntercept": None, "RescaleSlope": None, "SeriesInstanceUID": f"1.2.{sum(path.name.encode())}"}
    shape = values.reshape(-1, values.shape[-1])
    return write_dicom(path, shape, **{**absent, **rows, **frames, **given, name: values.tobytes(), **changes})


def read(*paths: Path) -> tuple[dict[str, Slice], dict[str, Skipped]]:
    entries = list(folders.read_files([(path, path.name, "a") for path in paths]))
    skipped = [entry for entry in entries if isinstance(entry, Skipped) and not entry.code.startswith("series.")]
    slices = {entry.source: entry for entry in entries if isinstance(entry, Slice)}
    return slices, {entry.file: entry for entry in skipped}


def test_real_numbers_are_those_that_pydicom_reads(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / "single.dcm", NUMBERS.astype("<f4")),
        write(tmp_path / "double.dcm", NUMBERS),
        write(tmp_path / "scaled.dcm", NUMBERS.astype("<f4"), RescaleSlope=2, RescaleIntercept=-1000),
        write(tmp_path / "whole.dcm", np.rint(NUMBERS).astype("<f4")),
        write(tmp_path / "frames.dcm", np.stack([NUMBERS, -NUMBERS]).astype("<f4")),
    ]
    slices, skipped = read(*paths)
    assert skipped == {}
    assert len(slices) == 6
    for name in ("single.dcm", "double.dcm", "whole.dcm"):
        expected = pydicom.dcmread(tmp_path / name).pixel_array
        np.testing.assert_array_equal(slices[name].pixels[0], expected.astype(np.float32))
    np.testing.assert_allclose(slices["scaled.dcm"].pixels[0], NUMBERS * 2 - 1000, atol=1e-3)
    assert (slices["scaled.dcm"].unit, slices["single.dcm"].unit) == ("HU", "intensity")
    assert slices["whole.dcm"].pixels.dtype == np.int16
    np.testing.assert_array_equal(slices["frames.dcm:1"].pixels, -slices["frames.dcm:0"].pixels)
    assert "FloatPixelData" not in slices["single.dcm"].dropped


def test_real_numbers_that_cannot_be_used_are_refused_in_words(tmp_path: Path) -> None:
    holed = NUMBERS.astype("<f4")
    holed[2, 3:5] = np.nan, np.inf
    expected = {
        write(tmp_path / "nan.dcm", holed): "nonfinite",
        write(tmp_path / "wide.dcm", NUMBERS * 1e300): "nonfinite",
        write(tmp_path / "cut.dcm", NUMBERS.astype("<f4"), FloatPixelData=holed[:5].tobytes()): "truncated",
        write(tmp_path / "more.dcm", NUMBERS.astype("<f4"), Rows=3): "dicom.attributes",
        write(tmp_path / "bits.dcm", NUMBERS.astype("<f4"), BitsAllocated=16): "dicom.attributes",
        write(tmp_path / "inverse.dcm", NUMBERS.astype("<f4"), PhotometricInterpretation="MONOCHROME1"): "dicom.bits",
        write(tmp_path / "none.dcm", NUMBERS.astype("<f4"), FloatPixelData=b""): "truncated",
    }  # fmt: skip
    slices, skipped = read(*expected)
    assert slices == {}
    assert {entry.file: entry.code for entry in skipped.values()} == {
        path.name: code for path, code in expected.items()
    }
    assert skipped["nan.dcm"].say == "nan.dcm: 2 pixels are not numbers."
