"""Games in the plane: modes are counted right, and the two rules do what they say."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ganaug_core import playground
from ganaug_core.errors import ConfigurationError
from ganaug_core.losses import LOSSES
from ganaug_core.playground import RULES, TARGETS, Play, Target

SHORT = 600


@pytest.fixture(scope="module")
def recommended() -> Play:
    return playground.play("ring", "recommended", SHORT)


@pytest.fixture(scope="module")
def minimax() -> Play:
    return playground.play("ring", "minimax", SHORT)


def test_the_recommended_rules_find_all_modes_and_stay(recommended: Play) -> None:
    assert recommended.modes_there == 8
    assert (recommended.modes[-15:] == 8).all()
    assert recommended.quality[-1] > 0.5


def test_minimax_loses_modes(minimax: Play, recommended: Play) -> None:
    assert minimax.modes[-30:].mean() < 5
    assert minimax.quality[-1] < recommended.quality[-1] / 2


def test_frames_show_the_same_latents_from_the_first_step_to_the_last(recommended: Play) -> None:
    frames = len(recommended.steps)
    assert (recommended.steps[0], recommended.steps[-1]) == (0, SHORT)
    assert recommended.frames.shape == (frames, 400, 2)
    assert recommended.real.shape == (400, 2)
    assert recommended.modes.shape == recommended.quality.shape == (frames,)
    assert recommended.losses.shape == (frames, 2)
    assert np.isnan(recommended.losses[0]).all()
    assert np.isfinite(recommended.losses[1:]).all()
    assert np.isfinite(recommended.frames).all()
    last = np.linalg.norm(recommended.frames[-1] - recommended.frames[-2], axis=1)
    assert np.median(last) < 0.1  # at the end the same points hardly move: they are the same latents


@pytest.mark.parametrize("target", TARGETS)
def test_the_seed_decides_everything(target: str) -> None:
    torch.manual_seed(3)
    first = playground.play(target, "recommended", 60, seed=1)
    torch.manual_seed(4)
    again = playground.play(target, "recommended", 60, seed=1)
    other = playground.play(target, "recommended", 60, seed=2)
    np.testing.assert_array_equal(first.frames, again.frames)
    np.testing.assert_array_equal(first.losses, again.losses)
    assert not np.array_equal(first.frames, other.frames)


def test_playing_leaves_the_callers_randomness_and_threads_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    playground.play("moons", "minimax", 60)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


def test_a_kept_game_is_small_and_the_same(recommended: Play, tmp_path: Path) -> None:
    data = recommended.to_bytes()
    assert len(data) < 400_000
    path = tmp_path / "game.npz"
    path.write_bytes(data)
    again = playground.load(path)
    np.testing.assert_allclose(again.frames, recommended.frames, atol=2e-3)
    np.testing.assert_array_equal(again.modes, recommended.modes)
    np.testing.assert_array_equal(again.losses, recommended.losses)
    assert (again.target, again.rules, again.seed, again.modes_there) == ("ring", "recommended", 0, 8)


def test_a_damaged_or_foreign_file_is_refused_in_words(recommended: Play, tmp_path: Path) -> None:
    damaged, foreign = tmp_path / "damaged.npz", tmp_path / "foreign.npz"
    damaged.write_bytes(recommended.to_bytes()[:-500])
    np.savez(foreign, other=np.zeros(3))
    for path in (damaged, foreign, tmp_path / "missing.npz"):
        with pytest.raises(ConfigurationError, match=path.name):
            playground.load(path)


def test_both_games_for_the_page_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        playground, "play", lambda target, rules: playground_of(target, rules, np.zeros((1, 400, 2), np.float32))
    )
    playground.precompute(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ring-minimax.npz", "ring-recommended.npz"]
    assert playground.load(tmp_path / "ring-minimax.npz").rules == "minimax"


def playground_of(target: str, rules: str, frames: np.ndarray) -> Play:
    one = np.zeros(len(frames))
    return Play(
        target, rules, 0, 8, one.astype(int), frames, frames[0], one.astype(int), one, np.zeros((len(frames), 2))
    )


def test_a_wrong_name_is_answered_with_the_right_ones_and_few_steps_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no target 'star'. Choose one of: ring, grid, moons"):
        playground.play("star")
    with pytest.raises(ConfigurationError, match=r"no rules 'wasserstein'. Choose one of: minimax, recommended"):
        playground.play("ring", "wasserstein")
    with pytest.raises(ConfigurationError, match="at least 60 steps"):
        playground.play("ring", "minimax", 59)


def test_the_rules_name_losses_of_the_family() -> None:
    assert {rules.loss for rules in RULES.values()} <= set(LOSSES)


# counting


@pytest.mark.parametrize(("name", "modes"), [("ring", 8), ("grid", 25), ("moons", 2)])
def test_points_of_the_target_itself_reach_all_modes(name: str, modes: int) -> None:
    target = TARGETS[name]()
    points = target.draw(1000, np.random.default_rng(0))
    reached, quality = target.judge(points)
    assert reached == target.modes == modes
    assert quality == pytest.approx(1 - np.exp(-4.5), abs=0.02) or name == "moons"  # Rayleigh within 3 deviations
    assert quality > 0.97
    assert np.abs(points).max() < 1.3


def test_modes_and_quality_are_counted_by_hand() -> None:
    target = Target(np.array([[0.0, 0], [1, 0]], np.float32), np.array([0, 1]), 0.1)
    inside, outside = [0.29, 0.0], [0.31, 0.0]
    assert target.judge(np.array([inside, outside, [1, 0.29], [9, 9]], np.float32)) == (2, 0.5)
    # Of 40 points a fair share is 20: one stray point is no mode, two are.
    near, far = np.zeros((40, 2), np.float32), np.zeros((40, 2), np.float32)
    near[:1, 0], far[:2, 0] = 1, 1
    assert target.judge(near) == (1, 1.0)
    assert target.judge(far) == (2, 1.0)


def test_a_dead_generator_reaches_nothing() -> None:
    assert TARGETS["ring"]().judge(np.zeros((400, 2), np.float32)) == (0, 0.0)
