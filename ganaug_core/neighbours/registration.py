"""Views of an image that make two pictures of one thing look alike: local contrast, turns, scales, shifts.

An image becomes 32 x 32, its local mean and contrast are removed, and its centre becomes a template of length 1
that is laid on every position of another image. The largest dot product is their registered correlation.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from ganaug_core.errors import EvidenceError
from ganaug_core.processor import multiplies_bfloat16
from ganaug_core.records import Images

SIDE, TEMPLATE = 32, 22
COARSE_SIDE, COARSE_TEMPLATE = SIDE // 2, TEMPLATE // 2
SIGMA, CONTRAST_FLOOR = 3.0, 0.08
COARSE_SIGMA = 1.0
DIHEDRAL = 8
ROTATIONS, SCALES = (-8.0, 0.0, 8.0), (0.88, 1.0, 1.12)  # degrees; what lies between is found by `alignment`
FINE = tuple((rotation, scale) for rotation in ROTATIONS for scale in SCALES)
POSITIONS = SIDE - TEMPLATE + 1
NAMED_ROTATION, NAMED_SCALE, NAMED_SHIFT = 2.0, 0.03, 0.5  # degrees, share, pixels of 32: less is not named
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
    return Hardware(torch.device("cpu"), torch.bfloat16 if multiplies_bfloat16() else torch.float32)


def views(images: Images) -> Tensor:
    """Return (n, 1, 32, 32) of local contrast: (x - G * x) / (sd + .08), G a Gaussian of 3 pixels, sd the local one.

    Args:
        images: (n, channel, row, column) in [-1, 1]; channels are averaged (`colour` sees the rest), any size is
            resampled.

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
        result[start : start + 512] = _local_contrast(resampled(block))
    return result


def turned(pictures: Tensor, turn: int) -> Tensor:
    """Return pictures (..., side, side) in one of eight turns: a quarter turn for every two, flipped for the odd."""
    quarter, flipped = divmod(turn, 2)
    view = torch.rot90(pictures, quarter, (-2, -1))
    return view.flip(-1) if flipped else view


@lru_cache(maxsize=1)
def corners() -> dict[tuple[int, int], list[int]]:
    """Return the turns by the first row and column of the positions at 16 x 16 that lie around no shift.

    The centre of 11 pixels is half a pixel beside that of 16, so that a mirrored axis begins one later.
    """
    corner = torch.zeros(2, 2)
    corner[0, 0] = 1
    turns: dict[tuple[int, int], list[int]] = {}
    for turn in range(DIHEDRAL):
        row, column = divmod(int(turned(corner, turn).argmax()), 2)
        turns.setdefault((row, column), []).append(turn)
    return turns


def fine(pictures: Tensor) -> Tensor:
    """Return (9, n, 1, side, side): every combination of `ROTATIONS` (degrees) and `SCALES`, in the order of `FINE`."""
    return torch.stack([_warped(pictures, rotation, scale) for rotation, scale in FINE])


def templates(pictures: Tensor, side: int, every: int = 1) -> Tensor:
    """Return (..., side, side), the centres of pictures (..., 1, wide, wide), mean 0 and length 1; flat ones are 0.

    Args:
        side: Pixels of a template.
        every: Distance of neighbouring pixels of the template in the picture.
    """
    reach = every * (side - 1) + 1
    edge = (pictures.shape[-1] - reach) // 2
    centre = pictures[..., 0, edge : edge + reach : every, edge : edge + reach : every]
    return unit(centre.flatten(-2), -1).view(centre.shape)


def patches(pictures: Tensor, side: int, bulk: torch.dtype, every: int = 1) -> Tensor:
    """Return (n, positions, side * side): every place where a template can lie, of length 1 around its mean.

    The mean is left in: a template has none, so the product does not see it.
    """
    box = _box(pictures.shape[-1], side, every).to(pictures)
    mean = _both_ways(box, pictures)
    spread = (_both_ways(box, pictures.square()) - mean.square()).clamp_min(0).sqrt() * side + 1e-6
    reach = every * (side - 1) + 1
    # runs of pixels are copied whole: a tenth of the time of `unfold`, which goes through pixel by pixel
    cut = windows(pictures.to(bulk), reach)[..., ::every, ::every].flatten(3).flatten(1, 2)
    return cut.mul_(spread.reciprocal().flatten(1)[..., None].to(bulk))


def windows(pictures: Tensor, side: int) -> Tensor:
    """Return (n, down, right, side, side) of pictures (n, 1, wide, wide): every place, without copying."""
    return pictures[:, 0].unfold(1, side, 1).unfold(2, side, 1)


