"""Regularisers: what every one must do, then discriminators whose gradient, norm or answer is known."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import (
    ConsistencyPenalty,
    Deception,
    GradientPenalty,
    HistoricalPenalty,
    InputNoise,
    InterpolatedGradientPenalty,
    LayerRegulariser,
    LogitPenalty,
    UnrolledDiscriminator,
    WeightConstraint,
    settings_of,
)
from ganaug_core.regularisers import REGULARISERS
from ganaug_core.regularisers.minibatch import Deviation, Similarities

pytestmark = pytest.mark.numerical

KINDS = (
    GradientPenalty,
    InterpolatedGradientPenalty,
    WeightConstraint,
    LayerRegulariser,
    InputNoise,
    HistoricalPenalty,
    LogitPenalty,
    ConsistencyPenalty,
    Deception,
    UnrolledDiscriminator,
)
every_regulariser = pytest.mark.parametrize("name", sorted(REGULARISERS))
every_penalty = pytest.mark.parametrize("name", ["r1", "r2"])
every_layer_regulariser = pytest.mark.parametrize(
    "name", sorted(name for name, part in REGULARISERS.items() if isinstance(part(), LayerRegulariser))
)


def images(seed: int) -> torch.Tensor:
    return torch.randn(6, 1, 4, 4, generator=torch.Generator().manual_seed(seed)).requires_grad_()


@every_regulariser
def test_every_regulariser_is_of_one_kind_says_what_it_is_good_for_and_names_its_paper(name: str) -> None:
    part = REGULARISERS[name]
    assert [isinstance(part(), kind) for kind in KINDS].count(True) == 1
    assert 40 < len(part.says) < 220
    assert part.__doc__ is not None
    assert "Source: " in part.__doc__
    assert all(f"        {setting}: " in part.__doc__ for setting in settings_of(part))


@every_penalty
def test_a_flat_discriminator_pays_nothing(name: str) -> None:
    flat = torch.zeros(6, 1, 4, 4)
    assert REGULARISERS[name]().penalty(flat, flat, 1.0) == 0


@every_penalty
def test_the_penalty_is_proportional_to_its_strength_and_never_negative(name: str) -> None:
    part, gradient = REGULARISERS[name](), images(0).detach()
    once, twice = part.penalty(gradient, gradient, 1.0), part.penalty(gradient, gradient, 2.0)
    assert once > 0
    torch.testing.assert_close(twice, 2 * once)


@every_penalty
def test_a_rare_penalty_is_multiplied_so_that_its_mean_stays(name: str) -> None:
    gradient = images(0).detach()
    each_step = REGULARISERS[name](gamma=1.0, every=1).penalty(gradient, gradient, 1.0)
    every_fourth = REGULARISERS[name](gamma=1.0, every=4).penalty(gradient, gradient, 1.0)
    torch.testing.assert_close(every_fourth, 4 * each_step)


@every_penalty
def test_a_linear_discriminator_pays_half_gamma_times_its_squared_weights(name: str) -> None:
    weights = torch.arange(16.0).view(1, 1, 4, 4) / 10
    gradients = []
    for seed in (0, 1):
        inputs = images(seed)
        gradients.append(torch.autograd.grad((inputs * weights).sum(), inputs)[0])
    penalty = REGULARISERS[name](gamma=3.0, every=1).penalty(gradients[0], gradients[1], 1.0)
    assert penalty.item() == pytest.approx(1.5 * 12.4)  # 0.0**2 + 0.1**2 + ... + 1.5**2 = 12.4


@pytest.mark.parametrize(("name", "side"), [("r1", 0), ("r2", 1)])
def test_r1_looks_at_real_images_and_r2_at_generated_ones(name: str, side: int) -> None:
    sides = [images(0), images(1)]
    gradients = [torch.autograd.grad((inputs.square() * 0.25).sum(), inputs)[0] for inputs in sides]  # D(x) = |x|^2 / 4
    penalty = REGULARISERS[name](gamma=2.0, every=1).penalty(gradients[0], gradients[1], 1.0)
    closed_form = (sides[side].detach() / 2).square().sum((1, 2, 3)).mean()
    torch.testing.assert_close(penalty, closed_form)


@every_penalty
@pytest.mark.parametrize("settings", [{"gamma": -1.0}, {"every": 0}, {"every": 1.5}, {"gamma": float("nan")}])
def test_impossible_settings_are_refused_in_words(name: str, settings: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=r"gamma .* every .* Choose gamma >= 0"):
        REGULARISERS[name](**settings)


# between real and generated images


def test_the_interpolated_penalty_is_paid_at_points_on_the_line() -> None:
    torch.manual_seed(0)
    real, fake = torch.zeros(50, 1, 2, 2), torch.full((50, 1, 2, 2), 2.0)
    between = REGULARISERS["gradient_penalty"]().interpolate(real, fake)
    assert torch.equal(between, between[:, :, :1, :1].expand_as(between))
    assert 0 <= between.min() < 0.4
    assert 1.6 < between.max() <= 2


def test_a_slope_of_one_is_free_and_another_one_costs_its_distance_squared() -> None:
    part = REGULARISERS["gradient_penalty"](weight=10.0, every=2)
    unit = torch.full((3, 1, 2, 2), 0.5)
    assert part.interpolated_penalty(unit, 1.0).item() == pytest.approx(0)
    assert part.interpolated_penalty(3 * unit, 1.0).item() == pytest.approx(10 * 2 * (3 - 1) ** 2)
    flat = torch.zeros(2, 1, 2, 2, requires_grad=True)
    part.interpolated_penalty(flat, 1.0).backward()
    assert torch.isfinite(flat.grad).all()


# bounds on weights


def critic(name: str = "lite", **settings: Any) -> Any:
    torch.manual_seed(0)
    return ARCHITECTURES[name](width=8, **settings).discriminator((1, 16, 16), 2)


def test_clipped_weights_stay_inside_the_limit_and_small_ones_stay_as_they_are() -> None:
    network = critic()
    before = [weight.detach().clone() for weight in network.parameters()]
    REGULARISERS["weight_clipping"](limit=0.05).constrain(network)
    for old, new in zip(before, network.parameters(), strict=True):
        assert new.abs().max() <= 0.05
        inside = old.abs() <= 0.05
        assert torch.equal(new[inside], old[inside])


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_after_some_steps_every_matrix_has_a_largest_singular_value_of_one(architecture: str) -> None:
    network = critic(architecture)
    REGULARISERS["spectral_norm"]().apply_to(network)
    images, labels = torch.randn(4, 1, 16, 16), torch.tensor([0, 1, 0, 1])
    for _ in range(60):
        network(images, labels)
    assert torch.isfinite(network(images, labels)).all()
    normalised = 0
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear | nn.Embedding) and not isinstance(module.weight, nn.Parameter):
            largest = torch.linalg.matrix_norm(module.weight.detach().flatten(1), 2).item()
            assert largest == pytest.approx(1, abs=0.08)
            normalised += 1
    assert normalised >= 3


# layers of the discriminator


@every_layer_regulariser
def test_a_prepared_discriminator_learns_answers_several_labels_and_keeps_its_word_about_batches(name: str) -> None:
    network, part = critic(), REGULARISERS[name]()
    part.apply_to(network)
    images, labels = torch.randn(8, 1, 16, 16), torch.arange(8) % 2
    network(images, labels).square().sum().backward()
    assert all(weight.grad is not None for weight in network.parameters())
    network.eval()
    logits = network(images, torch.stack([labels, 1 - labels], 1))
    torch.testing.assert_close(logits[:, 0], network(images, labels))
    alone = network(images[:4], labels[:4])
    assert torch.allclose(alone, network(images, labels)[:4], atol=1e-5) != part.couples_batch


def test_dropout_leaves_out_its_share_and_only_while_training() -> None:
    network = critic()
    REGULARISERS["dropout"](share=0.25).apply_to(network)
    features = torch.ones(200, 100)
    torch.manual_seed(0)
    dropped = network.dropout(features)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert dropped.max().item() == pytest.approx(1 / 0.75)
    network.eval()
    assert torch.equal(network.dropout(features), features)


def test_dropout_in_every_layer_reaches_the_trunk_and_only_while_training() -> None:
    images, labels = torch.randn(4, 1, 16, 16), torch.tensor([0, 1, 0, 1])
    last, every = critic(), critic()
    REGULARISERS["dropout"](share=0.5).apply_to(last)
    REGULARISERS["dropout"](share=0.5, layers="every").apply_to(every)
    for network, is_steady in ((last, True), (every, False)):
        trunk = [network.extract_features(images, labels) for _ in range(2)]
        assert torch.equal(*trunk) is is_steady
        network.eval()
        assert torch.equal(network(images, labels), network(images, labels))


def test_equal_images_are_as_similar_as_the_batch_is_large() -> None:
    layer = Similarities(3, kernels=1, dimensions=2)
    nn.init.ones_(layer.weigh.weight)
    nn.init.ones_(layer.compare.weight)
    equal = torch.ones(5, 3)
    assert layer(equal).tolist() == pytest.approx([4.0] * 5)
    apart = torch.tensor([[0.0, 0, 0], [1, 0, 0]])  # both dimensions differ by 1
    assert layer(apart).tolist() == pytest.approx([math.exp(-2)] * 2)


def test_the_deviation_of_a_group_is_shared_by_its_images() -> None:
    layer = Deviation(group=2)
    nn.init.ones_(layer.weigh.weight)
    batch = torch.tensor([[0.0, 0], [1, 1], [4, 2], [1, 1]])  # image i is grouped with image i + 2
    assert layer(batch).tolist() == pytest.approx([1.5, 0, 1.5, 0], abs=1e-3)
    assert layer(batch[:3]).std().item() == 0  # three images are one group


# noise, historical averaging, unrolling


def test_instance_noise_fades_in_a_straight_line() -> None:
    part = REGULARISERS["instance_noise"](deviation=0.2, until=0.5)
    torch.manual_seed(0)
    still = torch.zeros(40, 1, 16, 16)
    spreads = [part.add_noise(still, share).std().item() for share in (0.0, 0.25, 0.5, 0.9)]
    assert spreads == pytest.approx([0.2, 0.1, 0, 0], rel=0.05)


def test_leaving_the_past_costs_the_squared_distance() -> None:
    part = REGULARISERS["historical_averaging"](weight=0.1)
    weights = [torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([[3.0]], requires_grad=True)]
    penalty = part.historical_penalty(weights, [torch.tensor([0.0, 2.0]), torch.tensor([[1.0]])])
    assert penalty.item() == pytest.approx(0.1 * (1 + 4))
    penalty.backward()
    assert weights[1].grad.item() == pytest.approx(0.1 * 2 * 2)


class _Slope(nn.Module):
    """D(x) = w x."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(1.0))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.weight * images


