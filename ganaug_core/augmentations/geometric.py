"""Random turns, sizes, proportions and shifts."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ganaug_core.draws import drawn
from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class Geometric:
    """Turn, scale, stretch and shift every image by amounts of its own; the border is repeated.

    Settings:
        degrees: Largest turn to either side, in [0, 180].
        scale: Standard deviation of the logarithm (base 2) of the size, in [0, 1].
        stretch: Likewise of rows against columns.
        shift: Standard deviation of the shift as a share of rows and columns, in [0, 0.5].

    Source: Karras et al., StyleGAN2-ADA, 2020, arXiv:2006.06676, appendix B, geometric; there each change comes with a
    probability of its own, pixels are interpolated by a wavelet's filters, and the border is mirrored. Turns are three
    shears, Paeth, 1986: with linear interpolation along rows and columns alone every step is a product of matrices.
    """

    says: ClassVar[str] = (
        "With augment=adaptive for small cohorts whose structures may lie anyhow; where up and down mean something, "
        "keep degrees small. It blurs a little."
    )
    keeps_units: ClassVar[bool] = False  # neighbours are mixed, but neither brightness nor spread of an area moves

    degrees: float = 180.0
    scale: float = 0.2
    stretch: float = 0.2
    shift: float = 0.125

    def __post_init__(self) -> None:
        spans = {"degrees": 180.0, "scale": 1.0, "stretch": 1.0, "shift": 0.5}
        values = {name: getattr(self, name) for name in spans}
        if not all(0 <= values[name] <= most for name, most in spans.items()) or not any(values.values()):
            raise ConfigurationError(
                f"Geometric changes of {', '.join(f'{name} {value}' for name, value in values.items())} cannot be.",
                do="Choose degrees up to 180, scale and stretch up to 1, shift up to 0.5, one of them above 0.",
            )

    def apply(self, images: Tensor) -> Tensor:
        """Return the changed images (n, channel, row, column)."""
        n = len(images)
        angle = (2 * drawn(torch.rand, n) - 1) * math.radians(self.degrees)
        size, proportion = (drawn(torch.randn, n) * spread for spread in (self.scale, self.stretch))
        shifts = drawn(lambda rows: torch.randn(2, rows), n, axis=1) * self.shift
        if self.degrees:
            images = _turned(images, angle.to(images.device))
        for axis, logarithm, shift in ((2, size + proportion / 2, shifts[0]), (3, size - proportion / 2, shifts[1])):
            length = images.shape[axis]
            places = _centred(length, images) / torch.exp2(logarithm).to(images)[:, None]  # (n, length)
            matrix = _linear(places + (length - 1) / 2 + (shift * length).to(images)[:, None])  # (n, length, length)
            along = "nij,ncjk->ncik" if axis == 2 else "nij,nckj->ncki"
            images = torch.einsum(along, matrix, images)
        return images


def _turned(images: Tensor, angle: Tensor) -> Tensor:
    """Return images turned about their middle: by right angles exactly, by the rest as three shears.

    Args:
        angle: (n,) in radians, counter-clockwise.
    """
    rows, columns = images.shape[2:]
    step = math.pi / 2 if rows == columns else math.pi  # a wide image has no quarter turn
    turns = torch.round(angle / step)
    rest = angle - turns * step
    for number in range(1, round(2 * math.pi / step)):
        turned = images.rot90(number * (1 if rows == columns else 2), (2, 3))
        images = torch.where((turns % (2 * math.pi / step) == number)[:, None, None, None], turned, images)
    half, whole = -torch.tan(rest / 2), torch.sin(rest)
    return _sheared(_sheared(_sheared(images, half), whole, rows_move=False), half)


def _sheared(images: Tensor, slope: Tensor, *, rows_move: bool = True) -> Tensor:
    """Return images whose rows slide by `slope` (n,) times their distance to the middle; or their columns."""
    if not rows_move:
        return _sheared(images.transpose(2, 3), slope).transpose(2, 3)
    rows, columns = images.shape[2:]
    slides = slope[:, None] * _centred(rows, images)  # (n, row)
    places = torch.arange(columns, device=images.device) + slides[:, :, None]  # (n, row, column)
    return torch.einsum("nrij,ncrj->ncri", _linear(places.to(images)), images)


def _centred(length: int, like: Tensor) -> Tensor:
    return torch.arange(length, device=like.device, dtype=like.dtype) - (length - 1) / 2


def _linear(places: Tensor) -> Tensor:
    """Return matrices (..., length, length) that read a line at places (..., length) between its points."""
    length = places.shape[-1]
    inside = places.clamp(0, length - 1)
    points = torch.arange(length, device=places.device, dtype=places.dtype)
    return (1 - (inside[..., None] - points).abs()).clamp(min=0)
