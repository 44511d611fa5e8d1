"""Gradient penalties whose weight falls during a run: from what to what, which is easily missed."""

from collections.abc import Sequence
from typing import NamedTuple

from ganaug_core.config.catalogue import catalogue
from ganaug_core.config.training import PartConfig, TrainingConfig

_PENALTIES, _WEIGHTS = ("r1", "r2", "gradient_penalty", "dragan"), ("gamma", "weight")


class FallingWeight(NamedTuple):
    """A penalty's weight at the beginning of a run and at its end; it falls over the second half."""

    part: str
    setting: str
    begin: float
    end: float


def falling_weights(config: TrainingConfig, known: Sequence[PartConfig] = ()) -> list[FallingWeight]:
    """Return the gradient penalties of a configuration whose weight falls, without those that are `known`."""
    falling = []
    for part in config.regularisers if config.final_penalty < 1 else ():
        if part.name not in _PENALTIES or part in known:
            continue
        for setting in _WEIGHTS:
            card = catalogue()["regularisers"][part.name].settings.get(setting)
            if card is not None:
                begin = float(part.settings.get(setting, card.default))
                falling.append(FallingWeight(part.name, setting, begin, begin * config.final_penalty))
    return falling
