"""Synthetic images, in whatever numbers they came, are grey values of the cohort or are refused with their range."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ganaug_core.cohort import import_cohort, import_samples
from ganaug_core.cohort.number_formats import normalised
from ganaug_core.errors import CohortError
from ganaug_core.records import Cohort, Intensity
from tests import bad_input
from tests.value_files import png16

GREY, HU, MR, REAL = (
    Intensity("intensity", 0, 255), Intensity("HU", -1024, 1024), Intensity("intensity", 0, 1800),
    Intensity("intensity", 0, 1),
)  # fmt: skip
BYTE, WHOLE, FLOAT = np.dtype(np.uint8), np.dtype(np.int16), np.dtype(np.float32)
SHADES = np.random.default_rng(0).integers(0, 256, (20, 1, 16, 16)).astype(np.uint8)
UNIT = SHADES.astype(np.float32) / np.float32(127.5) - 1


def beyond(values: NDArray[Any], low: float, high: float) -> NDArray[Any]:
    changed = values.copy()
    changed[0, 0, 0, 0], changed[1, 0, 5, 5] = low, high
    return changed


@pytest.mark.parametrize(
    ("values", "intensity", "depth"),
    [
        (SHADES, GREY, BYTE),
        (UNIT, GREY, BYTE),
        (UNIT.astype(np.float16), GREY, BYTE),
        (beyond(UNIT, -1.03, 1.04), GREY, BYTE),
        (beyond(UNIT, -9, 1.04), GREY, BYTE),
        ((UNIT + 1) / 2, GREY, BYTE),
        (beyond((UNIT + 1) / 2, -0.01, 1.01), GREY, BYTE),
        (SHADES.astype(np.float32), GREY, BYTE),
        (SHADES.astype(np.uint16) * 257, GREY, BYTE),
        (SHADES.astype(np.int16), GREY, BYTE),
        (SHADES, HU, WHOLE),
        (UNIT, HU, WHOLE),
        (np.rint(UNIT * 1024).astype(np.int16), HU, WHOLE),
        (SHADES, REAL, FLOAT),
        ((UNIT + 1) / 2, REAL, FLOAT),
    ],
)
def test_a_format_that_fits_gives_the_same_images(
    values: NDArray[Any], intensity: Intensity, depth: np.dtype[Any]
) -> None:
    images, _ = normalised(values, intensity, depth)
    assert images.dtype == np.float32
    inside = np.ones(UNIT.shape, bool)
    inside[0, 0, 0, 0] = inside[1, 0, 5, 5] = False
    np.testing.assert_allclose(images[inside], UNIT[inside], atol=1e-3)
    assert np.abs(images).max() <= 1


@pytest.mark.parametrize(
    ("values", "intensity", "depth", "why"),
    [
        (UNIT * 2.5, GREY, BYTE, "from -2.5 to 2.5, those of the cohort from 0 to 255 intensity: they look normalised"),
        (SHADES.astype(np.uint16) * 16, GREY, BYTE, "from 0 to 4080, .* which of them is white is not said"),
        (SHADES.astype(np.int16) * 8 - 1024, GREY, BYTE, "which of them is white is not said"),
        (SHADES // 128, GREY, BYTE, "0 and 1 alone are a mask"),
        (SHADES.astype(np.uint16) * 8, HU, WHOLE, "they have no sign"),
        (SHADES.astype(np.uint16) * 257, MR, WHOLE, "they reach far beyond it"),
        (UNIT, REAL, FLOAT, "of them lie beyond it"),
        (SHADES.astype(np.float32), REAL, FLOAT, "they reach far beyond it"),
    ],
)
def test_values_in_no_format_are_refused_with_their_range(
    values: NDArray[Any], intensity: Intensity, depth: np.dtype[Any], why: str
) -> None:
    with pytest.raises(CohortError, match=why) as refused:
        normalised(values, intensity, depth)
    assert refused.value.code == "number_format"


def test_what_was_guessed_and_clipped_is_said_with_its_share() -> None:
    few = beyond(UNIT, -1.03, 1.04)
    assert normalised(SHADES, GREY, BYTE)[1] == ""
    assert normalised(UNIT, GREY, BYTE)[1] == "Their real numbers were read as -1 to 1, black to white."
    assert normalised(few, GREY, BYTE)[1].endswith(
        "< 0.1 % of them are lower than -1 and < 0.1 % higher than 1; they were set to the ends."
    )
    assert "8 bits were read as black to white of the cohort, -1024 to 1024" in normalised(SHADES, HU, WHOLE)[1]


@pytest.fixture
def grey_cohort(tmp_path: Path) -> Cohort:
    return import_cohort(bad_input.pictures(tmp_path / "real", {"a": 12, "b": 12}), "c", size=16)[0]


def test_a_set_just_beyond_one_is_that_within_it_and_tells_so(grey_cohort: Cohort, tmp_path: Path) -> None:
    labels = np.array(["a", "b"] * 10)
    within = import_samples(bad_input.npz(tmp_path / "s.npz", images=UNIT[:, 0], labels=labels), grey_cohort, "s")
    over = beyond(UNIT, -1.03, 1.04)[:, 0]
    said: list[str] = []
    samples = import_samples(
        bad_input.npz(tmp_path / "o.npz", images=over, labels=labels), grey_cohort, "o",
        report=lambda share, words: said.append(words),
    )  # fmt: skip
    assert (np.abs(samples.images - within.images) > 1e-6).sum() <= 2
    assert "read as -1 to 1" in samples.provenance["notes"][0]
    assert "read as -1 to 1" in said[-1]


def test_one_deep_image_among_shallow_ones_is_left_out(grey_cohort: Cohort, tmp_path: Path) -> None:
    folder = bad_input.pictures(tmp_path / "fake", {"a": 10, "b": 10}, seed=1)
    png16(folder / "a" / "deep.png", np.arange(256).reshape(16, 16) * 200)
    samples = import_samples(folder, grey_cohort, "s")
    assert len(samples) == 20
    assert [(entry["code"], entry["file"]) for entry in samples.provenance["skipped"]] == [("mixed", "a/deep.png")]
