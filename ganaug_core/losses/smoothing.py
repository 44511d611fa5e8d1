"""Cross-entropy with smoothed labels, shared by the classic losses."""

from torch import Tensor
from torch.nn.functional import softplus

from ganaug_core.errors import ConfigurationError


def check_targets(real_target: float, fake_target: float) -> None:
    """Refuse labels that are no probabilities or do not tell real from generated.

    Raises:
        ConfigurationError: Not 0 <= fake_target < real_target <= 1.
    """
    if not 0 <= fake_target < real_target <= 1:
        raise ConfigurationError(
            f"Labels smoothed to {real_target} (real) and {fake_target} (generated) cannot be.",
            do="Choose 0 <= fake_target < real_target <= 1; 0.9 and 0 is the usual one-sided smoothing.",
        )


def smoothed_loss(real_logits: Tensor, fake_logits: Tensor, real_target: float, fake_target: float) -> Tensor:
    """Return the discriminator's cross-entropy, a scalar > 0, with these probabilities of being real as labels.

    One-sided (`real_target` below 1): the discriminator stops before it is certain. Two-sided (`fake_target` above 0
    too): it also pulls generated images towards where they are, which the first source warns of.

    Source: Salimans et al., 2016, arXiv:1606.03498, 3.4 (one-sided); Szegedy et al., 2016, arXiv:1512.00567.
    """
    real = softplus(-real_logits).mean() * real_target
    fake = softplus(fake_logits).mean() * (1 - fake_target)
    if real_target < 1:
        real = real + softplus(real_logits).mean() * (1 - real_target)
    if fake_target > 0:
        fake = fake + softplus(-fake_logits).mean() * fake_target
    return real + fake
