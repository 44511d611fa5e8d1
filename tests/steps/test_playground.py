"""Games in the plane: modes are counted right, a training run's parts play, what is sent is what was played."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ganaug_core import playground
from ganaug_core.config import catalogue
from ganaug_core.errors import ConfigurationError
from ganaug_core.playground import TARGETS, Game, Recording, Target, changed_fields, from_text, game, moments, networks
from ganaug_core.playground.densities import Densities
from ganaug_core.playground.settings import REGULARISERS
from ganaug_core.playground.targets import drawn
from ganaug_core.regularisers import R1
from ganaug_core.server.players import Players

SHORT = Game(steps=60, width=16, batch=32, seed=1)


@pytest.fixture(scope="module")
def short() -> Recording:
    return game.record(SHORT, 7)


def test_a_recording_holds_what_was_played(short: Recording) -> None:
    assert short.header["steps"] == [0, 10, 20, 30, 40, 50, 60]
    assert (short.header["modes_there"], short.header["probability"]) == (8, False)
    assert short.points.shape == (7, moments.POINTS, 2)
    assert np.isnan(short.curve("discriminator_loss")[0])
    assert np.isfinite(short.curve("discriminator_loss")[1:]).all()
    assert np.isnan(short.curve("real")).all()  # a pair has no probability of its own
    assert short.curve("divergence")[0] == pytest.approx(np.log(2), abs=0.02)  # they do not meet yet
    assert (short.curve("push") > 0).all()
    moved = np.linalg.norm(short.points[-1] - short.points[0], axis=1)
    assert np.median(moved) > 0.05  # the same latents, on their way


def test_the_seed_decides_everything_and_playing_leaves_the_callers_randomness_alone(short: Recording) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    again = game.record(SHORT, 7)
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads
    assert again.moments.tobytes() == short.moments.tobytes()
    other = game.record(replace(SHORT, seed=2), 2)
    assert not np.array_equal(other.points[-1], short.points[-1])


def test_a_kept_game_is_small_and_the_same(short: Recording, tmp_path: Path) -> None:
    path = tmp_path / "game.xz"
    path.write_bytes(short.to_bytes())
    again = playground.load(path)
    assert again.header == short.header
    assert again.moments.tobytes() == short.moments.tobytes()


def test_a_damaged_or_foreign_file_is_refused_in_words(short: Recording, tmp_path: Path) -> None:
    damaged, foreign = tmp_path / "damaged.xz", tmp_path / "foreign.xz"
    damaged.write_bytes(short.to_bytes()[:-500])
    foreign.write_bytes(b"something else")
    for path in (damaged, foreign, tmp_path / "missing.xz"):
        with pytest.raises(ConfigurationError, match=path.name):
            playground.load(path)


@pytest.mark.parametrize("regulariser", REGULARISERS)
def test_every_regulariser_takes_part(regulariser: str) -> None:
    with_part = networks.build(replace(SHORT, loss="non_saturating", regulariser=regulariser))
    without = networks.build(replace(SHORT, loss="non_saturating", regulariser="none"))
    for step in range(3):
        with_part.step(step, 0.1)
        without.step(step, 0.1)
    weights, plain = (
        torch.cat([weight.detach().flatten() for weight in table.generator.parameters()])
        for table in (with_part, without)
    )
    assert torch.isfinite(weights).all()
    assert torch.equal(weights, plain) is (regulariser == "none")


@pytest.mark.parametrize("loss", catalogue()["loss"])
def test_every_loss_is_played(loss: str) -> None:
    recording = game.record(replace(SHORT, loss=loss, regulariser="gradient_penalty", steps=60), 2)
    assert np.isfinite(recording.curve("generator_loss")[1])
    assert np.isfinite(recording.curve("real")[1]) == (loss in game.WITH_PROBABILITY)


def test_the_strength_of_r1_in_the_plane_is_the_one_that_is_told() -> None:
    part = networks.build(replace(SHORT, regulariser="r1"))
    (penalty,) = part.parts.gradient_penalties
    assert isinstance(penalty, R1)
    gradient = torch.full((4, *networks.SHAPE), 3.0)  # a slope of 3 in both directions
    scaled = penalty.penalty(gradient, gradient, part.penalty_scale)
    assert float(scaled) == pytest.approx(0.02 / 2 * 18)


def test_clouds_tear_the_latents_apart_and_other_priors_do_not() -> None:
    latents = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    clouds = networks.from_gaussian(latents, "clouds")
    angle = 2 * np.pi * torch.arange(8) / 8
    distance = torch.cdist(clouds, 2 * torch.stack([angle.cos(), angle.sin()], 1)).min(1).values
    assert distance.max() < 0.75
    assert torch.equal(networks.from_gaussian(latents, "gaussian"), latents)
    assert networks.from_gaussian(latents, "uniform").abs().max() < 1


def test_a_dirac_game_by_hand() -> None:
    """With the discriminator at 0 the generator waits; then it follows minus its sigmoid times the vector."""
    request = Game(
        target="dirac", loss="non_saturating", regulariser="none", optimiser="sgd", learning_rate=0.1, batch=4
    )
    table = networks.build(request)
    start = table.generator.point.detach().clone()
    assert float(start.norm()) == pytest.approx(1)
    table.step(0, 0.0)
    vector = table.discriminator.logit.weight.detach()[0]
    # D: rate * (E sigmoid(0) x - E sigmoid(0) point), the truth lies at 0
    torch.testing.assert_close(vector, -0.05 * start, atol=2e-4, rtol=0)
    by_hand = start + 0.1 * torch.sigmoid(-(vector @ start)) * vector
    torch.testing.assert_close(table.generator.point.detach(), by_hand, atol=1e-6, rtol=0)


# settings


def test_what_a_link_says_is_read_and_what_cannot_be_is_refused_in_words() -> None:
    read = from_text({"momentum": "0.9", "width": "16", "target": "drawn", "drawn": "0.1_0.2*-1_1"})
    assert (read.momentum, read.width, read.drawn) == (0.9, 16, ((0.1, 0.2), (-1.0, 1.0)))
    assert changed_fields(read, Game()) == ("target", "drawn", "momentum", "width")
    assert changed_fields(Game(seed=1), Game(seed=2)) == ()
    for wrong, message in (
        ({"target": "star"}, r"no target 'star'. Choose one of: ring, grid, moons, segments, dirac, drawn"),
        ({"loss": "wgan"}, "no loss 'wgan'"),
        ({"optimiser": "lion"}, "no optimiser 'lion'"),
        ({"colour": "red"}, "no setting colour"),
        ({"momentum": "much"}, "cannot be read"),
        ({"steps": "100000"}, "steps cannot be 100000"),
        ({"target": "drawn"}, "drawing of 0 points"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            from_text(wrong)
    with pytest.raises(ConfigurationError, match="without a bound the critic"):
        from_text({"loss": "wasserstein", "regulariser": "none"}).configuration()


# counting and densities


@pytest.mark.parametrize(("name", "modes"), [("ring", 8), ("grid", 25), ("moons", 2), ("segments", 2), ("dirac", 1)])
def test_points_of_the_target_itself_reach_all_modes(name: str, modes: int) -> None:
    target = TARGETS[name]()
    points = target.draw(1000, np.random.default_rng(0))
    reached, quality = target.judge(points)
    assert reached == target.modes == modes
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
    assert TARGETS["ring"]().judge(np.zeros((400, 2), np.float32)) == (0, 0.0)


def test_a_drawing_has_as_many_modes_as_it_has_pieces() -> None:
    line = [(-0.5 + 0.1 * n, 0.0) for n in range(5)]
    assert drawn([*line, (1.0, 1.0)]).modes == 2


def test_the_best_discriminator_and_the_divergence_by_hand() -> None:
    """Equal sides: one half everywhere and no divergence; sides that do not meet: 1, 0 and log 2."""
    target = drawn([(-0.8, 0.0)])
    same = target.draw(20_000, np.random.default_rng(0))
    optimum, divergence = Densities(target).compare(same)
    assert np.abs(optimum - 0.5).max() < 0.05
    assert divergence < 0.001
    optimum, divergence = Densities(target).compare(same + np.float32([1.6, 0]))
    middle = moments.FIELD // 2
    left, right = optimum[middle, 7], optimum[middle, -8]
    assert left > 0.99
    assert right < 0.01
    assert divergence == pytest.approx(np.log(2), abs=1e-3)


def test_players_are_few_keep_what_they_played_and_outlive_a_browser_that_leaves() -> None:
    players = Players(1, "ganaug_core.lessons.player")
    players.warm()
    players.warm()
    (player,) = players._free
    line, long_line = (json.dumps({"steps": steps, "width": 16, "batch": 32, "seed": 1}) for steps in (60, 4000))
    whole = b"".join(players.play(line))
    assert len(moments.collect([whole]).moments) == 61
    assert players.kept(line) == whole
    left = players.play(long_line)
    header = json.loads(next(left))
    assert header["steps"][-1] == 4000
    players.warm()
    assert not players._free, "one that plays is enough"
    left.close()
    assert players._free == [player]
    assert players.kept(long_line) is None
    assert b"".join(players.play(json.dumps({"steps": 61, "width": 16, "batch": 32})))
    player.kill()
    player.wait()
    assert b"".join(players.play(json.dumps({"demonstration": "slopes", "seed": 1, "language": "en"})))
    (other,) = players._free
    assert other is not player
    assert other.stdin is not None
    with other:
        other.stdin.close()
        assert other.wait(60) == 0, "it leaves with the server"
