"""Losses: what every game must do, then values worked out by hand, then PyTorch's own cross-entropy."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from ganaug_core.losses import LOSSES

LOG_2 = math.log(2)
every_loss = pytest.mark.parametrize("name", sorted(LOSSES))


def numbers(*values: float) -> torch.Tensor:
    return torch.tensor(values, requires_grad=True)


@every_loss
def test_the_discriminator_wants_real_logits_up_and_generated_ones_down(name: str) -> None:
    real, fake = numbers(0.3, -1.2), numbers(0.1, 0.7)
    LOSSES[name]().discriminator_loss(real, fake).backward()
    assert (real.grad < 0).all()
    assert (fake.grad > 0).all()


@every_loss
def test_the_generator_wants_generated_logits_up(name: str) -> None:
    fake = numbers(0.1, 0.7)
    loss = LOSSES[name]().generator_loss(torch.tensor([0.3, -1.2]), fake)
    assert loss.shape == ()
    loss.backward()
    assert (fake.grad < 0).all()


@every_loss
def test_real_logits_matter_to_the_generator_only_in_a_paired_loss(name: str) -> None:
    loss, fake = LOSSES[name](), torch.tensor([0.1, 0.7])
    low, high = (loss.generator_loss(torch.full((2,), value), fake) for value in (-1.0, 1.0))
    assert bool(low != high) == loss.paired


@every_loss
def test_logits_of_a_thousand_stay_finite(name: str) -> None:
    loss, real, fake = LOSSES[name](), numbers(-1e3, 1e3), numbers(1e3, -1e3)
    assert torch.isfinite(loss.discriminator_loss(real, fake))
    assert torch.isfinite(loss.generator_loss(real, fake))


@pytest.mark.parametrize(
    ("name", "discriminator", "generator"),
    [
        ("relativistic_pairing", LOG_2, LOG_2),
        ("non_saturating", 2 * LOG_2, LOG_2),
        ("minimax", 2 * LOG_2, -LOG_2),
    ],
)
def test_logits_of_zero_give_the_logarithm_of_two(name: str, discriminator: float, generator: float) -> None:
    loss, zero = LOSSES[name](), torch.zeros(5)
    assert loss.discriminator_loss(zero, zero).item() == pytest.approx(discriminator)
    assert loss.generator_loss(zero, zero).item() == pytest.approx(generator)


def test_relativistic_pairing_compares_pair_by_pair() -> None:
    loss = LOSSES["relativistic_pairing"]()
    real, fake = torch.tensor([5.0, 2.0]), torch.tensor([4.0, 3.0])
    by_hand = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(1))) / 2
    assert loss.discriminator_loss(real, fake).item() == pytest.approx(by_hand)
    assert loss.discriminator_loss(real + 7, fake + 7).item() == pytest.approx(by_hand, rel=1e-6)


def test_minimax_starves_a_generator_that_is_always_recognised_and_the_non_saturating_loss_does_not() -> None:
    gradients = {}
    for name in ("minimax", "non_saturating"):
        fake = numbers(-20.0)
        LOSSES[name]().generator_loss(fake.detach(), fake).backward()
        gradients[name] = abs(fake.grad.item())
    assert gradients["minimax"] == pytest.approx(math.exp(-20), rel=1e-3)
    assert gradients["non_saturating"] == pytest.approx(1.0)


def test_the_classic_losses_are_pytorchs_cross_entropy() -> None:
    real, fake = torch.randn(64, generator=torch.Generator().manual_seed(0)).chunk(2)
    ones, zeros = torch.ones(32), torch.zeros(32)
    theirs = binary_cross_entropy_with_logits(real, ones) + binary_cross_entropy_with_logits(fake, zeros)
    for name in ("minimax", "non_saturating"):
        torch.testing.assert_close(LOSSES[name]().discriminator_loss(real, fake), theirs)
    torch.testing.assert_close(
        LOSSES["non_saturating"]().generator_loss(real, fake), binary_cross_entropy_with_logits(fake, ones)
    )
    torch.testing.assert_close(
        LOSSES["minimax"]().generator_loss(real, fake), -binary_cross_entropy_with_logits(fake, zeros)
    )
