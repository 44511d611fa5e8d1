"""Zero-centred gradient penalties: R1 on real images, R2 on generated ones."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from ganaug_core.errors import ConfigurationError


@dataclass(frozen=True)
class _ZeroCentred:
    gamma: float = 1.0
    every: int = 4

    def __post_init__(self) -> None:
        if not (self.gamma >= 0 and self.every >= 1 and self.every == int(self.every)):
            raise ConfigurationError(
                f"A gradient penalty with gamma {self.gamma} every {self.every} steps cannot be.",
                do="Choose gamma >= 0 and every >= 1, a whole number.",
            )

    def _penalty(self, gradient: Tensor, strength: float) -> Tensor:
        squared_norm = gradient.float().square().flatten(1).sum(1)  # (n,)
        return squared_norm.mean() * (0.5 * self.gamma * strength * self.every)


@dataclass(frozen=True)
class R1(_ZeroCentred):
    """Half gamma times the mean squared gradient norm at real images.

    Settings:
        gamma: Strength at 32 rows, >= 0; the trainer's `strength` carries image size and schedule.
        every: Steps between two penalties, >= 1; the penalty is multiplied by it.

    Source: Mescheder et al., 2018, arXiv:1801.04406; lazy form: Karras et al., 2020, arXiv:1912.04958.
    """

    says: ClassVar[str] = (
        "Keeps the discriminator flat at real images, so that the game settles; too strong, it sees no detail and "
        "images stay soft."
    )

    def penalty(self, real_gradient: Tensor, fake_gradient: Tensor, strength: float) -> Tensor:
        """Return a scalar >= 0."""
        return self._penalty(real_gradient, strength)


@dataclass(frozen=True)
class R2(_ZeroCentred):
    """The same at generated images; with R1 it makes relativistic pairing converge.

    Settings:
        gamma: Strength at 32 rows, >= 0.
        every: Steps between two penalties, >= 1; the penalty is multiplied by it.

    Source: Mescheder et al., 2018, arXiv:1801.04406; with R1: Huang et al., 2024, arXiv:2501.05441.
    """

    says: ClassVar[str] = (
        "Keeps the discriminator flat where the generator is; with R1 it makes relativistic pairing converge, alone it "
        "does not."
    )

    def penalty(self, real_gradient: Tensor, fake_gradient: Tensor, strength: float) -> Tensor:
        """Return a scalar >= 0."""
        return self._penalty(fake_gradient, strength)
