"""From names in a configuration to the parts themselves."""

from dataclasses import dataclass
from functools import cached_property

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.augmentations import AUGMENTATIONS
from ganaug_core.config import NO_UNIT, TrainingConfig, refuse_exclusions
from ganaug_core.interfaces import (
    Architecture,
    Augmentation,
    ConsistencyPenalty,
    Deception,
    GradientPenalty,
    HistoricalPenalty,
    InputNoise,
    InterpolatedGradientPenalty,
    LayerRegulariser,
    LogitPenalty,
    Loss,
    Regulariser,
    Term,
    UnrolledDiscriminator,
    WeightConstraint,
    look_up,
)
from ganaug_core.losses import LOSSES, TERMS
from ganaug_core.regularisers import REGULARISERS

_FEW_IMAGES = 1000
_LONG_MINUTES, _LONG_IMAGES = 30, 1_000_000


@dataclass(frozen=True)
class Parts:
    """What a run is made of; its kinds are sorted once, since every step asks for them.

    Attributes:
        augmentations: What the discriminator's images go through; none where `augment` says so.
        transforms: The augmentations that are named, whatever `augment` says.
    """

    architecture: Architecture
    loss: Loss
    terms: tuple[Term, ...]
    regularisers: tuple[Regulariser, ...]
    augmentations: tuple[Augmentation, ...]
    transforms: tuple[Augmentation, ...]

    @cached_property
    def gradient_penalties(self) -> tuple[GradientPenalty, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, GradientPenalty))

    @cached_property
    def interpolated_penalties(self) -> tuple[InterpolatedGradientPenalty, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, InterpolatedGradientPenalty))

    @cached_property
    def weight_constraints(self) -> tuple[WeightConstraint, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, WeightConstraint))

    @cached_property
    def layer_regularisers(self) -> tuple[LayerRegulariser, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, LayerRegulariser))

    @cached_property
    def input_noise(self) -> tuple[InputNoise, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, InputNoise))

    @cached_property
    def historical_penalties(self) -> tuple[HistoricalPenalty, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, HistoricalPenalty))

    @cached_property
    def logit_penalties(self) -> tuple[LogitPenalty, ...]:
        return tuple(part for part in self.regularisers if isinstance(part, LogitPenalty))

    @cached_property
    def consistency(self) -> ConsistencyPenalty | None:
        return next((part for part in self.regularisers if isinstance(part, ConsistencyPenalty)), None)

    @cached_property
    def deception(self) -> Deception | None:
        return next((part for part in self.regularisers if isinstance(part, Deception)), None)

    @cached_property
    def unrolling(self) -> UnrolledDiscriminator | None:
        return next((part for part in self.regularisers if isinstance(part, UnrolledDiscriminator)), None)

    @cached_property
    def shared_batches(self) -> bool:
        """Whether real and generated images may go through the discriminator in one batch."""
        return self.architecture.shared_batches and not any(part.couples_batch for part in self.layer_regularisers)


def resolve(config: TrainingConfig, training_images: int, unit: str = NO_UNIT) -> Parts:
    """Return the parts of a configuration for that many training images of that unit.

    Raises:
        ConfigurationError: No such part, no such setting, a value that the part refuses, or parts that exclude each
            other; the message says why.
    """
    augmentations = tuple(
        look_up(AUGMENTATIONS, part.name, "augmentation", part.settings) for part in config.augmentations
    )
    refuse_exclusions(config, unit)
    return Parts(
        architecture=look_up(ARCHITECTURES, config.architecture.name, "architecture", config.architecture.settings),
        loss=look_up(LOSSES, config.loss.name, "loss", config.loss.settings),
        terms=tuple(look_up(TERMS, part.name, "term", part.settings) for part in config.terms),
        regularisers=tuple(
            look_up(REGULARISERS, part.name, "regulariser", part.settings) for part in config.regularisers
        ),
        augmentations=augmentations if _augments(config, training_images) else (),
        transforms=augmentations,
    )


def _augments(config: TrainingConfig, training_images: int) -> bool:
    long = (config.minutes or 0) >= _LONG_MINUTES or (config.images or 0) >= _LONG_IMAGES
    if config.augment == "auto":
        return training_images < _FEW_IMAGES or long
    return config.augment in ("on", "adaptive")
