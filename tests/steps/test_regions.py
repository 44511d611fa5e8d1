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
    real, drawn = world
    lesions = regions(compare(masked(real, 2), drawn, {}, 0))
    found, said = lesions.measurements, lesions.sentences
    assert {each.name for each in found} == set(SAID)
    assert list(SAID)[: len(lesion_region.NUMBERS)] == [f"region_{each}" for each in lesion_region.NUMBERS]
    assert len(found) == 28
    assert len(said) == 2
    assert lesions.drawings["region.labels"].tolist() == [0, 1]
    assert {each.shape for each in lesions.drawings.values()} == {(2,), (2, 64, 64)}
    real_lesion = lesions.drawings["region.holdout"][lesions.drawings["region.inside"] > 0]
    assert -160 < real_lesion.min() < real_lesion.mean() < 110  # HU, darker than the liver
    for sentence in said:
        assert "Synthetic images have no masks, so the same pixels are read in all images" in sentence
        assert "None of 14 numbers was seen to differ from what held-out images have there" in sentence
        assert sentence.endswith("held-out patients).")
    for each in found:
        assert (each.p_value or 0) > 0.01 / 28, each
        assert each.interval is not None
        assert each.interval[0] <= each.value <= each.interval[1]


def test_brighter_lesions_are_found_in_the_lesion_and_in_the_unit(world: tuple[Cohort, Samples]) -> None:
    real, drawn = world
    down, right = np.mgrid[:64, :64] - 31.5
    brighter = drawn.images + np.where(down**2 + right**2 < 144, 0.15, 0).astype(np.float32)  # 30 HU
    found = regions(compare(masked(real, 2), replace(drawn, images=brighter), {}, 0)).measurements
    known = {(each.name, each.class_name): each for each in found}
    for name in real.classes:
        for number in ("region_median", "region_contrast"):
            each = known[number, name]
            assert each.value - (each.floor or 0) == pytest.approx(30, abs=8)
            assert each.unit == "HU"
            assert (each.p_value or 1) < 1e-6


@pytest.mark.parametrize("inside", [True, False])
def test_grain_in_the_lesion_is_found_and_grain_beside_it_is_not(world: tuple[Cohort, Samples], inside: bool) -> None:
    real, drawn = world
    down, right = np.mgrid[:64, :64] - 31.5
    noise = np.random.default_rng(0).normal(0, 0.15, drawn.images.shape)  # 30 HU
    where = down**2 + right**2 < 144 if inside else down**2 + right**2 > 225
    grainy = np.clip(drawn.images + noise * where, -1, 1).astype(np.float32)
    lesions = regions(compare(masked(real, 2), replace(drawn, images=grainy), {}, 0))
    found, said = lesions.measurements, lesions.sentences
    for name in real.classes:
        textures = {each.name: each.p_value or 0 for each in found if each.class_name == name and each.name in TEXTURE}
        assert (min(textures.values()) < 1e-6) == inside
        excess = next(each for each in found if each.class_name == name and each.name == "region_texture_violations")
        assert (excess.value > 0.02) == inside, excess
    assert all(("these differ" in each) == inside for each in said)


def test_masks_that_do_not_overlap_are_said_in_words_and_without_masks_nothing_is(
    world: tuple[Cohort, Samples],
) -> None:
    real, drawn = world
    found = regions(compare(masked(real, 31), drawn, {}, 0))
    assert not found.measurements
    assert not found.drawings
    assert all("do not overlap" in each for each in found.sentences)
    assert regions(compare(real, drawn, {}, 0)) == Regions()


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
