"""Registered search and feature neighbours: planted copies are found, values equal a plain computation."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage

from ganaug_core.errors import EvidenceError
from ganaug_core.neighbours import (
    alignment,
    crowds,
    near_duplicate_pairs,
    neighbours,
    registered,
    registered_search,
    registration,
)
from ganaug_core.neighbours.nearest import nearest
from ganaug_core.records import Floats
from tests.evidence_records import EIGHT_BIT, copied, medmnist, mednist

pytestmark = pytest.mark.numerical


@pytest.fixture(scope="module", params=["mednist_6k/images", "pneumoniamnist_full/pneumoniamnist.npz"])
def images(request: pytest.FixtureRequest, data: Callable[[str], Path]) -> Floats:
    path = data(request.param)
    pictures = mednist(path, 60)[0] if path.is_dir() else medmnist(path)[0][:360]
    unique = np.unique(pictures.reshape(len(pictures), -1), axis=0, return_index=True)[1]
    return EIGHT_BIT.normalise(pictures[np.sort(unique)])


def changed(images: Floats, how: str, seed: int) -> Floats:
    """Return copies: like `copied`, or `scaled` by up to a tenth, or `cropped` to a tenth less on each side."""
    if how not in ("scaled", "cropped"):
        return copied(images, how, seed)
    random, side = np.random.default_rng(seed), images.shape[-1]
    result = images.copy()
    for image in result:
        scale = random.uniform(0.9, 1.1) if how == "scaled" else 1 / 0.9
        spare = side - side / scale
        corner = spare / 2 if how == "scaled" else random.uniform(0, spare, 2)
        image[0] = ndimage.affine_transform(image[0], np.eye(2) / scale, offset=corner, order=1, mode="reflect")
    return result


@pytest.mark.parametrize("how", ["exact", "noisy", "flipped", "shifted", "turned", "scaled", "cropped"])
def test_three_passes_find_98_percent_of_what_one_thorough_pass_finds(
    images: Floats, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = np.arange(len(images))[::12]  # thirty: not one of them may be missed
    copies = changed(images[source], how, seed=1)
    quick = registered(copies, images)
    monkeypatch.setattr(registered_search, "CANDIDATES", 8 * len(images))
    monkeypatch.setattr(registered_search, "REFINED", 8 * len(images))
    thorough = registered(copies, images)
    by_quick, by_thorough = quick.nearest == source, thorough.nearest == source
    assert by_thorough.mean() > 0.8  # the others have a natural twin that is as close
    assert by_quick[by_thorough].mean() >= 0.98


@pytest.mark.parametrize("how", ["noisy", "flipped", "shifted", "turned", "scaled"])
def test_near_duplicates_are_found_as_often_as_the_search_for_copies_finds_them(images: Floats, how: str) -> None:
    images = images[::2]  # the search is as long as the square of their number
    source = np.arange(len(images))[::6]
    copies = changed(images[source], how, seed=2)
    closest = registered(copies, images)
    hit = (closest.nearest == source) & (closest.distance <= 0.05)
    pairs, distances = near_duplicate_pairs(np.concatenate([images, copies]), 0.05)
    named = {(int(left), int(right)) for left, right in pairs}
    hits = [(int(original), len(images) + row) in named for row, original in enumerate(source) if hit[row]]
    assert len(hits) >= 6
    assert np.mean(hits) >= 0.98
    assert distances.max() <= 0.05


@pytest.mark.parametrize(("how", "word"), [("turned", "rotation"), ("scaled", "scale"), ("cropped", "scale")])
def test_the_last_pass_finds_angle_and_scale_of_a_copy_between_those_of_the_grid(
    images: Floats, how: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = changed(images[::6], how, seed=3)
    fine = registered(copies, images)
    monkeypatch.setattr(alignment, "STEPS", 0)
    coarse = registered(copies, images)
    assert np.median(fine.distance) < 0.2 * np.median(coarse.distance)
    named = np.array([word in name for name in fine.transform])
    assert named.mean() > 0.6  # scales within 3 % have no name


def test_movements_are_found_as_they_were_made_in_every_turn() -> None:
    random = np.random.default_rng(11)
    wide = ndimage.gaussian_filter(random.standard_normal((8, 1, 48, 48)), (0, 0, 1.5, 1.5)).astype(np.float32)
    angle, scale, shift = np.deg2rad(5.0), 1.07, np.array([0.6, -1.3])
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    offset = np.array([23.5, 23.5]) - matrix @ np.array([23.5, 23.5]) + shift
    moved = np.stack([ndimage.affine_transform(picture[0], matrix, offset, order=3)[None] for picture in wide])
    queries = np.stack(
        [registration.turned(torch.from_numpy(picture), turn).numpy() for turn, picture in enumerate(moved)]
    )
    queries, references = queries[..., 8:40, 8:40], wide[..., 8:40, 8:40].copy()
    closest = registered(queries.copy(), references)
    assert closest.nearest.tolist() == list(range(8))
    assert closest.distance.max() < 0.02
    assert all("rotation+scale+shift" in name for name in closest.transform)


def test_an_exact_flip_and_a_quarter_turn_have_distance_zero_and_a_name() -> None:
    pictures = np.random.default_rng(0).uniform(-1, 1, (12, 1, 32, 32)).astype(np.float32)
    turned = np.stack([pictures[2], pictures[4][..., ::-1], np.rot90(pictures[6], 1, (1, 2)), pictures[8][:, ::-1]])
    closest = registered(turned, pictures)
    assert closest.nearest.tolist() == [2, 4, 6, 8]
    assert closest.distance == pytest.approx([0, 0, 0, 0], abs=1e-5)
    assert closest.transform.tolist() == ["identity", "flip", "quarter turn", "flip"]


def test_a_moved_image_is_called_a_shift() -> None:
    wide = np.random.default_rng(1).uniform(-1, 1, (6, 1, 40, 40)).astype(np.float32)
    closest = registered(wide[..., 6:38, 2:34], wide[..., 4:36, 4:36])
    assert closest.nearest.tolist() == [0, 1, 2, 3, 4, 5]
    assert set(closest.transform) == {"shift"}
    assert closest.distance.max() < 0.1


def test_the_distance_of_an_untouched_pair_equals_a_plain_computation(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = np.random.default_rng(2).uniform(-1, 1, (2, 1, 32, 32)).astype(np.float32)
    monkeypatch.setattr(registration, "FINE", ((0.0, 1.0),))
    monkeypatch.setattr(alignment, "STEPS", 0)
    views = registration.views(pictures).numpy()[:, 0]
    template = views[0][5:27, 5:27] - views[0][5:27, 5:27].mean()
    best = -1.0
    for quarter in range(4):
        for flipped in (template, template[:, ::-1]):
            view = np.rot90(flipped, quarter)
            for row in range(11):
                for column in range(11):
                    patch = views[1][row : row + 22, column : column + 22]
                    patch = patch - patch.mean()
                    best = max(best, float((view * patch).sum() / np.linalg.norm(view) / np.linalg.norm(patch)))
    assert registered(pictures[:1], pictures[1:]).distance[0] == pytest.approx(1 - best, abs=1e-5)


def test_brightness_and_contrast_do_not_matter_and_a_flat_image_is_like_nothing() -> None:
    pictures = np.random.default_rng(3).uniform(-0.5, 0.5, (4, 1, 32, 32)).astype(np.float32)
    changed = np.concatenate([pictures[:1] * 1.3 - 0.2, np.zeros((1, 1, 32, 32), np.float32)])
    assert registered(changed, pictures).distance == pytest.approx([0, 1], abs=0.01)


def test_a_left_out_group_is_not_found_and_nothing_left_is_distance_two() -> None:
    pictures = np.random.default_rng(4).uniform(-1, 1, (6, 1, 32, 32)).astype(np.float32)
    own = np.arange(6)
    alone = registered(pictures, pictures, query_groups=own, reference_groups=own)
    assert (alone.nearest != own).all()
    assert alone.distance.min() > 0.1
    one_group = np.zeros(6, np.int64)
    nothing = registered(pictures, pictures, query_groups=one_group, reference_groups=one_group)
    assert (nothing.distance == 2).all()
    assert (nothing.nearest == -1).all()


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 28, 28), (2, 100, 60)])
def test_any_size_and_number_of_channels_can_be_registered(shape: tuple[int, int, int]) -> None:
    pictures = np.random.default_rng(5).uniform(-1, 1, (9, *shape)).astype(np.float32)
    assert registered(pictures[3:5], pictures).nearest.tolist() == [3, 4]


def test_tiles_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = np.random.default_rng(6).uniform(-1, 1, (40, 1, 16, 16)).astype(np.float32)
    reference = registered(pictures[:15] * 0.9, pictures)
    for name, value in {"QUERIES": 4, "REFERENCES": 3, "BLOCK": 7}.items():
        monkeypatch.setattr(registered_search, name, value)
    tiled = registered(pictures[:15] * 0.9, pictures)
    assert (tiled.nearest == reference.nearest).all()
    assert tiled.distance == pytest.approx(reference.distance, abs=1e-5)


def test_near_duplicates_are_named_once_with_the_smaller_index_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = np.random.default_rng(7).uniform(-1, 1, (20, 1, 32, 32)).astype(np.float32)
    pictures[17], pictures[9], pictures[12] = pictures[3][:, ::-1], pictures[3], pictures[5] * 0.8
    monkeypatch.setattr(registered_search, "PAIR_QUERIES", 6)
    pairs, distances = near_duplicate_pairs(pictures)
    assert pairs.tolist() == [[3, 9], [3, 17], [5, 12], [9, 17]]
    assert distances.max() < 0.01
    none, nothing = near_duplicate_pairs(pictures[:3])
    assert none.shape == (0, 2)
    assert nothing.shape == (0,)


def test_a_crowd_is_counted_where_both_are_nearer_than_their_radius(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(12)
    pictures = random.uniform(-1, 1, (12, 1, 32, 32)).astype(np.float32)
    pictures[[3, 7, 9]] = pictures[1] + random.normal(0, 0.05, (3, 1, 32, 32)).astype(np.float32)
    pictures[5] = pictures[4][:, ::-1]
    radius = np.full(12, 0.1, np.float32)
    assert crowds(pictures, np.arange(12), radius).tolist() == [0, 3, 0, 3, 1, 1, 0, 3, 0, 3, 0, 0]
    radius[9] = 0  # it has its own training image nearby
    monkeypatch.setattr(registered_search, "QUERIES", 2)
    assert crowds(pictures, np.array([3, 9, 4]), radius).tolist() == [2, 0, 1]


def test_search_problems_are_told_in_words() -> None:
    pictures = np.zeros((2, 1, 8, 8), np.float32)
    with pytest.raises(EvidenceError, match="nothing to search in"):
        registered(pictures, pictures[:0])
    with pytest.raises(EvidenceError, match="both sides"):
        registered(pictures, pictures, query_groups=np.arange(2))
    with pytest.raises(EvidenceError, match="four axes"):
        registered(pictures[0], pictures)
    with pytest.raises(EvidenceError, match="no numbers"):
        registered(pictures * np.nan, pictures)


def plain(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.norm(left[:, None] - right[None], axis=2)


def test_neighbours_equal_a_plain_computation_also_far_from_the_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganaug_core.neighbours.tiled_distances.ROWS", 16)
    monkeypatch.setattr("ganaug_core.neighbours.tiled_distances.COLUMNS", 24)
    random = np.random.default_rng(8)
    real, synthetic = random.standard_normal((50, 7)) + 1e4, random.standard_normal((30, 7)) + 1e4
    near = neighbours(real, synthetic, 3)
    between, within = plain(real, synthetic), plain(real, real) + np.diag(np.full(50, np.inf))
    inner = plain(synthetic, synthetic) + np.diag(np.full(30, np.inf))
    assert near.real_real == pytest.approx(np.sort(within, 1)[:, :3], rel=1e-6)
    assert near.synthetic_real == pytest.approx(np.sort(between.T, 1)[:, :3], rel=1e-6)
    assert near.synthetic_synthetic == pytest.approx(np.sort(inner, 1)[:, :3], rel=1e-6)
    assert (nearest(real, synthetic, 3)[0] == np.argsort(between, 1)[:, :3]).all()
    assert (near.real_balls == (between < np.sort(within, 1)[:, 2:3]).sum(0)).all()
    assert (near.synthetic_balls == (between < np.sort(inner, 1)[:, 2]).sum(1)).all()


def test_a_point_on_the_edge_of_a_ball_is_outside_however_float32_rounds() -> None:
    real = np.array([[7.0], [7.5], [8.0]])
    near = neighbours(real, np.array([[7.5], [6.5], [7.4999999]]), 1)
    assert near.real_balls.tolist() == [1, 0, 2]


def test_equal_points_have_distance_zero_exactly() -> None:
    points = np.random.default_rng(9).standard_normal((40, 64)).astype(np.float32) * 100
    assert (neighbours(points, points, 2).synthetic_real[:, 0] == 0).all()


def test_neighbour_problems_are_told_in_words() -> None:
    points = np.zeros((4, 2), np.float32)
    for real, synthetic in ((points, points[:, :1]), (points[:0], points), (points, points * np.nan)):
        with pytest.raises(EvidenceError) as caught:
            neighbours(real, synthetic)
        assert caught.value.do
    with pytest.raises(EvidenceError, match="end at neighbour 1"):
        neighbours(points, points, 1).require(real=1, synthetic=1, k=2, what="Coverage")
    assert neighbours(points[:1], points[:1], 5).real_real.shape == (1, 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here: the same code runs on the processor")
def test_a_gpu_gives_the_answer_of_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = np.random.default_rng(10).uniform(-1, 1, (60, 1, 32, 32)).astype(np.float32)
    fast, near = registered(pictures[:30] * 0.9, pictures[20:]), neighbours(pictures[:30, 0, 0], pictures[30:, 0, 0])
    processor = registration.Hardware(torch.device("cpu"), torch.float32)
    monkeypatch.setattr(registration, "hardware", lambda: processor)
    monkeypatch.setattr("ganaug_core.neighbours.tiled_distances.hardware", lambda: processor)
    slow = registered(pictures[:30] * 0.9, pictures[20:])
    assert (fast.nearest[20:] == slow.nearest[20:]).all()
    assert fast.distance == pytest.approx(slow.distance, abs=0.01)
    assert near.real_balls.tolist() == neighbours(pictures[:30, 0, 0], pictures[30:, 0, 0]).real_balls.tolist()
