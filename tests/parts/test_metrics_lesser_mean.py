"""Is one mean lower than another: by hand, against exact tests, and how often it errs; a classifier of few images."""

import numpy as np
import pytest
from scipy import stats
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from ganaug_core.metrics.lesser_mean import DRAWS, Side, lesser, weighted
from ganaug_core.metrics.linear_discriminant import fitted


def side(values: object) -> Side:
    array = np.asarray(values, np.float64)
    return Side(array, np.ones(len(array)))


def test_a_share_against_a_certain_one_is_clopper_and_pearsons_bound() -> None:
    low, certain = side([1.0] * 3 + [0.0] * 27), Side(np.array([0.5]), np.array([1e7]))
    p_value = lesser(low, certain, random=np.random.default_rng(0)).p_value
    assert p_value == pytest.approx(stats.binom.cdf(3, 30, 0.5), abs=4 / np.sqrt(DRAWS) * 0.01)
    p_value = lesser(side([0.0] * 4), certain, random=np.random.default_rng(0)).p_value
    assert p_value == pytest.approx(0.5**4, abs=0.01)  # four patients alone prove little


def test_factor_and_margin_allow_as_much_as_they_say() -> None:
    low, high = side([1.0] * 500 + [0.0] * 500), side([1.0] * 600 + [0.0] * 400)
    random = np.random.default_rng(0)
    assert lesser(low, high, random=random).p_value < 0.001
    assert lesser(low, high, factor=0.8, random=random).p_value > 0.5
    assert lesser(low, high, margin=0.12, random=random).p_value > 0.5
    ends = lesser(low, high, random=random).interval
    assert ends[0] < -0.1 < ends[1]
    assert ends[1] - ends[0] == pytest.approx(2 * 1.96 * np.sqrt((0.25 + 0.24) / 1000), rel=0.05)


def test_equal_weights_count_whole_and_unequal_ones_less() -> None:
    assert weighted(np.zeros(10), np.full(10, 3.0)).mass.sum() == pytest.approx(10)
    assert weighted(np.zeros(10), np.r_[1.0, np.zeros(9)]).mass.sum() == pytest.approx(1)


@pytest.mark.parametrize("size", [11, 60])
def test_it_errs_in_at_most_one_of_twenty_and_its_interval_holds_the_difference(size: int) -> None:
    random = np.random.default_rng(1)
    draws = 150
    wrong = covered = 0
    for _ in range(draws):
        low, high = (random.binomial(10, random.beta(1, 2, count)) / 10 for count in (300, size))
        found = lesser(side(low), side(high), random=random)
        wrong += found.p_value < 0.05
        covered += found.interval[0] <= 0 <= found.interval[1]
    assert wrong <= stats.binom.ppf(0.999, draws, 0.05)
    assert covered >= stats.binom.ppf(0.001, draws, 0.94)


def test_the_discriminant_sees_what_scikit_learn_sees() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 3], 200)
    features = (random.normal(0, 1, (600, 5)) + 1.2 * random.normal(0, 1, (4, 5))[labels]).astype(np.float32)
    other = LinearDiscriminantAnalysis(solver="lsqr", priors=[1 / 3] * 3).fit(features, labels)
    ours = fitted(features, labels, 4).sees(features)
    assert (ours == other.predict(features)).mean() > 0.98
    assert 2 not in ours  # a class without images
