"""Sub-regions: where the masks of a class overlap, on real and synthetic images alike."""

from dataclasses import replace

import numpy as np
import pytest

from ganaug_core.audit.regions import regions
from ganaug_core.audit.sides import sides
from ganaug_core.metrics import region
from ganaug_core.records import NO_MASK, TRAIN, Cohort, Intensity, Samples
from tests.evidence_records import phantom_cohort, phantom_samples


def masked(real: Cohort, spread: int) -> Cohort:
    """Give every second training image a disc of 12 pixels radius, its centre up to `spread` pixels off."""
    random = np.random.default_rng(0)
    down, right = np.mgrid[:64, :64] - 31.5
    masks = np.full((len(real), 64, 64), NO_MASK, np.uint8)
    for row in real.where(TRAIN)[::2]:
        off = random.integers(-spread, spread + 1, 2)
        masks[row] = (down - off[0]) ** 2 + (right - off[1]) ** 2 < 144
    return replace(real, masks=masks)


@pytest.fixture(scope="module")
def world() -> tuple[Cohort, Samples]:
    return phantom_cohort(200, 1), phantom_samples(120, 2)


def test_fresh_lesions_have_the_numbers_of_held_out_ones(world: tuple[Cohort, Samples]) -> None:
    real, drawn = world
    found, said = regions(sides(masked(real, 2), drawn, {}, 0))
    assert {each.name for each in found} == {*(f"region_{each}" for each in region.NUMBERS), "region_violations"}
    assert len(found) == 12
    assert len(said) == 2
    assert "on real and synthetic images alike" in said[0]
    for each in found:
        assert (each.p_value or 0) > 0.01 / 12, each
        assert each.interval is not None
        assert each.interval[0] <= each.value <= each.interval[1]


def test_brighter_lesions_are_found_in_the_lesion_and_in_the_unit(world: tuple[Cohort, Samples]) -> None:
    real, drawn = world
    down, right = np.mgrid[:64, :64] - 31.5
    brighter = drawn.images + np.where(down**2 + right**2 < 144, 0.15, 0).astype(np.float32)  # 30 HU
    found, _ = regions(sides(masked(real, 2), replace(drawn, images=brighter), {}, 0))
    known = {(each.name, each.class_name): each for each in found}
    for name in real.classes:
        for number in ("region_median", "region_contrast"):
            each = known[number, name]
            assert each.value - (each.floor or 0) == pytest.approx(30, abs=8)
            assert each.unit == "HU"
            assert (each.p_value or 1) < 1e-6


def test_masks_that_do_not_overlap_are_said_in_words_and_without_masks_nothing_is(
    world: tuple[Cohort, Samples],
) -> None:
    real, drawn = world
    found, said = regions(sides(masked(real, 31), drawn, {}, 0))
    assert not found
    assert all("do not overlap" in each for each in said)
    assert regions(sides(real, drawn, {}, 0)) == ([], ())


def test_the_region_is_what_half_of_the_patients_have_inside() -> None:
    masks = np.zeros((3, 10, 10), np.bool_)
    masks[:, :4, :4] = True
    masks[0, :6, :6] = True
    where = region.region(masks, np.array([1.0, 0.5, 0.5]))  # the last two are of one patient
    assert where is not None
    assert where.inside.sum() == 36
    assert where.outside.sum() == 64
    images = np.zeros((1, 1, 10, 10), np.float32)
    images[0, 0][where.inside] = 0.5
    assert region.numbers(images, where, Intensity("HU", -100, 100)) == pytest.approx(
        np.array([[50, 50, 50, 0, 50]]), abs=1e-4
    )
    assert region.region(masks[:, :3, :3], np.ones(3)) is None
