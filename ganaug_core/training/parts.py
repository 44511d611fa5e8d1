"""From names in a configuration to the parts themselves."""

from dataclasses import dataclass

from ganaug_core.architectures import ARCHITECTURES
from ganaug_core.augmentations import AUGMENTATIONS
from ganaug_core.config import TrainingConfig
from ganaug_core.interfaces import Architecture, Augmentation, Loss, Regulariser, look_up
from ganaug_core.losses import LOSSES
from ganaug_core.regularisers import REGULARISERS

_FEW_IMAGES = 1000
_LONG_MINUTES, _LONG_IMAGES = 30, 1_000_000


@dataclass(frozen=True)
class Parts:
    """What a run is made of."""

    architecture: Architecture
    loss: Loss
    regularisers: tuple[Regulariser, ...]
    augmentations: tuple[Augmentation, ...]


def resolve(config: TrainingConfig, training_images: int) -> Parts:
    """Return the parts of a configuration for that many training images.

    Raises:
        ConfigurationError: No such part, no such setting, or a value that the part refuses.
    """
    augmentations = tuple(
        look_up(AUGMENTATIONS, each.name, "augmentation", each.settings) for each in config.augmentations
    )
    return Parts(
        look_up(ARCHITECTURES, config.architecture.name, "architecture", config.architecture.settings),
        look_up(LOSSES, config.loss.name, "loss", config.loss.settings),
        tuple(look_up(REGULARISERS, each.name, "regulariser", each.settings) for each in config.regularisers),
        augmentations if _augments(config, training_images) else (),
    )


def _augments(config: TrainingConfig, training_images: int) -> bool:
    long = (config.minutes or 0) >= _LONG_MINUTES or (config.images or 0) >= _LONG_IMAGES
    return config.augment == "on" or (config.augment == "auto" and (training_images < _FEW_IMAGES or long))
