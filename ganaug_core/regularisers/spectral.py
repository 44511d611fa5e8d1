"""Spectral normalisation."""

from dataclasses import dataclass
from typing import ClassVar

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class SpectralNorm:
    """Divide every weight matrix of the discriminator by its largest singular value.

    Settings:
        iterations: Power iterations a step, from 1 to 10.

    Source: Miyato et al., 2018, arXiv:1802.05957; in the discriminator alone, as there. SAGAN and BigGAN have it in the
    generator too, where we differ: a generator file holds plain weights.
    """

    says: ClassVar[str] = (
        "A bound on the discriminator's slope for the price of a matrix product: steadies hinge games; with too small "
        "a learning rate it learns slowly."
    )
    couples_batch: ClassVar[bool] = False

    iterations: int = 1

    def __post_init__(self) -> None:
        if type(self.iterations) is not int or not 1 <= self.iterations <= 10:
            raise ConfigurationError(
                f"Spectral normalisation with {self.iterations} iterations cannot be.",
                do="Choose a whole number from 1 to 10; 1 is enough.",
            )

    def apply_to(self, discriminator: nn.Module) -> None:
        """Normalise its convolutions, linear layers and embeddings."""
        for module in list(discriminator.modules()):
            if isinstance(module, nn.Conv2d | nn.Linear | nn.Embedding):
                if not module.weight.any():
                    # a residual convolution that starts at zero has no direction that could be kept: 0 / 0 made the
                    # first step of the lite networks NaN
                    nn.init.orthogonal_(module.weight)
                spectral_norm(module, n_power_iterations=self.iterations)
