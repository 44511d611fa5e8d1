"""Super-resolution of the phantom from a quarter of its pixels: what is invented, beside the truth.

A coarse pixel is the mean of four fine ones. Every result here has exactly the coarse image that it was made from, as
the truth has: they differ in detail alone, which the coarse image does not hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, pixel_shuffle
from torch.nn.utils.parametrizations import spectral_norm

from ganaug_core.lessons.demonstrations.figure import Figure, Picture, png
from ganaug_core.losses.non_saturating import NonSaturating
from ganaug_core.playground.game import one_thread
from ganaug_core.readers.phantom import FIELD_MM, TEXTURES, WINDOW_HU, grid, lesions
from ganaug_core.records import Integers
from ganaug_core.training.devices import seeded

FACTOR = 2  # in each direction
_SIZE, _WIDTH, _BATCH, _STEPS, _RATE = 64, 24, 16, 700, 2e-3
_ADVERSARIAL = 0.005  # weight of the adversarial loss beside the squared error, in units of the window's half
_TRAINED, _ASKED = 300, 150  # patients
_MIDDLE = 6.0  # radius in pixels that is inside most lesions
_HU = (WINDOW_HU[1] - WINDOW_HU[0]) / 2  # of a unit of an image
_SHOWN_HU = (-20.0, 200.0)  # for eyes; the networks have the phantom's window


class Upscaler(nn.Module):
    """Coarse images (n, 1, h, w) -> fine ones (n, 1, 2 h, 2 w); what is random in them comes from torch's generator.

    Source of the last layer: Shi et al., 2016, arXiv:1609.05158.
    """

    def __init__(self, width: int = _WIDTH) -> None:
        super().__init__()
        widths = (2, width, width, width)
        layers = [
            layer
            for before, after in pairwise(widths)
            for layer in (nn.Conv2d(before, after, 3, padding=1, padding_mode="replicate"), nn.LeakyReLU(0.2))
        ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, FACTOR**2, 3, padding=1, padding_mode="replicate"))

    def forward(self, coarse: Tensor) -> Tensor:
        detail = pixel_shuffle(self.layers(torch.cat([coarse, torch.randn_like(coarse)], 1)), FACTOR)
        return as_measured(bicubic(coarse) + detail, coarse)


def measured(fine: Tensor) -> Tensor:
    """Return the coarse images: the mean of each four pixels."""
    return avg_pool2d(fine, FACTOR)


def bicubic(coarse: Tensor) -> Tensor:
    """Return what lies smoothly between coarse pixels."""
    return interpolate(coarse, scale_factor=FACTOR, mode="bicubic", align_corners=False)


def as_measured(fine: Tensor, coarse: Tensor) -> Tensor:
    """Return fine images moved, four pixels together, so that they have these coarse ones."""
    return fine + interpolate(coarse - measured(fine), scale_factor=FACTOR, mode="nearest")


def detail(fine: Tensor) -> Tensor:
    """Return what a coarse image does not hold of a fine one."""
    return fine - interpolate(measured(fine), scale_factor=FACTOR, mode="nearest")


@dataclass(frozen=True)
class Judged:
    """What was measured in the middle of lesions, in HU.

    Attributes:
        error: Root of the mean squared difference from the truth.
        detail: Standard deviation of the detail.
        agreement: Correlation of its detail with the true one.
    """

    error: float
    detail: float
    agreement: float


def judge(results: Tensor, truths: Tensor) -> Judged:
    """Compare images (n, 1, row, column) with the truth, in the middle of the lesion."""
    row, column = grid(_SIZE)
    inside = torch.from_numpy(np.hypot(row - _SIZE / 2 + 0.5, column - _SIZE / 2 + 0.5) <= _MIDDLE)
    invented, true = (detail(images)[..., inside].flatten() for images in (results, truths))
    error = float((results - truths)[..., inside].square().mean().sqrt())
    agreement = float((invented * true).mean() / (invented.std() * true.std()).clamp_min(1e-9))
    return Judged(error * _HU, float(invented.std()) * _HU, agreement)


def super_resolution(seed: int = 0) -> Figure:
    """Lesions of each texture: truth, coarse image, and two networks' results; two minutes of one core."""
    with one_thread():
        shown, _ = _images(_TRAINED, seed + 1)
        plain, adversarial = train(shown, seed, 0.0), train(shown, seed, _ADVERSARIAL)
        truths, textures = _images(_ASKED, seed + 2)
        with torch.no_grad(), seeded(seed, 3):
            coarse = measured(truths)
            results = {
                "between the pixels (bicubic)": as_measured(bicubic(coarse), coarse),
                "network, squared error": plain(coarse),
                "network, adversarial too": adversarial(coarse),
            }
        positions = [_position(np.flatnonzero(textures == texture), truths, coarse, results) for texture in range(3)]
    return Figure(
        slider="Texture of the lesion",
        positions=TEXTURES,
        begin=TEXTURES.index("speckled"),
        charts=(),
        says=tuple(says for says, _ in positions),
        pictures=tuple(pictures for _, pictures in positions),
    )


