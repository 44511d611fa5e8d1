"""A generator's latent space: recipes become latents, and latents images."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganaug_core.architectures.layers import draw_latents
from ganaug_core.errors import GeneratorError
from ganaug_core.generators import latent_directions
from ganaug_core.generators.latent_directions import Directions
from ganaug_core.generators.latent_recipes import (
    Between,
    Drawn,
    Found,
    Given,
    Groups,
    Mixed,
    Moved,
    Place,
    Plain,
    Principal,
    Recipe,
    Scaled,
    as_document,
    main_class,
    parsed,
    text,
)
from ganaug_core.generators.sampling import CHUNK, Generator, as_samples, run
from ganaug_core.interfaces import NoiseNetwork, Report, StyleNetwork, silent
from ganaug_core.records import Floats, Samples

_KEPT = 512  # chunks of a seed, latents and the like: a few MB


class LatentSpace:
    """The latents of one generator and what it paints of them."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.length = generator.latent
        self._chunk = lru_cache(_KEPT)(self._drawn_chunk)
        self._directions = lru_cache(_KEPT)(self._principal)
        self.latent = lru_cache(_KEPT)(self._latent)

    @property
    def layers(self) -> int:
        """Number of styles of an image; 0 where the generator has none to mix."""
        network = self.generator.network
        return network.layers if isinstance(network, StyleNetwork) else 0

    @property
    def noise(self) -> int:
        """How many numbers of noise follow a latent."""
        network = self.generator.network
        return network.noise_length if isinstance(network, NoiseNetwork) else 0

    def images(self, recipes: Sequence[Recipe]) -> Floats:
        """Return (n, channel, row, column) in [-1, 1].

        Raises:
            GeneratorError: A class that the generator does not have, styles of one that has none, or a vector of
                another length.
        """
        plain = [(number, recipe) for number, recipe in enumerate(recipes) if isinstance(recipe, Plain)]
        mixed = [(number, recipe) for number, recipe in enumerate(recipes) if isinstance(recipe, Mixed)]
        images: dict[int, Tensor] = {}
        for start in range(0, len(plain), CHUNK):
            part = plain[start : start + CHUNK]
            latents = torch.stack([self.latent(recipe.place) for _, recipe in part])
            painted = run(self.generator.network, latents, self._weights([recipe for _, recipe in part]))
            images |= {number: image for (number, _), image in zip(part, painted, strict=True)}
        images |= {number: self._mixed(recipe) for number, recipe in mixed}
        pixels: Floats = torch.stack([images[number] for number in range(len(recipes))]).numpy()
        if not np.isfinite(pixels).all():
            raise GeneratorError(
                "So far from where images are drawn the generator makes none.", do="Go less far.", code="too_far"
            )
        return pixels

    def directions(self, class_name: str) -> Directions:
        """Return the principal directions of a class."""
        self._label(class_name)
        return self._directions(class_name)

    def settled(self, recipe: Recipe) -> Recipe:
        """Return the same recipe with each principal direction as numbers: computed anew, two nearly equal ones may
        change places."""
        if isinstance(recipe, Mixed):
            return replace(recipe, coarse=self._settled(recipe.coarse), fine=self._settled(recipe.fine))
        return self._settled(recipe)

    def _settled(self, recipe: Plain) -> Plain:
        return replace(recipe, place=self._settled_place(recipe.place))

    def _settled_place(self, place: Place) -> Place:
        match place:
            case Between():
                return replace(place, first=self._settled_place(place.first), second=self._settled_place(place.second))
            case Scaled():
                return replace(place, start=self._settled_place(place.start))
            case Moved():
                direction = place.direction
                if isinstance(direction, Principal):
                    direction = Given(tuple(self._direction(direction).tolist()))
                elif isinstance(direction, Groups):
                    away, towards = direction.away, direction.towards
                    direction = Groups(tuple(map(self._settled_place, away)), tuple(map(self._settled_place, towards)))
                return replace(place, start=self._settled_place(place.start), direction=direction)
        return place

    def _latent(self, place: Place) -> Tensor:
        """Return (latent + noise,): what follows the latent is carried along, and turned where two places meet."""
        match place:
            case Drawn():
                chunk, row = divmod(place.index, CHUNK)
                drawn: Tensor = self._chunk(place.seed, chunk)[row]
                return drawn
            case Found():
                return torch.cat([self._vector(place.numbers), torch.zeros(self.noise)])
            case Between():
                first, second = self.latent(place.first), self.latent(place.second)
                parts = [slice(None, self.length), slice(self.length, None)]
                return torch.cat([latent_directions.arc(first[part], second[part], place.at) for part in parts])
            case Scaled():
                latent = self.latent(place.start).clone()
                latent[: self.length] *= place.scale
                return latent
            case Moved():
                latent = self.latent(place.start).clone()
                latent[: self.length] += place.by * self._direction(place.direction)
                return latent

    def _direction(self, direction: Principal | Groups | Given) -> Tensor:
        """Return (latent,) of unit length, or the numbers as they are given."""
        match direction:
            case Given():
                return self._vector(direction.numbers)
            case Principal():
                vectors = self.directions(direction.class_name).vectors
                if direction.number >= len(vectors):
                    raise GeneratorError(
                        f"There are {len(vectors)} principal directions, counted from 0.", do="Choose one of these."
                    )
                return vectors[direction.number]
            case Groups():
                sides = [
                    torch.stack([self.latent(place)[: self.length] for place in places])
                    for places in (direction.away, direction.towards)
                ]
                try:
                    return latent_directions.between_groups(*sides)
                except ValueError as error:
                    raise GeneratorError(
                        f"There is no direction: {error}.", do="Mark other images.", code="no_direction"
                    ) from error

    def _drawn_chunk(self, seed: int, chunk: int) -> Tensor:
        """Return (64, latent + noise), the numbers that a draw of this seed begins its images 64 * chunk ... with."""
        source = torch.Generator().manual_seed(seed)
        for _ in range(chunk + 1):
            latents = draw_latents(self.generator.network, self.length, CHUNK, source)
        return latents

    def _principal(self, class_name: str) -> Directions:
        weights = self._weights([Plain(Drawn(0, 0), ((class_name, 1.0),))])
        noise = torch.zeros(1, self.noise)

        def paint(latents: Tensor) -> Tensor:
            whole = torch.cat([latents, noise.expand(len(latents), -1)], 1)
            return run(self.generator.network, whole, weights.expand(len(latents), -1))

        return latent_directions.principal(paint, self.length)

    def _mixed(self, recipe: Mixed) -> Tensor:
        network = self.generator.network
        if not isinstance(network, StyleNetwork) or recipe.layers >= network.layers:
            has = f"has {self.layers} layers with a style" if self.layers else "is not style-based"
            raise GeneratorError(
                f"These styles cannot be mixed: {self.generator.passport.title} {has}.",
                do="Train a generator with the recipe style-lite, or take fewer layers.",
                code="no_styles",
            )
        both = [recipe.coarse, recipe.fine]
        latents = torch.stack([self.latent(part.place) for part in both])
        with torch.no_grad():
            coarse, fine = network.styles(latents, self._weights(both))  # (layer, style) each
            kept = network.layers - recipe.layers
            image: Tensor = network.paint(torch.cat([coarse[:kept], fine[kept:]])[None])[0]
        return image.clamp(-1, 1)

    def _weights(self, recipes: Sequence[Plain]) -> Tensor:
        """Return (n, class) weights."""
        weights = torch.zeros(len(recipes), len(self.generator.classes))
        for row, recipe in enumerate(recipes):
            for class_name, weight in recipe.classes:
                weights[row, self._label(class_name)] = weight
        return weights

    def _label(self, class_name: str) -> int:
        if class_name not in self.generator.classes:
            raise GeneratorError(
                f"The generator has no class named {class_name}.",
                do=f"Choose from: {', '.join(self.generator.classes)}.",
                code="unknown_class",
            )
        return self.generator.classes.index(class_name)

    def _vector(self, numbers: Sequence[float]) -> Tensor:
        if len(numbers) != self.length:
            raise GeneratorError(
                f"A latent of this generator has {self.length} numbers, and this one has {len(numbers)}.",
                do="Use what was found with this very generator.",
                code="recipe",
            )
        return torch.tensor(numbers, dtype=torch.float32)


