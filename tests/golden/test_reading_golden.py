"""Statistics of reader studies against worked examples that others published."""

import numpy as np
import pytest

from ganaug_core.reading import agreement, estimates, multi_reader

# Five readers' ratings, with spin echo, of 69 patients without and 45 with an aortic dissection (Van Dyke et al.,
# 1993): the data that the software for such studies is compared on.
WITHOUT = (
    "122151111111411111111131311214111113121211233131133111111221111332111",
    "232222222322522232222222422223222222222222222222222222222432232222222",
    "222235112242422232221232411322112224121412112222223211211221151421212",
    "111111311111111111112111211112111111111111111111331111111111111311111",
    "351211112221211122113221111211211231221113332111211111111341231212113",
)
WITH = (
    "555545554555434245555555154454553555115554451",
    "535555542555442225555555243354552425225555352",
    "545555555555542355555555252255552555225555552",
    "555555555555555155555555554544553555125555555",
    "525255551545452235555554144322151515115553552",
)


def test_the_mean_area_over_readers_is_that_of_obuchowski_and_rockette() -> None:
    """Treatment 1 alone, as MRMCaov and RJafroc print it: cran.r-project.org/package=MRMCaov, UserGuide (VanDyke)."""
    scores = np.array([[float(rating) for rating in both] for both in map("".join, zip(WITHOUT, WITH, strict=True))])
    truth = np.repeat([0, 1], [69, 45])
    found = multi_reader.mean(
        lambda kinds, given: estimates.auc(given[kinds == 0], given[kinds == 1]), truth, scores, np.arange(114)
    )
    assert found.value == pytest.approx(0.8970370, abs=5e-8)
    assert found.between == pytest.approx(0.003082629, abs=5e-10)
    assert found.shared == pytest.approx(0.0004839618, abs=5e-11)
    assert found.error == pytest.approx(0.03317360, abs=5e-9)
    assert found.freedom == pytest.approx(12.74465, abs=5e-6)
    assert found.interval() == pytest.approx((0.8252236, 0.9688505), abs=5e-8)


FOUR_RATERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 0),
    (0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0),
)  # fmt: skip
"""Gwet, Handbook of Inter-Rater Reliability, 4th ed., 2014, page 120; 0 is a missing rating."""


def test_agreement_is_that_of_gwets_handbook() -> None:
    """AC1 0.775, 95 % interval 0.461 to 1, as Gwet's package irrCAC prints it for these ratings (cac.raw4raters)."""
    found = agreement.ac1(np.array(FOUR_RATERS).T - 1, categories=5)
    assert found.value == pytest.approx(0.77544, abs=5e-6)
    assert found.interval == pytest.approx((0.461, 1), abs=5e-4)
