"""GANs in the plane with a known truth: every mode can be counted, and a lost one is seen at once.

`settings` says what is played, `game` plays it with the losses, regularisers and optimisers of every training run,
`moments` is what is seen of it. torch is imported by `game` alone: pages read recorded games without it.
"""

from ganaug_core.playground.moments import Recording, load
from ganaug_core.playground.settings import Game, changed_fields, from_text, shipped
from ganaug_core.playground.targets import TARGETS, Target

__all__ = ["TARGETS", "Game", "Recording", "Target", "changed_fields", "from_text", "load", "shipped"]
