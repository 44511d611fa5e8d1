"""Which parts need their batch whole, and why: several devices share a batch, and these refuse to be shared.

Everything else gives with several devices the weights that one device gives, but for rounding.
"""

from collections.abc import Mapping

from ganaug_core.config.training import PartConfig, TrainingConfig
from ganaug_core.errors import ConfigurationError

_NORM = "its batch norm takes mean and spread from the whole batch"
WHOLE_BATCH: Mapping[str, str] = {
    "attention": _NORM,
    "biggan": _NORM,
    "dcgan": _NORM,
    "residual": _NORM,
    "upsample": _NORM,
    "feature_matching": "it compares means of the whole batch",
    "dragan": "its noise is told by the spread of the whole batch",
    "minibatch_deviation": "it looks at how much the images of a batch vary",
    "minibatch_discrimination": "it compares the images of a batch with each other",
    "unrolled": "its steps ahead follow the whole batch",
}
"""By the name of a part; `style` needs it only where it mixes."""
_MIXING = "it mixes the styles of neighbours in the batch"


def refuse_division(config: TrainingConfig, devices: int) -> None:
    """Refuse a configuration that several devices cannot share.

    Raises:
        ConfigurationError: A part needs the batch whole, or the batch cannot be shared evenly; the message names it.
    """
    if devices == 1:
        return
    for part in (config.architecture, config.loss, *config.terms, *config.regularisers, *config.augmentations):
        reason = _reason(part)
        if reason is not None:
            raise ConfigurationError(
                f"{part.name} cannot be trained on several devices: {reason}, and each device has a part of it.",
                do="Train on one device, or choose another part" + _way_out(part) + ".",
                code="whole_batch",
            )
    if config.batch_size % devices or config.batch_size < 2 * devices:
        raise ConfigurationError(
            f"A batch of {config.batch_size} images cannot be shared evenly by {devices} devices, two or more each.",
            do=f"Choose a batch_size that is a multiple of {devices}, such as {_even(config.batch_size, devices)}.",
            code="batch_size",
        )


def _reason(part: PartConfig) -> str | None:
    if part.name == "style":
        return _MIXING if part.settings.get("mixing", 0.5) else None
    return WHOLE_BATCH.get(part.name)


def _way_out(part: PartConfig) -> str:
    return " (architecture.mixing=0 does not mix)" if part.name == "style" else ""


def _even(batch: int, devices: int) -> int:
    return max(2, -(-batch // devices)) * devices
