"""Other models of the same points: each is trained by its likelihood, or by a bound of it, and can say one.

A GAN's generator only draws: it is an implicit model (Mohamed and Lakshminarayanan, 2016, arXiv:1610.03483). The three
others have hidden layers as a game's networks have them, and learn from batches of the same truth.
"""

from ganaug_core.playground.other_models.autoregressive import Autoregressive
from ganaug_core.playground.other_models.diffusion import Diffusion
from ganaug_core.playground.other_models.fitting import ExplicitModel, fit
from ganaug_core.playground.other_models.variational import VariationalAutoencoder

__all__ = ["Autoregressive", "Diffusion", "ExplicitModel", "VariationalAutoencoder", "fit"]
