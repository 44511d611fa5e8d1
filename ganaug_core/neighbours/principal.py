"""Patches in few numbers: what the first two passes of the registered search compare in place of pixels.

A patch of 11 x 11 pixels of local contrast varies in far fewer directions. Cosines between its leading components rank
planted copies like all pixels do, for a third of the multiplications: among 6,000 images every copy that the whole
search finds is among the best 192 of 48,000 (references times turns), and by all pixels among the best 192 too.
"""

import torch
from torch import Tensor
from torch.nn import functional

from ganaug_core.neighbours import registration

KEPT = 40  # 32 lose a fiftieth of the copies at an equal number of candidates, 64 gain none
PICTURES = 256  # that the components are taken from


def components(pictures: Tensor, side: int, every: int = 1) -> Tensor:
    """Return (side * side, kept) directions, free of the mean, that patches of the pictures vary most in.

    The eight turns count alike, so a turned picture has what the picture has.

    Args:
        pictures: (n, 1, wide, wide), n >= 1; at most `PICTURES` of them, evenly spaced, are looked at.
        side: Pixels of a patch.
        every: Distance of neighbouring pixels of a patch in the picture.
    """
    chosen = pictures[:: -(-len(pictures) // PICTURES)].cpu()
    cut = registration.patches(chosen, side, torch.float32, every).flatten(0, 1)
    cut = cut - cut.mean(1, keepdim=True)
    covariance = (cut.T @ cut).double()
    pixels = torch.arange(side * side).view(side, side)
    turns = [registration.turned(pixels, turn).flatten() for turn in range(registration.DIHEDRAL)]
    turned = torch.stack([covariance[turn][:, turn] for turn in turns]).sum(0)
    directions = torch.linalg.eigh(turned).eigenvectors[:, -KEPT:]
    result: Tensor = (directions - directions.mean(0)).float().to(pictures.device)
    return result


def compressed(values: Tensor, directions: Tensor) -> Tensor:
    """Return (..., kept), of length 1, of values (..., pixels) in the given directions; flat ones are 0."""
    return functional.normalize(values @ directions.to(values.dtype), dim=-1, eps=1e-6)
