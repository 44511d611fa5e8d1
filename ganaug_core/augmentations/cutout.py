"""Random cutout."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganaug_core.draws import drawn
from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class Cutout:
    """Fill one square of every image with the middle of the intensity range.

    Settings:
        share: Side of the square as a share of rows and columns, in (0, 1); its centre may lie on the border.

    Source: DiffAugment, Zhao et al., 2020, arXiv:2006.10738; there the side is half the image.
    """

    says: ClassVar[str] = (
        "Hides a place, so that the discriminator has to look everywhere; too large a share hides small lesions."
    )
    keeps_units: ClassVar[bool] = True

    share: float = 0.35

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ConfigurationError(
                f"A cutout with a share of {self.share} cannot be.", do="Choose a share between 0 and 1."
            )

    def apply(self, images: Tensor) -> Tensor:
        """Return the images (n, channel, row, column) with one square each set to 0."""
        rows, columns = images.shape[2:]
        hidden_rows = self._hidden(len(images), rows, images)  # (n, row)
        hidden_columns = self._hidden(len(images), columns, images)  # (n, column)
        hidden = hidden_rows[:, :, None] & hidden_columns[:, None]  # (n, row, column)
        return images * (~hidden[:, None]).to(images.dtype)

    def _hidden(self, n: int, length: int, like: Tensor) -> Tensor:
        """Return (n, length) whether a row, or a column, crosses the square."""
        centre = drawn(lambda rows: torch.randint(0, length + 1, (rows, 1)), n).to(like.device)
        return (torch.arange(length, device=like.device) - centre).abs() <= int(length * self.share) // 2
