"""Losses: what every game must do, then values worked out by hand, then PyTorch's own cross-entropy."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import settings_of
from ganaug_core.losses import LOSSES, TERMS

pytestmark = pytest.mark.numerical

LOG_2 = math.log(2)
every_loss = pytest.mark.parametrize("name", sorted(LOSSES))
every_term = pytest.mark.parametrize("name", sorted(TERMS))


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


@every_loss
def test_every_loss_says_what_it_is_good_for_and_names_its_paper(name: str) -> None:
    part = LOSSES[name]
    assert 40 < len(part.says) < 220
    assert part.__doc__ is not None
    assert "arXiv" in part.__doc__
    assert all(f"        {setting}: " in part.__doc__ for setting in settings_of(part))


REAL, FAKE = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 1.0])


@pytest.mark.parametrize(
    ("name", "discriminator", "generator"),
    [
        ("hinge", 0.25 + 1.0, 1.0),  # (0 + 0.5) / 2 + (0 + 2) / 2; -(-3 + 1) / 2
        ("least_squares", (0.625 + 5.0) / 2, 4.0),  # ((1 + 0.25) / 2 + (9 + 1) / 2) / 2; (16 + 0) / 2 / 2
        ("wasserstein", -1.0 - 1.25, 1.0),
    ],
)
def test_later_losses_by_hand(name: str, discriminator: float, generator: float) -> None:
    loss = LOSSES[name]()
    assert loss.discriminator_loss(REAL, FAKE).item() == pytest.approx(discriminator)
    assert loss.generator_loss(REAL, FAKE).item() == pytest.approx(generator)


def test_a_wider_margin_asks_for_more() -> None:
    assert LOSSES["hinge"](margin=3.0).discriminator_loss(REAL, FAKE).item() == pytest.approx(1.75 + 2.0)
    with pytest.raises(ConfigurationError, match=r"margin of 0 cannot be"):
        LOSSES["hinge"](margin=0)


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
def test_smoothed_labels_are_cross_entropy_with_those_labels(name: str) -> None:
    loss = LOSSES[name](real_target=0.9, fake_target=0.2)
    theirs = binary_cross_entropy_with_logits(REAL, torch.full((2,), 0.9))
    theirs = theirs + binary_cross_entropy_with_logits(FAKE, torch.full((2,), 0.2))
    torch.testing.assert_close(loss.discriminator_loss(REAL, FAKE), theirs)
    sharp = LOSSES[name]()
    assert loss.generator_loss(REAL, FAKE) == sharp.generator_loss(REAL, FAKE)


def test_one_sided_smoothing_has_its_best_logit_where_the_label_is() -> None:
    logit = numbers(math.log(0.9 / 0.1))
    LOSSES["non_saturating"](real_target=0.9).discriminator_loss(logit, torch.zeros(1)).backward()
    assert logit.grad.item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("targets", [(0.2, 0.8), (1.1, 0.0), (0.5, 0.5), (float("nan"), 0.0)])
def test_labels_that_do_not_tell_real_from_generated_are_refused(targets: tuple[float, float]) -> None:
    with pytest.raises(ConfigurationError, match=r"Labels smoothed to .* cannot be"):
        LOSSES["non_saturating"](*targets)


# added terms


@every_term
def test_every_term_says_what_it_is_good_for_and_names_its_paper(name: str) -> None:
    part = TERMS[name]
    assert 40 < len(part.says) < 220
    assert "arXiv" in str(part.__doc__)


@every_term
def test_a_weight_moves_in_a_straight_line(name: str) -> None:
    term = TERMS[name](weight=0.8, end=0.2)
    assert [term.weight_at(share) for share in (0.0, 0.5, 1.0, 1.2)] == pytest.approx([0.8, 0.5, 0.2, 0.2])
    for weight in (-1, 11, float("nan")):
        with pytest.raises(ConfigurationError, match=r"Choose a weight from 0 to 10"):
            TERMS[name](weight=weight)


def test_the_label_term_is_log_two_for_equal_labels_and_falls_as_the_right_one_is_liked() -> None:
    value = TERMS["label_matching"]().value
    assert value(torch.ones(3), torch.ones(3)).item() == pytest.approx(LOG_2)
    assert value(torch.tensor([2.0]), torch.tensor([-1.0])).item() == pytest.approx(math.log(1 + math.exp(-3)))


def test_the_published_label_term_calls_a_real_image_with_a_wrong_label_generated() -> None:
    """Reed et al., 2016, algorithm 1: log(1 - D(x, wrong)) is part of what the discriminator maximises."""
    value = TERMS["label_matching"](form="published").value
    chance = 0.3
    logit = torch.tensor([math.log(chance / (1 - chance))])
    assert value(torch.tensor([9.0]), logit).item() == pytest.approx(-math.log(1 - chance))
    with pytest.raises(ConfigurationError, match=r"Choose relativistic or published"):
        TERMS["label_matching"](form="other")


def test_feature_matching_compares_means_alone() -> None:
    value = TERMS["feature_matching"]().value
    real, fake = torch.tensor([[1.0, 0.0], [3.0, 0.0]]), torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    assert value(real, fake).item() == pytest.approx((4 + 1) / 2)
    assert value(real, real.flip(0) + torch.tensor([[1.0, 0.0], [-1.0, 0.0]])).item() == 0


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
