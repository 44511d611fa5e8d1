"""Random translation."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganaug_core.draws import drawn
from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class Translation:
    """Shift every image by whole pixels of its own; the border is repeated.

    Settings:
        share: Largest shift as a share of rows and columns, in (0, 0.5].

    Source: DiffAugment, Zhao et al., 2020, arXiv:2006.10738; there the border is filled with 0, which is a tissue here.
    """

    says: ClassVar[str] = (
        "The first choice for small cohorts; where the place in the image has a meaning, a large share may leak into "
        "generated images."
    )
    keeps_units: ClassVar[bool] = True

    share: float = 0.125

    def __post_init__(self) -> None:
        if not 0 < self.share <= 0.5:
            raise ConfigurationError(
                f"A translation by a share of {self.share} cannot be.", do="Choose a share above 0, up to 0.5."
            )

    def apply(self, images: Tensor) -> Tensor:
        """Return the shifted images (n, channel, row, column)."""
        rows, columns = images.shape[2:]
        down = self._selection(len(images), rows, images)  # (n, row, row)
        right = self._selection(len(images), columns, images)  # (n, column, column)
        # matrix products, because gathering is not deterministic on a GPU when it runs backwards
        return down[:, None] @ images @ right[:, None].transpose(2, 3)

    def _selection(self, n: int, length: int, like: Tensor) -> Tensor:
        """Return (n, length, length) matrices that pick, for each position, the shifted one inside the border."""
        limit = max(1, round(length * self.share))
        shift = drawn(lambda rows: torch.randint(-limit, limit + 1, (rows, 1)), n).to(like.device)
        positions = torch.arange(length, device=like.device)
        source = (positions + shift).clamp(0, length - 1)  # (n, length)
        return (source[:, :, None] == positions).to(like.dtype)
