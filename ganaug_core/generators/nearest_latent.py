"""The latent whose image is nearest to a given one, and how far it stays."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ganaug_core.errors import CohortError, GeneratorError
from ganaug_core.generators import onnx_network
from ganaug_core.generators.latent_recipes import Drawn, Found, Plain
from ganaug_core.generators.latent_space import LatentSpace, of_recipes
from ganaug_core.generators.sampling import CHUNK, Generator, image_shape
from ganaug_core.interfaces import Report, silent
from ganaug_core.records import Cohort, Floats, Samples
from ganaug_core.wording import percent

DRAWS = 512
RESTARTS = 8
STEPS = 300
LEARNING_RATE = 0.08
COARSE = 4  # blurred by so many pixels, images that are moved a little against each other still pull


class Nearest(NamedTuple):
    """What was found: its place and image (channel, row, column), and differences to the image that was searched for.

    All are roots of the mean squared difference of the pixels, in [0, 2]: of what was `found`, and of the nearest and
    the middle one of `draws` latents that were drawn at random.
    """

    place: Found
    image: Floats
    found: float
    nearest_draw: float
    middle_draw: float
    draws: int


def nearest(space: LatentSpace, image: Floats, class_name: str, *, seed: int = 0, report: Report = silent) -> Nearest:
    """Search for the latent of a class whose image is nearest to an image (channel, row, column) in [-1, 1].

    From the best of many draws Adam descends on the squared difference of the pixels and of blurred pixels. A latent
    stays within the length that 998 of 1000 drawn ones have, as beyond it a generator can draw what it never would.
    Noise beside the latent is none. The search may end in a valley that is not the deepest: a nearer image may exist.

    Source: Zhu et al., 2016, arXiv:1609.03552; Abdal, Qin and Wonka, Image2StyleGAN, 2019, arXiv:1904.03189, who search
    all styles and compare features of a network too, where we stay with the latent and the pixels.
    """
    wanted = torch.from_numpy(np.ascontiguousarray(image, np.float32))[None]
    label = torch.tensor([space.generator.classes.index(class_name)])
    report(0.0, "Looking among images drawn at random")
    starts, differences = _draws(space, wanted, class_name, seed)
    latents = starts[differences.argsort()[:RESTARTS]].clone().requires_grad_()
    noise = torch.zeros(RESTARTS, space.noise)
    labels = label.expand(RESTARTS)
    most = math.sqrt(space.length) + 2  # the length of a Gaussian vector is about N(sqrt(length), 0.7)
    optimiser = torch.optim.Adam([latents], LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    best, least = latents.detach()[0].clone(), math.inf
    for step in range(STEPS + 1):
        painted = space.generator.network(torch.cat([latents, noise], 1), labels)
        difference = (painted.detach().clamp(-1, 1) - wanted).square().mean((1, 2, 3))  # (restart,)
        number = int(difference.argmin())
        if float(difference[number]) < least:
            least, best = float(difference[number]), latents.detach()[number].clone()
        if step == STEPS:
            break
        optimiser.zero_grad()
        loss = (painted - wanted).square().mean((1, 2, 3)) + _coarse(painted - wanted)
        loss.sum().backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            latents *= (most / latents.norm(dim=1, keepdim=True)).clamp_max(1)
        if step % 5 == 0:
            report(
                step / STEPS,
                f"Step {step} of {STEPS}: the nearest differs by {percent(math.sqrt(least) / 2)} of the range",
            )
    place = Found(tuple(best.tolist()))
    nearest_image = space.images([Plain(place, ((class_name, 1.0),))])[0]
    roots = differences.sqrt()
    return Nearest(
        place=place,
        image=nearest_image,
        found=float(np.sqrt(np.mean((nearest_image - image) ** 2))),
        nearest_draw=float(roots.min()),
        middle_draw=float(roots.median()),
        draws=DRAWS,
    )


def search(
    generator: Generator, cohort: Cohort, image_id: str, name: str, *, seed: int = 0, report: Report = silent
) -> Samples:
    """Return the nearest image to one of a cohort as a record; its provenance holds the differences.

    Raises:
        CohortError: The cohort has no such image.
        GeneratorError: The generator makes images of another size, lacks the class, or came as an ONNX file.
    """
    rows = np.flatnonzero(cohort.ids == image_id)
    if not len(rows):
        raise CohortError(f"{cohort.name} has no image {image_id}.", do="Choose one of its images.", code="missing")
    if generator.passport.architecture.name == onnx_network.NAME:
        raise GeneratorError(
            f"{generator.passport.title} is a network of another program, which does not say how its image changes "
            "with its latent, so there is nothing to follow.",
            do="Choose a generator that was trained here.",
            code="no_gradient",
        )
    class_name = cohort.classes[int(cohort.labels[rows[0]])]
    image = cohort.images(rows)[0]
    made = image_shape(generator.passport)
    if image.shape != made or class_name not in generator.classes:
        raise GeneratorError(
            f"The generator makes {' x '.join(map(str, made))} numbers an image, of the classes "
            f"{', '.join(generator.classes)}; the image has {' x '.join(map(str, image.shape))} and is {class_name}.",
            do="Choose a cohort of the same size and classes.",
            code="image_size",
        )
    result = nearest(LatentSpace(generator), image, class_name, seed=seed, report=report)
    recipe = Plain(result.place, ((class_name, 1.0),))
    differences = {key: getattr(result, key) for key in ("found", "nearest_draw", "middle_draw", "draws")}
    real = {"cohort": cohort.digest, "image": image_id}
    return of_recipes(generator, [recipe], result.image[None], name, real=real, differences=differences)


def _draws(space: LatentSpace, wanted: Tensor, class_name: str, seed: int) -> tuple[Tensor, Tensor]:
    """Return drawn latents (n, latent) and the mean squared difference of each one's image (n,)."""
    places = [Drawn(seed, index) for index in range(DRAWS)]
    differences = []
    for start in range(0, DRAWS, CHUNK):
        painted = space.images([Plain(place, ((class_name, 1.0),)) for place in places[start : start + CHUNK]])
        differences.append((torch.from_numpy(painted) - wanted).square().mean((1, 2, 3)))
    return torch.stack([space.latent(place)[: space.length] for place in places]), torch.cat(differences)


def _coarse(difference: Tensor) -> Tensor:
    """Return (n,) the mean square of a blurred difference (n, channel, row, column)."""
    side = min(COARSE, *difference.shape[2:])
    return avg_pool2d(difference, side).square().mean((1, 2, 3))
