"""Random mirroring."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganaug_core.draws import drawn
from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class Flip:
    """Mirror half of the images, each in the chosen directions by itself.

    Settings:
        left_right: Whether columns may be mirrored.
        up_down: Whether rows may be mirrored.

    Source: Karras et al., StyleGAN2-ADA, 2020, arXiv:2006.06676, x-flips.
    """

    says: ClassVar[str] = (
        "Only where a mirrored patient could be in the cohort, such as a patch without sides; elsewhere it puts hearts "
        "on the right."
    )
    keeps_units: ClassVar[bool] = True

    left_right: bool = True
    up_down: bool = False

    def __post_init__(self) -> None:
        if not (self.left_right or self.up_down):
            raise ConfigurationError(
                "A flip in no direction changes nothing.", do="Choose left_right, up_down or both, or leave it out."
            )

    def apply(self, images: Tensor) -> Tensor:
        """Return the images (n, channel, row, column), some of them mirrored."""
        for enabled, axis in ((self.left_right, 3), (self.up_down, 2)):
            if enabled:
                mirrored = (drawn(lambda n: torch.rand(n, 1, 1, 1), len(images)) < 0.5).to(images.device)
                images = torch.where(mirrored, images.flip(axis), images)
        return images
