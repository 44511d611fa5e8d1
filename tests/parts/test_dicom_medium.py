"""A copy of a DICOM medium is read by an attribute; the numbers of its folders are never classes."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from ganaug_core import readers
from ganaug_core.errors import CohortError
from ganaug_core.records import Skipped, Slice
from tests.volume_files import write_dicom


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, "1.2.840.10008.1.3.10"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    directory = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    directory.FileSetID, directory.DirectoryRecordSequence = "EXPORT", []
    directory.save_as(tmp_path / "DICOMDIR", enforce_file_format=True)
    for number, view in enumerate(("AP", "LL")):
        home = tmp_path / "DICOM" / "ST000000" / f"SE00000{number}"
        home.mkdir(parents=True)
        pixels = np.arange(48, dtype="<u2").reshape(6, 8)
        write_dicom(home / "IM000000", pixels, ViewPosition=view, SeriesInstanceUID=f"1.{number}")
    return tmp_path


@pytest.mark.parametrize("name", ["", "DICOMDIR"])
def test_a_medium_is_read_by_an_attribute(name: str, medium: Path) -> None:
    entries = list(readers.read(medium / name, choices=readers.Choices(label_tag="ViewPosition")))
    assert sorted(str(image.label) for image in entries if isinstance(image, Slice)) == ["AP", "LL"]
    (directory,) = [entry for entry in entries if isinstance(entry, Skipped)]
    assert (directory.file, directory.code) == ("DICOMDIR", "dicom.no_image")
    assert "directory of a DICOM medium" in directory.say


@pytest.mark.parametrize("name", ["", "DICOMDIR"])
def test_without_one_its_numbered_folders_are_no_classes(name: str, medium: Path) -> None:
    with pytest.raises(CohortError, match="names of its folders are no classes") as refused:
        list(readers.read(medium / name))
    assert "--label-tag" in refused.value.do
