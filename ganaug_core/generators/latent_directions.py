"""Ways through latent space: the shortest arc between two latents, and directions in which images change."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

SEED = 0
STARTS = 16  # places at which the change is measured; the span of the first five hardly changes with more
STEP = 0.1
_CHUNK = 64


class Directions(NamedTuple):
    """Orthogonal directions, (k, latent) of unit length, the strongest first.

    `shares` (k,) is how much of all change each makes up: of the sum over all directions of the mean squared change of
    the pixels.
    """

    vectors: Tensor
    shares: Tensor


def arc(first: Tensor, second: Tensor, at: float) -> Tensor:
    """Return the point at a share in [0, 1] of the arc between two vectors, (latent,).

    Gaussian vectors of many dimensions have nearly one length, and the straight line between two of them leads through
    shorter ones, whose images are more typical than any that is drawn. Where the two are (nearly) parallel or opposite
    there is no one arc, and the line is taken.

    Source: Shoemake, 1985, Animating rotation with quaternion curves; for latents White, 2016, arXiv:1609.04468.
    """
    cosine = (first @ second / (first.norm() * second.norm()).clamp_min(1e-12)).clamp(-1, 1)
    angle = torch.arccos(cosine)
    sine = torch.sin(angle)
    if float(sine) < 1e-3:
        return (1 - at) * first + at * second
    return (torch.sin((1 - at) * angle) * first + torch.sin(at * angle) * second) / sine


def between_groups(away: Tensor, towards: Tensor) -> Tensor:
    """Return the direction (latent,) of unit length from the mean of one group to that of another, (n, latent) each.

    From few images it holds much that sets these apart by chance: of two groups of n from one distribution the means
    differ too, by a length of about sqrt(2 * latent / n).

    Raises:
        ValueError: The means are the same.

    Source: the arithmetic of latents of Radford, Metz and Chintala, 2016, arXiv:1511.06434.
    """
    difference = towards.mean(0) - away.mean(0)
    if float(difference.norm()) < 1e-6:
        raise ValueError("the two groups have one mean, so no direction leads from one to the other")
    direction: Tensor = difference / difference.norm()
    return direction


def principal(paint: Callable[[Tensor], Tensor], latent: int, *, most: int = 8, starts: int = STARTS) -> Directions:
    """Return the directions in which the images of a generator change most.

    They are the eigenvectors of the mean of J^T J, where J is how the pixels change with the latent, measured by small
    steps at a few drawn latents. Of a linear generator they are its right singular vectors. Each has the sign that
    makes its largest number positive.

    Args:
        paint: Latents (n, latent) to images (n, ...).

    Source: GANSpace, Härkönen et al., 2020, arXiv:2004.02546, takes principal components of what a layer holds, and
    SeFa, Shen and Zhou, 2021, arXiv:2007.06600, the singular vectors of one layer's weights; here the whole map counts,
    down to the pixels, whatever the architecture.
    """
    source = torch.Generator().manual_seed(SEED)
    places = torch.randn(starts, latent, generator=source)
    total = torch.zeros(latent, latent, dtype=torch.float64)
    steps = torch.split(STEP * torch.eye(latent), _CHUNK)
    for place in places:
        here = paint(place[None]).flatten(1)
        rows = [paint(place + part).flatten(1) for part in steps]
        change = ((torch.cat(rows) - here) / STEP).double()  # (latent, pixel): the transposed J
        total += change @ change.T / change.shape[1]
    values, vectors = torch.linalg.eigh(total / starts)  # ascending
    strongest = vectors.T.flip(0)[:most]
    largest = strongest.gather(1, strongest.abs().argmax(1, keepdim=True))
    shares = values.flip(0).clamp_min(0)
    return Directions((strongest * largest.sign()).float(), (shares / shares.sum().clamp_min(1e-30)).float()[:most])
