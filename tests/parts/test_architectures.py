"""Architectures: what every pair of networks must do, then the numbers of the recommended one."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.architectures.grid import doublings
from ganaug_core.architectures.layers import draw_latents
from ganaug_core.architectures.lite import GAIN, convolution
from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import GrowingNetwork, settings_of

pytestmark = pytest.mark.numerical

every_architecture = pytest.mark.parametrize("name", sorted(ARCHITECTURES))
every_shape = pytest.mark.parametrize("shape", [(1, 32, 32), (3, 16, 24), (1, 28, 28)])
CLASSES = 3
SHARES = (1.0, 0.37, 0.25)
"""Moments of a run at which a growing network has its last weights in use, and those that fade."""


def grown(network: nn.Module, share: float = 1.0) -> nn.Module:
    """Return the network as it is when that share of the budget is spent."""
    for module in network.modules():
        if isinstance(module, GrowingNetwork):
            module.grow(share)
    return network


def options() -> list[Any]:
    """Return every architecture, and again with each other value of each setting that is a choice."""
    options = []
    for name, part in sorted(ARCHITECTURES.items()):
        options.append(pytest.param(name, {}, id=name))
        for setting, (_, _, choices) in settings_of(part).items():
            options += [
                pytest.param(name, {setting: choice}, id=f"{name}-{setting}-{choice}")
                for choice in choices
                if choice != getattr(part(), setting)
            ]
    return options


every_option = pytest.mark.parametrize(("name", "settings"), options())


@every_architecture
@every_shape
def test_the_generator_makes_images_of_the_shape_asked_for(name: str, shape: tuple[int, int, int]) -> None:
    part = ARCHITECTURES[name]()
    network = grown(part.generator(shape, CLASSES))
    images = network(draw_latents(network, part.latent, 5), torch.tensor([0, 1, 2, 0, 1]))
    assert images.shape == (5, *shape)
    assert torch.isfinite(images).all()


@every_architecture
@every_shape
def test_the_discriminator_answers_for_one_label_or_for_several(name: str, shape: tuple[int, int, int]) -> None:
    network = grown(ARCHITECTURES[name]().discriminator(shape, CLASSES)).eval()
    images, labels = torch.randn(4, *shape), torch.tensor([[0, 2], [1, 1], [2, 0], [0, 1]])
    several = network(images, labels)
    assert several.shape == (4, 2)
    torch.testing.assert_close(several[:, 0], network(images, labels[:, 0]))
    torch.testing.assert_close(several[:, 1], network(images, labels[:, 1]))
    torch.testing.assert_close(several[1, 0], several[1, 1])
    assert not torch.isclose(several[0, 0], several[0, 1])


@every_architecture
def test_the_class_changes_the_image_and_so_does_the_latent(name: str) -> None:
    part = ARCHITECTURES[name]()
    network = part.generator((1, 16, 16), CLASSES).eval()
    latents = draw_latents(network, part.latent, 2)
    images = network(latents[:1].repeat(2, 1), torch.tensor([0, 1]))
    assert not torch.allclose(images[0], images[1], atol=1e-6)
    images = network(latents, torch.tensor([0, 0]))
    assert not torch.allclose(images[0], images[1], atol=1e-6)


@every_option
def test_every_weight_learns(name: str, settings: dict[str, Any]) -> None:
    part = ARCHITECTURES[name](**settings)
    generator, discriminator = part.generator((1, 16, 16), CLASSES), part.discriminator((1, 16, 16), CLASSES)
    with torch.no_grad():  # a residual convolution starts at zero and would hide a gradient from nobody
        for weight in [*generator.parameters(), *discriminator.parameters()]:
            weight.add_(0.01 * torch.randn_like(weight))
    labels = torch.arange(12) % CLASSES
    for share in SHARES:
        images = grown(generator, share)(draw_latents(generator, part.latent, 12), labels)
        grown(discriminator, share)(images, labels).square().sum().backward()
    for network in (generator, discriminator):
        for weight_name, weight in network.named_parameters():
            assert weight.grad is not None, weight_name
            assert weight.grad.abs().sum() > 0, weight_name


@every_option
def test_the_gradient_of_the_gradient_exists(name: str, settings: dict[str, Any]) -> None:
    network = ARCHITECTURES[name](**settings).discriminator((1, 16, 16), CLASSES)
    images = torch.randn(4, 1, 16, 16, requires_grad=True)
    logits = network(images, torch.tensor([0, 1, 2, 0]))
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    gradient.square().sum().backward()
    assert any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in network.parameters())


@every_option
def test_only_where_batches_may_be_shared_an_image_is_judged_alone(name: str, settings: dict[str, Any]) -> None:
    part = ARCHITECTURES[name](**settings)
    network = grown(part.discriminator((1, 16, 16), CLASSES))
    images, labels = torch.randn(8, 1, 16, 16), torch.zeros(8, dtype=torch.int64)
    alone, together = network(images[:4], labels[:4]), network(images, labels)[:4]
    assert torch.allclose(alone, together, atol=1e-5) == part.shared_batches


@every_option
def test_the_logit_is_a_function_of_what_the_discriminator_describes(name: str, settings: dict[str, Any]) -> None:
    """Feature matching and the layers that see a batch rely on it."""
    network: Any = grown(ARCHITECTURES[name](**settings).discriminator((1, 16, 16), CLASSES)).eval()
    images, labels = torch.randn(4, 1, 16, 16), torch.tensor([0, 1, 2, 0])
    features = network.extract_features(images, labels)
    assert features.shape == (4, network.features)
    expected = network.logit(features)[:, 0]
    if network.classes is not None:
        expected = expected + (network.classes(labels) * features).sum(1)
    torch.testing.assert_close(network(images, labels), expected)


@every_option
def test_a_new_image_is_neither_empty_nor_out_of_range(name: str, settings: dict[str, Any]) -> None:
    """After one batch, so that a run that is stopped at once leaves a generator that can be loaded."""
    part = ARCHITECTURES[name](**settings)
    torch.manual_seed(0)
    network = grown(part.generator((1, 32, 32), CLASSES))
    labels = torch.arange(12) % CLASSES
    with torch.no_grad():
        network(draw_latents(network, part.latent, 12), labels)
        images = network.eval()(draw_latents(network, part.latent, 12), labels)
    assert 0.01 < images.std() < 2


@every_architecture
def test_every_architecture_says_what_it_is_good_for_and_names_its_paper(name: str) -> None:
    part = ARCHITECTURES[name]
    assert 40 < len(part.says) < 220
    assert part.__doc__ is not None
    assert "arXiv" in part.__doc__
    assert all(f"        {setting}: " in part.__doc__ for setting in settings_of(part))


@every_architecture
def test_a_choice_that_does_not_exist_is_answered_with_those_that_do(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"prior cannot be 'cauchy'. Choose one of: gaussian, uniform"):
        ARCHITECTURES[name](prior="cauchy")


@every_architecture
@pytest.mark.parametrize("settings", [{"width": 4}, {"width": 64.0}, {"latent": 0}, {"class_features": 10**6}])
def test_impossible_settings_are_refused_in_words(name: str, settings: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be built. Choose whole numbers from 1 to 4096"):
        ARCHITECTURES[name](**settings)


@pytest.mark.parametrize("name", sorted(set(ARCHITECTURES) - {"mlp"}))  # which knows no neighbours
def test_an_odd_size_is_refused_and_the_message_names_sizes_that_work(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"31 x 31 pixels .* Import the cohort at 32, 64 or 128"):
        ARCHITECTURES[name]().generator((1, 31, 31), CLASSES)


@pytest.mark.parametrize(
    ("size", "grid", "times"),
    [((64, 64), (4, 4), 4), ((28, 28), (7, 7), 2), ((32, 64), (4, 8), 3), ((96, 96), (6, 6), 4)],
)
def test_sizes_are_halved_to_the_smallest_grid(size: tuple[int, int], grid: tuple[int, int], times: int) -> None:
    assert doublings(*size) == (grid, times)


def test_the_recommended_networks_have_the_size_that_was_measured() -> None:
    """Channels 64, 48, 32, 16 at 64 pixels; weights counted by hand per layer (9 per kernel, biases, embeddings)."""
    part = ARCHITECTURES["lite"]()
    assert part.widths((1, 64, 64)) == ((4, 4), [64, 48, 32, 16])
    pairs = [(64, 48), (48, 32), (32, 16)]
    generator = 2 * 32 + (96 + 1) * 1024 + sum(9 * a * b + b + 9 * b * b + b for a, b in pairs) + 9 * 16 * 4 + 4
    discriminator = (9 * 4 * 16 + 16) + sum(9 * b * b + b + 9 * a * b + a for a, b in pairs)
    discriminator += (1024 + 1) * 128 + 129 + 2 * 128
    counts = [
        sum(weight.numel() for weight in network.parameters())
        for network in (part.generator((1, 64, 64), 2), part.discriminator((1, 64, 64), 2))
    ]
    assert counts == [generator, discriminator]


def test_a_convolution_keeps_the_spread_times_its_gain() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(8, 64, 16, 16)
    inner = convolution(64, 64, GAIN)(inputs)[:, :, 1:-1, 1:-1]
    assert inner.std().item() == pytest.approx(math.sqrt(2 / 1.04), rel=0.03)
    assert convolution(64, 64, 0.0)(inputs).abs().max() == 0


def test_the_uniform_prior_is_uniform() -> None:
    from ganaug_core.architectures.layers import apply_prior

    latents = apply_prior(torch.randn(20_000, generator=torch.Generator().manual_seed(0)), "uniform")
    counts = torch.histc(latents, 10, -1, 1)
    assert counts.sum() == 20_000
    assert ((counts - 2_000).abs() < 200).all()


def test_the_switch_of_the_dcgan_takes_the_transposed_convolutions_away() -> None:
    kinds = [
        {type(module) for module in ARCHITECTURES["dcgan"](doubling=doubling).generator((1, 16, 16), 2).modules()}
        for doubling in ("transposed", "nearest")
    ]
    assert [nn.ConvTranspose2d in types for types in kinds] == [True, False]


def test_a_warm_norm_measures_its_first_batch_and_forgets_slowly() -> None:
    from ganaug_core.architectures.layers import WarmUpBatchNorm

    norm, batch = WarmUpBatchNorm(1), torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    norm(batch)
    assert norm.running_mean.item() == pytest.approx(2)
    norm(batch + 2)
    assert norm.running_mean.item() == pytest.approx(3)  # the mean of 2 and 4
    for _ in range(10):
        norm(batch)
    assert norm.momentum == pytest.approx(0.1)


def test_attention_begins_as_nothing_and_then_looks_far() -> None:
    from ganaug_core.architectures.layers import SelfAttention

    torch.manual_seed(0)
    layer, images = SelfAttention(16), torch.randn(1, 16, 8, 8)
    assert torch.equal(layer(images), images)
    nn.init.ones_(layer.share)
    other = images.clone()
    other[..., 7, 7] += 5
    assert not torch.allclose(layer(images)[..., 0, 0], layer(other)[..., 0, 0])


def test_a_growing_pair_begins_with_flat_squares_and_fades_without_a_jump() -> None:
    torch.manual_seed(0)
    part = ARCHITECTURES["progressive"](growth=0.6)
    network: Any = part.generator((1, 32, 32), 2)
    latent, labels = torch.randn(2, part.latent), torch.tensor([0, 1])
    images = grown(network, 0.0)(latent, labels)
    assert torch.equal(images, images[..., ::4, ::4].repeat_interleave(4, 2).repeat_interleave(4, 3))
    assert [grown(network, share).level() for share in (0.0, 0.15, 0.225, 0.6, 1.0)] == [
        (0, 1.0),
        (0, 1.0),
        (1, pytest.approx(0.5)),
        (2, 1.0),
        (2, 1.0),
    ]
    judge = part.discriminator((1, 32, 32), 2)
    for before, after in ((0.15, 0.1501), (0.2999, 0.3)):
        images = [grown(network, share)(latent, labels) for share in (before, after)]
        torch.testing.assert_close(images[0], images[1], atol=0.02, rtol=0)
        logits = [grown(judge, share)(images[0], labels) for share in (before, after)]
        torch.testing.assert_close(logits[0], logits[1], atol=0.05, rtol=0)


def test_a_finer_grid_adds_to_what_the_coarser_one_has_learned() -> None:
    torch.manual_seed(0)
    part = ARCHITECTURES["progressive"]()
    network: Any = part.generator((1, 32, 32), 2)
    latent, labels = torch.randn(2, part.latent), torch.tensor([0, 1])
    coarse = grown(network, 0.0)(latent, labels)
    torch.testing.assert_close(grown(network, 1.0)(latent, labels), coarse)  # it has learned nothing yet
    with torch.no_grad():
        network.add[2].bias.add_(0.25)
    torch.testing.assert_close(grown(network, 1.0)(latent, labels), coarse + 0.25)
    torch.testing.assert_close(grown(network, 0.0)(latent, labels), coarse)


def test_a_blended_fade_mixes_the_coarser_grid_s_image_with_the_finer_one_s_own_as_published() -> None:
    torch.manual_seed(0)
    part = ARCHITECTURES["progressive"](growth=1.0, fade="blended")
    network: Any = part.generator((1, 16, 16), 2)  # two grids, so level 1 fades in over the second half
    latent, labels = torch.randn(2, part.latent), torch.tensor([0, 1])
    coarse, fine, half = (grown(network, share)(latent, labels) for share in (0.0, 1.0, 0.75))
    assert not torch.allclose(coarse, fine, atol=1e-3)
    torch.testing.assert_close(half, 0.5 * coarse + 0.5 * fine)  # the image that was there is doubled, not drawn anew
    judge: Any = part.discriminator((1, 16, 16), 2)
    judge.trunk.from_image[0].weight.data.fill_(99.0)
    seen = [grown(judge, share)(fine, labels) for share in (1.0, 0.75)]
    judge.trunk.from_image[0].weight.data.fill_(-99.0)
    again = [grown(judge, share)(fine, labels) for share in (1.0, 0.75)]
    torch.testing.assert_close(seen[0], again[0])  # once a grid is there, the coarser look is over
    assert not torch.allclose(seen[1], again[1])


def test_styles_of_two_images_can_be_mixed_and_training_does_it() -> None:
    torch.manual_seed(0)
    part = ARCHITECTURES["style"](mixing=1.0)
    network: Any = part.generator((1, 32, 32), 2)
    latent, labels = torch.randn(2, part.latent), torch.zeros(2, dtype=torch.int64)
    styles: Tensor = network.styles(latent, labels)
    assert styles.shape == (2, network.layers, 64)
    network.eval()
    torch.testing.assert_close(network(latent, labels), network.paint(styles))
    mixed = styles.clone()
    mixed[0, 3:] = styles[1, 3:]
    images = network.paint(torch.cat([styles, mixed[:1]]))
    assert not torch.allclose(images[2], images[0], atol=1e-3)
    assert not torch.allclose(images[2], images[1], atol=1e-3)
    network.train()
    assert not torch.allclose(network(latent, labels), network.paint(styles), atol=1e-3)


def test_big_gan_needs_a_latent_for_every_level() -> None:
    with pytest.raises(ConfigurationError, match=r"latent of 3 numbers cannot be shared by 4 levels.*at least 5"):
        ARCHITECTURES["biggan"](latent=3).generator((1, 64, 64), 2)
    part = ARCHITECTURES["biggan"]()
    network = part.generator((1, 32, 32), 2).eval()
    latent = torch.randn(1, part.latent).repeat(2, 1)
    latent[1, -1] += 2  # the share of the last level
    images = network(latent, torch.zeros(2, dtype=torch.int64))
    assert not torch.allclose(images[0], images[1])


def test_noise_is_silent_at_first_then_changes_the_image_and_truncation_leaves_it_alone() -> None:
    part = ARCHITECTURES["noise"]()
    network: Any = part.generator((1, 32, 32), 2).eval()
    assert network.noise_length == 4 * (8 * 8 + 16 * 16)
    latents, again = (
        draw_latents(network, part.latent, 3, torch.Generator().manual_seed(5), truncation) for truncation in (1.0, 0.5)
    )
    torch.testing.assert_close(again[:, : part.latent], 0.5 * latents[:, : part.latent])
    torch.testing.assert_close(again[:, part.latent :], latents[:, part.latent :], rtol=0, atol=0)
    other = torch.cat([latents[:, : part.latent], latents[:, part.latent :].roll(1, 0)], 1)
    labels = torch.tensor([0, 1, 0])
    torch.testing.assert_close(network(latents, labels), network(other, labels))
    with torch.no_grad():
        for layer in network.noise:
            layer.weight.fill_(0.1)
    assert (network(latents, labels) - network(other, labels)).abs().mean() > 0.01
