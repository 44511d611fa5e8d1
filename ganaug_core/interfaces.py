"""What can be swapped: one Protocol per family, and the look-up that answers a wrong name with the right ones.

A part is a frozen dataclass; its fields are its settings. Each family's `__init__.py` holds one dictionary from name to
part; contract tests run on every entry.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Literal,
    Protocol,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
    runtime_checkable,
)

from numpy.typing import NDArray

from ganaug_core.errors import ConfigurationError
from ganaug_core.records import Floats, Integers
from ganaug_core.records.training import Progress

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module, ModuleList

    from ganaug_core.neighbours import Neighbours

Part = TypeVar("Part")
Report = Callable[[float, str], None]
"""Called now and then by long work: share done in [0, 1], and what is being done, in words."""


def silent(share: float, doing: str) -> None:
    """The report of somebody who does not listen."""


class Critic(Protocol):
    """What regularisers and terms may rely on in every discriminator, which is a module too.

    Attributes:
        features: Length of its last layer.
        between: What the last layer goes through before the logit; nothing at first.
        companions: Modules (n, features) -> (n,) that are added to the logit and may look at the whole batch.
    """

    features: int
    between: "Module"
    companions: "ModuleList"

    def describe(self, images: "Tensor", labels: "Tensor") -> "Tensor":
        """Return its last layer, (n, features), of images (n, channel, row, column) and labels (n,)."""


class Architecture(Protocol):
    """A generator and a discriminator that fit each other.

    `says` tells in one line what a part is good for and how it fails. `latent` is the length of the generator's latent
    vector, which is Gaussian; `shared_batches` says whether real and generated images may go through the discriminator
    in one batch (not where it has batch norm).
    """

    says: ClassVar[str]

    @property
    def shared_batches(self) -> bool: ...

    @property
    def latent(self) -> int: ...

    def generator(self, shape: tuple[int, int, int], classes: int) -> "Module":
        """Return a module: latent (n, latent), labels (n,) -> images (n, channel, row, column), about [-1, 1].

        Where networks grow, the module has `grow(share)`, called with the spent share of the budget; where a latent
        becomes styles, it has `styles(latent, labels)` -> (n, layer, feature) and `paint(styles)` -> images.
        """

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> "Module":
        """Return a module that is a `Critic`: images, labels (n,) or (n, k) -> logits of the labels' shape."""


class Loss(Protocol):
    """The game. Logits are (n,), no sigmoid; in a paired loss element i of both sides has the same label.

    `paired` says whether the generator's loss looks at the real logits.
    """

    says: ClassVar[str]
    paired: ClassVar[bool]

    def discriminator_loss(self, real_logits: "Tensor", fake_logits: "Tensor") -> "Tensor":
        """Return a scalar that the discriminator minimises."""

    def generator_loss(self, real_logits: "Tensor", fake_logits: "Tensor") -> "Tensor":
        """Return a scalar that the generator minimises."""


class Term(Protocol):
    """An added term of a loss.

    One that compares `labels` is minimised by the discriminator: the logits (n,) of real images with the right and with
    a wrong label. One that compares `features` is minimised by the generator: the discriminator's last layer of real
    and of generated images, (n, features) each.
    """

    says: ClassVar[str]
    compares: ClassVar[Literal["labels", "features"]]

    def weight_at(self, share: float) -> float:
        """Return the weight, >= 0, when `share` of the budget is spent."""

    def value(self, first: "Tensor", second: "Tensor") -> "Tensor":
        """Return a scalar >= 0."""


class Regulariser(Protocol):
    """What steadies the game. Each one is one of the kinds below, known by its method."""

    says: ClassVar[str]


@runtime_checkable
class GradientPenalty(Protocol):
    """A penalty on the discriminator's gradient; `every` steps apart, multiplied by `every` to keep its mean."""

    @property
    def every(self) -> int: ...

    def penalty(self, real_gradient: "Tensor", fake_gradient: "Tensor", strength: float) -> "Tensor":
        """Return a scalar >= 0; gradients are (n, channel, row, column) of the logits with respect to what D sees."""


@runtime_checkable
class BetweenPenalty(Protocol):
    """A penalty on the discriminator's gradient at points of its own choice."""

    @property
    def every(self) -> int: ...

    def points(self, real: "Tensor", fake: "Tensor") -> "Tensor":
        """Return images of the same shape as both."""

    def penalty_between(self, gradient: "Tensor", strength: float) -> "Tensor":
        """Return a scalar >= 0; the gradient (n, channel, row, column) is that of the logits at the points."""


@runtime_checkable
class Constraint(Protocol):
    """A bound on the discriminator's weights, restored after each of its steps."""

    def constrain(self, discriminator: "Module") -> None: ...


@runtime_checkable
class Preparation(Protocol):
    """A change of the discriminator before the first step.

    `couples_batch` says that an image's logit depends on its batch then, so that real and generated images go apart.
    """

    couples_batch: ClassVar[bool]

    def prepare(self, discriminator: "Module") -> None:
        """Change a discriminator, which is a `Critic`."""


@runtime_checkable
class Disturbance(Protocol):
    """Noise on every image that the discriminator sees."""

    def disturb(self, images: "Tensor", share: float) -> "Tensor":
        """Return images of the same shape when `share` of the budget is spent."""


@runtime_checkable
class Memory(Protocol):
    """A penalty on weights that leave their own past."""

    def drift(self, weights: Sequence["Tensor"], past: Sequence["Tensor"]) -> "Tensor":
        """Return a scalar >= 0; `past` are the means of all earlier weights."""


@runtime_checkable
class Foresight(Protocol):
    """The generator plays against the discriminator as it will be."""

    def look_ahead(self, discriminator: "Module", loss: "Callable[[Judge], Tensor]") -> "Judge":
        """Return the discriminator some steps ahead, as a function of images and labels.

        Args:
            loss: What the discriminator will minimise, as a function of such a function.
        """


Judge = Callable[["Tensor", "Tensor"], "Tensor"]


class Augmentation(Protocol):
    """A random, differentiable change that both sides of the game see.

    `keeps_units` says that no intensity is changed.
    """

    says: ClassVar[str]
    keeps_units: ClassVar[bool]

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


class Alarm(Protocol):
    """Watches a run; its settings are its thresholds. `title` says in plain words what is wrong when it goes off."""

    title: ClassVar[str]

    def look(self, course: Sequence[Progress]) -> tuple[str, str] | None:
        """Return what was seen, with the threshold, and what to try; None while all is well.

        Args:
            course: What the run reported so far, oldest first and without previews; never empty.
        """


def settings_of(part: type) -> dict[str, tuple[type, Any, tuple[Any, ...]]]:
    """Return for each setting of a part its type, its default, and its choices where it has any."""
    hints, found = get_type_hints(part), {}
    for each in fields(part):
        kind = hints[each.name]
        choices = get_args(kind) if get_origin(kind) is Literal else (True, False) if kind is bool else ()
        found[each.name] = (type(choices[0]) if choices else kind, each.default, choices)
    return found


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
