"""Formulas of torch-fidelity 0.4.0 on the same numbers; it is no dependency, so what it said is written down here.

Fréchet: `fid_statistics_to_metric` on means and covariances. Kernel: `kid_features_to_metric`, one subset of all rows.
Inception score: `isc_features_to_metric` of logits, one split. Precision and recall: `prc_features_to_metric`,
neighbourhood 5, the synthetic features first.
"""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import log_softmax

from ganaug_core.metrics import METRICS
from ganaug_core.metrics.inception_score import inception_score
from ganaug_core.neighbours import neighbours

pytestmark = pytest.mark.numerical

Points = NDArray[np.float64]


@pytest.fixture(scope="module")
def narrow() -> tuple[Points, Points]:
    random = np.random.default_rng(123)
    return random.standard_normal((300, 8)), 0.8 * random.standard_normal((300, 8)) + 0.3


@pytest.fixture(scope="module")
def wide() -> tuple[Points, Points]:
    random = np.random.default_rng(5)
    return random.standard_normal((80, 32)), random.standard_normal((80, 32)) * 1.2 - 0.1


def compare(name: str, real: Points, synthetic: Points) -> float:
    return METRICS[name]().compare(real, synthetic)  # type: ignore[union-attr]


def test_frechet(narrow: tuple[Points, Points], wide: tuple[Points, Points]) -> None:
    assert compare("frechet", *narrow) == pytest.approx(1.2945223690302097, abs=1e-10)
    assert compare("frechet", *wide) == pytest.approx(11.62622988267006, abs=1e-9)
    # nearly singular covariances: their square root goes through complex numbers, ours through singular values
    assert compare("frechet", wide[0][:40], wide[1][:40]) == pytest.approx(19.028313878619535, abs=1e-8)


def test_kernel_distance(narrow: tuple[Points, Points], wide: tuple[Points, Points]) -> None:
    assert compare("kernel_distance", *narrow) == pytest.approx(0.35096278866069497, abs=1e-12)
    assert compare("kernel_distance", *wide) == pytest.approx(0.08389815610440454, abs=1e-12)


def test_inception_score() -> None:
    logits = np.random.default_rng(6).standard_normal((200, 5)) * 2
    assert inception_score(log_softmax(logits, axis=1)) == pytest.approx(1.9616077972103472, abs=1e-12)


def test_precision_and_recall(narrow: tuple[Points, Points]) -> None:
    near = neighbours(*narrow, 5)
    assert METRICS["precision"]().measure(near) == pytest.approx(0.98, abs=1e-6)  # type: ignore[union-attr]
    assert METRICS["recall"]().measure(near) == pytest.approx(0.64, abs=1e-6)  # type: ignore[union-attr]


def test_frechet_of_gaussians_is_the_closed_form_plus_what_the_number_of_images_adds() -> None:
    random = np.random.default_rng(7)
    shift = np.zeros(16)
    shift[[0, 3]] = 1.5, -0.5
    for count, expected in ((100, 4.30), (500, 2.82), (5000, 2.52)):
        repeats = 40 if count < 1000 else 6
        values = [
            compare("frechet", random.standard_normal((count, 16)), random.standard_normal((count, 16)) + shift)
            for _ in range(repeats)
        ]
        assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values) / np.sqrt(repeats) + 0.01)


def test_the_biased_kernel_distance_is_above_zero_where_the_unbiased_one_is_not() -> None:
    random = np.random.default_rng(8)
    for count in (20, 200):
        values, biased = [], []
        for _ in range(100):
            real, synthetic = random.standard_normal((count, 8)), random.standard_normal((count, 8))
            values.append(compare("kernel_distance", real, synthetic))
            features = np.concatenate([real, synthetic])
            kernel = (features @ features.T / 8 + 1) ** 3
            biased.append(
                kernel[:count, :count].mean() + kernel[count:, count:].mean() - 2 * kernel[:count, count:].mean()
            )
        assert abs(np.mean(values)) < 3.5 * np.std(values) / 10
        assert min(biased) > 0
