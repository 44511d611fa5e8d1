"""Images from a generator: the same ones for the same seed, however many are asked for."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganaug_core.architectures.layers import draw_latents
from ganaug_core.config import Passport
from ganaug_core.config.requests import MEAN_STYLE, REDRAWN, SCALED, TRUNCATIONS
from ganaug_core.errors import GeneratorError
from ganaug_core.interfaces import Report, StyleNetwork, silent
from ganaug_core.records import Floats, Integers, Samples
from ganaug_core.records.digest import digest_of

CHUNK = 64
_MEAN_OF = 4096  # latents
MIXED_SIDE = 6


@dataclass(frozen=True)
class Generator:
    """A loaded generator, ready to sample.

    Attributes:
        passport: What it says about itself; tested where that can be tested.
        digest: Its identity, 64 hex digits: architecture, classes, unit, range and weights (see `Passport.identity`).
        latent: Length of the latent vector.
        network: The module on the CPU, in evaluation mode.
    """

    passport: Passport
    digest: str
    latent: int
    network: nn.Module

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(card.name for card in self.passport.classes)

    def sample(
        self,
        labels: Integers,
        *,
        seed: int,
        truncation: float = 1.0,
        truncation_by: str = SCALED,
        report: Report = silent,
    ) -> Floats:
        """Return one image for each label, (n, channel, row, column) float32 in [-1, 1].

        Image i depends on the seed, on i and on label i alone: asking for more images does not change the first ones.

        Args:
            labels: (n,) class indices.
            truncation: > 0; below 1 images are more typical and less varied.
            truncation_by: How. `scaled` multiplies the latent vectors; `redrawn` draws numbers anew that lie farther
                from 0 than `truncation`; `mean_style` moves the styles of a style-based generator towards the mean
                style of their class.

        Raises:
            GeneratorError: A label that the generator does not have, or an image that is not finite.
        """
        labels = np.asarray(labels, np.int64)
        if labels.size and (labels.min() < 0 or labels.max() >= len(self.classes)):
            raise GeneratorError(
                f"The generator has {len(self.classes)} classes, numbered from 0; {labels.max()} is not one of them.",
                do=f"Ask for: {', '.join(self.classes)}.",
                code="unknown_class",
            )
        if not 0 < truncation <= 10:
            raise GeneratorError(
                f"A truncation of {truncation} cannot be.", do="Choose a number above 0; 1 changes nothing."
            )
        mean_styles = self._mean_styles(truncation_by)
        chunks: list[Floats] = []
        source = torch.Generator().manual_seed(seed)
        for start in range(0, len(labels), CHUNK):
            wanted_labels = torch.from_numpy(labels[start : start + CHUNK])  # (up to CHUNK,)
            # always whole chunks: the arithmetic of a network rounds differently for another number of images
            latents = draw_latents(
                self.network,
                self.latent,
                CHUNK,
                source,
                1.0 if truncation_by == MEAN_STYLE else truncation,
                redraw=truncation_by == REDRAWN,
            )
            chunk_labels = torch.zeros(CHUNK, dtype=torch.int64)
            chunk_labels[: len(wanted_labels)] = wanted_labels
            if mean_styles is None:
                chunk_images = run(self.network, latents, chunk_labels)
            else:
                chunk_images = _towards(self.network, mean_styles[chunk_labels], latents, chunk_labels, truncation)
            chunks.append(chunk_images[: len(wanted_labels)].numpy())
            report(min(1.0, (start + CHUNK) / len(labels)), "Drawing images")
        channels, rows, columns = image_shape(self.passport)
        images: Floats = np.concatenate([np.zeros((0, channels, rows, columns), np.float32), *chunks])
        if not np.isfinite(images).all():
            raise GeneratorError(
                "The generator made images that are not finite.", do="Use a truncation of 1 or less, or another file."
            )
        return images

    def _mean_styles(self, truncation_by: str) -> Tensor | None:
        """Return the mean style of each class, (class, 1, style), where they are asked for.

        Raises:
            GeneratorError: No such way, or a generator without styles.
        """
        if truncation_by not in TRUNCATIONS:
            raise GeneratorError(
                f"Truncation by {truncation_by!r} cannot be.", do=f"Choose from: {', '.join(TRUNCATIONS)}."
            )
        if truncation_by != MEAN_STYLE:
            return None
        network = self.network
        if not isinstance(network, StyleNetwork):
            raise GeneratorError(
                f"There is no mean style: {self.passport.title} is not style-based.",
                do="Truncate by scaled or redrawn.",
                code="no_styles",
            )
        latents = draw_latents(network, self.latent, _MEAN_OF, torch.Generator().manual_seed(0))
        with torch.no_grad():
            styles = [
                network.styles(latents, torch.full((_MEAN_OF,), label))[:, :1].mean(0, keepdim=True)
                for label in range(len(self.classes))
            ]
        return torch.cat(styles)

    def mixed(self, label: int, *, seed: int, share: float, truncation: float = 1.0) -> Floats:
        """Return a square of 6 x 6 images of a class, row after row, (36, channel, row, column) in [-1, 1].

        Images of a row have their coarse styles in common, those of a column their fine ones.

        Args:
            share: Of the layers, from the finest, that take the column's style, in (0, 1); at least one layer keeps the
                row's and one takes the column's.

        Raises:
            GeneratorError: The generator has no styles, or the share is none.
        """
        network = self.network
        if not isinstance(network, StyleNetwork):
            raise GeneratorError(
                f"Styles cannot be mixed: {self.passport.title} is not style-based.",
                do="Train a generator with the recipe style-lite.",
                code="no_styles",
            )
        if not 0 < share < 1:
            raise GeneratorError(
                f"A share of {share} of the layers cannot be mixed.", do="Choose a share above 0 and below 1."
            )
        source = torch.Generator().manual_seed(seed)
        latents = draw_latents(network, self.latent, 2 * MIXED_SIDE, source, truncation)
        with torch.no_grad():
            styles = network.styles(latents, torch.full((2 * MIXED_SIDE,), label))
            first = min(max(1, round(network.layers * (1 - share))), network.layers - 1)
            rows = styles[:MIXED_SIDE].repeat_interleave(MIXED_SIDE, 0)  # (36, layer, style)
            columns = styles[MIXED_SIDE:].repeat(MIXED_SIDE, 1, 1)  # (36, layer, style)
            images: Tensor = network.paint(torch.cat([rows[:, :first], columns[:, first:]], 1))
        return images.clamp(-1, 1).contiguous().numpy()


def draw(
    generator: Generator,
    name: str,
    *,
    per_class: int,
    classes: Sequence[str] | None = None,
    seed: int = 0,
    truncation: float = 1.0,
    truncation_by: str = SCALED,
    mixing: float = 0.0,
    report: Report = silent,
) -> Samples:
    """Return `per_class` images of each class, class after class, as a record.

    Args:
        classes: Names; all classes if none is given.
        truncation_by: As in `Generator.sample`; squares of mixed styles are always truncated by scaling.
        mixing: Above 0, a square of mixed styles of each class instead (see `Generator.mixed`), whatever `per_class`.
            These images are to be looked at: they share styles, so they are no independent draws.

    Raises:
        GeneratorError: A class that the generator does not have, no image asked for, or no styles to mix.
    """
    wanted = list(classes) if classes else list(generator.classes)
    unknown = [class_name for class_name in wanted if class_name not in generator.classes]
    if unknown:
        raise GeneratorError(
            f"The generator has no class named {', '.join(unknown)}.",
            do=f"Choose from: {', '.join(generator.classes)}.",
            code="unknown_class",
        )
    if per_class < 1:
        raise GeneratorError(f"{per_class} images of a class cannot be drawn.", do="Ask for at least one.")
    numbers = [generator.classes.index(class_name) for class_name in wanted]
    per_class = MIXED_SIDE**2 if mixing else per_class
    labels = np.repeat(numbers, per_class).astype(np.int64)
    if mixing:
        squares = [generator.mixed(label, seed=seed, share=mixing, truncation=truncation) for label in numbers]
        images = np.concatenate(squares)
    else:
        images = generator.sample(labels, seed=seed, truncation=truncation, truncation_by=truncation_by, report=report)
    mixed = f"/mixed {mixing!r}" if mixing else ""
    mixed += f"/{truncation_by}" if truncation_by != SCALED else ""
    made_from = [f"{seed}/{truncation!r}{mixed}/{label}/{index}" for index, label in enumerate(labels)]
    provenance = {
        "seed": seed,
        "truncation": truncation,
        "per_class": per_class,
        **({"truncation_by": truncation_by} if truncation_by != SCALED else {}),
        **({"mixing": mixing} if mixing else {}),
    }
    return as_samples(generator, name, images, labels, made_from=made_from, provenance=provenance)


def as_samples(
    generator: Generator,
    name: str,
    images: Floats,
    labels: Integers,
    *,
    made_from: Sequence[str],
    provenance: Mapping[str, Any],
) -> Samples:
    """Return a generator's images as a record.

    Args:
        made_from: What makes each image again with this generator; its id is a digest of both.
        provenance: What else is known of them.
    """
    ids = [hashlib.sha256(f"{generator.digest}/{origin}".encode()).hexdigest()[:12] for origin in made_from]
    return Samples(
        name=name,
        digest=digest_of(images, labels),
        images=images,
        labels=labels,
        ids=np.array(ids),
        classes=generator.classes,
        source="generator",
        provenance={
            "generator": generator.digest,
            "title": generator.passport.title,
            "cohort": generator.passport.cohort_digest,
            **provenance,
        },
    )


def _towards(network: nn.Module, mean: Tensor, latents: Tensor, labels: Tensor, truncation: float) -> Tensor:
    """Return images of styles that were moved to the mean style, (n, 1, style), all but `truncation` of the way.

    Source: Karras et al., 2019, arXiv:1812.04948, appendix B; here towards the mean of the class.
    """
    assert isinstance(network, StyleNetwork)
    with torch.no_grad():
        styles = network.styles(latents, labels)  # (n, layer, style)
        images: Tensor = network.paint(mean + truncation * (styles - mean))
    return images.clamp(-1, 1).contiguous()


def run(network: nn.Module, latents: Tensor, labels: Tensor) -> Tensor:
    """Return images (n, channel, row, column) cut to [-1, 1]."""
    with torch.no_grad():
        images: Tensor = network(latents, labels).clamp(-1, 1).contiguous()
    return images


def image_shape(passport: Passport) -> tuple[int, int, int]:
    """Return (channel, row, column)."""
    card = passport.architecture
    return card.channels, card.rows, card.columns
