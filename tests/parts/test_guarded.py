"""The child that decodes: it may die, hang, fill the memory or not start, and costs one file at most."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ganaug_core.readers import guarded_decoding
from ganaug_core.records import Skipped
from tests.volume_files import ramp, read, write_dicom

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
    monkeypatch.setattr(guarded_decoding, "COMMAND", (sys.executable, "-P", "-c", MISBEHAVING.format(trouble=trouble)))


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
    assert [image.source for image in slices] == ["a.dcm", "c.dcm"]
    assert [(entry.file, entry.code) for entry in skipped] == [("b.dcm", "crash")]
    assert says in skipped[0].say


def test_of_files_asked_for_together_each_bad_one_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    misbehave(monkeypatch, "os.kill(os.getpid(), signal.SIGSEGV)")
    requests = []
    for number in range(8):
        owner = "TROUBLE" if number in (0, 3, 4, 7) else "fine"
        path = write_dicom(tmp_path / f"{number}.dcm", ramp(), PatientID=owner, InstanceNumber=number)
        requests.append(guarded_decoding.FileRequest(path, path.name, header_only=number == 5))
    requests.insert(2, guarded_decoding.FileRequest(tmp_path / "\udce9.dcm", "\udce9.dcm"))
    with guarded_decoding.Decoder() as decoder:
        answers = decoder.read(requests)
    codes = [answer.code if isinstance(answer, Skipped) else len(answer.slices) for answer in answers]
    assert codes == ["crash", 1, "name", 1, "crash", "crash", 0, 1, "crash"]


def test_a_decoder_that_hangs_is_stopped_and_the_next_file_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    misbehave(monkeypatch, "time.sleep(60)")
    bad = write_dicom(tmp_path / "bad.dcm", ramp(), PatientID="TROUBLE")
    good = write_dicom(tmp_path / "good.dcm", ramp())
    with guarded_decoding.Decoder(seconds=1) as decoder:
        (refused,) = decoder.read([guarded_decoding.FileRequest(bad, "bad.dcm")])
        monkeypatch.undo()
        decoder.seconds = 20
        (read_next,) = decoder.read([guarded_decoding.FileRequest(good, "good.dcm")])
    assert isinstance(refused, Skipped)
    assert (refused.code, "more than 1 seconds" in refused.say) == ("timeout", True)
    assert isinstance(read_next, guarded_decoding.Decoded)
    assert len(read_next.slices) == 1


def test_memory_beyond_the_limit_costs_the_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    misbehave(monkeypatch, "bytearray(5 << 30)")
    path = write_dicom(tmp_path / "bad.dcm", ramp(), PatientID="TROUBLE")
    _, (refusal,) = read(path)
    assert refusal.code == "too_big"


def test_a_decoder_that_does_not_start_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_decoding, "COMMAND", (sys.executable, "-c", "raise SystemExit(7)"))
    path = write_dicom(tmp_path / "a.dcm", ramp())
    with pytest.raises(guarded_decoding.WorkspaceError, match=r"does not start \(exit status 7\).*ganaug doctor"):
        read(path)


def test_nothing_stays_behind_in_the_staging_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "staging"
    home.mkdir()
    monkeypatch.setattr(guarded_decoding.tempfile, "tempdir", str(home))
    path = write_dicom(tmp_path / "a.dcm", ramp())
    with guarded_decoding.Decoder() as decoder:
        (image,) = decoder.read([guarded_decoding.FileRequest(path, "a.dcm")])
        (folder,) = home.iterdir()
        assert list(folder.iterdir()) == []
        assert isinstance(image, guarded_decoding.Decoded)
        np.testing.assert_array_equal(image.slices[0], ramp().astype(int) - 1024)
    assert list(home.iterdir()) == []


def test_a_file_that_changes_between_header_and_pixels_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_dicom(tmp_path / "a.dcm", ramp())
    usual = guarded_decoding.Decoder.read

    def change_before_pixels(
        decoder: guarded_decoding.Decoder, files: Sequence[guarded_decoding.FileRequest]
    ) -> list[guarded_decoding.Decoded | Skipped]:
        if not files[0].header_only:
            write_dicom(path, ramp(), RescaleIntercept=-1000)
        return usual(decoder, files)

    monkeypatch.setattr(guarded_decoding.Decoder, "read", change_before_pixels)
    slices, (refusal,) = read(path)
    assert (slices, refusal.code) == ([], "changed")
