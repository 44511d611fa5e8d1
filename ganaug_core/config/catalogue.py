"""What there is to choose from: every part with its line, its paper and its settings.

`parts.json` is written from the parts themselves by `python -m ganaug_core.training.catalogue`; a test holds the two
together. Pages read it, because reading the parts would load torch.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ganaug_core.config.training import FAMILIES, SINGLE, PartConfig, Setting, TrainingConfig
from ganaug_core.errors import ConfigurationError

FILE = Path(__file__).with_name("parts.json")


@dataclass(frozen=True)
class SettingCard:
    """A setting of a part.

    Attributes:
        choices: All values it can have; empty where it is a number.
        says: What it is, from the part's docstring.
    """

    default: Setting
    choices: tuple[Setting, ...]
    says: str


@dataclass(frozen=True)
class PartCard:
    """A part.

    Attributes:
        is_: What it is, in one sentence.
        says: What it is good for and how it fails, in one line.
        source: Its papers.
    """

    name: str
    is_: str
    says: str
    source: str
    settings: Mapping[str, SettingCard]


@cache
def catalogue() -> Mapping[str, Mapping[str, PartCard]]:
    """Return the parts of every family by name."""
    content = json.loads(FILE.read_text("utf-8"))
    return {family: {name: _card(name, part) for name, part in content[family].items()} for family in FAMILIES}


def chosen(config: TrainingConfig, family: str) -> tuple[PartConfig, ...]:
    """Return the parts of a family that a configuration names."""
    named = getattr(config, family)
    return (named,) if family in SINGLE else tuple(named)


def check_names(config: TrainingConfig) -> None:
    """Refuse a part or a setting that does not exist.

    Raises:
        ConfigurationError: There is one; the message lists those that exist.
    """
    for family in FAMILIES:
        cards = catalogue()[family]
        for part in chosen(config, family):
            kind = family if family in SINGLE else family.removesuffix("s")
            if part.name not in cards:
                raise ConfigurationError(
                    f"There is no {kind} named {part.name!r}.",
                    do=f"Choose one of: {', '.join(sorted(cards))}.",
                    code="unknown_name",
                )
            unknown = sorted(set(part.settings) - set(cards[part.name].settings))
            if unknown:
                raise ConfigurationError(
                    f"The {kind} {part.name!r} has no setting {', '.join(unknown)}.",
                    do=f"It has: {', '.join(sorted(cards[part.name].settings)) or 'none'}.",
                    code="unknown_setting",
                )


def _card(name: str, part: Mapping[str, Any]) -> PartCard:
    settings = {
        setting: SettingCard(card["default"], tuple(card["choices"]), card["says"])
        for setting, card in part["settings"].items()
    }
    return PartCard(name, part["is"], part["says"], part["source"], settings)
