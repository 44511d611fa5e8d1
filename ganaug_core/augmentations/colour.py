"""Random brightness, contrast, inversion, hue and saturation."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganaug_core.draws import drawn
from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class Colour:
    """Shift, stretch, invert, and for colour turn and saturate, every image by amounts of its own.

    Settings:
        brightness: Standard deviation of the shift, in [0, 1]; the range is 2 long.
        contrast: Standard deviation of the logarithm (base 2) of the stretch, in [0, 2].
        invert: Whether light and dark are exchanged in half of the images.
        hue: Largest turn about the grey axis as a share of a half circle, in [0, 1].
        saturation: Standard deviation of the logarithm (base 2) of the distance to grey, in [0, 2].

    Source: Karras et al., StyleGAN2-ADA, 2020, arXiv:2006.06676, appendix B, colour; there each change comes with a
    probability of its own, and values are not cut to the range.
    """

    says: ClassVar[str] = (
        "With augment=adaptive for small cohorts of pictures, such as stained cells; refused where intensities have a "
        "unit, for it leaks into them."
    )
    keeps_units: ClassVar[bool] = False

    brightness: float = 0.2
    contrast: float = 0.5
    invert: bool = True
    hue: float = 1.0
    saturation: float = 1.0

    def __post_init__(self) -> None:
        spans = {"brightness": 1.0, "contrast": 2.0, "hue": 1.0, "saturation": 2.0}
        values = {name: getattr(self, name) for name in spans}
        in_span = all(0 <= values[name] <= most for name, most in spans.items())
        if not in_span or not (self.invert or any(values.values())):
            raise ConfigurationError(
                f"Changes of {', '.join(f'{name} {value}' for name, value in values.items())} cannot be.",
                do="Choose brightness and hue up to 1, contrast and saturation up to 2, one of them above 0.",
            )

    def apply(self, images: Tensor) -> Tensor:
        """Return the changed images (n, channel, row, column) in [-1, 1]."""
        n, channels = images.shape[:2]
        grey = torch.full((channels,), channels**-0.5)  # the axis of greys, of length 1
        along = torch.outer(grey, grey)  # what of a colour is grey; its rest is colour
        across = torch.eye(channels) - along
        shift = drawn(torch.randn, n) * self.brightness
        stretch = torch.exp2(drawn(torch.randn, n) * self.contrast)
        sign = 1 - 2 * (drawn(torch.rand, n) < 0.5).float() * self.invert
        angle = (2 * drawn(torch.rand, n) - 1) * self.hue * math.pi
        colourful = torch.exp2(drawn(torch.randn, n) * self.saturation)
        turn = torch.cos(angle)[:, None, None] * across
        if channels == 3:
            turn = turn + torch.sin(angle)[:, None, None] * torch.linalg.cross(torch.eye(3), grey.expand(3, 3))
        matrix = stretch[:, None, None] * (sign[:, None, None] * along + colourful[:, None, None] * turn)
        changed = torch.einsum("nij,njrc->nirc", matrix.to(images), images) + shift.to(images)[:, None, None, None]
        return changed.clamp(-1, 1)
