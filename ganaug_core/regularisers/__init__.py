"""Penalties on the discriminator."""

from ganaug_core.interfaces import Regulariser
from ganaug_core.regularisers.zero_centred import R1, R2

REGULARISERS: dict[str, type[Regulariser]] = {"r1": R1, "r2": R2}
