"""Authentic share, C_T and likelihood gap: reference values, and what a full copier and a single image give."""

import numpy as np
import pytest

from ganaug_core.errors import EvidenceError
from ganaug_core.metrics import memorisation

pytestmark = pytest.mark.numerical

Matrix = np.ndarray


def normal(count: int, seed: int, width: float = 1.0) -> Matrix:
    return width * np.random.default_rng(seed).standard_normal((count, 8))


def test_the_authentic_share_of_copies_is_zero_and_of_fresh_points_what_the_note_says() -> None:
    train = normal(500, 0)
    assert memorisation.authentic_share(train, train) == 0
    assert memorisation.authentic_share(train, np.repeat(train[:1], 1500, 0)) == 0
    assert memorisation.authentic_share(train, train + 1e-3) == 0
    fresh = np.mean([memorisation.authentic_share(normal(500, seed), normal(500, seed + 100)) for seed in range(1, 9)])
    assert fresh == pytest.approx(0.6, abs=0.03)
    assert memorisation.authentic_share(train, normal(500, 9, 2.0)) == pytest.approx(0.94, abs=0.04)
    with pytest.raises(EvidenceError):
        memorisation.authentic_share(train[:1], train)


def test_the_copying_score_of_fresh_points_has_a_deviation_of_one() -> None:
    scores = [
        memorisation.copying_score(normal(300, seed), normal(300, seed + 1000), normal(300, seed + 2000))
        for seed in range(40)
    ]
    assert abs(np.mean(scores)) < 0.5
    assert 0.7 < np.std(scores) < 1.3


def test_the_copying_score_falls_with_copies_and_rises_with_wide_images() -> None:
    train, holdout, fresh = normal(500, 0), normal(500, 1), normal(500, 2)
    half = np.concatenate([train[:250], fresh[:250]])
    scores = [
        memorisation.copying_score(train, holdout, synthetic)
        for synthetic in (train, half, fresh, normal(500, 3, width=1.5))
    ]
    assert scores == sorted(scores)
    assert scores[0] < -20
    assert scores[1] < -8
    assert abs(scores[2]) < 3
    assert scores[3] > 8
    with pytest.raises(EvidenceError):
        memorisation.copying_score(train, holdout[:3], fresh)


def test_the_likelihood_gap_is_small_for_fresh_points_and_large_for_copies() -> None:
    train, holdout, fresh = normal(300, 4), normal(300, 5), normal(300, 6)
    gaps = [
        memorisation.likelihood_gap(train, holdout, synthetic)
        for synthetic in (fresh, np.concatenate([train[:150], fresh[:150]]), train)
    ]
    assert gaps == sorted(gaps)
    assert gaps[0] < 0.25
    assert gaps[2] > 2 * max(gaps[0], 0.2)
    assert np.isfinite(gaps[2])