def draw_recipes(
    generator: Generator, documents: Sequence[Mapping[str, Any]], name: str, report: Report = silent
) -> Samples:
    """Return one image for each recipe as a record; its provenance holds the recipes, so it can be made again.

    These images are to be looked at: they were made from each other, so they are no independent draws.

    Raises:
        GeneratorError: No recipe, or one that the generator cannot follow.
    """
    if not documents:
        raise GeneratorError("No image was chosen.", do="Keep some first.", code="empty")
    space = LatentSpace(generator)
    recipes = [space.settled(parsed(document)) for document in documents]
    report(0.2, "Drawing images")
    return of_recipes(generator, recipes, space.images(recipes), name)


def of_recipes(generator: Generator, recipes: Sequence[Recipe], images: Floats, name: str, **more: Any) -> Samples:
    """Return images as a record that says how each is made again.

    Args:
        recipes: With each principal direction as numbers.
        more: Of the provenance.
    """
    labels = np.array([generator.classes.index(main_class(recipe)) for recipe in recipes], np.int64)
    made_from = [f"recipe/{number}/{text(recipe)}" for number, recipe in enumerate(recipes)]
    provenance = {"recipes": [as_document(recipe) for recipe in recipes], **more}
    return as_samples(generator, name, images, labels, made_from=made_from, provenance=provenance)