def train(images: Tensor, seed: int, weight: float, steps: int = _STEPS) -> Upscaler:
    """Return an upscaler of fine images (n, 1, row, column), trained by squared error and an adversarial loss.

    Source: after Ledig et al., SRGAN, 2017, arXiv:1609.04802, with squared errors of pixels; the discriminator sees the
    detail alone, place by place.
    """
    with seeded(seed, 1):
        upscaler = Upscaler()
        discriminator = nn.Sequential(
            *(
                layer
                for before, after in ((1, _WIDTH), (_WIDTH, _WIDTH))
                for layer in (spectral_norm(nn.Conv2d(before, after, 4, stride=2)), nn.LeakyReLU(0.2))
            ),
            spectral_norm(nn.Conv2d(_WIDTH, 1, 3)),
        )
    sides = [torch.optim.Adam(side.parameters(), lr=_RATE, betas=(0.0, 0.99)) for side in (upscaler, discriminator)]
    loss = NonSaturating()
    for step in range(steps):
        for optimiser in sides:
            for group in optimiser.param_groups:
                group["lr"] = _RATE * min(1.0, 2 * (1 - step / steps))
        with seeded(seed, 2, step):
            fine = images[torch.randint(len(images), (_BATCH,))]
            result = upscaler(measured(fine))
        error = (result - fine).square().mean()
        if weight:
            real, made = discriminator(detail(fine)).flatten(), discriminator(detail(result.detach())).flatten()
            _step(sides[1], loss.discriminator_loss(real, made))
            judged = discriminator(detail(result)).flatten()
            error = error + weight * loss.generator_loss(real.detach(), judged)
        _step(sides[0], error)
    return upscaler


def _step(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def _images(patients: int, seed: int) -> tuple[Tensor, Integers]:
    """Return images (n, 1, size, size) in [-1, 1] and the texture of each."""
    phantom = lesions(patients, seed, size=_SIZE, textures={"benign": (1, 1, 1), "malignant": (1, 1, 1)})
    low, high = WINDOW_HU
    return torch.from_numpy(2 * (phantom.pixels.astype(np.float32) - low) / (high - low) - 1), phantom.textures


def _position(
    chosen: Integers, truths: Tensor, coarse: Tensor, results: Mapping[str, Tensor]
) -> tuple[str, tuple[Picture, ...]]:
    """Return the sentence and the pictures of a texture; shown is its first lesion."""
    true = truths[chosen]
    judged = {title: judge(images[chosen], true) for title, images in results.items()}
    plain, adversarial = (judged[title] for title in list(results)[1:])
    first = int(chosen[0])
    says = (
        f"{len(chosen)} lesions, in their middle of {2 * _MIDDLE * FIELD_MM / _SIZE:.0f} mm: true detail deviates by "
        f"{judge(true, true).detail:.0f} HU. The network of squared errors draws {plain.detail:.0f} HU of it and is "
        f"{plain.error:.0f} HU off; the adversarial one draws {adversarial.detail:.0f} HU and is "
        f"{adversarial.error:.0f} HU off. Its detail agrees with the true one by {adversarial.agreement:.2f} "
        "(correlation)."
    )
    pictures = (
        _picture("truth", truths[first], ("what the scanner would have shown",)),
        _picture("a quarter of the pixels", coarse[first], ("what is known",)),
        *(
            _picture(
                title, images[first], (f"{judge(images[[first]], truths[[first]]).error:.0f} HU off in the middle",)
            )
            for title, images in results.items()
        ),
    )
    return says, pictures


def _picture(title: str, image: Tensor, says: tuple[str, ...]) -> Picture:
    low, high = _SHOWN_HU
    hounsfield = (image[0].numpy() + 1) * _HU + WINDOW_HU[0]
    return Picture(title, png((2 * (hounsfield - low) / (high - low) - 1).astype(np.float32)), says)
