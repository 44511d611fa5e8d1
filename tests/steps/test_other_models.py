"""Models that say a likelihood say a true one: it adds up to one, is that of a formula, or stays below it."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from ganaug_core.playground import Game
from ganaug_core.playground.game import one_thread
from ganaug_core.playground.other_models import Autoregressive, Diffusion, VariationalAutoencoder, diffusion, fit

MODELS = (VariationalAutoencoder, Autoregressive, Diffusion)


def mass(log_density: Tensor, cell: float) -> float:
    return float(log_density.exp().sum() * cell)


def plane(reach: float, steps: int) -> tuple[Tensor, float]:
    line = torch.linspace(-reach, reach, steps)
    return torch.stack(torch.meshgrid(line, line, indexing="ij"), 2).view(-1, 2), float(line[1] - line[0]) ** 2


@pytest.mark.parametrize(("model", "reach"), [(Autoregressive, 4.0), (Diffusion, 6.0)])
def test_an_exact_likelihood_adds_up_to_one(model: type, reach: float) -> None:
    """Also before training: whatever the weights are, what is said is a density."""
    torch.manual_seed(1)
    places, cell = plane(reach, 121)
    with one_thread():
        assert mass(model(16).log_likelihood(places), cell) == pytest.approx(1, abs=0.01)


def test_the_flow_of_a_known_density_has_that_density(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the noise is said rightly, of N(mean, spread^2), the flow's likelihood is the formula's."""
    mean, spread = torch.tensor([0.5, -0.2]), 0.3

    def noise(self: Diffusion, points: Tensor, time: Tensor) -> Tensor:
        share, deviation = (part[:, None] for part in diffusion._mixed(time))
        return deviation * (points - share * mean) / (share**2 * spread**2 + deviation**2)

    monkeypatch.setattr(Diffusion, "_noise", noise)
    torch.manual_seed(0)
    points = mean + spread * torch.randn(200, 2)
    said = Diffusion(4).log_likelihood(points)
    share, deviation = (float(part) for part in diffusion._mixed(torch.tensor([diffusion.LEAST])))
    wide = math.hypot(share * spread, deviation)  # drawing ends with a little noise left
    apart = (points - share * mean) / wide
    known = -(0.5 * apart**2).sum(1) - 2 * math.log(wide) - math.log(2 * math.pi)
    torch.testing.assert_close(said, known, atol=0.015, rtol=0)  # at the end of the flow a trace of the mean is left
    drawn = Diffusion(4).draw(4000)
    np.testing.assert_allclose(drawn.mean(0), share * mean, atol=0.02)
    np.testing.assert_allclose(drawn.std(0), wide, rtol=0.05)


def test_the_bound_of_a_vae_lies_below_the_likelihood() -> None:
    """A decoder that knows nothing of its latent draws N(0, spread^2), whose likelihood a hand can say."""
    torch.manual_seed(0)
    model = VariationalAutoencoder(8)
    with torch.no_grad():
        model.decoder[-1].weight.zero_()
        model.decoder[-1].bias.zero_()
        model.log_spread.zero_()
    points = torch.randn(100, 2)
    likelihood = -(0.5 * points**2).sum(1) - math.log(2 * math.pi)
    assert (model.log_likelihood(points) < likelihood).all()
    with torch.no_grad():
        for part in (model.encoder[-1].weight, model.encoder[-1].bias):
            part.zero_()  # the encoder proposes N(0, 1) itself: nothing is lost
    torch.testing.assert_close(model.log_likelihood(points), likelihood)


@pytest.mark.parametrize("model", MODELS)
def test_a_short_training_brings_likelihood_and_points_towards_the_ring(model: type) -> None:
    game = Game(steps=400)
    held = torch.from_numpy(game.truth().draw(500, np.random.default_rng(3)))
    torch.manual_seed(2)
    with one_thread():
        learner = model(game.width)
        before = float(learner.log_likelihood(held).mean())
        fit(learner, replace(game, seed=2))
        assert float(learner.log_likelihood(held).mean()) > before + 0.3
    drawn = learner.draw(500)
    assert drawn.shape == (500, 2)
    radius = drawn.norm(dim=1)
    assert float(radius.median()) == pytest.approx(1, abs=0.25)
    assert not drawn.requires_grad


def test_the_same_seed_trains_the_same_model() -> None:
    def trained() -> Tensor:
        torch.manual_seed(0)
        model = Autoregressive(8)
        fit(model, Game(steps=60, seed=5))
        return model.first.detach()

    torch.testing.assert_close(trained(), trained(), rtol=0, atol=0)
