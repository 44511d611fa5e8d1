"""What can be swapped: one Protocol per family, and the look-up that answers a wrong name with the right ones.

A part is a frozen dataclass; its fields are its settings. Each family's `__init__.py` holds one dictionary from name to
part; contract tests run on every entry.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, runtime_checkable

from numpy.typing import NDArray

from ganaug_core.errors import ConfigurationError
from ganaug_core.records import Floats, Integers, Skipped, Slice

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from ganaug_core.neighbours import Neighbours

Part = TypeVar("Part")
Report = Callable[[float, str], None]
"""Called now and then by long work: share done in [0, 1], and what is being done, in words."""


def silent(share: float, doing: str) -> None:
    """The report of somebody who does not listen."""


class Reader(Protocol):
    """A source format: says whether it recognises a path, and reads it as a stream of slices and refusals."""

    def recognises(self, source: Path) -> bool: ...

    def read(self, source: Path) -> Iterator[Slice | Skipped]: ...


class Architecture(Protocol):
    """A generator and a discriminator that fit each other.

    `latent` is the length of the generator's latent vector; `shared_batches` says whether real and generated images
    may go through the discriminator in one batch (not where it has batch norm).
    """

    shared_batches: ClassVar[bool]

    @property
    def latent(self) -> int: ...

    def generator(self, shape: tuple[int, int, int], classes: int) -> "Module":
        """Return a module: latent (n, latent), labels (n,) -> images (n, channel, row, column), about [-1, 1]."""

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> "Module":
        """Return a module: images (n, channel, row, column), labels (n,) or (n, k) -> logits of the labels' shape."""


class Loss(Protocol):
    """The game. Logits are (n,), no sigmoid; in a paired loss element i of both sides has the same label.

    `paired` says whether the generator's loss looks at the real logits.
    """

    paired: ClassVar[bool]

    def discriminator_loss(self, real_logits: "Tensor", fake_logits: "Tensor") -> "Tensor":
        """Return a scalar that the discriminator minimises."""

    def generator_loss(self, real_logits: "Tensor", fake_logits: "Tensor") -> "Tensor":
        """Return a scalar that the generator minimises."""


class Regulariser(Protocol):
    """A penalty on the discriminator's gradient; `every` steps apart, multiplied by `every` to keep its mean."""

    @property
    def every(self) -> int: ...

    def penalty(self, real_gradient: "Tensor", fake_gradient: "Tensor", strength: float) -> "Tensor":
        """Return a scalar >= 0; gradients are (n, channel, row, column) of the logits with respect to what D sees."""


class Augmentation(Protocol):
    """A random, differentiable change that both sides of the game see."""

    def apply(self, images: "Tensor") -> "Tensor":
        """Return images of the same shape and range; randomness comes from torch's CPU generator."""


class FittedEncoder(Protocol):
    """A feature space, ready to use. `facts` are the settings, seed, steps and threads it was fitted with."""

    @property
    def name(self) -> str: ...

    @property
    def shape(self) -> tuple[int, int, int]: ...

    @property
    def facts(self) -> Mapping[str, Any]: ...

    @property
    def digest(self) -> str: ...

    def encode(self, images: Floats) -> Floats:
        """Return (n, dimension) float32 of images (n, channel, row, column) in [-1, 1]."""

    def to_bytes(self) -> bytes:
        """Return all numbers that `encode` needs, as safetensors."""


class Encoder(Protocol):
    """A recipe for a feature space. Fitting sees training images only, for a fixed number of steps and threads."""

    def fit(self, images: Floats, labels: Integers, *, seed: int = 0, report: Report = silent) -> FittedEncoder:
        """Return the encoder fitted on (n, channel, row, column) images in [-1, 1] and (n,) labels."""

    def restore(
        self, state: Mapping[str, NDArray[Any]], shape: tuple[int, int, int], facts: Mapping[str, Any]
    ) -> FittedEncoder:
        """Return the fitted encoder whose state, image shape and facts were kept."""


@runtime_checkable
class NeighbourMetric(Protocol):
    """A metric that reads the distances which `neighbours.py` computed once for all of them."""

    better: ClassVar[str]

    def measure(self, near: "Neighbours") -> float: ...


@runtime_checkable
class MomentMetric(Protocol):
    """A metric that takes the features themselves, real (n, d) and synthetic (m, d)."""

    better: ClassVar[str]

    def compare(self, real: Floats, synthetic: Floats) -> float: ...


def look_up(family: Mapping[str, type[Part]], name: str, kind: str, settings: Mapping[str, Any] | None = None) -> Part:
    """Return the part of that name with those settings.

    Raises:
        ConfigurationError: No such name or no such setting; the message lists the right ones.
    """
    if name not in family:
        raise ConfigurationError(
            f"There is no {kind} named {name!r}.",
            do=f"Choose one of: {', '.join(sorted(family))}.",
            code="unknown_name",
        )
    part = family[name]
    known = {each.name for each in fields(part)}  # type: ignore[arg-type]
    unknown = sorted(set(settings or {}) - known)
    if unknown:
        raise ConfigurationError(
            f"The {kind} {name!r} has no setting {', '.join(unknown)}.",
            do=f"It has: {', '.join(sorted(known)) or 'none'}.",
            code="unknown_setting",
        )
    return part(**(settings or {}))
