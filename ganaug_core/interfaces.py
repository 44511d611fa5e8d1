"""What can be swapped: one Protocol per family, and the look-up that answers a wrong name with the right ones.

A part is a frozen dataclass; its fields are its settings. Each family's `__init__.py` holds one dictionary from name to
part; contract tests run on every entry. A part that draws numbers for the images of a batch does so through
`draws.drawn`; one whose result depends on the whole batch stands in `config/division.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
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
from ganaug_core.records import Floats, Images, Integers, Intensity, Samples
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


class Discriminator(Protocol):
    """What regularisers and terms may rely on in every discriminator, which is a module too.

    Attributes:
        features: Length of its last layer.
        dropout: What the last layer goes through before the logit; nothing at first.
        minibatch_layers: Modules (n, features) -> (n,) that are added to the logit and may look at the whole batch.
    """

    features: int
    dropout: "Module"
    minibatch_layers: "ModuleList"

    def extract_features(self, images: "Tensor", labels: "Tensor") -> "Tensor":
        """Return its last layer, (n, features), of images (n, channel, row, column) and labels (n,)."""


LogitFunction = Callable[["Tensor", "Tensor"], "Tensor"]
"""Images and labels to logits: a discriminator, or what it would be some steps ahead."""


@runtime_checkable
class GrowingNetwork(Protocol):
    """A module, or a part of one, that begins on a coarse grid."""

    def grow(self, share: float) -> None:
        """Set its size for the moment when `share` of the budget is spent."""


@runtime_checkable
class StyleNetwork(Protocol):
    """A generator that first turns a latent into one style for each layer; styles of two images can be mixed."""

    @property
    def layers(self) -> int:
        """Number of styles of an image, coarse to fine."""

    def styles(self, latent: "Tensor", labels: "Tensor") -> "Tensor":
        """Return styles (n, layer, feature) of latents (n, latent) and labels (n,)."""

    def paint(self, styles: "Tensor") -> "Tensor":
        """Return images (n, channel, row, column) of styles (n, layer, feature)."""


@runtime_checkable
class NoiseNetwork(Protocol):
    """A generator that is given numbers of noise behind each latent."""

    @property
    def noise_length(self) -> int:
        """How many follow a latent."""


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

        Instead of labels it takes weights of the classes, (n, class) floats that sum to 1. Its parts that grow are each
        a `GrowingNetwork`; where a latent becomes styles, it is a `StyleNetwork`; where noise comes in beside the
        latent, it is a `NoiseNetwork` and each latent is followed by that noise.
        """

    def discriminator(self, shape: tuple[int, int, int], classes: int) -> "Module":
        """Return a module that is a `Discriminator`: images, labels (n,) or (n, k) -> logits of the labels' shape."""


class Loss(Protocol):
    """What each network minimises. Logits are (n,), no sigmoid; in a paired loss element i of both has the same label.

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
    """What steadies the training. Each one is one of the kinds below, known by its method."""

    says: ClassVar[str]


@runtime_checkable
class GradientPenalty(Protocol):
    """R1 and R2: a penalty on the discriminator's gradient at the images that it sees.

    It comes `every` steps, multiplied by `every` to keep its mean.
    """

    @property
    def every(self) -> int: ...

    def penalty(self, real_gradient: "Tensor", fake_gradient: "Tensor", strength: float) -> "Tensor":
        """Return a scalar >= 0; gradients are (n, channel, row, column) of the logits with respect to what D sees."""


@runtime_checkable
class InterpolatedGradientPenalty(Protocol):
    """WGAN-GP: a penalty on the discriminator's gradient between real and generated images, as often as above."""

    @property
    def every(self) -> int: ...

    def interpolate(self, real: "Tensor", fake: "Tensor") -> "Tensor":
        """Return images of the same shape as `real` and `fake`, at which the gradient is taken."""

    def interpolated_penalty(self, gradient: "Tensor", strength: float) -> "Tensor":
        """Return a scalar >= 0; the gradient (n, channel, row, column) is that of the logits at those images."""


@runtime_checkable
class WeightConstraint(Protocol):
    """Weight clipping: a bound on the discriminator's weights, restored after each of its steps."""

    def constrain(self, discriminator: "Module") -> None: ...


@runtime_checkable
class LayerRegulariser(Protocol):
    """Spectral normalisation, dropout, minibatch layers: a change of the discriminator's layers before the first step.

    `couples_batch` says that an image's logit depends on its batch then, so that real and generated images go apart.
    """

    couples_batch: ClassVar[bool]

    def apply_to(self, discriminator: "Module") -> None:
        """Change a module that is a `Discriminator`."""


@runtime_checkable
class InputNoise(Protocol):
    """Instance noise: noise on every image that the discriminator sees."""

    def add_noise(self, images: "Tensor", share: float) -> "Tensor":
        """Return images of the same shape when `share` of the budget is spent."""


