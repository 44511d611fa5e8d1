"""Whether two pictures that register also agree in their colours: the same structure in other colours is no copy.

Registration looks at the mean of the channels. What each channel has beside it, laid by the movement that was found, is
compared here. One overall tint is free, as brightness and contrast are.
"""

import torch
from torch import Tensor
from torch.nn import functional

from ganaug_core.neighbours import alignment, registration
from ganaug_core.records import Images

FLOOR = 0.05
"""Root mean square of differences in [-1, 1] that count as none: two nearly grey pictures agree in colour."""
PAIRS = 1024  # compared at once


def differences(images: Images) -> Tensor | None:
    """Return (n, channel, 32, 32), each channel without the mean of all, of images (n, channel, row, column).

    None for images of one channel, which have no colour.
    """
    if images.ndim != 4 or images.shape[1] == 1:
        return None
    result = torch.empty(len(images), images.shape[1], registration.SIDE, registration.SIDE)
    for start in range(0, len(images), 512):
        block = torch.from_numpy(images[start : start + 512].astype("float32"))
        result[start : start + 512] = registration.resampled(block - block.mean(1, keepdim=True))
    return result


def agreement(centres: Tensor, references: Tensor, which: Tensor, where: Tensor) -> Tensor:
    """Return (k,) correlations of colours in [-1, 1], over all channels and places; 1 where both sides are grey.

    Args:
        centres: (k, channel, side, side) centres of the queries' differences, in their turn.
        references: (m, channel, wide, wide) differences.
        which: (k,) reference of each.
        where: (k, 4) the movements (`alignment`).
    """
    values = torch.empty(len(which), device=where.device)
    side, wide = centres.shape[-1], references.shape[-1]
    none = centres[:1].numel() * FLOOR**2
    for left in range(0, len(which), PAIRS):
        batch = slice(left, left + PAIRS)
        grid = alignment.places(where[batch], side, wide)
        picture = functional.grid_sample(
            references[which[batch]], grid[:, None], padding_mode="reflection", align_corners=False
        )[:, :, 0]  # (k, channel, pixel)
        query = centres[batch].flatten(2)
        picture, query = (colours - colours.mean(2, keepdim=True) for colours in (picture, query))
        lengths = query.square().sum((1, 2)).sqrt() * picture.square().sum((1, 2)).sqrt()
        values[batch] = ((query * picture).sum((1, 2)) + none) / (lengths + none)
    return values
