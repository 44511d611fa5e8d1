"""Feature spaces: what makes two images near.

`ENCODERS` are fitted on the training images of one cohort and need nothing else; `PRETRAINED` bring weights that lie in
a folder or are fetched when they are first used. A run's own discriminator is a space too (`discriminator.py`).
"""

from ganaug_core.encoders.classifier import Classifier
from ganaug_core.encoders.pixels import Pixels
from ganaug_core.encoders.pretrained import WEIGHTS, ChestXray, DINOv2, Inception, RadImageNet
from ganaug_core.encoders.radiomics import Radiomics
from ganaug_core.encoders.random_convolution import RandomConvolution
from ganaug_core.encoders.simclr import SimCLR
from ganaug_core.encoders.texture import Texture
from ganaug_core.interfaces import Encoder

ENCODERS: dict[str, type[Encoder]] = {
    "simclr": SimCLR,
    "texture": Texture,
    "pixels": Pixels,
    "classifier": Classifier,
    "radiomics": Radiomics,
    "random_convolution": RandomConvolution,
}

PRETRAINED: dict[str, type[Encoder]] = {
    "inception": Inception,
    "dinov2": DINOv2,
    "radimagenet": RadImageNet,
    "torchxrayvision": ChestXray,
}


def readiness() -> dict[str, tuple[bool, str, str]]:
    """Return by name whether an encoder can run now, what there is to say about it, and what to do if it cannot."""
    own = {name: (True, _first_line(part), "") for name, part in ENCODERS.items()}
    return own | {
        name: (ready, f"{_first_line(part)} {say}", do)
        for name, part in PRETRAINED.items()
        for ready, say, do in [WEIGHTS[name].say()]
    }


def _first_line(part: type[Encoder]) -> str:
    return (part.__doc__ or "").strip().partition("\n")[0]
