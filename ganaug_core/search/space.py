"""What a search tries: by setting the values it may have, or a range.

Settings have the names that `--set` takes. As TOML, and in a request:

    batch_size = [16, 32, 64]                                            # one of these
    generator_learning_rate = { low = 2e-4, high = 3e-3, log = true }    # anything between, evenly in powers
    r1.gamma = { low = 0.05, high = 4.0, log = true }
"""

import itertools
import json
import math
import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganaug_core import wording
from ganaug_core.config.training import Setting
from ganaug_core.errors import ConfigurationError

MOST_POINTS = 10_000  # of a grid
GRID_VALUES = 3  # of a range in a grid: both ends and the middle
_OWN = {"images": "budget", "minutes": "budget", "seed": "seed", "recipe": "recipe", "device": "device"}
_DO = "Write a list of values, or { low = 0.1, high = 2.0, log = true }."


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, both included; whole ones where both are whole; `log`: evenly in powers."""

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)

    def grid(self) -> list[Setting]:
        """Return the values that a grid takes of it."""
        middle = math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2
        values = [self.low, round(middle) if self.whole else middle, self.high]
        return list(dict.fromkeys(values))


Space = Mapping[str, tuple[Setting, ...] | Range]
"""By setting what it may be. A value that is a list stands as JSON text, which `configure` reads."""

SPACES: Mapping[str, Mapping[str, Any]] = {
    "recommended": {
        "generator_learning_rate": {"low": 2e-4, "high": 3e-3, "log": True},
        "discriminator_learning_rate": {"low": 2e-4, "high": 3e-3, "log": True},
        "regularisers.gamma": {"low": 0.05, "high": 4.0, "log": True},
        "label_matching.weight": {"low": 0.0, "high": 1.0},
        "batch_size": [16, 32, 64],
    },
    # six settings with two values each: what is usual for DCGAN beside what we recommend
    "textbook": {
        "lr_g": [2e-4, 1e-3],
        "lr_d": [2e-4, 1e-3],
        "beta1": [0.0, 0.5],
        "beta2": [0.99, 0.999],
        "batch": [16, 64],
        "latent": [64, 128],
    },
}
USUAL_SAMPLER: Mapping[str, str] = {"recommended": "tpe", "textbook": "grid"}


def named_or_file(text: str) -> dict[str, Any]:
    """Return the space that is named, or that a TOML file holds.

    Raises:
        ConfigurationError: Neither a name nor a file, or not TOML.
    """
    if text in SPACES:
        return dict(SPACES[text])
    path = Path(text)
    if not path.is_file():
        raise ConfigurationError(
            f"There is no space named {text!r} and no such file.",
            do=f"Choose one of: {', '.join(SPACES)}; or give a TOML file.",
            code="unknown_name",
        )
    try:
        return read_toml(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path.name} cannot be read as text.", do="Give a TOML file.", code="space"
        ) from error


def read_toml(text: str, what: str = "The space") -> dict[str, Any]:
    """Return the space that a TOML text holds; `r1.gamma` and `"r1.gamma"` are the same.

    Raises:
        ConfigurationError: It is not TOML.
    """
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(
            f"{what} is not TOML: {error}.", do=f"A line for each setting. {_DO}", code="space"
        ) from error
    return dict(_flat(content))


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, dict) and not {"low", "high"} & value.keys():
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def parsed(space: Mapping[str, Any]) -> Space:
    """Return a space from its plain form.

    Raises:
        ConfigurationError: It is empty, or a setting has no values, or a range without numbers, or is the search's own.
    """
    if not space:
        raise ConfigurationError("The space has no setting, so nothing can be searched.", do=_DO, code="space")
    for name in space:
        if name in _OWN:
            raise ConfigurationError(
                f"{name} is the same in every run of a search, or they could not be compared.",
                do=f"Leave it out of the space, and set the search's {_OWN[name]}.",
                code="space",
            )
    return {name: _values(name, value) for name, value in space.items()}


def _values(name: str, value: Any) -> tuple[Setting, ...] | Range:
    if isinstance(value, Mapping):
        return _range(name, value)
    if not isinstance(value, list | tuple) or not value:
        raise ConfigurationError(f"{name} has no list of values and no range.", do=_DO, code="space")
    scalars = [json.dumps(entry) if isinstance(entry, list | tuple) else entry for entry in value]
    if any(not isinstance(entry, bool | int | float | str) for entry in scalars):
        raise ConfigurationError(f"A value of {name} is no number, text, or list of them.", do=_DO, code="space")
    return tuple(dict.fromkeys(scalars))


def _range(name: str, value: Mapping[str, Any]) -> Range:
    unknown = value.keys() - {"low", "high", "log"}
    numbers: list[Any] = [value.get("low"), value.get("high")]
    if unknown or not all(isinstance(end, int | float) and not isinstance(end, bool) for end in numbers):
        raise ConfigurationError(f"The range of {name} is not written like one.", do=_DO, code="space")
    low, high, log = numbers[0], numbers[1], bool(value.get("log", False))
    if not (math.isfinite(low) and math.isfinite(high) and low < high and (low > 0 or not log)):
        raise ConfigurationError(
            f"The range of {name} goes from {low} to {high}{' in powers' if log else ''}.",
            do="The low end must be below the high one, and above 0 where log is true.",
            code="space",
        )
    return Range(low, high, log)


def grid_values(space: Space) -> dict[str, list[Setting]]:
    """Return by setting the values that a grid takes: all that are listed, and of a range both ends and the middle."""
    return {name: values.grid() if isinstance(values, Range) else list(values) for name, values in space.items()}


def grid_size(space: Space) -> int:
    """Return how many points a grid has."""
    return math.prod(len(values) for values in grid_values(space).values())


def points(space: Space, seed: int) -> list[dict[str, Setting]]:
    """Return the points of a grid, in an order that the seed decides, so that its beginning is no corner.

    Raises:
        ConfigurationError: It has more than 10,000.
    """
    if grid_size(space) > MOST_POINTS:
        raise ConfigurationError(
            f"The grid has {wording.count(grid_size(space), 'point')}; {MOST_POINTS:,} are the most.",
            do="Give fewer values, or choose the sampler tpe or random.",
            code="space",
        )
    values = grid_values(space)
    grid = [dict(zip(values, point, strict=True)) for point in itertools.product(*values.values())]
    random.Random(seed).shuffle(grid)
    return grid


def trial_points(space: Space, most: int, seed: int = 0) -> Sequence[dict[str, Setting]]:
    """Return points that show whether the space can be trained at all: the whole grid, or `most` of it at random.

    Each single value is among them.
    """
    values = grid_values(space)
    if grid_size(space) <= most:
        return points(space, seed)
    first = {name: of_setting[0] for name, of_setting in values.items()}
    single = [{**first, name: value} for name, of_setting in values.items() for value in of_setting]
    chooser = random.Random(seed)
    others = [
        {name: chooser.choice(of_setting) for name, of_setting in values.items()}
        for _ in range(max(0, most - len(single)))
    ]
    return [*single, *others]
