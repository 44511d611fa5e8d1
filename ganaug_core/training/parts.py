"""From names in a configuration to the parts themselves, and which of them do not go together."""

from collections.abc import Iterable
from dataclasses import dataclass

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.augmentations import AUGMENTATIONS
from ganaug_core.config import TrainingConfig
from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import (
    Architecture,
    Augmentation,
    BetweenPenalty,
    Constraint,
    Disturbance,
    Foresight,
    GradientPenalty,
    Loss,
    Memory,
    Preparation,
    Regulariser,
    Term,
    look_up,
)
from ganaug_core.losses import LOSSES, TERMS
from ganaug_core.regularisers import REGULARISERS

_FEW_IMAGES = 1000
_LONG_MINUTES, _LONG_IMAGES = 30, 1_000_000
_BOUNDS = ("weight_clipping", "gradient_penalty", "spectral_norm", "r1", "r2")
NO_UNIT = "intensity"


@dataclass(frozen=True)
class Parts:
    """What a run is made of."""

    architecture: Architecture
    loss: Loss
    terms: tuple[Term, ...]
    regularisers: tuple[Regulariser, ...]
    augmentations: tuple[Augmentation, ...]

    @property
    def penalties(self) -> tuple[GradientPenalty, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, GradientPenalty))

    @property
    def between_penalties(self) -> tuple[BetweenPenalty, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, BetweenPenalty))

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, Constraint))

    @property
    def preparations(self) -> tuple[Preparation, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, Preparation))

    @property
    def disturbances(self) -> tuple[Disturbance, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, Disturbance))

    @property
    def memories(self) -> tuple[Memory, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, Memory))

    @property
    def foresight(self) -> Foresight | None:
        return next((part for part in self.regularisers if isinstance(part, Foresight)), None)

    @property
    def shared_batches(self) -> bool:
        """Whether real and generated images may go through the discriminator in one batch."""
        return self.architecture.shared_batches and not any(part.couples_batch for part in self.preparations)


def resolve(config: TrainingConfig, training_images: int, unit: str = NO_UNIT) -> Parts:
    """Return the parts of a configuration for that many training images of that unit.

    Raises:
        ConfigurationError: No such part, no such setting, a value that the part refuses, or parts that exclude each
            other; the message says why.
    """
    augmentations = tuple(
        look_up(AUGMENTATIONS, each.name, "augmentation", each.settings) for each in config.augmentations
    )
    parts = Parts(
        look_up(ARCHITECTURES, config.architecture.name, "architecture", config.architecture.settings),
        look_up(LOSSES, config.loss.name, "loss", config.loss.settings),
        tuple(look_up(TERMS, each.name, "term", each.settings) for each in config.terms),
        tuple(look_up(REGULARISERS, each.name, "regulariser", each.settings) for each in config.regularisers),
        augmentations if _augments(config, training_images) else (),
    )
    _refuse_what_does_not_go_together(config, parts, unit)
    return parts


def _refuse_what_does_not_go_together(config: TrainingConfig, parts: Parts, unit: str) -> None:
    regularisers = [each.name for each in config.regularisers]
    for names in (regularisers, [each.name for each in config.terms], [each.name for each in config.augmentations]):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise _refusal(f"{_listed(twice)} is named twice.", "Name every part once.")
    if config.loss.name == "wasserstein" and not set(regularisers) & set(_BOUNDS):
        raise _refusal(
            "The Wasserstein loss is a distance only while the critic's slope is bounded; without a bound the critic "
            "grows for ever.",
            f"Add one of: {', '.join(_BOUNDS)}.",
        )
    penalties = [name for name in regularisers if name in ("r1", "r2", "gradient_penalty")]
    if penalties and not parts.architecture.shared_batches:
        raise _refusal(
            f"{_listed(penalties)} needs the gradient of one image's logit, but batch norm makes the logit depend on "
            "the whole batch.",
            "Set architecture.critic_batch_norm=false, or leave the penalty out.",
        )
    if config.loss.name == "hinge" and any(part.compares == "labels" for part in parts.terms):
        raise _refusal(
            "The label term with the hinge loss collapsed in our trials: every image was of its class, and all were "
            "the same.",
            "Leave label_matching out, or choose relativistic_pairing.",
        )
    if {"weight_clipping", "spectral_norm"} <= set(regularisers):
        raise _refusal(
            "Weight clipping and spectral normalisation bound the same weights; after the division by the norm, "
            "clipping changes nothing.",
            "Leave one of them out.",
        )
    if parts.foresight is not None and config.terms and any(part.compares == "features" for part in parts.terms):
        raise _refusal(
            "Feature matching looks at the discriminator of now, the unrolled game at that of some steps ahead.",
            "Leave feature_matching or unrolled out.",
        )
    if config.augment == "adaptive" and not config.augmentations:
        raise _refusal(
            "An adaptive probability needs an augmentation to apply.", "Name augmentations, such as translation,cutout."
        )
    wrong = [part for part in parts.augmentations if not part.keeps_units]
    if wrong and unit != NO_UNIT:
        raise _refusal(
            f"The images' intensities are {unit}, and brightness_contrast would leak into the generated values.",
            "Leave brightness_contrast out; translation, cutout and flip keep every value.",
        )


def _refusal(what: str, do: str) -> ConfigurationError:
    return ConfigurationError(what, do=do, code="excluded")


def _listed(names: Iterable[str]) -> str:
    return " and ".join(names)


def _augments(config: TrainingConfig, training_images: int) -> bool:
    long = (config.minutes or 0) >= _LONG_MINUTES or (config.images or 0) >= _LONG_IMAGES
    if config.augment == "auto":
        return training_images < _FEW_IMAGES or long
    return config.augment in ("on", "adaptive")
