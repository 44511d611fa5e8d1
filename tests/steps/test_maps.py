"""The map: real images stay where they are, synthetic ones come between them, and claims are made in feature space."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ganaug_core import maps
from ganaug_core.errors import EvidenceError
from ganaug_core.neighbours.nearest import nearest
from ganaug_core.records import HOLDOUT, TRAIN, TUNING, Cohort, Features, Floats, Intensity, Map, Samples
from ganaug_core.server.map_stability import stability
from ganaug_core.storage.workspace import Workspace

CENTRES = np.array([[0.0, 0, 0, 0], [8, 0, 0, 0], [0, 8, 0, 0]])


def clusters(count: int, seed: int = 0) -> tuple[Floats, Any]:
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    return (CENTRES[labels] + random.standard_normal((count, 4))).astype(np.float32), labels


def a_cohort(count: int, **changes: Any) -> Cohort:
    cohort = Cohort(
        name="clusters",
        digest="0" * 64,
        pixels=np.zeros((count, 1, 8, 8), np.uint8),
        labels=np.arange(count) % 3,
        roles=np.array([TRAIN, TRAIN, HOLDOUT, TRAIN, TUNING])[np.arange(count) % 5],
        ids=np.array([f"{index:012x}" for index in range(count)]),
        patients=np.arange(count),
        groups=np.arange(count),
        classes=("a", "b", "c"),
        intensity=Intensity("intensity", 0, 255),
        near_duplicates=np.zeros((0, 2), np.int64),
        near_duplicate_distances=np.zeros(0, np.float32),
        own_split=False,
    )
    return replace(cohort, **changes)


def some_samples(count: int) -> Samples:
    return Samples(
        name="made",
        digest="1" * 64,
        images=np.zeros((count, 1, 8, 8), np.float32),
        labels=np.arange(count) % 3,
        ids=np.array([f"{index + 4096:012x}" for index in range(count)], dtype="<U12"),
        classes=("a", "b", "c"),
        source="npz",
    )


def a_map(real: Floats, synthetic: Floats, **changes: Any) -> Map:
    cohort, samples = a_cohort(len(real), **changes), some_samples(len(synthetic))
    return maps.build(
        cohort, samples, Features("simclr", "2", real, cohort.ids), Features("simclr", "3", synthetic, samples.ids)
    )


@pytest.fixture(scope="module")
def map_and_features() -> tuple[Map, Floats, Floats]:
    """A map of 150 real points, of copies of the first 20, and of 40 fresh points."""
    real, _ = clusters(150)
    fresh, _ = clusters(40, seed=1)
    synthetic = np.concatenate([real[:20], fresh])
    return a_map(real, synthetic), real, synthetic


def test_the_same_features_give_the_same_map_to_the_last_bit(map_and_features: tuple[Map, Floats, Floats]) -> None:
    first, real, synthetic = map_and_features
    np.testing.assert_array_equal(a_map(real, synthetic).positions, first.positions)


def test_synthetic_images_do_not_move_the_real_ones(map_and_features: tuple[Map, Floats, Floats]) -> None:
    first, real, _ = map_and_features
    collapsed = np.repeat(real[:1], 200, axis=0)
    np.testing.assert_array_equal(a_map(real, collapsed).positions[:150], first.positions[:150])


def test_copies_lie_on_their_near_duplicates_at_distance_zero(map_and_features: tuple[Map, Floats, Floats]) -> None:
    first, _, _ = map_and_features
    np.testing.assert_allclose(first.positions[150:170], first.positions[:20], atol=1e-4)
    of_train = np.flatnonzero(first.roles[:20] == TRAIN)
    np.testing.assert_array_equal(first.nearest[150 + of_train], of_train)
    np.testing.assert_array_equal(first.distances[150 + of_train], 0)
    assert (first.distances[170:] > 0).all()


def test_the_nearest_training_point_is_found_in_standardised_feature_space(
    map_and_features: tuple[Map, Floats, Floats],
) -> None:
    first, real, synthetic = map_and_features
    values = (np.concatenate([real, synthetic]) - real.mean(0)) / real.std(0)
    distance = np.linalg.norm(values[:, None] - values[None, :150], axis=2)
    distance[:, first.roles[:150] != TRAIN] = np.inf
    distance[np.arange(150), np.arange(150)] = np.inf
    np.testing.assert_array_equal(first.nearest, distance.argmin(1))
    np.testing.assert_allclose(first.distances, distance.min(1), atol=1e-5)


def test_an_image_is_not_near_its_own_group() -> None:
    real, _ = clusters(45)
    groups = np.arange(45) // 3
    result = a_map(real, real[:3], groups=groups)
    assert (groups[result.nearest[:45]] != groups).all()
    assert (result.roles[result.nearest] == TRAIN).all()
    assert result.nearest[45] == 0  # a synthetic image belongs to no group


def test_without_training_images_there_is_no_nearest_one() -> None:
    real, _ = clusters(30)
    result = a_map(real, real[:2], roles=np.full(30, HOLDOUT))
    np.testing.assert_array_equal(result.nearest, np.full(32, -1))
    assert np.isnan(result.distances).all()
    assert maps.as_json(result)["points"][0]["nearest_train"] is None


def test_separate_clusters_stay_separate_and_the_map_is_called_faithful(
    map_and_features: tuple[Map, Floats, Floats],
) -> None:
    first, _, _ = map_and_features
    index, _ = nearest(first.positions[:150], first.positions[:150], 1, apart=(np.arange(150), np.arange(150)))
    assert (first.labels[index[:, 0]] == first.labels[:150]).mean() > 0.97
    assert first.trustworthiness > 0.9
    assert 0.3 < first.neighbour_hit_rate < 1


def test_a_map_of_no_clusters_in_many_dimensions_is_called_less_faithful(
    map_and_features: tuple[Map, Floats, Floats],
) -> None:
    noise = np.random.default_rng(0).standard_normal((150, 60)).astype(np.float32)
    confused = a_map(noise, noise[:1])
    assert confused.trustworthiness < map_and_features[0].trustworthiness - 0.1
    assert confused.neighbour_hit_rate < map_and_features[0].neighbour_hit_rate - 0.1


def test_roles_ids_and_labels_follow_the_points(
    map_and_features: tuple[Map, Floats, Floats], workspace: Workspace
) -> None:
    first, _, _ = map_and_features
    assert first.positions.shape == (210, 2)
    np.testing.assert_array_equal(first.roles[150:], np.full(60, 3))
    np.testing.assert_array_equal(first.labels[150:], np.arange(60) % 3)
    assert len(set(first.ids.tolist())) == 210
    workspace.keep(first, "kept")
    np.testing.assert_array_equal(workspace.map("kept").positions, first.positions)


def test_the_json_keeps_the_contract(map_and_features: tuple[Map, Floats, Floats]) -> None:
    first, _, _ = map_and_features
    content = json.loads(json.dumps(maps.as_json(first), allow_nan=False))
    assert set(content) == {"schema", "encoder", "trustworthiness", "neighbour_hit_rate", "points"}
    assert (content["schema"], content["encoder"]) == ("ganaug.map/1", "simclr")
    point = content["points"][150]
    assert set(point) == {"id", "role", "class", "x", "y", "nearest_train", "distance"}
    assert (point["id"], point["role"], point["class"]) == ("000000001000", "synthetic", "a")
    assert (point["nearest_train"], point["distance"]) == ("000000000000", 0.0)
    assert {point["role"] for point in content["points"]} == {"train", "tuning", "holdout", "synthetic"}


def test_sixteen_images_are_enough_and_fifteen_are_refused_in_words() -> None:
    real, _ = clusters(16)
    assert np.isfinite(a_map(real, real[:0]).positions).all()
    with pytest.raises(EvidenceError, match="at least 16 real images, and clusters has 15"):
        a_map(real[:15], real[:1])


def test_a_space_that_cannot_be_drawn_is_refused_in_words() -> None:
    flat = np.zeros((30, 4), np.float32)
    with pytest.raises(EvidenceError, match="all real images are the same"):
        a_map(flat, flat[:1])
    broken, _ = clusters(30)
    broken[3, 0] = np.nan
    with pytest.raises(EvidenceError, match="no numbers"):
        a_map(broken, broken[:1])


def test_repeated_images_and_two_log_probabilities_can_be_drawn() -> None:
    real, _ = clusters(40)
    assert np.isfinite(a_map(np.repeat(real[:10], 4, axis=0), real[:1]).positions).all()
    share = np.linspace(0.01, 0.99, 40)
    log_probabilities = np.log(np.stack([share, 1 - share], 1)).astype(np.float32)
    assert np.isfinite(a_map(log_probabilities, log_probabilities[:3]).positions).all()


def test_features_of_other_images_or_of_another_encoder_are_refused() -> None:
    real, _ = clusters(30)
    cohort, samples = a_cohort(30), some_samples(2)
    right = Features("simclr", "3", real[:2], samples.ids)
    with pytest.raises(EvidenceError, match="do not belong to the images of clusters and made"):
        maps.build(cohort, samples, Features("simclr", "2", real, cohort.ids[::-1]), right)
    with pytest.raises(EvidenceError, match="real images are encoded with texture, the synthetic ones with simclr"):
        maps.build(cohort, samples, Features("texture", "2", real, cohort.ids), right)


def test_classes_are_matched_by_name_and_not_by_number() -> None:
    real, _ = clusters(30)
    cohort, samples = a_cohort(30), replace(some_samples(6), classes=("c", "b", "a"))
    views = Features("simclr", "2", real, cohort.ids), Features("simclr", "3", real[:6], samples.ids)
    result = maps.build(cohort, samples, *views)
    assert result.labels[30:].tolist() == [2, 1, 0, 2, 1, 0]
    with pytest.raises(EvidenceError, match="clusters has no class spleen"):
        maps.build(cohort, replace(samples, classes=("c", "b", "spleen")), *views)


def test_placing_weighs_by_squared_distance() -> None:
    real = np.array([[0.0], [3.0], [100], [101], [102], [500]])
    positions = np.array([[0.0, 0], [1, 0], [0, 0], [0, 0], [0, 0], [9, 9]])
    placed = maps.place(np.array([[1.0]]), real, positions)
    weights = 1 / np.array([1.0, 2, 99, 100, 101]) ** 2
    np.testing.assert_allclose(placed, [[weights[1] / weights.sum(), 0]], rtol=1e-9)


def test_nearest_leaves_out_equal_groups_and_says_when_nothing_is_left() -> None:
    points = np.array([[0.0], [1.0], [2.5]])
    index, distance = nearest(points, points, 2, apart=(np.array([0, 0, 1]), np.array([0, 0, 1])))
    np.testing.assert_array_equal(index, [[2, -1], [2, -1], [1, 0]])
    np.testing.assert_allclose(distance, [[2.5, np.inf], [1.5, np.inf], [1.5, 2.5]])


def test_nearest_agrees_with_the_full_matrix_across_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug_core.neighbours.tiled_distances.ROWS", 16)
    monkeypatch.setattr("ganaug_core.neighbours.tiled_distances.COLUMNS", 24)
    random = np.random.default_rng(0)
    queries, references = random.standard_normal((53, 6)), random.standard_normal((31, 6))
    index, distance = nearest(queries, references, 4)
    full = np.linalg.norm(queries[:, None] - references[None], axis=2)
    np.testing.assert_array_equal(index, full.argsort(1)[:, :4])
    np.testing.assert_allclose(distance, np.sort(full, axis=1)[:, :4])


def test_a_map_can_keep_true_neighbours_and_how_far_they_reach() -> None:
    real, _ = clusters(60)
    made, _ = clusters(20, seed=1)
    cohort, samples = a_cohort(60), some_samples(20)
    sides = Features("simclr", "2", real, cohort.ids), Features("simclr", "3", made, samples.ids)
    map_ = maps.build(cohort, samples, *sides, neighbourhoods=True)
    scaled = (np.concatenate([real, made]) - real.mean(0)) / real.std(0)
    apart = np.linalg.norm(scaled[:, None] - scaled[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert [set(row) for row in map_.neighbours.tolist()] == [set(row) for row in np.argsort(apart, 1)[:, :15].tolist()]
    np.testing.assert_allclose(map_.reaches, np.sort(apart, 1)[:, 14], rtol=1e-4)
    plain = maps.build(cohort, samples, *sides)
    assert (plain.neighbours.size, plain.reaches.size) == (0, 0)
    np.testing.assert_array_equal(plain.positions, map_.positions)


def test_a_map_is_as_stable_as_its_neighbours_stay() -> None:
    real, _ = clusters(60)
    cohort, samples = a_cohort(60), some_samples(0)
    nothing = Features("simclr", "3", np.zeros((0, 4), np.float32), samples.ids)
    map_ = maps.build(cohort, samples, Features("simclr", "2", real, cohort.ids), nothing)
    turned = replace(map_, positions=np.array(map_.positions) @ np.array([[0.0, 3], [-3, 0]]) + 7)
    assert stability(map_, turned) == 1, "turning, scaling and moving change no neighbour"
    shuffled = replace(map_, positions=np.random.default_rng(0).permutation(map_.positions))
    assert stability(map_, shuffled, points=40) == pytest.approx(15 / 59, abs=0.06), "as by chance"
