"""Membership: values worked out by hand, intervals in closed form, coverage and false alarms by simulation."""

import numpy as np
import pytest
from scipy import stats

from ganaug_core.metrics import membership
from ganaug_core.metrics.membership import Scores
from ganaug_core.metrics.statistics import clopper_pearson

pytestmark = pytest.mark.numerical

ONE_PERCENT, ONE_IN_A_THOUSAND = 0.01, 0.001


def alike(sizes: tuple[int, ...], seed: int, *, known: float = 0.0, by: float = 0.0) -> Scores:
    """Return normal scores by class; a share `known` of the members scores higher by that much."""
    random = np.random.default_rng(seed)
    return [(random.normal(size=size) + by * (random.random(size) < known), random.normal(size=size)) for size in sizes]


def test_the_area_is_that_within_classes() -> None:
    first = np.array([3.0, 4.0]), np.array([1.0, 3.5])  # 1.0 is below both, 3.5 below one of them
    second = np.array([-5.0, -6.0]), np.array([-8.0, -9.0])
    assert membership.area([first]).chance == pytest.approx(3 / 4)
    assert membership.area([first, second]).chance == pytest.approx(7 / 8)
    pooled = np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])
    assert membership.area([pooled]).chance == pytest.approx(11 / 16)


def test_the_test_of_the_area_is_mann_whitneys() -> None:
    members, others = np.arange(40) + 0.5, np.arange(30) * np.sqrt(2)  # no ties
    ours = membership.area([(members, others)])
    theirs = stats.mannwhitneyu(members, others, method="asymptotic", use_continuity=False)
    assert ours.p_value == pytest.approx(theirs.pvalue)
    assert ours.chance == pytest.approx(theirs.statistic / 1200)


def test_the_exact_interval_of_a_share_has_its_closed_form_at_the_ends() -> None:
    assert clopper_pearson(0, 30) == (0, pytest.approx(1 - 0.025 ** (1 / 30)))
    assert clopper_pearson(30, 30) == (pytest.approx(0.025 ** (1 / 30)), 1)


def test_too_few_held_out_images_give_no_number() -> None:
    assert membership.least_nonmembers(ONE_PERCENT) == 99
    assert membership.least_nonmembers(ONE_IN_A_THOUSAND) == 999
    assert membership.recognised(alike((98, 60), 0), ONE_PERCENT) is None
    found = membership.recognised(alike((99, 60), 0), ONE_PERCENT)
    assert found is not None
    assert (found.members, found.nonmembers, found.false_alarms) == (99, 99, 0.01)  # the smaller class is left out


def test_recognised_members_lie_above_the_threshold_of_their_class() -> None:
    others = np.arange(199.0)  # the second highest of 199 is the threshold of 1 %: 197
    scores = [(np.concatenate([np.full(10, 197.5), np.full(30, 197.0)]), others)]
    found = membership.recognised(scores, ONE_PERCENT)
    assert found is not None
    assert found.share == 10 / 40
    assert found.p_value == pytest.approx(stats.betabinom.sf(9, 40, 2, 198))
    easy = (np.full(40, 1000.0), others + 5000)  # all high, but for this class low
    both = membership.recognised([*scores, easy], ONE_PERCENT)
    assert both is not None
    assert both.share == 10 / 80


def test_the_interval_takes_the_threshold_for_an_estimate() -> None:
    """Of 436 not even the highest surely lies above the threshold of 1 %, as .99^436 > .0125; of 437 it does."""
    for size, least in ((436, 0.0), (437, 0.0125 ** (1 / 50))):
        found = membership.recognised([(np.full(50, 1e6), np.arange(float(size)))], ONE_PERCENT)
        assert found is not None
        assert found.share == 1
        assert found.interval == (pytest.approx(least), 1)
    nobody = membership.recognised([(np.full(50, -1.0), np.arange(500.0))], ONE_PERCENT)
    assert nobody is not None
    assert nobody.interval == (0, pytest.approx(1 - 0.0125 ** (1 / 50)))


def test_the_intervals_hold_what_they_promise() -> None:
    truth = 0.7 * ONE_PERCENT + 0.3 * stats.norm.sf(stats.norm.isf(ONE_PERCENT) - 3)
    area = 0.35 + 0.3 * stats.norm.cdf(3 / np.sqrt(2))
    drawn = [alike((120, 110), seed, known=0.3, by=3) for seed in range(300)]
    found = [membership.recognised(scores, ONE_PERCENT) for scores in drawn]
    assert np.mean([one is not None and one.interval[0] <= truth <= one.interval[1] for one in found]) > 0.95
    areas = [membership.area(scores).interval for scores in drawn]
    assert 0.92 < np.mean([low <= area <= high for low, high in areas]) < 0.98


def test_members_that_are_as_others_are_found_in_at_most_one_set_of_twenty() -> None:
    drawn = [alike((120, 30), seed) for seed in range(300)]
    assert np.mean([membership.area(scores).p_value <= 0.05 for scores in drawn]) < 0.07
    found = [membership.recognised(scores, ONE_PERCENT) for scores in drawn]
    assert np.mean([one is not None and one.p_value <= 0.05 for one in found]) < 0.06


def test_the_corrected_risk_is_the_share_that_is_surely_known() -> None:
    """Of 200 members 30 % are known and a tenth of the rest is named by chance: .3 + .7 * .1 = .37."""
    found = membership.excess_risk((74, 200), (20, 200))
    assert (found.of_members, found.of_nonmembers) == (0.37, 0.1)
    assert found.risk == pytest.approx(0.3)
    assert membership.excess_risk((20, 200), (20, 200)).risk == 0
    assert membership.excess_risk((10, 200), (20, 200)).risk < 0
    assert membership.excess_risk((200, 200), (0, 200)).risk == 1


def test_the_interval_of_the_risk_is_that_of_anonymeter() -> None:
    """Worked out from Wilson's centre (count + z^2 / 2) / (n + z^2) and reach, errors propagated."""
    z = stats.norm.ppf(0.975)
    hit, chance = (74 + z * z / 2) / (200 + z * z), (20 + z * z / 2) / (200 + z * z)
    reach, other = (z / (200 + z * z) * np.sqrt(count * (200 - count) / 200 + z * z / 4) for count in (74, 20))
    error = np.sqrt((reach / (1 - chance)) ** 2 + (other * (hit - 1) / (1 - chance) ** 2) ** 2)
    middle = (hit - chance) / (1 - chance)
    found = membership.excess_risk((74, 200), (20, 200))
    assert found.interval == (pytest.approx(middle - error), pytest.approx(middle + error))


@pytest.mark.parametrize(("known", "size"), [(0.0, 50), (0.3, 50), (0.3, 200), (0.8, 200)])
def test_the_interval_of_the_risk_covers(known: float, size: int) -> None:
    random = np.random.default_rng(0)
    named, controls = random.binomial(size, known + (1 - known) * 0.1, 1000), random.binomial(size, 0.1, 1000)
    found = [
        membership.excess_risk((int(hits), size), (int(others), size)).interval
        for hits, others in zip(named, controls, strict=True)
    ]
    assert 0.93 < np.mean([low <= known <= high for low, high in found]) < 0.985
