"""Which parts do not go together, and why. Names are enough, so that a form can say it before anything is started."""

from collections.abc import Sequence

from ganaug_core.config.training import PartConfig, TrainingConfig
from ganaug_core.errors import ConfigurationError

NO_UNIT = "intensity"
_BOUNDS = ("weight_clipping", "gradient_penalty", "spectral_norm", "r1", "r2", "dragan")
_PENALTIES = ("r1", "r2", "gradient_penalty", "dragan")
_MOVE_VALUES = ("brightness_contrast", "colour")


def refuse_exclusions(config: TrainingConfig, unit: str = NO_UNIT) -> None:
    """Refuse a configuration whose parts exclude each other.

    Args:
        unit: Unit of the cohort's intensities; `intensity` where it has none.

    Raises:
        ConfigurationError: They do; the message gives the reason and a way out.
    """
    regularisers, terms, augmentations = map(_names, (config.regularisers, config.terms, config.augmentations))
    for names in (regularisers, terms, augmentations):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise _refusal(f"{' and '.join(twice)} is named twice.", "Name every part once.")
    if config.loss.name == "wasserstein" and not set(regularisers) & set(_BOUNDS):
        raise _refusal(
            "The Wasserstein loss is a distance only while the critic's slope is bounded; without a bound the critic "
            "grows for ever.",
            f"Add one of: {', '.join(_BOUNDS)}.",
        )
    penalties = [name for name in regularisers if name in _PENALTIES]
    couples = config.architecture.name == "dcgan" and config.architecture.settings.get("critic_batch_norm", True)
    if penalties and couples:
        raise _refusal(
            f"{' and '.join(penalties)} looks at the gradient of one image's logit, but batch norm makes the logit "
            "depend on the whole batch.",
            "Set architecture.critic_batch_norm=false, or leave the penalty out.",
        )
    if config.loss.name == "hinge" and "label_matching" in terms:
        raise _refusal(
            "The label term with the hinge loss collapsed in our trials: every image was of its class, and all were "
            "the same.",
            "Leave label_matching out, or choose relativistic_pairing.",
        )
    if {"weight_clipping", "spectral_norm"} <= set(regularisers):
        raise _refusal(
            "Weight clipping and spectral normalisation bound the same weights; after the division by the norm, "
            "clipping changes nothing.",
            "Leave one of them out.",
        )
    if "unrolled" in regularisers and "feature_matching" in terms:
        raise _refusal(
            "Feature matching looks at the discriminator of now, the unrolled game at that of some steps ahead.",
            "Leave feature_matching or unrolled out.",
        )
    if "lecam" in regularisers and config.loss.name == "relativistic_pairing":
        raise _refusal(
            "LeCam regularisation pulls logits to each other's level, and in a paired loss logits have no level: only "
            "differences count.",
            "Choose the hinge, wasserstein or non_saturating loss.",
        )
    _refuse_augmentations(config, regularisers, augmentations, unit)


def _refuse_augmentations(
    config: TrainingConfig, regularisers: Sequence[str], augmentations: Sequence[str], unit: str
) -> None:
    if config.augment == "adaptive" and not augmentations:
        raise _refusal(
            "An adaptive probability needs an augmentation to apply.", "Name augmentations, such as translation,cutout."
        )
    moving = [name for name in augmentations if name in _MOVE_VALUES]
    if moving and config.augment != "off" and unit != NO_UNIT:
        raise _refusal(
            f"The images' intensities are {unit}, and {' and '.join(moving)} would leak into the generated values.",
            f"Leave {' and '.join(moving)} out; translation, cutout and flip keep every value.",
        )
    if "consistency" in regularisers and not augmentations:
        raise _refusal(
            "Consistency compares an image with itself augmented, and no augmentation is named.",
            "Name augmentations, such as translation,flip; with augment=off the game itself sees images as they are.",
        )


def _names(parts: Sequence[PartConfig]) -> list[str]:
    return [part.name for part in parts]


def _refusal(what: str, do: str) -> ConfigurationError:
    return ConfigurationError(what, do=do, code="excluded")
