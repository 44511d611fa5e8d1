"""Random brightness and contrast."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganaug_core.draws import drawn
from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class BrightnessContrast:
    """Stretch every image's intensities about the middle of the range and shift them, each by amounts of its own.

    Settings:
        brightness: Largest shift as a share of the range, in [0, 0.5].
        contrast: Largest relative change of the spread, in [0, 0.9].

    Source: DiffAugment, Zhao et al., 2020, arXiv:2006.10738, colour; there contrast turns about the image's mean.
    Values are cut to the range.
    """

    says: ClassVar[str] = (
        "For images without a unit (photographs, X-rays, MR); such changes leak into generated images, so it is "
        "refused where intensities are Hounsfield units."
    )
    keeps_units: ClassVar[bool] = False

    brightness: float = 0.1
    contrast: float = 0.2

    def __post_init__(self) -> None:
        if not (0 <= self.brightness <= 0.5 and 0 <= self.contrast <= 0.9 and self.brightness + self.contrast > 0):
            raise ConfigurationError(
                f"A change of brightness by {self.brightness} and of contrast by {self.contrast} cannot be.",
                do="Choose brightness up to 0.5 and contrast up to 0.9, one of them above 0.",
            )

    def apply(self, images: Tensor) -> Tensor:
        """Return the changed images (n, channel, row, column) in [-1, 1]."""
        shift, stretch = ((2 * drawn(lambda n: torch.rand(n, 1, 1, 1), len(images)) - 1).to(images) for _ in range(2))
        # the range is 2 long
        return (images * (1 + self.contrast * stretch) + 2 * self.brightness * shift).clamp(-1, 1)
