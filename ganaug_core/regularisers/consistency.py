"""Consistency regularisation, balanced: of real and of generated images."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class Consistency:
    """The logit of an image and that of the image augmented pay for their squared difference.

    The augmentations are those that the configuration names; as published, `augment` is `off`, so that everything else
    sees images as they are.

    Settings:
        real: Strength for real images, >= 0.
        fake: Strength for generated images, >= 0; 0 for both is refused.

    Source: Zhang et al., CR-GAN, 2020, arXiv:1910.12027 (real images); balanced: Zhao et al., 2020, arXiv:2002.04724.
    """

    says: ClassVar[str] = (
        "The discriminator may not notice what an augmentation changes, and nothing leaks into generated images; it "
        "looks at every image twice."
    )

    real: float = 10.0
    fake: float = 10.0

    def __post_init__(self) -> None:
        if not (self.real >= 0 and self.fake >= 0 and 0 < self.real + self.fake < float("inf")):
            raise ConfigurationError(
                f"Consistency with strengths {self.real} and {self.fake} cannot be.",
                do="Choose two numbers from 0, one of them above.",
            )

    def consistency_penalty(self, real_change: Tensor, fake_change: Tensor) -> Tensor:
        """Return a scalar >= 0 for the differences (n,) that the augmentation made to logits."""
        return self.real * real_change.square().mean() + self.fake * fake_change.square().mean()
