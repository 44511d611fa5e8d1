"""Named, dated combinations of parts: what we recommend, and what the literature played."""

from dataclasses import dataclass
from typing import Any, Literal

from ganaug_core.config.training import PartConfig, TrainingConfig


@dataclass(frozen=True)
class Recipe:
    """A configuration with a name.

    Attributes:
        says: What it is good for and how it fails, in one plain line.
        source: The paper it follows, and where it differs; empty for our own.
        date: When its numbers were last looked at.
        kind: `use` for real work, `classic` to see what the literature played, and to compare.
    """

    name: str
    title: str
    says: str
    date: str
    kind: Literal["use", "classic"]
    config: TrainingConfig
    source: str = ""


def _part(name: str, **settings: bool | int | float | str) -> PartConfig:
    return PartConfig(name=name, settings=settings)


def _pairing(gamma: float, every: int) -> dict[str, Any]:
    """Relativistic pairing with R1 and R2, and a label term that falls to nothing."""
    return {
        "loss": _part("relativistic_pairing"),
        "terms": (_part("label_matching", weight=0.5, end=0.0),),
        "regularisers": (_part("r1", gamma=gamma, every=every), _part("r2", gamma=gamma, every=every)),
        "augmentations": (_part("translation"), _part("cutout")),
    }


def _classic(name: str, architecture: PartConfig, loss: str, **changes: Any) -> TrainingConfig:
    """A recipe of the literature: constant learning rates, no augmentation, five minutes."""
    fixed: dict[str, Any] = {
        "discriminator_learning_rate": 2e-4,
        "generator_learning_rate": 2e-4,
        "final_learning_rate": 1.0,
        "final_penalty": 1.0,
        "betas": (0.5, 0.999),
        "augment": "off",
        "minutes": 5,
    }
    return TrainingConfig(recipe=name, architecture=architecture, loss=_part(loss), **{**fixed, **changes})


def _gpu(name: str, gamma: float, batch_size: int, images: int) -> TrainingConfig:
    """The recommended game for a GPU; the penalty is `gamma` at 32 pixels and grows with the image's side."""
    return TrainingConfig(
        recipe=name,
        architecture=_part("lite", width=512),
        **_pairing(gamma, 1),
        augment="on",
        batch_size=batch_size,
        discriminator_learning_rate=2e-4,
        generator_learning_rate=2e-4,
        final_learning_rate=0.25,
        ema_half_life_images=100_000,
        images=images,
        device="cuda",
    )


_SPECTRAL = (_part("spectral_norm"),)
_TWO_TIME_SCALES = {"discriminator_learning_rate": 8e-4, "generator_learning_rate": 2e-4, "betas": (0.0, 0.9)}

