"""Short names of settings, as textbooks write them: `lr_g`, `lr_d`, `beta1`, `beta2`, `batch`, `latent`."""

from collections.abc import Mapping
from typing import Any

SHORT_NAMES: Mapping[str, str] = {
    "lr_g": "generator_learning_rate",
    "lr_d": "discriminator_learning_rate",
    "batch": "batch_size",
    "latent": "architecture.latent",
}
BETAS: Mapping[str, int] = {"beta1": 0, "beta2": 1}
"""Place of each in `betas`."""


def in_full(changes: Mapping[str, Any], betas: tuple[float, float]) -> dict[str, Any]:
    """Return changes under their full names; those of single betas become both, the other from `betas`."""
    full = {SHORT_NAMES.get(key, key): value for key, value in changes.items() if key not in BETAS}
    single = {BETAS[key]: value for key, value in changes.items() if key in BETAS}
    if single:
        both = full.get("betas", betas)
        full["betas"] = [single.get(place, both[place]) for place in range(2)] if _is_pair(both) else both
    return full


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2