def test_the_unrolled_discriminator_is_some_gradient_steps_ahead_and_the_generator_learns_through_them() -> None:
    """Loss w * x: every step lowers w by rate * x, so after two steps D(x) = (w - 2 rate x) x."""
    network, fake = _Slope(), torch.tensor(3.0, requires_grad=True)
    part = REGULARISERS["unrolled"](steps=2, rate=0.1)
    unrolled = part.unroll(network, lambda discriminate: discriminate(fake, torch.zeros(0)))
    logit = unrolled(fake, torch.zeros(0))
    assert logit.item() == pytest.approx((1 - 0.6) * 3)
    logit.backward()
    assert fake.grad.item() == pytest.approx(1 - 4 * 0.1 * 3)  # and not 1 - 0.6, which ignores the answer
    assert network.weight.item() == 1


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("gradient_penalty", {"weight": -1.0}),
        ("gradient_penalty", {"every": 0}),
        ("weight_clipping", {"limit": 0.0}),
        ("spectral_norm", {"iterations": 0}),
        ("dropout", {"share": 1.0}),
        ("dropout", {"layers": "some"}),
        ("minibatch_discrimination", {"kernels": 0}),
        ("minibatch_deviation", {"group": 1}),
        ("instance_noise", {"until": 0.0}),
        ("historical_averaging", {"weight": float("nan")}),
        ("unrolled", {"steps": 0}),
    ],
)
def test_other_impossible_settings_are_refused_in_words(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"annot be.* Choose"):
        REGULARISERS[name](**settings)


