"""A cohort made rarer loses whole patients of one class, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from small_cohort import squares

from ganaug_core.cohort import reduce_class
from ganaug_core.errors import CohortError
from ganaug_core.records import HOLDOUT, TRAIN, TUNING


def test_only_training_and_tuning_images_of_the_class_leave_and_whole_patients_stay() -> None:
    cohort = squares(
        (40, 40),
        near_duplicates=np.array([[0, 1], [52, 53]]),
        near_duplicate_distances=np.array([0.1, 0.2], np.float32),
    )
    reduced = reduce_class(cohort, "side 6", 10, name="rare")
    assert len(reduced.where(TRAIN, label=1)) == 10
    # 6 tuning images shrink by the same factor, rounded to whole patients
    assert len(reduced.where(TUNING, label=1)) == 2
    assert len(reduced.where(HOLDOUT, label=1)) == 6
    assert len(reduced.where(label=0)) == len(cohort.where(label=0))
    of_rare = np.isin(cohort.groups, reduced.groups[reduced.where(TRAIN, label=1)]) & (cohort.roles == TRAIN)
    assert of_rare.sum() == 10
    for row, image in enumerate(reduced.ids):
        assert np.array_equal(reduced.pixels[row], cohort.pixels[cohort.ids == image][0])
    assert reduced.ids[reduced.near_duplicates[0]].tolist() == cohort.ids[[0, 1]].tolist()


def test_it_is_a_cohort_of_its_own_and_the_same_for_the_same_seed() -> None:
    cohort = squares()
    first, again, other = (reduce_class(cohort, "side 6", 10, name="rare", seed=seed) for seed in (0, 0, 1))
    assert first.digest == again.digest
    assert len({first.digest, other.digest, cohort.digest}) == 3
    assert first.provenance["rarer"] == {"of": cohort.digest, "class": "side 6", "keep": 10, "seed": 0}


@pytest.mark.parametrize(("name", "keep", "said"), [("side 9", 10, "no class"), ("side 6", 40, "there are 40")])
def test_what_cannot_be_kept_is_refused(name: str, keep: int, said: str) -> None:
    with pytest.raises(CohortError, match=said):
        reduce_class(squares(), name, keep, name="rare")


def test_patients_with_more_images_than_are_to_be_kept_are_no_empty_class() -> None:
    cohort = squares((40, 40))
    with pytest.raises(CohortError, match="as few as 5 training images of side 6"):
        reduce_class(replace(cohort, groups=np.minimum(np.arange(len(cohort)) // 10, 8)), "side 6", 5, name="rare")