_RECIPES = (
    Recipe(
        "recommended",
        "Recommended",
        "Relativistic pairing with R1 and R2 on small norm-free networks: recognisable images within minutes on a "
        "processor; with minutes of training it draws demonstrations, not training data. Set for 64 pixels: at 32, a "
        "batch of 32 and a gamma of 1 draw more kinds of images.",
        "2026-11-21",
        "use",
        # of what was tried on the 64-pixel phantom a smaller batch and a weaker penalty helped, and together most; they
        # cost 14 to 19 % of the images a second
        TrainingConfig(architecture=_part("lite"), **_pairing(0.25, 4), batch_size=16, minutes=5),
        "After R3GAN, Huang et al., 2024, arXiv:2501.05441.",
    ),
    Recipe(
        "small-cohort",
        "Small cohort",
        "The recommended game for a few hundred images: stronger penalty, and augmentations whose probability rises "
        "when the discriminator learns patients by heart; slower to sharp images, and copying must still be tested.",
        "2026-11-21",
        "use",
        TrainingConfig(
            recipe="small-cohort",
            architecture=_part("lite"),
            **_pairing(4.0, 4),  # few images are soon known by heart: the strong penalty is the point
            augment="adaptive",
            adaptive_images=50_000,
            class_sampling="tempered",
            minutes=10,
        ),
        "Adaptive probability: Karras et al., 2020, arXiv:2006.06676.",
    ),
    Recipe(
        "recommended-gpu",
        "Recommended for one GPU (not yet measured)",
        "The recommended game on networks eight times as wide, penalty at every step, for a GPU and an hour; for 32 "
        "and 64 pixels. Its numbers come from published presets, not from our own runs.",
        "2026-11-21",
        "use",
        _gpu("recommended-gpu", gamma=0.5, batch_size=64, images=2_000_000),
        "After R3GAN, Huang et al., 2024, arXiv:2501.05441.",
    ),
    Recipe(
        "gpu-128",
        "128 pixels on one GPU (not yet measured)",
        "As for 64 pixels, with the stronger penalty that larger images need; hours. Its numbers come from published "
        "presets, not from our own runs.",
        "2026-11-21",
        "use",
        _gpu("gpu-128", gamma=2.5, batch_size=64, images=3_000_000),
        "After R3GAN, Huang et al., 2024, arXiv:2501.05441.",
    ),
    Recipe(
        "gpu-256",
        "256 pixels on one GPU (not yet measured)",
        "As for 64 pixels, with the far stronger penalty and the smaller batch that images of 256 pixels need; half a "
        "day. Its numbers come from published presets, not from our own runs.",
        "2026-11-21",
        "use",
        _gpu("gpu-256", gamma=18.75, batch_size=32, images=5_000_000),
        "After R3GAN, Huang et al., 2024, arXiv:2501.05441.",
    ),
    Recipe(
        "minimax-2014",
        "Minimax, 2014",
        "The first GAN with the loss of its theory: shows how the generator's gradient vanishes and modes are lost; "
        "not for use.",
        "2026-11-21",
        "classic",
        _classic(
            "minimax-2014",
            _part("mlp", prior="uniform"),
            "minimax",
            optimiser="sgd",
            betas=(0.5, 0.999),
            discriminator_learning_rate=0.02,
            generator_learning_rate=0.02,
            learning_rate_schedule="exponential",
            final_learning_rate=0.01,
            regularisers=(_part("dropout", share=0.5),),
        ),
        "Goodfellow et al., 2014, arXiv:1406.2661; with classes, leaky units for maxout, a fifth of its learning "
        "rate: without its bound on the weights 64 x 64 pixels diverge.",
    ),
    Recipe(
        "mlp-mnist",
        "Fully connected, for digits",
        "The GAN of most tutorials: digits within a minute, speckled; at 64 pixels it hardly gets beyond the mean "
        "image.",
        "2026-11-21",
        "classic",
        _classic("mlp-mnist", _part("mlp"), "non_saturating"),
        "Goodfellow et al., 2014, arXiv:1406.2661, with Adam.",
    ),
    Recipe(
        "cgan",
        "Conditional GAN, 2014",
        "The first GAN with classes: the class is concatenated to the latent and to the image; obeys it loosely, "
        "speckled.",
        "2026-11-21",
        "classic",
        _classic(
            "cgan",
            _part("mlp", prior="uniform", critic_condition="concatenation"),
            "non_saturating",
            class_sampling="balanced",
            regularisers=(_part("dropout", share=0.5),),
        ),
        "Mirza and Osindero, 2014, arXiv:1411.1784, with Adam.",
    ),
    Recipe(
        "dcgan-64",
        "DCGAN",
        "The non-saturating game with batch norm of 2015, without a penalty: quick, grainy, and in our trials it "
        "covered about half as much of each class; it may collapse to a few images, which is its lesson.",
        "2026-11-21",
        "classic",
        _classic("dcgan-64", _part("dcgan"), "non_saturating"),
        "Radford et al., 2016, arXiv:1511.06434; half as wide, Gaussian latent.",
    ),
    Recipe(
        "medical-upsample",
        "Upsampling generator for lesions",
        "Smooth patches as lesion augmentation papers draw them: no checkerboard, and with R1 many images a class "
        "within a minute at 32 pixels; it works at full size, so 64 pixels take longer, wavy where texture is.",
        "2026-11-21",
        "classic",
        _classic(
            "medical-upsample",
            _part("upsample", critic_condition="projection"),
            "non_saturating",
            # at 2e-4 it drew nearly one image a class in minutes, with minibatch discrimination too
            discriminator_learning_rate=1e-3,
            generator_learning_rate=1e-3,
            betas=(0.0, 0.99),
            regularisers=(_part("instance_noise", deviation=0.1, until=0.5), _part("r1", gamma=1.0, every=4)),
        ).model_copy(update={"loss": _part("non_saturating", real_target=0.9)}),
        "After Frid-Adar et al., 2018, arXiv:1803.01229; label smoothing of Salimans et al., 2016, arXiv:1606.03498; "
        "with R1 and a projection: without them it drew nearly one image a class, also with minibatch discrimination.",
    ),
    Recipe(
        "wgan",
        "WGAN with clipped weights",
        "A loss that means something for the first time; clipping makes the critic simple, so images stay soft, and "
        "five critic steps to one make it slow.",
        "2026-11-21",
        "classic",
        _classic(
            "wgan",
            _part("dcgan", critic_condition="projection"),
            "wasserstein",
            optimiser="rmsprop",
            betas=(0.0, 0.99),
            discriminator_learning_rate=2e-4,  # four times the paper's: minutes are few
            generator_learning_rate=2e-4,
            discriminator_steps=5,
            regularisers=(_part("weight_clipping", limit=0.01),),
        ),
        "Arjovsky et al., 2017, arXiv:1701.07875, at four times its learning rate.",
    ),
    Recipe(
        "wgan-gp",
        "WGAN with gradient penalty",
        "Steady, seldom collapses, and its loss tells progress; slow, and short runs stay soft.",
        "2026-11-21",
        "classic",
        _classic(
            "wgan-gp",
            _part(
                "lite"
            ),  # residual networks at full resolution take 170 generator steps in two minutes of a processor
            "wasserstein",
            betas=(0.0, 0.9),
            discriminator_learning_rate=3e-4,
            generator_learning_rate=3e-4,
            discriminator_steps=3,
            regularisers=(_part("gradient_penalty", weight=10.0),),
        ),
        "Gulrajani et al., 2017, arXiv:1704.00028; small residual networks, three critic steps for its five.",
    ),
    Recipe(
        "sagan",
        "SAGAN",
        "Hinge, spectral normalisation, two time scales and self-attention: structures that belong together across the "
        "image; slow, and minutes are too few for attention to pay.",
        "2026-11-21",
        "classic",
        _classic("sagan", _part("attention", width=32), "hinge", regularisers=_SPECTRAL, **_TWO_TIME_SCALES),
        "Zhang et al., 2019, arXiv:1805.08318; narrow, and spectral normalisation in the discriminator alone.",
    ),
    Recipe(
        "biggan-lite",
        "BigGAN, small",
        "Many classes, and truncation when drawing: conditional batch norm fed by the latent; swings between seeds, "
        "and forgets rare classes first.",
        "2026-11-21",
        "classic",
        _classic("biggan-lite", _part("biggan", width=32), "hinge", regularisers=_SPECTRAL, **_TWO_TIME_SCALES),
        "Brock et al., 2019, arXiv:1809.11096; far smaller in networks and batch.",
    ),
    Recipe(
        "style-lite",
        "Style-based, small",
        "Styles that can be mixed between images, coarse to fine; needs longer runs than the recommended networks, and "
        "may draw blobs.",
        "2026-11-21",
        "classic",
        _classic(
            "style-lite",
            _part("style"),
            "non_saturating",
            discriminator_learning_rate=1e-3,
            generator_learning_rate=1e-3,
            betas=(0.0, 0.99),
            regularisers=(_part("r1", gamma=1.0, every=4), _part("minibatch_deviation")),
        ),
        "Karras et al., StyleGAN, 2019, arXiv:1812.04948; R1 every fourth step as in StyleGAN2, arXiv:1912.04958.",
    ),
    Recipe(
        "progressive",
        "Progressive growing",
        "From coarse to fine: quick first steps and large images; a run that is stopped early stays coarse.",
        "2026-11-21",
        "classic",
        _classic(
            "progressive",
            _part("progressive"),
            "non_saturating",
            discriminator_learning_rate=1e-3,
            generator_learning_rate=1e-3,
            betas=(0.0, 0.99),
            regularisers=(_part("r1", gamma=1.0, every=4), _part("minibatch_deviation")),
        ),
        "Karras et al., 2018, arXiv:1710.10196; with R1 where it has the penalty of WGAN-GP, which swung here, and "
        "grids that add up.",
    ),
)
RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in _RECIPES}
FORMER_NAMES = {"dcgan": "dcgan-64"}
