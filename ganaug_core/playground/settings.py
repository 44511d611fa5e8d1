"""What is played: one frozen record that a link holds, and the training configuration that it means."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args, get_type_hints

from ganaug_core import app_root
from ganaug_core.config import PartConfig, TrainingConfig, catalogue, refuse_exclusions
from ganaug_core.errors import ConfigurationError
from ganaug_core.playground.targets import DRAWN, TARGETS, Target, drawn
from ganaug_core.records.digest import digest_of

Points = tuple[tuple[float, float], ...]
PRIORS = ("gaussian", "uniform", "clouds")
SCHEDULES = ("cosine", "constant")
OPTIMISERS: tuple[str, ...] = get_args(TrainingConfig.model_fields["optimiser"].annotation)
FALLS_TO = 0.02  # of the learning rate, over the second half of a game
_PLANE = 32  # penalties are told for images of 32 rows; a point has one

REGULARISERS: Mapping[str, tuple[PartConfig, ...]] = MappingProxyType(
    {
        "none": (),
        "r1": (PartConfig(name="r1", settings={"gamma": 0.02 * _PLANE, "every": 1}),),
        "r2": (PartConfig(name="r2", settings={"gamma": 0.02 * _PLANE, "every": 1}),),
        "r1_r2": tuple(PartConfig(name=name, settings={"gamma": 0.02 * _PLANE, "every": 1}) for name in ("r1", "r2")),
        # 0.1 is what the authors took for points in the plane
        "gradient_penalty": (PartConfig(name="gradient_penalty", settings={"weight": 0.1}),),
        "weight_clipping": (PartConfig(name="weight_clipping", settings={"limit": 0.1}),),
        "spectral_norm": (PartConfig(name="spectral_norm"),),
        "instance_noise": (PartConfig(name="instance_noise", settings={"deviation": 0.3, "until": 0.8}),),
        "minibatch_discrimination": (PartConfig(name="minibatch_discrimination"),),
        "unrolled": (PartConfig(name="unrolled", settings={"steps": 5, "rate": 0.01}),),
        "historical_averaging": (PartConfig(name="historical_averaging"),),
        "dropout": (PartConfig(name="dropout"),),
    }
)
"""Regularisers by name with the strengths that fit the plane; they are the parts of a training run."""


@dataclass(frozen=True, kw_only=True)
class Game:
    """Everything that decides a game in the plane.

    Attributes:
        target: Name of the truth, or `drawn`.
        drawn: Its points where it was drawn.
        loss: Name in the family of losses.
        regulariser: Name in `REGULARISERS`.
        optimiser: `adam`, `rmsprop` or `sgd`.
        learning_rate: Of both sides, > 0.
        momentum: Adam's first coefficient, or that of `sgd`, in [0, 1).
        schedule: `cosine` falls to 2 % over the second half, `constant` stays.
        width: Units of each of the three hidden layers of both networks.
        discriminator_steps, generator_steps: Updates of each side in a step.
        batch: Points of each side in an update.
        prior: Of the two latent numbers: `gaussian`, `uniform`, or `clouds`, eight Gaussians on a ring.
        steps: Length of the game.
        seed: It decides everything else.
    """

    target: str = "ring"
    drawn: Points = ()
    loss: str = "relativistic_pairing"
    regulariser: str = "r1_r2"
    optimiser: str = "adam"
    learning_rate: float = 3e-3
    momentum: float = 0.0
    schedule: str = "cosine"
    width: int = 48
    discriminator_steps: int = 1
    generator_steps: int = 1
    batch: int = 128
    prior: str = "gaussian"
    steps: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        _one_of("target", self.target, (*TARGETS, DRAWN))
        _one_of("loss", self.loss, catalogue()["loss"])
        _one_of("optimiser", self.optimiser, OPTIMISERS)
        _one_of("regulariser", self.regulariser, REGULARISERS)
        _one_of("prior", self.prior, PRIORS)
        _one_of("schedule", self.schedule, SCHEDULES)
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ConfigurationError(
                    f"{name} cannot be {value} here.", do=f"Choose a number from {least:g} to {most:g}."
                )
        self.truth()

    def truth(self) -> Target:
        """Return the distribution that is learnt."""
        return drawn(self.drawn) if self.target == DRAWN else TARGETS[self.target]()

    def configuration(self) -> TrainingConfig:
        """Return the training configuration of the game.

        Raises:
            ConfigurationError: Parts exclude each other.
        """
        config = TrainingConfig(
            recipe="playground",
            architecture=PartConfig(name="plane"),
            loss=PartConfig(name=self.loss),
            regularisers=REGULARISERS[self.regulariser],
            augment="off",
            batch_size=self.batch,
            optimiser=self.optimiser,  # type: ignore[arg-type]  # checked above
            discriminator_steps=self.discriminator_steps,
            generator_steps=self.generator_steps,
            discriminator_learning_rate=self.learning_rate,
            generator_learning_rate=self.learning_rate,
            final_learning_rate=1.0 if self.schedule == "constant" else FALLS_TO,
            betas=(self.momentum, 0.99),
            final_penalty=1.0,
            images=self.steps * self.batch * self.discriminator_steps,
            seed=self.seed,
            device="cpu",
            precision="float32",
            threads=1,
        )
        refuse_exclusions(config)
        return config


LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "learning_rate": (1e-5, 0.3),
        "momentum": (0.0, 0.99),
        "width": (2, 128),
        "discriminator_steps": (1, 10),
        "generator_steps": (1, 10),
        "batch": (4, 512),
        "steps": (60, 4000),
        "seed": (0, 2**31 - 1),
    }
)


def shipped(game: Game) -> Path:
    """Return where the recording of a game lies, or would lie, that comes with this installation."""
    return app_root() / "assets" / "playground" / f"{digest_of(asdict(game))[:16]}.xz"


def from_text(values: Mapping[str, Any]) -> Game:
    """Return the game of what a link or a browser says; what is left out has its usual value.

    Raises:
        ConfigurationError: Something that a game does not have, or a value that cannot be.
    """
    hints = get_type_hints(Game)
    unknown = sorted(set(values) - {field.name for field in fields(Game)})
    if unknown:
        raise ConfigurationError(f"A game has no setting {', '.join(unknown)}.", do="Leave it out.")
    try:
        read: dict[str, Any] = {
            name: _points(value) if name == "drawn" else hints[name](value) for name, value in values.items()
        }
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"A setting of the game cannot be read: {error}.", do="Correct the link.") from error
    return Game(**read)


def _points(value: Any) -> Points:
    pairs = [pair.split("_") for pair in value.split("*") if pair] if isinstance(value, str) else value
    return tuple((float(x), float(y)) for x, y in pairs)


def changed_fields(first: Game, second: Game) -> tuple[str, ...]:
    """Return the names of the settings in which two games differ; the seed is none."""
    names = [field.name for field in fields(Game) if field.name != "seed"]
    return tuple(name for name in names if getattr(first, name) != getattr(second, name))


def _one_of(kind: str, name: str, known: Any) -> None:
    if name not in known:
        raise ConfigurationError(f"The playground has no {kind} {name!r}.", do=f"Choose one of: {', '.join(known)}.")
