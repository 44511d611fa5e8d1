"""From names in a configuration to the parts themselves."""

from dataclasses import dataclass

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.augmentations import AUGMENTATIONS
from ganaug_core.config import NO_UNIT, TrainingConfig, refuse_exclusions
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
    refuse_exclusions(config, unit)
    return Parts(
        look_up(ARCHITECTURES, config.architecture.name, "architecture", config.architecture.settings),
        look_up(LOSSES, config.loss.name, "loss", config.loss.settings),
        tuple(look_up(TERMS, each.name, "term", each.settings) for each in config.terms),
        tuple(look_up(REGULARISERS, each.name, "regulariser", each.settings) for each in config.regularisers),
        augmentations if _augments(config, training_images) else (),
    )


def _augments(config: TrainingConfig, training_images: int) -> bool:
    long = (config.minutes or 0) >= _LONG_MINUTES or (config.images or 0) >= _LONG_IMAGES
    if config.augment == "auto":
        return training_images < _FEW_IMAGES or long
    return config.augment in ("on", "adaptive")
