"""A rule learnt from both sides finds missing groups that are no neighbourhood; its chance is that of other rules."""

import numpy as np
import pytest

from ganaug_core.metrics import missing_modes, statistics, witness
from ganaug_core.metrics.missing_modes import Scan
from ganaug_core.records import Floats

NUMBERS = 40


def _p(scanned: Scan) -> float:
    return next(scanned.worst(), (0, 0, 1.0))[2]


def _scanned(real: Floats, synthetic: Floats, seed: int = 0) -> Scan:
    labels = np.zeros(len(real), int), np.zeros(len(synthetic), int)
    return missing_modes.scan(real, synthetic, *labels, np.arange(len(real)), learn=witness.regions, seed=seed)


def _images(random: np.random.Generator, count: int, other: float = 0.15) -> Floats:
    """Return images of which some differ from the rest a little, in many numbers: no neighbour is of their own kind."""
    values = random.standard_normal((count, NUMBERS))
    values[: round(other * count)] += 3 / np.sqrt(NUMBERS)
    return values.astype(np.float32)


def test_a_group_that_is_no_neighbourhood_is_found_by_the_rule_and_not_by_regions() -> None:
    found, by_regions = 0, 0
    for seed in range(3):
        random = np.random.default_rng(seed)
        real, lacking = _images(random, 900), _images(random, 500, 0)
        scanned = _scanned(real, lacking, seed)
        found += _p(scanned) < 0.0025
        none = np.zeros(900, int)
        by_regions += _p(missing_modes.scan(real, lacking, none, none[:500], np.arange(900), seed=seed)) < 0.0025
    assert found >= 2
    assert by_regions <= 1
    label, region, p_value = next(scanned.worst())
    named = missing_modes.described(scanned, label, region, p_value)
    assert (named.members < 135).mean() > 0.5  # of the group, which is 15 % of all
    assert named.real_share == pytest.approx(len(named.members) / 900, abs=0.02)
    assert named.synthetic_share < named.real_share / 2


def test_the_rule_of_fresh_images_is_as_bad_as_its_p_says() -> None:
    smallest = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        real, fresh = random.standard_normal((2, 90, 6)).astype(np.float32)
        smallest.append(_p(_scanned(real, fresh[:60], seed)))
    for level in (0.05, 0.2):
        assert statistics.wilson(round(float(np.mean(np.array(smallest) <= level)) * 60), 60, 0.998)[0] <= level


def test_images_that_are_all_a_little_off_are_no_missing_group() -> None:
    random = np.random.default_rng(3)
    real = random.standard_normal((600, 10)).astype(np.float32)
    shifted = (random.standard_normal((400, 10)) - 0.6).astype(np.float32)
    assert all(len(of_class.hits) == 0 for of_class in _scanned(real, shifted).classes.values())


def test_images_of_a_patient_count_as_one_and_lie_in_one_fold() -> None:
    random, alarms = np.random.default_rng(4), 0
    for seed in range(15):
        patients = np.repeat(np.arange(60), 6)
        real = (np.repeat(random.standard_normal((60, 8)), 6, 0) + 0.05 * random.standard_normal((360, 8))).astype(
            np.float32
        )
        fresh = random.standard_normal((80, 8)).astype(np.float32)
        none = np.zeros(360, int)
        scanned = missing_modes.scan(real, fresh, none, none[:80], patients, learn=witness.regions, seed=seed)
        assert scanned.classes[0].patients == pytest.approx(60)
        alarms += _p(scanned) < 0.05
    assert alarms <= 3


def test_spaces_are_joined_with_equal_weight_for_each_number() -> None:
    random = np.random.default_rng(5)
    one, two = random.standard_normal((50, 2)), 100 * random.standard_normal((50, 3))
    real, synthetic = witness.joined([(one[:30], one[30:]), (two[:30], two[30:])])
    assert real.shape == (30, 5)
    assert np.concatenate([real, synthetic]).std(0) == pytest.approx(1, rel=1e-5)
