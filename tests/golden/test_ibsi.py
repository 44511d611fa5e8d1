"""Radiomic features equal the consensus values of IBSI's digital phantom, aggregated as "2D, averaged".

Phantom and values: Zwanenburg et al., arXiv:1612.07003 (tables of chapter 3; data set ibsi_1_digital_phantom, CC BY
4.0). First-order values are those of the whole region of 74 voxels. The tables give three figures: the tolerance.
"""

import numpy as np
import pytest

from ganaug_core.audit import lesion_regions
from ganaug_core.encoders import ibsi, radiomics

pytestmark = pytest.mark.numerical

MOST = 6
PHANTOM = np.array(
    [
        [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [0, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
        [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 0, 1, 1], [1, 1, 6, 1, 1]],
        [[1, 4, 4, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
    ]
)

FIRST_ORDER = (2.15, 3.05, 1.08, -0.355, 1, 1, 4, 3, 1.55, 1.11, 567, 2.77)
CO_OCCURRENCE = {
    "joint maximum": 0.519,
    "joint average": 2.14,
    "joint variance": 2.69,
    "joint entropy": 2.05,
    "difference average": 1.42,
    "difference variance": 2.90,
    "difference entropy": 1.40,
    "sum average": 4.28,
    "sum variance": 5.47,
    "sum entropy": 1.60,
    "angular second moment": 0.368,
    "contrast": 5.28,
    "dissimilarity": 1.42,
    "inverse difference": 0.678,
    "normalised inverse difference": 0.851,
    "inverse difference moment": 0.619,
    "normalised inverse difference moment": 0.899,
    "inverse variance": 0.0567,
    "correlation": -0.0121,
    "autocorrelation": 5.09,
    "cluster tendency": 5.47,
    "cluster shade": 7.00,
    "cluster prominence": 79.1,
    "first information correlation": -0.155,
    "second information correlation": 0.487,
}
EMPHASES = (
    *("short", "long", "low", "high", "short low", "short high", "long low", "long high"),
    *("level non-uniformity", "normalised", "extent non-uniformity", "normalised", "percentage"),
    *("level variance", "extent variance", "entropy", "energy"),
)
RUNS = (0.641, 3.78, 0.604, 9.82, 0.294, 8.57, 3.14, 17.4, 5.20, 0.460, 6.12, 0.492, 0.627, 3.35, 0.761, 2.17)
ZONES = (0.363, 43.9, 0.371, 16.4, 0.0259, 10.3, 40.4, 113, 1.41, 0.323, 1.49, 0.333, 0.240, 3.97, 21.0, 1.93)
DEPENDENCE = (
    *(0.158, 19.2, 0.702, 7.49, 0.0473, 3.06, 17.6, 49.5, 10.2, 0.562, 3.96, 0.212, 1.0, 2.70, 2.73, 2.71),
    0.170,
)
TONE_DIFFERENCE = (0.121, 0.925, 2.99, 10.4, 2.88)


def check(values: np.ndarray, expected: tuple[float, ...], names: tuple[str, ...] | None = None) -> None:
    assert len(values) == len(expected)
    for column, (value, wanted) in enumerate(zip(values, expected, strict=True)):
        step = 10.0 ** (np.floor(np.log10(abs(wanted))) - 2) if wanted else 1e-3
        assert value == pytest.approx(wanted, abs=0.5001 * step), (names or range(99))[column]


def test_first_order_features_of_the_whole_region() -> None:
    region = PHANTOM[PHANTOM > 0].reshape(1, 1, -1)
    assert region.size == 74
    check(ibsi.first_order(region)[0], FIRST_ORDER)


def test_co_occurrence() -> None:
    check(ibsi.co_occurrence(PHANTOM, MOST).mean(0), tuple(CO_OCCURRENCE.values()), tuple(CO_OCCURRENCE))


def test_run_lengths() -> None:
    check(ibsi.run_lengths(PHANTOM).mean(0), RUNS, EMPHASES)


def test_zones() -> None:
    check(ibsi.zones(PHANTOM).mean(0), ZONES, EMPHASES)


def test_dependence_of_neighbouring_grey_levels() -> None:
    check(ibsi.dependence(PHANTOM).mean(0), DEPENDENCE, EMPHASES)


def test_difference_of_neighbouring_grey_tones() -> None:
    check(ibsi.tone_difference(PHANTOM, MOST).mean(0), TONE_DIFFERENCE)


def test_the_numbers_of_a_lesion_are_those_they_are_called() -> None:
    features = ibsi.textures(PHANTOM, MOST).mean(0)
    assert len(features) == 79
    named = {name: features[column] for name, (column, _) in lesion_regions.TEXTURE.items()}
    expected = {
        "region_entropy": CO_OCCURRENCE["joint entropy"],
        "region_steps": CO_OCCURRENCE["contrast"],
        "region_correlation": CO_OCCURRENCE["correlation"],
        "region_short_runs": RUNS[EMPHASES.index("short")],
        "region_patches": ZONES[EMPHASES.index("percentage")],
        "region_even": DEPENDENCE[EMPHASES.index("long")],
        "region_coarseness": TONE_DIFFERENCE[0],
    }
    assert named.keys() == expected.keys()
    check(np.array([named[name] for name in expected]), tuple(expected.values()), tuple(expected))


def test_a_stack_gives_what_its_images_give_alone() -> None:
    images = np.random.default_rng(0).uniform(-1, 1, (6, 2, 12, 17)).astype(np.float32)
    together = radiomics.measure(images, 16)
    alone = np.concatenate([radiomics.measure(image[None], 16) for image in images])
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    assert together.shape == (6, 2 * (12 + 25 + 16 + 16 + 17 + 5))