def smoothed(pictures: Tensor) -> Tensor:
    """Return pictures (..., 1, side, side) smoothed so that every other pixel tells nearly all."""
    return _both_ways(_blur(pictures.shape[-1], COARSE_SIGMA).to(pictures), pictures)


def coarse(pictures: Tensor) -> Tensor:
    """Return (n, 1, 16, 16) for the first pass, smoothed so that odd shifts and small rotations still look alike."""
    side = pictures.shape[-1]
    halved = torch.eye(side // 2).repeat_interleave(2, 1) / 2
    return _both_ways((halved @ _blur(side, COARSE_SIGMA)).to(pictures), pictures)


def name(movement: Sequence[float]) -> str:
    """Return a movement (`records.MOVEMENT`) in words: `identity`, `flip`, `quarter turn+shift`, ...

    A rotation is named from `NAMED_ROTATION` on, and the others from theirs.
    """
    turn, flip, angle, scale, right, down = movement
    if flip and turn == 2:
        turn = 0  # upside down is a flip, not a flip and a half turn
    parts = ["flip" if flip else "", _TURNS[int(turn)]]
    parts.append("rotation" if abs(angle) >= NAMED_ROTATION else "")
    parts.append("scale" if abs(math.log(scale)) >= NAMED_SCALE else "")
    parts.append("shift" if math.hypot(right, down) >= NAMED_SHIFT else "")
    return "+".join(part for part in parts if part) or "identity"


def resampled(block: Tensor) -> Tensor:
    """Return 32 x 32: area means of larger images, linear in between for smaller ones."""
    rows, columns = block.shape[2:]
    if (rows, columns) == (SIDE, SIDE):
        return block
    if min(rows, columns) > SIDE:
        return functional.interpolate(block, (SIDE, SIDE), mode="area")
    return functional.interpolate(block, (SIDE, SIDE), mode="bilinear", align_corners=False)


def _local_contrast(block: Tensor) -> Tensor:
    blur = _blur(block.shape[-1], SIGMA).to(block)
    rest = block - _both_ways(blur, block)
    return rest / (_both_ways(blur, rest.square()).clamp_min(0).sqrt() + CONTRAST_FLOOR)


def _both_ways(matrix: Tensor, pictures: Tensor) -> Tensor:
    """Return the matrix applied to the rows and to the columns of each picture."""
    return matrix @ pictures @ matrix.T


@lru_cache(maxsize=8)
def _blur(side: int, sigma: float) -> Tensor:
    """Return (side, side): a Gaussian along a line that is mirrored at its ends."""
    reach = int(3 * sigma)
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / sigma).square())
    wide = functional.pad(torch.eye(side)[:, None], (reach, reach), mode="reflect")
    return functional.conv1d(wide, (kernel / kernel.sum()).view(1, 1, -1))[:, 0].T.contiguous()


@lru_cache(maxsize=8)
def _box(side: int, window: int, every: int) -> Tensor:
    """Return (positions, side): the mean over every window along a line."""
    reach = every * (window - 1) + 1
    offset = torch.arange(side) - torch.arange(side - reach + 1)[:, None]
    return ((offset >= 0) & (offset < reach) & (offset % every == 0)).float() / window


@lru_cache(maxsize=32)
def _grid(rotation: float, scale: float, side: int) -> Tensor:
    """Return (1, side, side, 2): where each pixel of a turned and scaled picture comes from."""
    angle = math.radians(rotation)
    cosine, sine = math.cos(angle) * scale, math.sin(angle) * scale
    matrix = torch.tensor([[[cosine, -sine, 0.0], [sine, cosine, 0.0]]])
    return functional.affine_grid(matrix, [1, 1, side, side], align_corners=False)


def _warped(pictures: Tensor, rotation: float, scale: float) -> Tensor:
    if rotation == 0 and scale == 1:
        return pictures
    n, side = len(pictures), pictures.shape[-1]
    grid = _grid(rotation, scale, side).to(pictures).expand(n, -1, -1, -1)
    warped: Tensor = functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    return warped


def unit(values: Tensor, axis: int) -> Tensor:
    """Return values of mean 0 and length 1 along an axis; zeros where all are equal."""
    centred = values - values.mean(axis, keepdim=True)
    result: Tensor = centred / (torch.linalg.vector_norm(centred, dim=axis, keepdim=True) + 1e-6)
    return result
