"""Nothing that a file says about a person leaves its reader: canaries are planted, every output is searched."""

import io
import json
import logging
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image, PngImagePlugin
from pydicom.datadict import DicomDictionary, keyword_for_tag
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRLittleEndian

from ganaug_core import generators, pipeline
from ganaug_core.cohort import as_json, draft_split
from ganaug_core.config import configure
from ganaug_core.config.importing import Plan
from ganaug_core.config.requests import ImportCohort, Request, Sample, Train
from ganaug_core.generators import stored
from ganaug_core.jobs import launch, store, worker
from ganaug_core.storage.database import Database
from ganaug_core.storage.workspace import Workspace
from ganaug_core.ui.shared import uploads
from ganaug_core.ui.shared.looking import decisions

CANARY = "ZQX"
TEXT = ("PN", "LO", "SH", "LT", "ST", "UT", "UC", "AE", "CS", "UI")
ROOT = "1.2.826.0.1.987654"
"""Canaries in unique identifiers, which hold digits only."""
NEEDED = ("SpecificCharacterSet", "Modality", "ImageType", "PhotometricInterpretation")


@cache
def marked() -> tuple[FileDataset, int]:
    """Return a CT header with a canary in every text attribute that DICOM has, and how many there are."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=(CANARY * 43)[:128].encode())
    count = 0
    for tag, (kind, *_) in DicomDictionary.items():
        keyword = keyword_for_tag(tag)
        if kind in TEXT and keyword and keyword not in NEEDED and 0x0008 <= tag >> 16 < 0x7FE0:
            setattr(dataset, keyword, f"{ROOT}.{count}" if kind == "UI" else f"{CANARY}{count:05d}")
            count += 1
    inner = pydicom.Dataset()
    inner.PatientName = f"{CANARY}^NESTED"
    dataset.OtherPatientIDsSequence = DicomSequence([inner])
    dataset.private_block(0x0099, f"{CANARY} MAKER", create=True).add_new(1, "LO", f"{CANARY}-PRIVATE")
    dataset.SOPClassUID, dataset.Modality = meta.MediaStorageSOPClassUID, "CT"
    dataset.PhotometricInterpretation, dataset.SamplesPerPixel = "MONOCHROME2", 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation, dataset.RescaleSlope, dataset.RescaleIntercept = 1, 1, -1024
    return dataset, count + 4


def planted(path: Path, pixels: np.ndarray, patient: str) -> int:
    """Write a CT slice of a patient with canaries and return how many it holds."""
    dataset, count = marked()
    dataset.PatientID = f"{CANARY}-{patient}"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = (
        f"{ROOT}.1.{len(patient)}.{int(path.stem[-2:])}"
    )
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.PixelData = pixels.astype("<i2").tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return count + 1


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(launch, "ensure", lambda workspace: None)
    return Workspace(tmp_path / "workspace")


def done(place: Workspace, request: Request) -> None:
    """Do a job as the worker does, through the job table."""
    job = store.submit(place, request)
    assert store.claim(place, (request.step,)) is not None
    assert store.begin(place, job.id)
    worker.work(place, job)
    ended = store.get(place, job.id)
    assert ended.state == "done", ended.error


def everything(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes of all files, but for the local table of paths and the names of files that were left out.

    Somebody has to find those files: a cohort's own description names them.
    """
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and path.name != draft_split.PATHS:
                content = path.read_bytes()
                yield path.name, without_left_out(content) if path.name == "manifest.json" else content


def without_left_out(document: bytes) -> bytes:
    return json.dumps({key: part for key, part in json.loads(document).items() if key != "skipped"}).encode()


def uploaded(source: Path, workspace: Workspace) -> Path:
    """Bring a folder through the browser, and delete it: what is left of it is what the app keeps."""
    files = []
    for path in sorted(source.rglob("*.dcm")):
        file = io.BytesIO(path.read_bytes())
        file.name = path.relative_to(source).as_posix()
        files.append(file)
    shutil.rmtree(source)
    return uploads.store_files(files, workspace)  # type: ignore[arg-type]


@pytest.mark.parametrize("way", ["folder", "upload"])
def test_no_canary_leaves_the_reader(
    place: Workspace, tmp_path: Path, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    random = np.random.default_rng(0)
    source, count = tmp_path / "source", 0
    for label in ("benign", "malignant"):
        (source / label).mkdir(parents=True)
        for number in range(8):
            pixels = random.integers(0, 2000, (16, 16))
            count += planted(source / label / f"{CANARY}-DOE-{number:02}.dcm", pixels, f"{label}{number // 2}")
    assert count > 16 * 1200
    source = uploaded(source, place) if way == "upload" else source

    with caplog.at_level(logging.DEBUG):
        plan = Plan(near_duplicate_limit=0.05)
        done(place, ImportCohort(source=str(source), name="ct", size=16, draft=True, plan=plan))
        cohort = place.cohort("ct")
        assert len(np.unique(cohort.patients)) == 8, "the Patient ID is used, and kept as a number"
        assert {"PatientName", "PatientID", "InstitutionName"} <= cohort.provenance["dropped"].keys()
        config = configure(images=16, batch_size=8, threads=1, device="cpu", changes={"architecture.width": 8})
        done(place, Train(cohort="ct", name="run", config=config.model_dump(mode="json")))
        done(place, Sample(generator="run", per_class=2, name="s"))
    samples = place.samples("s")
    for kind in ("png", "npz"):
        generators.export(samples, cohort.intensity, tmp_path / "out" / kind, kind)  # type: ignore[arg-type]
    written = list(everything(place.root, tmp_path / "out", tmp_path / "home"))
    assert len(written) > 20
    database = Database(place.database_path)
    database.decide(samples.digest, samples.ids[0], "reject", samples="s")
    written += [("cohort.json", json.dumps(as_json(place.cohort("ct"))).encode()), ("log", caplog.text.encode())]
    written += [("decisions", decisions.table(samples, database.decisions(samples.digest)).encode())]
    written += [("generator", stored.file_of(place, "run")), ("job rows", place.database_path.read_bytes())]
    assert [name for name, content in written if CANARY.encode() in content or ROOT.encode() in content] == []
    assert CANARY in json.dumps(as_json(place.cohort("ct"), place.paths("ct"))), (
        "the test can fail: --paths tells paths"
    )


def test_text_beside_pictures_and_in_tables_is_dropped_and_told(place: Workspace, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    source = tmp_path / "source"
    source.mkdir()
    rows = ["image,label,patient,name,born"]
    for number in range(12):
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", f"{CANARY} SMITH")
        image = Image.fromarray(random.integers(0, 256, (16, 16), np.uint8))
        suffix = "png" if number % 2 else "jpg"
        extra: dict[str, Any] = (
            {"pnginfo": text} if number % 2 else {"comment": f"{CANARY} SMITH".encode(), "quality": 95}
        )
        image.save(source / f"{number:02}.{suffix}", **extra)
        rows.append(f"{number:02}.{suffix},{'ab'[number % 4 // 2]},{CANARY}{number // 2},{CANARY} DOE,1960")
    (source / "table.csv").write_text("\n".join(rows))
    pipeline.import_cohort(
        place, ImportCohort(source=str(source), name="p", size=16, plan=Plan(near_duplicate_limit=0))
    )
    assert len(np.unique(place.cohort("p").patients)) == 6
    assert sum(place.cohort("p").provenance["dropped"].values()) >= 12
    assert [name for name, content in everything(place.root) if CANARY.encode() in content] == []
