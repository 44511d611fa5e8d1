"""Neighbour statistics against other people's code and closed forms, also where float32 alone would be wrong."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from prdc import compute_prdc
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from ganaug_core.metrics import METRICS
from ganaug_core.metrics.memorisation import authentic_share
from ganaug_core.neighbours import Neighbours, neighbours, tiled_distances
from ganaug_core.neighbours.nearest import nearest
from ganaug_core.records import Floats

pytestmark = pytest.mark.numerical

NAMES = ("precision", "recall", "density", "coverage")
Points = NDArray[np.float64]


def clusters(random: np.random.Generator, n: int, m: int, d: int) -> tuple[Points, Points]:
    centres = random.standard_normal((5, d)) * 2
    return (
        centres[random.integers(5, size=n)] + random.standard_normal((n, d)),
        centres[random.integers(4, size=m)] + 0.9 * random.standard_normal((m, d)),
    )


def lattice(random: np.random.Generator, n: int, m: int, d: int) -> tuple[Points, Points]:
    """Return points with whole numbers: distances are equal again and again, and many lie on the edge of a ball."""
    return random.integers(0, 4, (n, d)).astype(float), random.integers(0, 4, (m, d)).astype(float)


def far_away(random: np.random.Generator, n: int, m: int, d: int) -> tuple[Points, Points]:
    """Return a tight cloud far from the origin and from a few other points: float32 products lose it."""
    cloud = 300 + 0.003 * random.standard_normal((n + m, d))
    cloud[:3] = -300
    return cloud[:n], cloud[n:]


def repeated(random: np.random.Generator, n: int, m: int, d: int) -> tuple[Points, Points]:
    """Return a generator that shows ten training images again and again."""
    real = random.standard_normal((n, d))
    return real, real[random.integers(10, size=m)]


SHAPES: dict[str, Callable[[np.random.Generator, int, int, int], tuple[Points, Points]]] = {
    "clusters": clusters,
    "lattice": lattice,
    "far away": far_away,
    "repeated": repeated,
}


def measured(near: Neighbours) -> list[float]:
    return [METRICS[name]().measure(near) for name in NAMES]  # type: ignore[union-attr]


def plain(real: Points, synthetic: Points, k: int) -> list[float]:
    """Return the four shares by their definitions from one full float64 matrix each."""
    own, others, between = cdist(real, real), cdist(synthetic, synthetic), cdist(real, synthetic)
    real_radius, synthetic_radius = (np.sort(matrix, 1)[:, k] for matrix in (own, others))
    inside = between < real_radius[:, None]
    return [
        inside.any(0).mean(),
        (between < synthetic_radius[None]).any(1).mean(),
        inside.sum(0).mean() / k,
        (between.min(1) < real_radius).mean(),
    ]


@pytest.fixture(params=[(1024, 2048), (64, 96)], ids=["one tile", "many tiles"])
def tiling(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled_distances, "ROWS", request.param[0])
    monkeypatch.setattr(tiled_distances, "COLUMNS", request.param[1])


@pytest.mark.usefixtures("tiling")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("n", "m", "d"), [(300, 300, 8), (500, 250, 64), (150, 400, 2)])
def test_shares_equal_their_definitions_in_float64(shape: str, n: int, m: int, d: int) -> None:
    real, synthetic = SHAPES[shape](np.random.default_rng(n + d), n, m, d)
    assert measured(neighbours(real, synthetic, 5)) == pytest.approx(plain(real, synthetic, 5), abs=1e-12)


@pytest.mark.parametrize(("n", "m", "d"), [(300, 300, 8), (800, 400, 64), (400, 800, 512)])
def test_shares_equal_the_package_prdc(n: int, m: int, d: int) -> None:
    real, synthetic = clusters(np.random.default_rng(d), n, m, d)
    theirs = compute_prdc(real_features=real, fake_features=synthetic, nearest_k=5)
    assert measured(neighbours(real, synthetic, 5)) == pytest.approx([theirs[name] for name in NAMES], abs=1e-6)


def test_float32_features_give_the_shares_of_prdc_on_the_same_numbers_in_float64() -> None:
    real, synthetic = (points.astype(np.float32) for points in clusters(np.random.default_rng(1), 700, 700, 128))
    doubled = compute_prdc(real_features=real.astype(float), fake_features=synthetic.astype(float), nearest_k=5)
    assert measured(neighbours(real, synthetic, 5)) == pytest.approx([doubled[name] for name in NAMES], abs=1e-6)


@pytest.mark.usefixtures("tiling")
@pytest.mark.parametrize("shape", ["clusters", "far away"])
def test_distances_and_indices_equal_scikit_learns_brute_force(shape: str) -> None:
    real, synthetic = SHAPES[shape](np.random.default_rng(3), 400, 300, 16)
    near = neighbours(real, synthetic, 5)
    # scikit-learn's products cancel far from the origin too: it gets the points around their middle.
    middle = real.mean(0)
    distance, index = (
        NearestNeighbors(n_neighbors=5, algorithm="brute").fit(real - middle).kneighbors(synthetic - middle)
    )
    np.testing.assert_allclose(near.synthetic_real, distance, rtol=1e-5)
    if shape == "clusters":
        np.testing.assert_array_equal(nearest(synthetic, real, 5)[0], index)
    exact = np.sort(cdist(real, real), 1)[:, 1:6]
    np.testing.assert_allclose(near.real_real, exact, rtol=1e-6)


@pytest.mark.usefixtures("tiling")
@pytest.mark.parametrize("shape", SHAPES)
def test_nearest_without_ones_own_group_equals_the_full_matrix(shape: str) -> None:
    queries, references = SHAPES[shape](np.random.default_rng(4), 200, 260, 6)
    groups = np.arange(200) % 40, np.arange(260) % 40
    index, distance = nearest(queries, references, 4, apart=groups)
    full = cdist(queries, references)
    full[groups[0][:, None] == groups[1]] = np.inf
    np.testing.assert_allclose(distance, np.sort(full, 1)[:, :4], rtol=1e-9, atol=1e-12)
    assert (groups[1][index] != groups[0][:, None]).all()


def test_coverage_of_fresh_points_is_969_thousandths_at_five_neighbours_and_equal_sizes() -> None:
    random = np.random.default_rng(5)
    values = [
        METRICS["coverage"]().measure(  # type: ignore[union-attr]
            neighbours(random.standard_normal((300, 6)), random.standard_normal((300, 6)), 5)
        )
        for _ in range(60)
    ]
    null = METRICS["coverage"]().null(300, 300)  # type: ignore[union-attr]
    assert null == pytest.approx(0.9695, abs=5e-5)
    assert METRICS["coverage"]().null(1_000_000, 1_000_000) == pytest.approx(1 - 0.5**5, abs=1e-5)  # type: ignore[union-attr]
    assert abs(np.mean(values) - null) < 4 * np.std(values) / np.sqrt(60)
    assert np.std(values) == pytest.approx(0.0105, abs=0.004)


def test_authenticity_is_nothing_for_one_repeated_image_and_for_a_full_copier() -> None:
    random = np.random.default_rng(6)
    train = random.standard_normal((500, 8)).astype(np.float32)
    repeated: Floats = np.repeat(train[7:8], 1500, axis=0)
    assert authentic_share(train, repeated) == 0
    assert authentic_share(train, train[random.permutation(500)]) == 0
    assert authentic_share(train, train + 1e-3 * random.standard_normal(train.shape)) == 0
    fresh = random.standard_normal((500, 8))
    assert authentic_share(train, fresh) == pytest.approx(0.602, abs=0.06)
    assert authentic_share(train, 2 * fresh) == pytest.approx(0.94, abs=0.03)
