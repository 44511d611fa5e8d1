"""High-throughput JPEG 2000 in DICOM: lossless codestreams of another encoder give the image that went in."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from ganaug_core.readers import folders
from ganaug_core.readers.dicom_codes import HIGH_THROUGHPUT
from ganaug_core.records import Skipped, Slice
from tests.volume_files import write_dicom

CODESTREAMS = {
    "unsigned": (
        "/0//UQApQAAAAAAQAAAADAAAAAAAAAAAAAAAEAAAAAwAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCI"
        "kJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAH4AAf+TwAAm1/cFB3QAAMAAE0AAEwCi/gIH"
        "dAAc/gMHdADAABNAABMAUFABgnQA9foAIjQAwAAVMAAFWCQS6aBCMQJ2ALTTTjvtwEIBvrYAwAArIAAWkAiCIAjy54p6cIJ3AKRJ"
        "SUlJSUlJ+gxge/Yxgey6AP/Z"
    ),
    "signed": (
        "/0//UQApQAAAAAAQAAAADAAAAAAAAAAAAAAAEAAAAAwAAAAAAAAAAAABjwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCI"
        "kJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAH0AAf+TwAAl1wKHdAAAwAATQAATAKL+Agd0"
        "ABz+Awd0AMAAE0AAEwBQUAGCdAD1+gAiNADAABUwAAVYJBLpoEIxAnYAtNNOO+3AQgG+tgDAACsgABaQCIIgCPLninpwgncApElJ"
        "SUlJSUn6DGB79jGB7LoA/9k="
    ),
    "colour": (
        "/0//UQAvQAAAAAAQAAAADAAAAAAAAAAAAAAAEAAAAAwAAAAAAAAAAAADBwEBBwEBBwEB/1AACAACAAAAA/9SAAwAAgABAQUEBEAB"
        "/1wAEyBQWFhYWFhYWFhYWFhYUFBQ/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAATwAAf+TwBKA8wCHdADAEgAAx3QA"
        "wBKA/gDHdAAAAADACWAEoJ4BB3QA8ACHdADACWAEoLUBB3QA9gCHdADACWAEoBEBh3QAVAGHdADACaAEcAIwCvMAgnQAAOMAACMA"
        "wAmgBGBZ9gCCdAAGMwDACaAEgIfDAQJ0AJkSMwDACrgBUwAnAIAh5AABWAC1twAA7+45Pc1dtgAA+As5XbUAwAqIAThrraACMAJ2"
        "AN57wcm+tQDACpgBVMMw/KAiMIJ2AFgsFvvAEIG+tgDAFXAFbAFoABAHDv58Hg+S1ScAOJum+XhJ79knvPIJAAAAAPAAz44suuup"
        "v378PADAFVAFWDMzM+eAp6fCdwBMkiT6Env2Sey4AMAVUAWg3d3d54Cnp8J3AKYxxhhj/voAAHv2AAHsugD/2Q=="
    ),
}
"""The images below as OpenJPH 0.26.3 encodes them, reversibly."""
ROWS, COLUMNS = np.indices((12, 16))
IMAGES = {
    "unsigned": (ROWS * 211 + COLUMNS * 37) % 4096,
    "signed": (ROWS * 211 + COLUMNS * 37) % 4096 - 2048,
    "colour": np.rint(np.stack([ROWS * 20, COLUMNS * 15, ROWS * 7 + COLUMNS * 5], -1) @ [0.299, 0.587, 0.114]),
}


def write(path: Path, kind: str, frame: bytes, syntax: str, **changes: Any) -> Path:
    depth = 8 if kind == "colour" else 16
    colour = {"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_RCT", "PlanarConfiguration": 0}
    write_dicom(
        path, np.zeros((12, 16), "<u2"), SeriesInstanceUID=f"1.2.{sum(path.name.encode())}",
        BitsAllocated=depth, BitsStored=depth, HighBit=depth - 1, PixelRepresentation=int(kind == "signed"),
        RescaleIntercept=0, PixelData=encapsulate([frame]), **(colour if kind == "colour" else {}), **changes,
    )  # fmt: skip
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)
    return path


def read(*paths: Path) -> dict[str, Slice | Skipped]:
    results = folders.read_files([(path, path.name, "a") for path in paths])
    return {item.source if isinstance(item, Slice) else item.file: item for item in results}


@pytest.mark.parametrize("syntax", HIGH_THROUGHPUT)
def test_images_come_out_as_they_went_in(syntax: str, tmp_path: Path) -> None:
    paths = [write(tmp_path / kind, kind, base64.b64decode(code), syntax) for kind, code in CODESTREAMS.items()]
    results = read(*paths)
    for kind, expected in IMAGES.items():
        image = results[kind]
        assert isinstance(image, Slice), image
        np.testing.assert_array_equal(image.pixels[0], expected)


def test_a_damaged_one_is_refused_in_words(tmp_path: Path) -> None:
    frame = base64.b64decode(CODESTREAMS["unsigned"])
    syntax = next(iter(HIGH_THROUGHPUT))
    expected = {
        write(tmp_path / "cut", "unsigned", frame[:-60], syntax): {"truncated"},
        write(tmp_path / "smaller", "unsigned", frame, syntax, Rows=11): {"dicom.attributes"},
        write(tmp_path / "sign", "signed", frame, syntax): {"dicom.attributes"},
        write(tmp_path / "hole", "unsigned", frame[:100] + frame[140:], syntax): {"decode"},
        write(tmp_path / "none", "unsigned", b"\0\0", syntax): {"dicom.parse"},
    }
    for name, refusal in read(*expected).items():
        assert isinstance(refusal, Skipped), name
        assert refusal.code in expected[tmp_path / name], refusal
