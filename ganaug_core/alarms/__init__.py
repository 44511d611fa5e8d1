"""Alarms: what can go wrong in a run, noticed while it trains and said in plain words.

Each watches the run's own reports and nothing else; its settings are its thresholds. How often they fire on planted
failures, and that they stay silent on healthy runs, is measured by `tests/benchmarks/alarms.py`.
"""

from ganaug_core.alarms.copying import CopyingOnset
from ganaug_core.alarms.discriminator import DiscriminatorOverfitting, DiscriminatorTooStrong
from ganaug_core.alarms.gradients import ExplodingGradient, VanishingGradient
from ganaug_core.alarms.images import ClassDropped, Collapse
from ganaug_core.alarms.losses import Divergence, NotANumber
from ganaug_core.interfaces import Alarm

ALARMS: dict[str, type[Alarm]] = {
    "collapse": Collapse,
    "class_dropped": ClassDropped,
    "discriminator_too_strong": DiscriminatorTooStrong,
    "discriminator_overfitting": DiscriminatorOverfitting,
    "vanishing_gradient": VanishingGradient,
    "exploding_gradient": ExplodingGradient,
    "copying_onset": CopyingOnset,
    "not_a_number": NotANumber,
    "divergence": Divergence,
}
