"""Views of an image that make two pictures of one thing look alike: local contrast, turns, scales, shifts.

An image becomes 32 x 32, its local mean and contrast are removed, and its centre becomes a template of length 1
that is laid on every position of another image. The largest dot product is their registered correlation.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ganaug_core.errors import EvidenceError
from ganaug_core.records import Floats

SIDE, TEMPLATE = 32, 22
COARSE_SIDE, COARSE_TEMPLATE = SIDE // 2, TEMPLATE // 2
SIGMA, CONTRAST_FLOOR = 3.0, 0.08
COARSE_SIGMA = 1.0
DIHEDRAL = 8
ROTATIONS, SCALES = (-8.0, 0.0, 8.0), (0.88, 1.0, 1.12)
FINE = tuple((rotation, scale) for rotation in ROTATIONS for scale in SCALES)
POSITIONS = SIDE - TEMPLATE + 1
_TURNS = ("", "quarter turn", "half turn", "quarter turn")


@dataclass(frozen=True)
class Hardware:
    """Where the pair-wise work runs, and in which type the bulk of it: the final values are float32 everywhere."""

    device: torch.device
    bulk: torch.dtype


def hardware() -> Hardware:
    """Return the GPU if there is one; bfloat16 where the processor multiplies it faster than float32."""
    if torch.cuda.is_available():
        device = torch.device("cuda")
        return Hardware(device, torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32)
    able: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    fast = bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    return Hardware(torch.device("cpu"), torch.bfloat16 if fast else torch.float32)


def views(images: Floats) -> Tensor:
    """Return (n, 1, 32, 32) of local contrast: (x - G * x) / (sd + .08), G a Gaussian of 3 pixels, sd the local one.

    Args:
        images: (n, channel, row, column) in [-1, 1]; channels are averaged, any size is resampled.

    Raises:
        EvidenceError: Another number of axes, or values that are no numbers.
    """
    if images.ndim != 4:
        raise EvidenceError(
            f"Images to register need four axes, these have the shape {images.shape}.",
            do="Pass (n, channel, row, column).",
        )
    result = torch.empty(len(images), 1, SIDE, SIDE)
    for start in range(0, len(images), 512):
        block = torch.from_numpy(images[start : start + 512].mean(axis=1, keepdims=True).astype("float32"))
        if not torch.isfinite(block).all():
            raise EvidenceError("An image holds values that are no numbers.", do="Import the images again.")
        result[start : start + 512] = _local_contrast(_resampled(block))
    return result


def turned(pictures: Tensor) -> Tensor:
    """Return (8, n, 1, side, side): the quarter turns, each plain and flipped left to right."""
    turns = [torch.rot90(pictures, quarter, (2, 3)) for quarter in range(4)]
    return torch.stack([view for turn in turns for view in (turn, turn.flip(3))])


def fine(pictures: Tensor) -> Tensor:
    """Return (9, n, 1, side, side): every combination of `ROTATIONS` (degrees) and `SCALES`, in the order of `FINE`."""
    return torch.stack([_warped(pictures, rotation, scale) for rotation, scale in FINE])


def templates(pictures: Tensor, side: int) -> Tensor:
    """Return (..., side * side): the centres, mean 0 and length 1; a flat centre becomes zeros."""
    edge = (pictures.shape[-1] - side) // 2
    centre = pictures[..., 0, edge : edge + side, edge : edge + side].flatten(-2)
    return _unit(centre, -1)


def patches(pictures: Tensor, side: int) -> Tensor:
    """Return (n, side * side, positions): every place where a template can lie, mean 0 and length 1."""
    return _unit(functional.unfold(pictures, side), 1)


def coarse(pictures: Tensor) -> Tensor:
    """Return (n, 1, 16, 16) for the first pass, smoothed so that odd shifts and small rotations still look alike."""
    return functional.avg_pool2d(_blurred(pictures, COARSE_SIGMA), 2)


def name(dihedral: int, variant: int, position: int) -> str:
    """Return what maps the reference on the query in words: `identity`, `flip`, `quarter turn+shift`, ..."""
    quarter, flipped = divmod(dihedral, 2)
    if flipped and quarter == 2:
        quarter = 0  # upside down is a flip, not a flip and a half turn
    rotation, scale = FINE[variant]
    row, column = divmod(position, POSITIONS)
    centre = POSITIONS // 2
    parts = ["flip" if flipped else "", _TURNS[quarter], "rotation" if rotation else "", "scale" if scale != 1 else ""]
    parts.append("shift" if (row, column) != (centre, centre) else "")
    return "+".join(part for part in parts if part) or "identity"


def _resampled(block: Tensor) -> Tensor:
    """Return 32 x 32: area means of larger images, linear in between for smaller ones."""
    rows, columns = block.shape[2:]
    if (rows, columns) == (SIDE, SIDE):
        return block
    if min(rows, columns) > SIDE:
        return functional.interpolate(block, (SIDE, SIDE), mode="area")
    return functional.interpolate(block, (SIDE, SIDE), mode="bilinear", align_corners=False)


def _local_contrast(block: Tensor) -> Tensor:
    rest = block - _blurred(block, SIGMA)
    return rest / (_blurred(rest.square(), SIGMA).sqrt() + CONTRAST_FLOOR)


def _blurred(block: Tensor, sigma: float) -> Tensor:
    reach = int(3 * sigma)
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float32, device=block.device)
    kernel = torch.exp(-0.5 * (offsets / sigma).square())
    kernel = kernel / kernel.sum()
    wide = functional.pad(block, (reach, reach, reach, reach), mode="reflect")
    blurred: Tensor = functional.conv2d(functional.conv2d(wide, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))
    return blurred


def _warped(pictures: Tensor, rotation: float, scale: float) -> Tensor:
    if rotation == 0 and scale == 1:
        return pictures
    angle = math.radians(rotation)
    cosine, sine = math.cos(angle) * scale, math.sin(angle) * scale
    matrix = torch.tensor([[cosine, -sine, 0.0], [sine, cosine, 0.0]], device=pictures.device)
    grid = functional.affine_grid(matrix.expand(len(pictures), 2, 3), list(pictures.shape), align_corners=False)
    warped: Tensor = functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    return warped


def _unit(values: Tensor, axis: int) -> Tensor:
    centred = values - values.mean(axis, keepdim=True)
    unit: Tensor = centred / (torch.linalg.vector_norm(centred, dim=axis, keepdim=True) + 1e-6)
    return unit
