"""Differentiable augmentations of what the discriminator sees, real and generated.

Most keep every intensity, because a change of brightness leaks into the generated Hounsfield units; those that move
brightness or contrast are refused where intensities have a unit.
"""

from ganaug_core.augmentations.colour import Colour
from ganaug_core.augmentations.cutout import Cutout
from ganaug_core.augmentations.flip import Flip
from ganaug_core.augmentations.geometric import Geometric
from ganaug_core.augmentations.intensity import BrightnessContrast
from ganaug_core.augmentations.translation import Translation
from ganaug_core.interfaces import Augmentation

AUGMENTATIONS: dict[str, type[Augmentation]] = {
    "brightness_contrast": BrightnessContrast,
    "colour": Colour,
    "cutout": Cutout,
    "flip": Flip,
    "geometric": Geometric,
    "translation": Translation,
}
