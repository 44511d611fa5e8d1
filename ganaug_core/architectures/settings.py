"""What the settings of all networks have in common."""

from typing import Literal

from ganaug_core.errors import ConfigurationError
from ganaug_core.interfaces import Architecture, settings_of

Prior = Literal["gaussian", "uniform"]
Condition = Literal["concatenation", "batch_norm"]
CriticCondition = Literal["concatenation", "projection"]
MOST = 4096
LEAST_WIDTH = 8


LATER = {"later": True}
"""Metadata of a field that came after the first generator files, which lack it: its default must never change."""


def check(part: Architecture) -> None:
    """Refuse sizes that are no whole numbers from 1 to 4096, shares outside [0, 1] and choices that do not exist.

    Raises:
        ConfigurationError: There is one.
    """
    kinds = settings_of(type(part))
    values = {name: getattr(part, name) for name in kinds}
    sizes = {name: value for name, value in values.items() if kinds[name][0] is int}
    wrong_size = any(type(size) is not int or not 1 <= size <= MOST for size in sizes.values())
    if wrong_size or sizes["width"] < LEAST_WIDTH:
        given = ", ".join(f"{name} {value}" for name, value in sizes.items())
        raise ConfigurationError(
            f"Networks of {given} cannot be built.",
            do="Choose whole numbers from 1 to 4096, and a width of at least 8.",
        )
    for name, value in values.items():
        kind, _, choices = kinds[name]
        if choices and value not in choices:
            raise ConfigurationError(
                f"{name} cannot be {value!r}.",
                do=f"Choose one of: {', '.join(map(str, choices))}.",
                code="unknown_name",
            )
        if kind is float and not (type(value) in (int, float) and 0 <= value <= 1):
            raise ConfigurationError(f"{name} cannot be {value!r}.", do="Choose a share from 0 to 1.")