@runtime_checkable
class HistoricalPenalty(Protocol):
    """Historical averaging: a penalty on weights that leave the mean of what they were."""

    def historical_penalty(self, weights: Sequence["Tensor"], averages: Sequence["Tensor"]) -> "Tensor":
        """Return a scalar >= 0; `averages` are the means of all earlier weights."""


@runtime_checkable
class LogitPenalty(Protocol):
    """LeCam: a penalty on logits that leave what the other side got of late; `decay` is that of these averages."""

    @property
    def decay(self) -> float: ...

    def logit_penalty(self, real_logits: "Tensor", fake_logits: "Tensor", averages: "Tensor") -> "Tensor":
        """Return a scalar >= 0; `averages` (2,) are those of earlier real and generated logits."""


@runtime_checkable
class ConsistencyPenalty(Protocol):
    """A penalty on what the named augmentations change in the logits of an image."""

    def consistency_penalty(self, real_change: "Tensor", fake_change: "Tensor") -> "Tensor":
        """Return a scalar >= 0 for differences of logits (n,)."""


@runtime_checkable
class Deception(Protocol):
    """Pseudo augmentation: some of the images shown as real are generated."""

    def deceive(self, real: "Tensor", generated: "Tensor", share: "Tensor") -> "Tensor":
        """Return what is shown as real, of the same shape."""

    def moved(self, share: "Tensor", certainty: "Tensor", batch: int) -> "Tensor":
        """Return the share after a batch with that mean sign of the logits of what is shown as real."""


@runtime_checkable
class UnrolledDiscriminator(Protocol):
    """The generator learns from the discriminator as it will be."""

    def unroll(self, discriminator: "Module", loss: Callable[[LogitFunction], "Tensor"]) -> LogitFunction:
        """Return the discriminator some steps ahead.

        Args:
            loss: What the discriminator will minimise, as a function of such a function.
        """


class Augmentation(Protocol):
    """A random, differentiable change of every image that the discriminator sees, real or generated.

    `keeps_units` says that no intensity is changed.
    """

    says: ClassVar[str]
    keeps_units: ClassVar[bool]

    def apply(self, images: "Tensor") -> "Tensor":
        """Return images of the same shape and range; random numbers of an image come through `draws.drawn`."""


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

    def fit(self, images: Images, labels: Integers, *, seed: int = 0, report: Report = silent) -> FittedEncoder:
        """Return the encoder fitted on (n, channel, row, column) images in [-1, 1] and (n,) labels.

        Images may be read when they are asked for, so it goes through them in blocks.
        """

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


@runtime_checkable
class ChanceFormula(Protocol):
    """A metric whose value by chance has a formula; of the others it is measured."""

    def null(self, n: int, m: int) -> float:
        """Return the expectation when `n` real and `m` synthetic images come from one distribution."""


class Alarm(Protocol):
    """Watches a run; its settings are its thresholds. `title` says in plain words what is wrong when it goes off."""

    title: ClassVar[str]

    def check(self, history: Sequence[Progress]) -> tuple[str, str] | None:
        """Return what is wrong, with the threshold, and what to try; None while all is well.

        Args:
            history: What the run reported so far, oldest first and without previews; never empty.
        """


@dataclass(frozen=True)
class Written:
    """What a writer wrote: how the numbers that readers find become physical ones, and how exact they are.

    Attributes:
        names: Of the file of each image, relative to the folder (`name:index` for arrays).
        slope, offset: physical = read * slope + offset; None where no values come back.
        error: Largest difference to the values that were written, in their unit; None where no values come back.
    """

    names: tuple[str, ...]
    slope: float | None
    offset: float | None
    error: float | None


class Writer(Protocol):
    """A file format in which synthetic images leave. `title` is its name for people."""

    title: ClassVar[str]

    def write(self, samples: Samples, intensity: Intensity, folder: Path) -> Written:
        """Write all images into an empty folder; every file says that a trained algorithm made it, none names a source.

        Raises:
            GeneratorError: The format cannot hold these images; the message names one that can.
            OSError: The disk is full, or the folder may not be written.
        """


def settings_of(part: type) -> dict[str, tuple[type, Any, tuple[Any, ...]]]:
    """Return for each setting of a part its type, its default, and its choices where it has any."""
    hints, settings = get_type_hints(part), {}
    for setting in fields(part):
        kind = hints[setting.name]
        choices = get_args(kind) if get_origin(kind) is Literal else (True, False) if kind is bool else ()
        settings[setting.name] = (type(choices[0]) if choices else kind, setting.default, choices)
    return settings


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
    existing = {setting.name for setting in fields(part)}  # type: ignore[arg-type]
    unknown = sorted(set(settings or {}) - existing)
    if unknown:
        raise ConfigurationError(
            f"The {kind} {name!r} has no setting {', '.join(unknown)}.",
            do=f"It has: {', '.join(sorted(existing)) or 'none'}.",
            code="unknown_setting",
        )
    return part(**(settings or {}))
