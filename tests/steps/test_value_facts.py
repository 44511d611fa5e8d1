"""Unit and range of a cohort come from robust facts, and what was guessed, filled or clipped is said with its share."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ganaug_core import readers
from ganaug_core.cli import commands
from ganaug_core.cohort import cohort_json, import_cohort
from ganaug_core.records import Cohort, Skipped, Slice
from tests import bad_input
from tests.value_files import shades, tiff

Given = list[Slice]


def slices(low: int, high: int, kind: str = "int16", count: int = 40, **facts: object) -> Given:
    random = np.random.default_rng(0)
    return [
        Slice(
            pixels=random.integers(low, high, (1, 16, 16)).astype(kind), source=str(row), label="ab"[row % 2], **facts
        )  # type: ignore[arg-type]
        for row in range(count)
    ]


def cohort_of(images: Sequence[Slice], folder: Path, patch: pytest.MonkeyPatch) -> Cohort:
    patch.setattr(readers, "read", lambda *_, **__: iter(images))
    return import_cohort(folder, "c", size=16, near_duplicate_limit=0)[0]


def test_a_lone_extreme_value_does_not_stretch_the_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = slices(200, 3900, "uint16")
    images[3].pixels[0, 2, 2], images[4].pixels[0, 7, 7] = 65535, 65000
    cohort = cohort_of(images, tmp_path, monkeypatch)
    assert (cohort.intensity.low, cohort.intensity.high) == (200, pytest.approx(3899, abs=8))
    (note,) = [note for note in cohort.provenance["notes"] if "set to the ends" in note]
    assert "lone values far from all others do not count" in note
    assert f"{cohort.provenance['values']['above']:.1%}"[:3] in note.replace(" %", "%")


def test_few_values_on_an_even_ground_are_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spots = slices(0, 1, "int16")
    for row, image in enumerate(spots):
        image.pixels[0, row % 16, row % 7] = 500 + row
    spots = [replace(image, pixels=np.pad(image.pixels, ((0, 0), (0, 48), (0, 48)))) for image in spots]
    monkeypatch.setattr(readers, "read", lambda *_, **__: iter(spots))
    assert import_cohort(tmp_path, "c", size=64, near_duplicate_limit=0)[0].intensity.high == 539


def test_many_far_values_and_values_in_a_unit_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bright = slices(200, 3900, "uint16")
    for image in bright:
        image.pixels[0, :2] = 60000
    assert cohort_of(bright, tmp_path, monkeypatch).intensity.high == 60000
    uptake = slices(0, 900, "int16", unit="Bq/mL")
    uptake[0].pixels[0, 0, 0] = 30000
    assert cohort_of(uptake, tmp_path, monkeypatch).intensity.high == 30000


def test_phase_images_are_kept_whole_and_bright_vessels_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phase = cohort_of(slices(-4096, 4095, modality="MR"), tmp_path, monkeypatch)
    assert (phase.intensity.low, phase.intensity.high) == (phase.pixels.min(), phase.pixels.max())
    assert phase.intensity.low < -4080
    vessels = slices(0, 500, modality="MR")
    for image in vessels:
        image.pixels[0, 0, 0] = 5000
    assert cohort_of(vessels, tmp_path, monkeypatch).intensity.high < 600


def test_guess_padding_and_clip_are_said_with_their_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = slices(-900, 1500, unit="HU", unit_guessed=True, padding=0.25)
    cohort = cohort_of(images, tmp_path, monkeypatch)
    notes, facts = cohort.provenance["notes"], cohort.provenance["values"]
    assert any("CT in HU is a guess for 100 % of the images" in note for note in notes)
    assert any("25 % of the pixels are padding" in note for note in notes)
    assert facts["above"] == pytest.approx(np.mean([image.pixels > 1024 for image in images]))
    assert any(f"({100 * facts['above']:.2g} %)" in note for note in notes)


def test_the_command_line_shows_the_values_as_they_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANAUG_HOME", str(tmp_path / "home"))
    for number in range(24):
        path = tmp_path / "s" / "ab"[number % 2] / f"{number}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        tiff(path, np.roll(shades(0, 4000, "u2", 14), number * 7))
    arguments = ["cohort", "import", str(tmp_path / "s"), "--name", "c", "--size", "16", "--json", "-"]
    result = CliRunner().invoke(commands(), arguments)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    low, high = told["range"]
    assert f"range {low:g} to {high:g} intensity: the values go from the one to the other" in result.stderr
    assert f"values from {low:g} to {high:g}: {low:g} [" in result.stderr
    histogram = told["values"]["histogram"]
    assert sum(histogram["shares"]) == pytest.approx(1)
    assert len(histogram["edges"]) == len(histogram["shares"]) + 1
    assert (told["values"]["below"], told["values"]["above"], told["values"]["unit_guessed"]) == (0, 0, 0)


def test_eight_bits_of_which_next_to_nothing_is_used_are_no_black_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = cohort_of(slices(0, 2, "uint8"), tmp_path, monkeypatch)
    assert (cohort.intensity.low, cohort.intensity.high) == (0, 1)
    assert "use a tenth at most" in cohort.provenance["values"]["why"]


def test_the_modality_of_most_images_chooses_the_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = slices(0, 500, modality="MR")
    images[0] = replace(images[0], modality="OT")
    for image in images:
        image.pixels[0, 0, 0] = 900  # beyond the percentiles, but not so far that it is a lone value
    assert cohort_of(images, tmp_path, monkeypatch).intensity.high < 600


def test_the_document_says_which_form_of_a_volume_was_used_and_does_not_name_it() -> None:
    say = "p1/a.nii: its s-form and q-form disagree about the size of a voxel; that of the q-form was used."
    told = cohort_json._without_names(Skipped("p1/a.nii", "series.forms", say, "Look."), 1)
    assert told.say == say.replace("p1/a.nii", "the file")


def test_eight_bits_keep_their_whole_range(tmp_path: Path) -> None:
    cohort, _ = import_cohort(bad_input.pictures(tmp_path, {"a": 9, "b": 9}), "c", size=16)
    assert (cohort.intensity.low, cohort.intensity.high) == (0, 255)
    assert cohort.provenance["values"]["why"] == "it is all that 8 bits hold"
