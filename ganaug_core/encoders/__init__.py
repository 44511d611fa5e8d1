"""Feature spaces: what makes two images near. All are fitted on the training images of one cohort."""

from ganaug_core.encoders.classifier import Classifier
from ganaug_core.encoders.pixels import Pixels
from ganaug_core.encoders.simclr import SimCLR
from ganaug_core.encoders.texture import Texture
from ganaug_core.interfaces import Encoder

ENCODERS: dict[str, type[Encoder]] = {
    "simclr": SimCLR,
    "texture": Texture,
    "pixels": Pixels,
    "classifier": Classifier,
}
