"""A full disk ends an import in words, wherever it happens, and no file of the source is blamed for it."""

import errno
import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import digit_cohort
import numpy as np
import pytest

from ganaug_core import cli
from ganaug_core.cohort import draft_split
from ganaug_core.cohort.image_stack import Stack
from ganaug_core.cohort.masks import Masks
from ganaug_core.config.importing import Choices
from ganaug_core.errors import CohortError, WorkspaceError
from ganaug_core.readers import decoder, guarded_decoding, private_copies, volume_pixels
from ganaug_core.storage import ledger
from ganaug_core.storage.workspace import Workspace, write_atomic
from tests.volume_files import ramp, read, write_dicom

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")


def full(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def no_place(*_: Any) -> Any:
    raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")


def make_staging(workspace: Workspace) -> None:
    with guarded_decoding.Decoder():
        pass


PLACES: dict[str, tuple[str, Callable[..., Any], Callable[[Workspace], object]]] = {
    "the images": ("tempfile.TemporaryFile", full, lambda place: Stack(place.root)),
    "the masks": ("tempfile.TemporaryFile", full, lambda place: Masks(place.root)),
    "the images that are left": (
        "tempfile.TemporaryFile",
        full,
        lambda place: draft_split._copied(np.zeros((2, 1, 4, 4), np.uint8), np.array([0]), place.root),
    ),
    "the artefact's folder": ("tempfile.mkdtemp", full, lambda place: place.keep(digit_cohort.cohort(30), "more")),
    "the artefact's place": ("os.replace", full, lambda place: place.keep(digit_cohort.cohort(30), "more")),
    "the folder for copies": ("tempfile.TemporaryDirectory", full, make_staging),
    "every folder for temporary files": ("tempfile.gettempdir", no_place, make_staging),
    "a generator file": ("os.replace", full, lambda place: write_atomic(place.root / "g.safetensors", b"weights")),
    "a list that grows": ("os.replace", full, lambda place: ledger.append(place, "exports.json", {})),
    "images without a folder": ("tempfile.gettempdir", no_place, lambda place: Stack()),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_full_disk_is_said_wherever_a_file_is_made(
    workspace: Workspace, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, trouble, act = PLACES[name]
    monkeypatch.setattr(where, trouble)
    with pytest.raises(WorkspaceError, match=r"(?i)disk is full.*free some space") as caught:
        act(workspace)
    assert caught.value.code == "disk_full"
    assert workspace.names("cohorts") == []
    assert list((workspace.root / "cohorts").iterdir()) == []


@pytest.mark.parametrize("kind", [Stack, Masks])
def test_what_went_wrong_is_said_even_if_the_last_images_find_no_room_any_more(
    kind: type[Stack] | type[Masks], tmp_path: Path
) -> None:
    def refuse() -> None:
        with kind(tmp_path) as gathered:
            gathered._file.close()
            gathered._file = FULL.open("wb")
            gathered._file.write(b"not yet on the disk")
            raise CohortError("The source holds no image.", do="Choose another one.")

    with pytest.raises(CohortError, match="holds no image"):
        refuse()


@pytest.mark.parametrize("trouble", ["ENOSPC", "EDQUOT"])
def test_a_decoder_without_room_ends_the_import_and_blames_no_file(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import errno\nfrom ganaug_core.readers import decoder\n"
        f"def decode(request): raise OSError(errno.{trouble}, 'No space left on device')\n"
        "decoder.decode = decode\ndecoder.main()"
    )
    monkeypatch.setattr(guarded_decoding, "COMMAND", (sys.executable, "-P", "-c", code))
    write_dicom(tmp_path / "a.dcm", ramp())
    with pytest.raises(WorkspaceError, match=r"disk is full: .* has no room for the copy.*TMPDIR") as caught:
        read(tmp_path / "a.dcm")
    assert caught.value.code == "disk_full"


def test_a_copy_that_finds_no_room_is_not_the_files_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "a.nii"
    source.write_bytes(b"voxels")
    with pytest.raises(CohortError) as caught:
        private_copies.copied(source, FULL)
    assert caught.value.code == private_copies.DISK_FULL
    opened = Path.open

    def no_new_file(path: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        return full() if "w" in mode else opened(path, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", no_new_file)
    with pytest.raises(CohortError) as caught:
        private_copies.copied(source, tmp_path / "copy.nii")
    assert caught.value.code == private_copies.DISK_FULL


def test_a_compressed_volume_that_finds_no_room_is_not_called_truncated(tmp_path: Path) -> None:
    packed = tmp_path / "a.nii.gz"
    packed.write_bytes(gzip.compress(bytes(5000)))
    (tmp_path / "plain.nii").symlink_to(FULL)
    header = SimpleNamespace(end=5000, slice_length=100, whole=5000)
    with pytest.raises(CohortError) as caught:
        volume_pixels._uncompressed(packed, header)  # type: ignore[arg-type]
    assert caught.value.code == private_copies.DISK_FULL


def test_decoded_pixels_that_find_no_room_are_not_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "SMALL", 0)
    path = write_dicom(tmp_path / "a.dcm", ramp())
    request: dict[str, Any] = {"path": str(path), "kind": "dicom", "pixels": str(FULL), "folder": str(tmp_path)}
    request |= {"earlier_header": None, "mask": None, "packed_masks": None, "planes": None, "seconds": 9.0}
    told, _ = decoder.answer({**request, "choices": vars(Choices())})
    assert told["code"] == private_copies.DISK_FULL


def command(*arguments: str, **files: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "ganaug_core.cli", *arguments], text=True, check=False, **files)


@pytest.fixture
def place(workspace: Workspace) -> list[str]:
    workspace.keep(digit_cohort.cohort(30), "digits")
    return ["--workspace", str(workspace.root)]


def test_a_result_that_finds_no_room_is_said_in_words(place: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["cohort", "list", *place, "--json", str(FULL)]) == 2
    said = capsys.readouterr().err
    assert "The result could not be written to /dev/full: No space left on device." in said
    assert "Free some space and ask for it again." in said


def test_half_a_document_does_not_stay(place: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(path: Path, text: str, encoding: str) -> None:
        path.write_bytes(text[:20].encode())
        full()

    monkeypatch.setattr(Path, "write_text", half)
    assert cli.run(["cohort", "list", *place, "--json", str(tmp_path / "out.json")]) == 2
    assert list(tmp_path.glob("out.json")) == []


@pytest.mark.parametrize("arguments", [(), ("--json", "-")])
def test_standard_output_on_a_full_disk_is_said_in_words(place: list[str], arguments: tuple[str, ...]) -> None:
    with FULL.open("w") as nowhere:
        done = command("cohort", "list", *place, *arguments, stdout=nowhere, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert "could not be written to standard output: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_log_on_a_full_disk_does_not_end_an_import(place: list[str]) -> None:
    asked = ("cohort", "import", "embedded:digits", "--name", "more", "--size", "16")
    with FULL.open("w") as nowhere:
        done = command(*asked, *place, stdout=subprocess.PIPE, stderr=nowhere)
    assert done.returncode == 0
    assert "more: " in done.stdout
