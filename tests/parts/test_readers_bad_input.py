"""The bad-input corpus: every file ends as an image or in a named reason with a remedy, and nothing dies of it."""

import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ganaug_core.readers import folders, guarded_decoding
from ganaug_core.records import Skipped, Slice
from tests import bad_medical

LISTED = {
    "empty", "permission", "not_file", "link", "name", "type", "too_big", "bomb", "truncated", "changed", "not_image",
    "pages", "nonfinite", "constant", "decode", "mask", "mask.geometry", "mask.type", "mask.empty", "missing",
    "dicom.no_image", "dicom.parse", "dicom.syntax", "dicom.attributes", "dicom.bits", "dicom.orientation",
    "dicom.spacing", "dicom.rescale", "dicom.nesting", "dicom.colour",
    "nifti.header", "nifti.pair", "nifti.dims", "nifti.type", "nifti.spacing", "nifti.offset", "nifti.slope",
    "nifti.orientation", "nrrd.header", "nrrd.dims", "nrrd.type", "nrrd.encoding", "nrrd.spacing", "nrrd.data_file",
    "nrrd.orientation", "meta.header", "meta.dims", "meta.type", "meta.encoding", "meta.spacing", "meta.data_file",
    "meta.orientation", "series.missing", "series.mixed", "series.duplicate", "series.unplaced", "series.localiser",
    "series.forms", "values", "nrrd.scale", "meta.scale",
}  # fmt: skip
"""Neither `crash` nor `timeout` nor `unexpected` is among them."""
SLOWEST = 0.1
"""Seconds a file on a busy machine; the benchmark measures it on an idle one."""


def read(files: Sequence[Path], home: Path) -> tuple[list[Slice], list[Skipped]]:
    items = list(folders.read_files([(path, path.relative_to(home).as_posix(), "a") for path in files]))
    return [item for item in items if isinstance(item, Slice)], [item for item in items if isinstance(item, Skipped)]


def file_of(source: str, names: set[str]) -> str:
    return source if source in names else source.rsplit(":", 1)[0]


def require_all_named(files: Sequence[Path], home: Path, slices: list[Slice], skipped: list[Skipped]) -> None:
    names = {path.relative_to(home).as_posix() for path in files}
    read_or_refused = {file_of(image.source, names) for image in slices} | {entry.file for entry in skipped}
    assert names - read_or_refused == set()
    for entry in skipped:
        assert entry.code in LISTED, (entry.file, entry.code, entry.say)
        assert entry.say.endswith(".")
        assert entry.do.endswith(".")
    for image in slices:
        assert np.isfinite(image.pixels).all()
        assert image.pixels.ndim == 3


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the decoders that were started: one that dies is replaced."""
    started: list[int] = []
    usual = guarded_decoding.Decoder._start

    def counted(decoder: guarded_decoding.Decoder):  # type: ignore[no-untyped-def]
        started.append(1)
        return usual(decoder)

    monkeypatch.setattr(guarded_decoding.Decoder, "_start", counted)
    return started


def test_seven_hundred_bad_files_end_as_images_or_in_named_reasons(tmp_path: Path, starts: list[int]) -> None:
    files = bad_medical.write(tmp_path)
    assert len(files) >= 700
    begin = time.monotonic()
    slices, skipped = read(files, tmp_path)
    assert (time.monotonic() - begin) / len(files) < SLOWEST
    require_all_named(files, tmp_path, slices, skipped)
    cores = len(os.sched_getaffinity(0))
    assert len(starts) <= cores  # not one of them had to be replaced
    counts = Counter(entry.code for entry in skipped)
    assert counts["truncated"] > 50
    assert len(counts) > 25


def test_every_odd_name_is_read(tmp_path: Path) -> None:
    files = [path for path in bad_medical.write(tmp_path) if path.parent.name == "names"]
    slices, _ = read(files, tmp_path)
    assert {image.source for image in slices} == {path.relative_to(tmp_path).as_posix() for path in files}


@pytest.mark.parametrize("seed", [0, 1])
def test_mutated_files_end_as_images_or_in_named_reasons(seed: int, tmp_path: Path, starts: list[int]) -> None:
    files = bad_medical.mutated(tmp_path / "mutated", 150, seed)
    slices, skipped = read(files, tmp_path)
    require_all_named(files, tmp_path, slices, skipped)
    assert len(starts) <= len(os.sched_getaffinity(0))


def test_the_good_files_of_the_corpus_are_read(tmp_path: Path) -> None:
    for name, content in bad_medical.good().items():
        (tmp_path / name).write_bytes(content)
    slices, skipped = read(sorted(tmp_path.iterdir()), tmp_path)
    assert {entry.code for entry in skipped} <= {"series.duplicate", "series.mixed"}
    assert {file_of(image.source, set(bad_medical.good())) for image in slices} == set(bad_medical.good())
    same = [image.pixels[0] for image in slices if image.source in ("g.dcm", "rle.dcm", "deflated.dcm")]
    for pixels in same:
        np.testing.assert_array_equal(pixels, bad_medical.noise().astype(int) - 1024)
    volumes = [image for image in slices if image.source.startswith(("g.nrrd", "gz.nrrd", "g.mha", "gz.mha"))]
    voxels = np.frombuffer(bad_medical.VOXELS, "<i2").reshape(3, 4, 5)
    assert len(volumes) == 12
    for image in volumes:
        np.testing.assert_array_equal(image.pixels[0], voxels[int(image.source.rsplit(":", 1)[1])])
        assert image.spacing_mm == (2.0, 1.0)
