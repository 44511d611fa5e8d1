"""Latent space by hand: arcs, directions, recipes, and an image that a generator can draw is found again."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.architectures.layers import ClassEmbedding, draw_latents
from ganaug_core.architectures.mlp import MLP
from ganaug_core.architectures.style import StyleLite
from ganaug_core.config import Passport
from ganaug_core.errors import GeneratorError
from ganaug_core.generators import latent_directions, nearest_latent, sampler
from ganaug_core.generators.latent_recipes import as_document, parsed, resembles_real
from ganaug_core.generators.latent_space import LatentSpace, draw_recipes
from ganaug_core.generators.sampling import Generator

SHAPE = (1, 16, 16)
CLASSES = ("dark", "light", "mixed")
STRENGTHS = torch.tensor([0.2, 0.1, 0.05, 0.01])
DARK = {"dark": 1}
START, OTHER = {"seed": 0, "index": 3}, {"seed": 0, "index": 70}


class Linear(nn.Module):
    """An image is a latent (n, 4) times a matrix of known singular values, plus what its class adds."""

    def __init__(self) -> None:
        super().__init__()
        source = torch.Generator().manual_seed(1)
        left, _ = torch.linalg.qr(torch.randn(256, 4, generator=source))
        self.right, _ = torch.linalg.qr(torch.randn(4, 4, generator=source))
        self.matrix = left * STRENGTHS @ self.right.T  # (pixel, latent)
        self.classes = ClassEmbedding(3, 1)
        self.classes.weight.data = torch.tensor([[-0.4], [0.4], [0.0]])

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        return (latent @ self.matrix.T + self.classes(labels)).view(-1, *SHAPE)


def generator_of(network: nn.Module, architecture: Any) -> Generator:
    card = {
        "title": "by hand",
        "created": "2026-12-01T02:00:00Z",
        "software": "ganaug 0.1.0",
        "architecture": {"name": "mlp", "settings": {}, "channels": 1, "rows": 16, "columns": 16},
        "classes": [{"name": name, "train": 4} for name in CLASSES],
        "intensity": {"unit": "HU", "low": 0.0, "high": 16.0},
        "spacing_mm": None,
        "patients": None,
        "cohort_name": "by-hand",
        "cohort_digest": "0" * 64,
        "recipe": "recommended",
        "seed": 0,
        "images": 100,
    }
    return Generator(Passport.model_validate(card), "1" * 64, architecture.latent, network.eval().requires_grad_(False))


@pytest.fixture(scope="module")
def linear() -> LatentSpace:
    return LatentSpace(generator_of(Linear(), replace(MLP(), latent=4)))


@pytest.fixture(scope="module")
def styled() -> LatentSpace:
    torch.manual_seed(0)
    part = StyleLite(width=8, latent=6, styles=8)
    return LatentSpace(generator_of(part.generator(SHAPE, 3), part))


def image(space: LatentSpace, place: dict[str, Any], classes: dict[str, float] = DARK) -> np.ndarray:
    return space.images([parsed({"place": place, "classes": classes})])[0]


# arcs and directions


def test_half_way_between_two_right_angled_vectors_is_their_sum_over_the_root_of_two() -> None:
    first, second = torch.tensor([1.0, 0, 0]), torch.tensor([0, 1.0, 0])
    half = latent_directions.arc(first, second, 0.5)
    assert torch.allclose(half, (first + second) / math.sqrt(2))
    third = latent_directions.arc(first, second, 1 / 3)
    assert torch.allclose(third, torch.tensor([math.cos(math.pi / 6), math.sin(math.pi / 6), 0]), atol=1e-6)
    assert torch.allclose(latent_directions.arc(first, 2 * first, 0.5), 1.5 * first), "no angle: the line"


def test_an_arc_begins_and_ends_where_it_should_and_keeps_the_length_of_gaussian_latents() -> None:
    first, second = torch.randn(2, 512, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(latent_directions.arc(first, second, 0.0), first, atol=1e-5)
    assert torch.allclose(latent_directions.arc(first, second, 1.0), second, atol=1e-5)
    assert latent_directions.arc(first, second, 0.5).norm() == pytest.approx(math.sqrt(512), rel=0.05)
    assert (0.5 * (first + second)).norm() < 0.75 * math.sqrt(512), "the line does not"


def test_the_principal_directions_of_a_linear_generator_are_its_right_singular_vectors(linear: LatentSpace) -> None:
    network = linear.generator.network
    assert isinstance(network, Linear)
    known = linear.directions("light")
    assert torch.allclose((known.vectors @ network.right).abs(), torch.eye(4), atol=1e-3)
    expected = STRENGTHS**2 / (STRENGTHS**2).sum()
    assert torch.allclose(known.shares, expected, rtol=1e-3)
    assert (known.vectors.gather(1, known.vectors.abs().argmax(1, keepdim=True)) > 0).all()


def test_a_direction_between_groups_leads_from_mean_to_mean() -> None:
    away, towards = torch.tensor([[0.0, 0], [2, 0]]), torch.tensor([[1.0, 3], [1, 5]])
    assert torch.allclose(latent_directions.between_groups(away, towards), torch.tensor([0.0, 1]))
    with pytest.raises(ValueError, match="one mean"):
        latent_directions.between_groups(away, away)


# recipes


def test_a_start_is_the_image_that_a_draw_of_that_seed_has_at_that_place(linear: LatentSpace) -> None:
    drawn = linear.generator.sample(np.zeros(71, np.int64), seed=0)
    np.testing.assert_allclose(image(linear, START), drawn[3], atol=1e-6)
    np.testing.assert_allclose(image(linear, OTHER), drawn[70], atol=1e-6)
    shortened = linear.generator.sample(np.zeros(4, np.int64), seed=0, truncation=0.5)[3]
    np.testing.assert_allclose(image(linear, {"from": START, "scale": 0.5}), shortened, atol=1e-6)


def test_what_is_moved_scaled_and_blended_is_what_the_formula_says(linear: LatentSpace) -> None:
    network = linear.generator.network
    latent = linear.latent(parsed({"place": START, "classes": DARK}).place)
    principal = {"from": START, "principal": 1, "class": "dark", "by": 1.5}
    moved = latent + 1.5 * linear.directions("dark").vectors[1]
    groups = {"from": START, "away": [START], "towards": [OTHER], "by": 2}
    other = linear.latent(parsed({"place": OTHER, "classes": DARK}).place)
    towards = latent + 2 * (other - latent) / (other - latent).norm()
    half = latent_directions.arc(latent, other, 0.5)
    between = {"between": [START, OTHER], "at": 0.5}
    for place, expected in ((principal, moved), (groups, towards), (between, half), ({"numbers": [1, 0, 0, 2]}, None)):
        vector = torch.tensor([1.0, 0, 0, 2]) if expected is None else expected
        np.testing.assert_allclose(image(linear, place), network(vector[None], torch.tensor([0]))[0], atol=1e-5)
    blended = image(linear, START, {"dark": 0.75, "light": 0.25})
    np.testing.assert_allclose(blended - image(linear, START, {"mixed": 1}), np.full(SHAPE, -0.2), atol=1e-6)


def test_styles_are_mixed_layer_by_layer_and_only_where_there_are_styles(
    linear: LatentSpace, styled: LatentSpace
) -> None:
    both = {"coarse": {"place": START, "classes": DARK}, "fine": {"place": OTHER, "classes": {"light": 1}}}
    network = styled.generator.network
    latents = torch.stack([styled.latent(parsed(part).place) for part in both.values()])
    styles = network.styles(latents, torch.tensor([0, 1]))
    expected = network.paint(torch.cat([styles[0, :-1], styles[1, -1:]])[None])[0].clamp(-1, 1)
    np.testing.assert_allclose(styled.images([parsed({**both, "layers": 1})])[0], expected, atol=1e-5)
    assert (styled.layers, linear.layers) == (3, 0)
    with pytest.raises(GeneratorError, match="not style-based"):
        linear.images([parsed({**both, "layers": 1})])
    with pytest.raises(GeneratorError, match="3 layers"):
        styled.images([parsed({**both, "layers": 3})])


@pytest.mark.parametrize("name", sorted(ARCHITECTURES))
def test_every_architecture_paints_between_two_classes(name: str) -> None:
    part = ARCHITECTURES[name]()
    network = part.generator(SHAPE, 3).eval()
    latents = draw_latents(network, part.latent, 2)
    with torch.no_grad():
        pure, weighted = network(latents, torch.tensor([1, 2])), network(latents, torch.eye(3)[1:])
    assert torch.allclose(pure, weighted, atol=1e-5)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "no recipe"),
        ({"place": START}, "classes"),
        ({"place": START, "classes": {"dark": 0.4}}, "sum to 1"),
        ({"place": {"seed": -1, "index": 0}, "classes": DARK}, "seed must be"),
        ({"place": {"seed": 0, "index": 1e9}, "classes": DARK}, "index must be"),
        ({"place": {"numbers": [float("nan")]}, "classes": DARK}, "number of a vector"),
        ({"place": {"between": [START], "at": 0.5}, "classes": DARK}, "no recipe"),
        ({"place": {"from": START, "by": 1, "away": [], "towards": [OTHER]}, "classes": DARK}, "a group is empty"),
        ({"place": {"from": START, "principal": 9, "class": "dark", "by": 1}, "classes": DARK}, "4 principal"),
        ({"place": {"from": START, "principal": 0, "class": "grey", "by": 1}, "classes": DARK}, "no class named grey"),
        ({"place": {"numbers": [1.0]}, "classes": DARK}, "4 numbers"),
        ({"place": START, "classes": {"grey": 1}}, "no class named grey"),
    ],
)
def test_what_is_no_recipe_is_refused_in_words(wrong: Any, said: str, linear: LatentSpace) -> None:
    with pytest.raises(GeneratorError, match=said):
        linear.images([parsed(wrong)])


def test_a_recipe_neither_nests_nor_grows_without_end() -> None:
    place: dict[str, Any] = START
    for _ in range(12):
        place = {"from": place, "scale": 1}
    with pytest.raises(GeneratorError, match="steps from where it began"):
        parsed({"place": place, "classes": DARK})
    many = {"from": START, "away": [START] * 300, "towards": [OTHER] * 300, "by": 1}
    with pytest.raises(GeneratorError, match="400 are the most"):
        parsed({"place": many, "classes": DARK})


def test_a_set_of_found_images_holds_what_makes_it_again(linear: LatentSpace) -> None:
    recipes = [
        {"place": {"from": START, "principal": 0, "class": "dark", "by": 1}, "classes": {"dark": 0.4, "light": 0.6}},
        {"place": OTHER, "classes": DARK},
        {"place": OTHER, "classes": DARK},
    ]
    samples = draw_recipes(linear.generator, recipes, "explored")
    assert samples.labels.tolist() == [1, 0, 0], "the class with the largest weight"
    assert len(set(samples.ids.tolist())) == 3
    kept = samples.provenance["recipes"]
    assert kept[0]["place"]["along"] == pytest.approx(linear.directions("dark").vectors[0].tolist()), "not its rank"
    again = draw_recipes(linear.generator, json.loads(json.dumps(kept)), "again")
    assert (again.digest, again.ids.tolist()) == (samples.digest, samples.ids.tolist())
    assert [as_document(parsed(recipe)) for recipe in kept] == kept
    with pytest.raises(GeneratorError, match="No image"):
        draw_recipes(linear.generator, [], "none")


# the sampler, and a real image


def test_the_sampler_sends_whole_numbers_and_how_strong_a_direction_is(linear: LatentSpace) -> None:
    moved = {"place": {"from": START, "principal": 0, "class": "dark", "by": 1}, "classes": DARK}
    header, pixels = sampler.answer(linear, [moved, {"place": START, "classes": DARK}])
    said = json.loads(header)
    assert said["shares"] == [pytest.approx(0.04 / 0.0526, rel=1e-3), None]
    assert [said[key] for key in ("images", "channels", "rows", "columns", "layers")] == [2, 1, 16, 16, 0]
    values = np.frombuffer(pixels, "<i2").reshape(2, *SHAPE) / sampler.FULL
    np.testing.assert_allclose(values[1], image(linear, START), atol=1e-4)
    with pytest.raises(GeneratorError, match="65 images"):
        next(sampler.answer(linear, [moved] * 65))


def test_an_image_that_the_generator_can_draw_is_found_and_another_is_not(linear: LatentSpace) -> None:
    wanted, shares = image(linear, {"numbers": [0.5, -1.0, 0.3, 0.8]}, {"light": 1}), []
    found = nearest_latent.nearest(linear, wanted, "light", report=lambda share, _: shares.append(share))
    assert found.found < 1e-3 < found.nearest_draw < found.middle_draw
    assert found.place.numbers[:3] == pytest.approx((0.5, -1.0, 0.3), abs=0.2)
    assert shares == sorted(shares)
    far = image(linear, {"numbers": [40.0, 0, 0, 0]}, {"light": 1})
    assert np.linalg.norm(nearest_latent.nearest(linear, far, "light").place.numbers) == pytest.approx(4, abs=0.01)
    recipe = parsed({"place": {"from": as_document_of(found.place), "scale": 0.5}, "classes": DARK})
    assert resembles_real(recipe)
    assert not resembles_real(parsed({"place": START, "classes": DARK}))


def as_document_of(place: nearest_latent.Found) -> dict[str, Any]:
    return {"numbers": list(place.numbers)}
