"""Differentiable augmentations that keep the intensity: none changes brightness or contrast, which would leak into HU."""

from ganaug_core.augmentations.cutout import Cutout
from ganaug_core.augmentations.translation import Translation
from ganaug_core.interfaces import Augmentation

AUGMENTATIONS: dict[str, type[Augmentation]] = {"cutout": Cutout, "translation": Translation}
