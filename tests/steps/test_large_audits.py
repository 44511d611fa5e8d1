"""An audit of many images holds some hundreds of them at a time, and says the same as if it held all."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_cohort import squares

from ganaug_core.audit.matched_detail import matched_detail
from ganaug_core.encoders import networks, pixels, texture
from ganaug_core.metrics import identical_images
from ganaug_core.neighbours import registered
from ganaug_core.records import Cohort, ImageRows

pytestmark = pytest.mark.numerical

SIDE, COUNT = 72, 1100  # larger than what the encoders and the search look at, more than is read at once


class Watched(ImageRows):
    """Images that remember how many of them were wanted at once."""

    def __getitem__(self, index: Any) -> Any:
        images = super().__getitem__(index)
        most[0] = max(most[0], len(images) if images.ndim == 4 else 1)
        return images


most = [0]


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    small = squares((COUNT // 2 - 12, COUNT // 2 - 12))
    pixels_there = np.random.default_rng(1).integers(0, 256, (COUNT, 1, SIDE, SIDE)).astype(np.uint8)
    repeated = np.arange(COUNT) % len(small)
    whole = {name: getattr(small, name)[repeated] for name in ("labels", "roles", "groups", "patients")}
    return replace(small, pixels=pixels_there, ids=np.array([f"{row:012x}" for row in range(COUNT)]), **whole)


@pytest.fixture
def rows(cohort: Cohort) -> Watched:
    most[0] = 0
    return Watched(cohort, np.arange(COUNT)[::-1])


def test_images_that_are_read_later_are_those_that_are_read_now(cohort: Cohort, rows: Watched) -> None:
    now = cohort.images(rows.rows)
    assert (rows.shape, rows.ndim, len(rows)) == (now.shape, now.ndim, len(now))
    for index in (slice(3, 9), np.array([4, 1]), 7, slice(None)):
        assert np.array_equal(rows[index], now[index])


def test_the_search_for_copies_reads_blocks(cohort: Cohort, rows: Watched) -> None:
    queries = cohort.images(np.arange(5, 25))
    now, later = registered(queries, cohort.images(rows.rows)), registered(queries, rows)
    assert 0 < most[0] <= 512
    assert all(np.array_equal(*pair) for pair in zip(now, later, strict=True))
    assert np.array_equal(later.nearest, COUNT - 1 - np.arange(5, 25))


def test_the_search_for_equal_images_reads_blocks(cohort: Cohort, rows: Watched) -> None:
    pairs = identical_images.equal_pairs(cohort.images(np.array([2, 3])), rows)
    assert 0 < most[0] <= 512
    assert pairs.tolist() == [[0, COUNT - 3], [1, COUNT - 4]]


@pytest.mark.parametrize(
    "look",
    [networks.shrink, lambda images: pixels.small(images, 32), texture.measure],
    ids=["learned", "pixels", "texture"],
)
def test_what_encoders_make_of_the_images_first_is_made_in_blocks(look: Any, cohort: Cohort, rows: Watched) -> None:
    later = look(rows)
    assert 0 < most[0] <= 512
    assert np.array_equal(np.asarray(look(cohort.images(rows.rows))), np.asarray(later))


def test_references_of_other_detail_are_filtered_in_blocks(cohort: Cohort, rows: Watched) -> None:
    synthetic = cohort.images(np.arange(60)) / 2
    labels, some = cohort.labels[rows.rows], cohort.labels[:60]
    later = matched_detail(rows, labels, synthetic, some)
    now = matched_detail(cohort.images(rows.rows), labels, synthetic, some)
    assert np.array_equal(later[100:300], now[:][100:300])
