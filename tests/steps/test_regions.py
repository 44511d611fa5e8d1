"""Sub-regions: where the masks of a class overlap, on real and synthetic images alike."""

from dataclasses import replace

import numpy as np
import pytest

from ganaug_core.audit.comparison import compare
from ganaug_core.audit.lesion_regions import SAID, TEXTURE, Regions, regions
from ganaug_core.metrics import lesion_region
from ganaug_core.records import Cohort, Intensity, Samples
from tests.evidence_records import masked, phantom_cohort, phantom_samples

pytestmark = pytest.mark.numerical


@pytest.fixture(scope="module")
def world() -> tuple[Cohort, Samples]:
    return phantom_cohort(200, 1), phantom_samples(120, 2)


def test_fresh_lesions_have_the_numbers_of_held_out_ones(world: tuple[Cohort, Samples]) -> None:
    real, synthetic = world
    lesions = regions(compare(masked(real, 2), synthetic, {}, 0))
    measurements, said = lesions.measurements, lesions.sentences
    assert {measurement.name for measurement in measurements} == set(SAID)
    assert list(SAID)[: len(lesion_region.NUMBERS)] == [f"region_{number}" for number in lesion_region.NUMBERS]
    assert len(measurements) == 28
    assert len(said) == 2
    assert lesions.drawings["region.labels"].tolist() == [0, 1]
    assert {drawing.shape for drawing in lesions.drawings.values()} == {(2,), (2, 64, 64)}
    real_lesion = lesions.drawings["region.holdout"][lesions.drawings["region.inside"] > 0]
    assert -160 < real_lesion.min() < real_lesion.mean() < 110  # HU, darker than the liver
    for sentence in said:
        assert "Synthetic images have no masks, so the same pixels are read in all images" in sentence
        assert "None of 14 numbers was seen to differ from what held-out images have there" in sentence
        assert sentence.endswith("held-out patients).")
    for measurement in measurements:
        assert (measurement.p_value or 0) > 0.01 / 28, measurement
        assert measurement.interval is not None
        assert measurement.interval[0] <= measurement.value <= measurement.interval[1]


def test_brighter_lesions_are_found_in_the_lesion_and_in_the_unit(world: tuple[Cohort, Samples]) -> None:
    real, synthetic = world
    down, right = np.mgrid[:64, :64] - 31.5
    brighter = synthetic.images + np.where(down**2 + right**2 < 144, 0.15, 0).astype(np.float32)  # 30 HU
    measurements = regions(compare(masked(real, 2), replace(synthetic, images=brighter), {}, 0)).measurements
    by_name = {(measurement.name, measurement.class_name): measurement for measurement in measurements}
    for name in real.classes:
        for number in ("region_median", "region_contrast"):
            measurement = by_name[number, name]
            assert measurement.value - (measurement.floor or 0) == pytest.approx(30, abs=8)
            assert measurement.unit == "HU"
            assert (measurement.p_value or 1) < 1e-5


@pytest.mark.parametrize("inside", [True, False])
def test_grain_in_the_lesion_is_found_and_grain_beside_it_is_not(world: tuple[Cohort, Samples], inside: bool) -> None:
    real, synthetic = world
    down, right = np.mgrid[:64, :64] - 31.5
    noise = np.random.default_rng(0).normal(0, 0.15, synthetic.images.shape)  # 30 HU
    where = down**2 + right**2 < 144 if inside else down**2 + right**2 > 225
    grainy = np.clip(synthetic.images + noise * where, -1, 1).astype(np.float32)
    lesions = regions(compare(masked(real, 2), replace(synthetic, images=grainy), {}, 0))
    measurements, said = lesions.measurements, lesions.sentences
    for name in real.classes:
        textures = {
            measurement.name: measurement.p_value or 0
            for measurement in measurements
            if measurement.class_name == name and measurement.name in TEXTURE
        }
        assert (min(textures.values()) < 1e-6) == inside
        excess = next(
            measurement
            for measurement in measurements
            if measurement.class_name == name and measurement.name == "region_texture_violations"
        )
        assert (excess.value > 0.02) == inside, excess
    assert all(("these differ" in sentence) == inside for sentence in said)


def test_masks_that_do_not_overlap_are_said_in_words_and_without_masks_nothing_is(
    world: tuple[Cohort, Samples],
) -> None:
    real, synthetic = world
    lesions = regions(compare(masked(real, 31), synthetic, {}, 0))
    assert not lesions.measurements
    assert not lesions.drawings
    assert all("do not overlap" in sentence for sentence in lesions.sentences)
    assert regions(compare(real, synthetic, {}, 0)) == Regions()


def test_the_region_is_what_half_of_the_patients_have_inside() -> None:
    masks = np.zeros((3, 10, 10), np.bool_)
    masks[:, :4, :4] = True
    masks[0, :6, :6] = True
    where = lesion_region.region(masks, np.array([1.0, 0.5, 0.5]))  # the last two are of one patient
    assert where is not None
    assert where.inside.sum() == 36
    assert where.outside.sum() == 64
    images = np.zeros((1, 1, 10, 10), np.float32)
    images[0, 0][where.inside] = 0.5
    assert lesion_region.numbers(images, where, Intensity("HU", -100, 100)) == pytest.approx(
        np.array([[50, 50, 50, 0, 50]]), abs=1e-4
    )
    assert lesion_region.region(masks[:, :3, :3], np.ones(3)) is None