# around real images, and on logits


def test_dragan_looks_around_real_images_as_far_as_it_says() -> None:
    torch.manual_seed(0)
    real = torch.randn(40, 1, 8, 8) * 3 + 5
    around = REGULARISERS["dragan"](spread=0.5).interpolate(real, torch.zeros_like(real)) - real
    assert around.std().item() == pytest.approx(1.5, rel=0.05)
    assert abs(around.mean().item()) < 0.1
    slope = torch.full((3, 1, 2, 2), 1.0)  # of norm 2
    assert REGULARISERS["dragan"](weight=10.0, every=2).interpolated_penalty(slope, 0.5).item() == pytest.approx(10.0)
    assert REGULARISERS["dragan"]().interpolated_penalty(slope / 2, 1.0).item() == pytest.approx(0.0)


def test_lecam_pays_for_the_distance_to_the_other_side_of_late() -> None:
    part = REGULARISERS["lecam"](weight=0.5)
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([-1.0, -1.0])
    penalty = part.logit_penalty(real, fake, torch.tensor([2.0, -1.0]))
    assert penalty.item() == pytest.approx(0.5 * ((4 + 16) / 2 + 9))
    assert part.logit_penalty(fake, fake, torch.tensor([-1.0, -1.0])) == 0


def test_consistency_pays_for_what_an_augmentation_changes() -> None:
    part = REGULARISERS["consistency"](real=2.0, fake=1.0)
    assert part.consistency_penalty(torch.tensor([1.0, -1.0]), torch.tensor([2.0, 0.0])).item() == pytest.approx(4.0)
    assert part.consistency_penalty(torch.zeros(2), torch.zeros(2)) == 0


def test_pseudo_real_images_are_as_many_as_the_share_says_and_it_moves_to_its_target() -> None:
    torch.manual_seed(0)
    part = REGULARISERS["pseudo_real"](target=0.6, images=1000)
    shown = part.deceive(torch.zeros(2000, 1, 1, 1), torch.ones(2000, 1, 1, 1), torch.tensor(0.3))
    assert shown.mean().item() == pytest.approx(0.3, abs=0.04)
    share = torch.tensor(0.5)
    assert part.moved(share, torch.tensor(0.9), 10).item() == pytest.approx(0.51)
    assert part.moved(share, torch.tensor(0.1), 10).item() == pytest.approx(0.49)
    assert part.moved(torch.tensor(0.0), torch.tensor(0.1), 10) == 0


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("dragan", {"spread": 0.0}),
        ("lecam", {"decay": 1.0}),
        ("consistency", {"real": 0.0, "fake": 0.0}),
        ("pseudo_real", {"target": 0.0}),
    ],
)
def test_what_they_cannot_be_is_refused_in_words(name: str, settings: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be. Choose"):
        REGULARISERS[name](**settings)
