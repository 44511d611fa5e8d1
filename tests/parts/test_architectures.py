"""Architectures: what every pair of networks must do, then the numbers of the recommended one."""

import math

import pytest
import torch

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.architectures.grid import doublings
from ganaug_core.architectures.lite import GAIN, convolution
from ganaug_core.errors import ConfigurationError

every_architecture = pytest.mark.parametrize("name", sorted(ARCHITECTURES))
every_shape = pytest.mark.parametrize("shape", [(1, 32, 32), (3, 16, 24), (1, 28, 28)])
CLASSES = 3


@every_architecture
@every_shape
def test_the_generator_makes_images_of_the_shape_asked_for(name: str, shape: tuple[int, int, int]) -> None:
    part = ARCHITECTURES[name]()
    images = part.generator(shape, CLASSES)(torch.randn(5, part.latent), torch.tensor([0, 1, 2, 0, 1]))
    assert images.shape == (5, *shape)
    assert torch.isfinite(images).all()


@every_architecture
@every_shape
def test_the_discriminator_answers_for_one_label_or_for_several(name: str, shape: tuple[int, int, int]) -> None:
    network = ARCHITECTURES[name]().discriminator(shape, CLASSES).eval()
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
    latents = torch.randn(2, part.latent)
    both = network(latents[:1].repeat(2, 1), torch.tensor([0, 1]))
    assert not torch.allclose(both[0], both[1], atol=1e-6)
    both = network(latents, torch.tensor([0, 0]))
    assert not torch.allclose(both[0], both[1], atol=1e-6)


@every_architecture
def test_every_weight_learns(name: str) -> None:
    part = ARCHITECTURES[name]()
    generator, discriminator = part.generator((1, 16, 16), CLASSES), part.discriminator((1, 16, 16), CLASSES)
    with torch.no_grad():  # a residual convolution starts at zero and would hide a gradient from nobody
        for weight in [*generator.parameters(), *discriminator.parameters()]:
            weight.add_(0.01 * torch.randn_like(weight))
    labels = torch.arange(6) % CLASSES
    discriminator(generator(torch.randn(6, part.latent), labels), labels).square().sum().backward()
    for network in (generator, discriminator):
        for weight_name, weight in network.named_parameters():
            assert weight.grad is not None, weight_name
            assert weight.grad.abs().sum() > 0, weight_name


@every_architecture
def test_the_gradient_of_the_gradient_exists(name: str) -> None:
    network = ARCHITECTURES[name]().discriminator((1, 16, 16), CLASSES)
    images = torch.randn(4, 1, 16, 16, requires_grad=True)
    logits = network(images, torch.tensor([0, 1, 2, 0]))
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    gradient.square().sum().backward()
    assert any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in network.parameters())


@every_architecture
def test_only_where_batches_may_be_shared_an_image_is_judged_alone(name: str) -> None:
    part = ARCHITECTURES[name]()
    network = part.discriminator((1, 16, 16), CLASSES)
    images, labels = torch.randn(8, 1, 16, 16), torch.zeros(8, dtype=torch.int64)
    alone, together = network(images[:4], labels[:4]), network(images, labels)[:4]
    assert torch.allclose(alone, together, atol=1e-5) == part.shared_batches


@every_architecture
@pytest.mark.parametrize("settings", [{"width": 4}, {"width": 64.0}, {"latent": 0}, {"class_features": 10**6}])
def test_impossible_settings_are_refused_in_words(name: str, settings: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be built. Choose whole numbers from 1 to 4096"):
        ARCHITECTURES[name](**settings)


@every_architecture
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
