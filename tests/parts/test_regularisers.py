"""Regularisers: what every penalty must do, then discriminators whose gradient is known."""

import pytest
import torch

from ganaug_core.errors import ConfigurationError
from ganaug_core.regularisers import REGULARISERS

every_regulariser = pytest.mark.parametrize("name", sorted(REGULARISERS))


def images(seed: int) -> torch.Tensor:
    return torch.randn(6, 1, 4, 4, generator=torch.Generator().manual_seed(seed)).requires_grad_()


@every_regulariser
def test_a_flat_discriminator_pays_nothing(name: str) -> None:
    flat = torch.zeros(6, 1, 4, 4)
    assert REGULARISERS[name]().penalty(flat, flat, 1.0) == 0


@every_regulariser
def test_the_penalty_is_proportional_to_its_strength_and_never_negative(name: str) -> None:
    part, gradient = REGULARISERS[name](), images(0).detach()
    once, twice = part.penalty(gradient, gradient, 1.0), part.penalty(gradient, gradient, 2.0)
    assert once > 0
    torch.testing.assert_close(twice, 2 * once)


@every_regulariser
def test_a_rare_penalty_is_multiplied_so_that_its_mean_stays(name: str) -> None:
    gradient = images(0).detach()
    each_step = REGULARISERS[name](gamma=1.0, every=1).penalty(gradient, gradient, 1.0)
    every_fourth = REGULARISERS[name](gamma=1.0, every=4).penalty(gradient, gradient, 1.0)
    torch.testing.assert_close(every_fourth, 4 * each_step)


@every_regulariser
def test_a_linear_discriminator_pays_half_gamma_times_its_squared_weights(name: str) -> None:
    weights = torch.arange(16.0).view(1, 1, 4, 4) / 10
    gradients = []
    for seed in (0, 1):
        seen = images(seed)
        gradients.append(torch.autograd.grad((seen * weights).sum(), seen)[0])
    penalty = REGULARISERS[name](gamma=3.0, every=1).penalty(gradients[0], gradients[1], 1.0)
    assert penalty.item() == pytest.approx(1.5 * 12.4)  # 0.0**2 + 0.1**2 + ... + 1.5**2 = 12.4


@pytest.mark.parametrize(("name", "side"), [("r1", 0), ("r2", 1)])
def test_r1_looks_at_real_images_and_r2_at_generated_ones(name: str, side: int) -> None:
    both = [images(0), images(1)]
    gradients = [torch.autograd.grad((each.square() * 0.25).sum(), each)[0] for each in both]  # D(x) = |x|^2 / 4
    penalty = REGULARISERS[name](gamma=2.0, every=1).penalty(gradients[0], gradients[1], 1.0)
    closed_form = (both[side].detach() / 2).square().sum((1, 2, 3)).mean()
    torch.testing.assert_close(penalty, closed_form)


@every_regulariser
@pytest.mark.parametrize("settings", [{"gamma": -1.0}, {"every": 0}, {"every": 1.5}, {"gamma": float("nan")}])
def test_impossible_settings_are_refused_in_words(name: str, settings: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=r"gamma .* every .* Choose gamma >= 0"):
        REGULARISERS[name](**settings)
