"""Named, dated combinations of parts: what we recommend, and what the literature played."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ganaug_core.config.training import PartConfig, TrainingConfig

_SMALL_ROWS = 48  # between the two sizes that were measured, 32 and 64 pixels


@dataclass(frozen=True)
class Recipe:
    """A configuration with a name.

    Attributes:
        says: What it is good for and how it fails, without a technical name.
        works: How it works, in the field's names.
        source: The paper it follows, and where it differs.
        date: When its numbers were last looked at.
        kind: `use` for real work, `classic` to see what the literature played, and to compare.
        config: What it does; for images of 48 rows and more where `small` is not empty.
        sides: Rows of the images that it is meant for.
        small: Fields of the configuration that differ for images of fewer than 48 rows.
    """

    name: str
    title: str
    says: str
    works: str
    date: str
    kind: Literal["use", "classic"]
    config: TrainingConfig
    source: str
    sides: tuple[int, ...] = (32, 64)
    small: Mapping[str, Any] = field(default_factory=dict)

    def config_at(self, rows: int | None) -> TrainingConfig:
        """Return the configuration for images of that many rows, None where these are not known."""
        return self.config.model_copy(update=self.small) if rows is not None and rows < _SMALL_ROWS else self.config


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
        "Begin with this one. It draws recognisable images of your classes within minutes on an ordinary computer; "
        "after minutes they are for demonstrations and for teaching, not for training other programs.",
        "Relativistic pairing with R1 and R2 on small networks without normalisation; a label term that falls to "
        "nothing.",
        "2026-11-30",
        "use",
        # of what was tried on the 64-pixel phantom a smaller batch and a weaker penalty helped, and together most; they
        # cost 14 to 19 % of the images a second
        TrainingConfig(architecture=_part("lite"), **_pairing(0.25, 4), batch_size=16, minutes=5),
        "After R3GAN, Huang et al., 2024, arXiv:2501.05441.",
        # at 32 pixels these drew more kinds of images (stacked MNIST) and nearer ones (MedNIST)
        small={"batch_size": 32, **_pairing(1.0, 4)},
    ),
    Recipe(
        "small-cohort",
        "Small cohort",
        "For a few hundred images. It is held back from learning single images by heart, so images get sharp more "
        "slowly; whether it copies must still be tested.",
        "The recommended game with a stronger penalty, and with augmentations whose probability rises when the "
        "discriminator is too certain of training images.",
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
        "The same on a graphics card, for finer images: about an hour on a large card. Its settings come from "
        "published ones, not from our own runs.",
        "The recommended game on networks eight times as wide, with the penalty at every step.",
        "2026-11-21",
        "use",
        _gpu("recommended-gpu", gamma=0.5, batch_size=64, images=2_000_000),
        "After R3GAN, Huang et al., 2024, arXiv:2501.05441.",
    ),
    Recipe(
        "gpu-128",
        "128 pixels on one GPU (not yet measured)",
        "For images of 128 pixels, on a graphics card: hours. Its settings come from published ones, not from our own "
        "runs.",
        "As for 64 pixels, with the stronger penalty that larger images need.",
        "2026-11-21",
        "use",
        _gpu("gpu-128", gamma=2.5, batch_size=64, images=3_000_000),
        "After R3GAN, Huang et al., 2024, arXiv:2501.05441.",
        sides=(128,),
    ),
    Recipe(
        "gpu-256",
        "256 pixels on one GPU (not yet measured)",
        "For images of 256 pixels, on a graphics card: half a day. Its settings come from published ones, not from our "
        "own runs.",
        "As for 64 pixels, with the far stronger penalty and the smaller batch that images of 256 pixels need.",
        "2026-11-21",
        "use",
        _gpu("gpu-256", gamma=18.75, batch_size=32, images=5_000_000),
        "After R3GAN, Huang et al., 2024, arXiv:2501.05441.",
        sides=(256,),
    ),
    Recipe(
        "minimax-2014",
        "Minimax, 2014",
        "To see how the first of these methods failed: most of its images come out as the same blob or as noise. Not "
        "for use.",
        "The minimax loss of the theory on fully connected networks: the generator's gradient vanishes and modes are "
        "lost.",
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
        "What most tutorials begin with: speckled digits within a minute. Of medical images of 64 pixels it hardly "
        "draws more than their average.",
        "Fully connected networks with the non-saturating loss and Adam.",
        "2026-11-21",
        "classic",
        _classic("mlp-mnist", _part("mlp"), "non_saturating"),
        "Goodfellow et al., 2014, arXiv:1406.2661, with Adam.",
    ),
    Recipe(
        "cgan",
        "Conditional GAN, 2014",
        "The first that could be asked for a class: speckled images that belong to it only loosely.",
        "Conditional GAN: the class is concatenated to the latent and to the image.",
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
        "The method that others compare with: quick and grainy. In our trials it showed about half of the variety of "
        "each class, and it may end with a few images that repeat, which is its lesson.",
        "Convolutions with batch norm and the non-saturating loss, without a penalty.",
        "2026-11-21",
        "classic",
        _classic("dcgan-64", _part("dcgan"), "non_saturating"),
        "Radford et al., 2016, arXiv:1511.06434; half as wide, Gaussian latent.",
    ),
    Recipe(
        "medical-upsample",
        "Upsampling generator for lesions",
        "Smooth patches as articles on lesion augmentation show them: varied within a minute at 32 pixels. At 64 it "
        "takes longer, and where tissue has a texture it draws waves.",
        "Bilinear doubling and convolutions at full size, the non-saturating loss with label smoothing, R1 and "
        "instance noise; no checkerboard.",
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
        "To see a training curve that tells how good the images are. They stay soft, and it is slow.",
        "Wasserstein loss with clipped weights, which keep the critic simple; five critic steps to one.",
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
        "Steady: it seldom ends with images that repeat, and its curve tells progress. Slow, and soft after a short "
        "run.",
        "Wasserstein loss with a gradient penalty on small residual networks; three critic steps to one.",
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
        "Gulrajani et al., 2017, arXiv:1704.00028; small residual networks, three critic steps for its five, "
        "learning rates of 0.0003 for its 0.0001.",
    ),
    Recipe(
        "sagan",
        "SAGAN",
        "For structures that belong together across the whole image. Slow: minutes are too few for this to show.",
        "Self-attention with the hinge loss, spectral normalisation and two time scales.",
        "2026-11-21",
        "classic",
        _classic("sagan", _part("attention", width=32), "hinge", regularisers=_SPECTRAL, **_TWO_TIME_SCALES),
        "Zhang et al., 2019, arXiv:1805.08318; narrow, spectral normalisation in the discriminator alone, and twice "
        "its learning rates (0.0008 and 0.0002 for 0.0004 and 0.0001).",
    ),
    Recipe(
        "biggan-lite",
        "BigGAN, small",
        "For many classes, and for images that can be drawn more typical or more varied. Two runs may end very "
        "differently, and rare classes are forgotten first.",
        "Conditional batch norm that is fed by the latent, hinge loss, spectral normalisation, truncation.",
        "2026-11-21",
        "classic",
        _classic("biggan-lite", _part("biggan", width=32), "hinge", regularisers=_SPECTRAL, **_TWO_TIME_SCALES),
        "Brock et al., 2019, arXiv:1809.11096; far smaller in networks and batch, four times its learning rates "
        "(0.0008 and 0.0002 for 0.0002 and 0.00005), one step of the discriminator for its two, and a second moment of "
        "0.9 for 0.999.",
    ),
    Recipe(
        "style-lite",
        "Style-based, small",
        "Images whose shape and texture can be mixed afterwards. It needs longer runs than the recommended recipe, and "
        "may draw blobs.",
        "A style-based generator with style mixing, the non-saturating loss, R1 and minibatch standard deviation.",
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
        "From coarse to fine: something to see at once, and large images in the end. A run that is stopped early stays "
        "coarse.",
        "Networks that grow while they train, the non-saturating loss, R1 and minibatch standard deviation.",
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
