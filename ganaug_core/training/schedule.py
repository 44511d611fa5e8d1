"""What changes over a run, as functions of the spent share of the budget in [0, 1]."""

import math
from dataclasses import dataclass

from ganaug_core.config import TrainingConfig


@dataclass(frozen=True)
class Factors:
    """What settings are multiplied by at one moment of a run.

    Attributes:
        learning_rate: Factor on both learning rates.
        penalty: Factor on the gradient penalties.
    """

    learning_rate: float
    penalty: float


def at(share: float, config: TrainingConfig) -> Factors:
    """Return the factors when `share` of the budget is spent."""
    share = min(share, 1.0)
    second_half = max(0.0, 2 * share - 1)
    if config.learning_rate_schedule == "exponential":
        rate = config.final_learning_rate**share
    else:
        along = share if config.learning_rate_schedule == "cosine_from_start" else second_half
        cosine = (1 + math.cos(math.pi * along)) / 2
        rate = config.final_learning_rate + (1 - config.final_learning_rate) * cosine
    return Factors(learning_rate=rate, penalty=1 + (config.final_penalty - 1) * second_half)


def averaging_weight(images: int, images_per_step: int, config: TrainingConfig) -> float:
    """Return how far the averaged generator moves towards the current one in a step, in (0, 1]."""
    half_life = min(config.ema_half_life_images, max(200.0, config.ema_share * images))
    return float(1 - 0.5 ** (images_per_step / half_life))
