"""Differentiable augmentations that keep the intensity.

None changes brightness or contrast: such a change would leak into the generated Hounsfield units.
"""

from ganaug_core.augmentations.cutout import Cutout
from ganaug_core.augmentations.translation import Translation
from ganaug_core.interfaces import Augmentation

AUGMENTATIONS: dict[str, type[Augmentation]] = {"cutout": Cutout, "translation": Translation}
