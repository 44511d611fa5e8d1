"""Exported samples: physical values come back, every file says synthetic, no path of a source leaves."""

import csv
import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganaug_core import generators
from ganaug_core.errors import GeneratorError, WorkspaceError
from ganaug_core.records import Intensity, Samples
from ganaug_core.writers.marks import MARK
from ganaug_core.writers.stored_values import storage_of


def samples_in(intensity: Intensity, n: int = 6) -> Samples:
    values = np.linspace(-1, 1, n * 64, dtype=np.float32).reshape(n, 1, 8, 8)
    return Samples(
        name="s",
        digest="d" * 64,
        images=values,
        labels=np.arange(n) % 2,
        ids=np.array([f"{number:012x}" for number in range(n)]),
        classes=("a/b: ..", "normal"),
        source="folder",
        paths=tuple(f"/home/doctor/PATIENT_{number}.png" for number in range(n)),
        provenance={"generator": "e" * 64, "seed": 4, "source": "/home/doctor"},
    )


@pytest.mark.parametrize(
    ("intensity", "mode", "tolerance"),
    [
        (Intensity("intensity", 0.0, 255.0), "L", 0.5),
        (Intensity("HU", -160.0, 240.0), "I;16", 0.5),
        (Intensity("HU", -1024.0, 3071.0), "I;16", 0.5),
        (Intensity("SUV", 0.0, 12.0), "I;16", 0.0002),
    ],
)
def test_exported_images_give_their_physical_values_back(
    intensity: Intensity, mode: str, tolerance: float, tmp_path: Path
) -> None:
    samples = samples_in(intensity)
    generators.export(samples, intensity, tmp_path / "out", "png")
    rows = list(csv.DictReader((tmp_path / "out" / "manifest.csv").read_text().splitlines()))
    assert [row["id"] for row in rows] == samples.ids.tolist()
    for row, image in zip(rows, samples.images, strict=True):
        with Image.open(tmp_path / "out" / row["image"]) as opened:
            assert opened.mode == mode
            assert opened.info["Synthetic"] == MARK
            stored = np.asarray(opened).astype(np.float64)
        physical = stored * float(row["slope"]) + float(row["offset"])
        assert np.abs(physical - intensity.physical(image[0])).max() <= tolerance + 1e-3
        assert row["unit"] == intensity.unit


def test_colour_images_keep_their_channels(tmp_path: Path) -> None:
    plain = samples_in(Intensity("intensity", 0.0, 255.0))
    colour = Samples(**{**vars(plain), "images": plain.images * np.array([1, -1, 0.5], np.float32)[:, None, None]})
    generators.export(colour, Intensity("intensity", 0.0, 255.0), tmp_path / "out", "png")
    with Image.open(tmp_path / "out" / "normal" / "0000.png") as opened:
        assert opened.mode == "RGB"
        assert np.abs(np.asarray(opened)[..., 1] - (colour.images[1, 1] + 1) * 127.5).max() <= 0.51
    with pytest.raises(GeneratorError, match=r"PNG cannot hold 3 channels.*npz"):
        generators.export(colour, Intensity("HU", -160.0, 240.0), tmp_path / "hu", "png")


def test_npz_holds_images_and_labels_without_a_pickle(tmp_path: Path) -> None:
    intensity = Intensity("HU", -160.0, 240.0)
    samples = samples_in(intensity)
    generators.export(samples, intensity, tmp_path / "out", "npz")
    with np.load(tmp_path / "out" / "samples.npz", allow_pickle=False) as content:
        assert content["images"].shape == (6, 8, 8)
        assert np.array_equal(content["images"], intensity.physical(samples.images)[:, 0])
        assert content["labels"].tolist() == samples.labels.tolist()
        assert content["classes"].tolist() == list(samples.classes)
        assert str(content["synthetic"]) == MARK


@pytest.mark.parametrize("format", ["png", "npz"])
def test_no_path_of_a_source_leaves_and_odd_class_names_stay_inside(format: Any, tmp_path: Path) -> None:
    generators.export(
        samples_in(Intensity("intensity", 0.0, 255.0)), Intensity("intensity", 0.0, 255.0), tmp_path / "out", format
    )
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert all(b"doctor" not in path.read_bytes() for path in written)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    if format == "png":
        assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == ["a_b_", "normal"]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(GeneratorError, match=r"out is already there and not empty"):
        generators.export(samples_in(Intensity("HU", -1.0, 1.0)), Intensity("HU", -1.0, 1.0), tmp_path / "out", "png")
    with pytest.raises(GeneratorError, match=r"no format 'bmp'. Choose png, .* or slides"):
        generators.export(samples_in(Intensity("HU", -1.0, 1.0)), Intensity("HU", -1.0, 1.0), tmp_path / "new", "bmp")


def test_a_full_disk_leaves_no_half_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Image.Image, path: Path, **settings: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(WorkspaceError, match=r"disk is full"):
        generators.export(samples_in(Intensity("HU", -1.0, 1.0)), Intensity("HU", -1.0, 1.0), tmp_path / "out", "png")
    assert list(tmp_path.iterdir()) == []


def test_whole_units_are_stored_where_sixteen_bits_hold_them() -> None:
    hounsfield = storage_of(Intensity("HU", -1024.0, 3071.0))
    assert (hounsfield.dtype, hounsfield.slope, hounsfield.offset) == (np.uint16, 1.0, -1024.0)
