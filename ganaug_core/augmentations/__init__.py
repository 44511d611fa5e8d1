"""Differentiable augmentations of what the discriminator sees, real and generated.

Most keep every intensity, because a change of brightness leaks into the generated Hounsfield units; the one that does
not is refused where intensities have a unit.
"""

from ganaug_core.augmentations.cutout import Cutout
from ganaug_core.augmentations.flip import Flip
from ganaug_core.augmentations.intensity import BrightnessContrast
from ganaug_core.augmentations.translation import Translation
from ganaug_core.interfaces import Augmentation

AUGMENTATIONS: dict[str, type[Augmentation]] = {
    "brightness_contrast": BrightnessContrast,
    "cutout": Cutout,
    "flip": Flip,
    "translation": Translation,
}
