"""What a run is asked to do, and the card that travels with its generator: the only pydantic models.

`training` holds the settings, `recipes` the named combinations, `passport` the card. This package knows names and
numbers, not parts: the step `training` resolves them and refuses what it does not know.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ganaug_core.config.catalogue import PartCard, SettingCard, catalogue, check_names, chosen
from ganaug_core.config.division import refuse_division
from ganaug_core.config.exclusions import NO_UNIT, refuse_exclusions
from ganaug_core.config.falling import FallingWeight, falling_weights
from ganaug_core.config.passport import (
    LICENCES,
    MOST_CLASSES,
    ArchitectureCard,
    AuditCard,
    ClassCard,
    IntensityCard,
    MeasureCard,
    Passport,
    SplitCard,
    check_classes,
    issuing,
    validation_in_words,
)
from ganaug_core.config.recipes import FORMER_NAMES, RECIPES, Recipe
from ganaug_core.config.short_names import in_full
from ganaug_core.config.training import FAMILIES, SINGLE, PartConfig, TrainingConfig
from ganaug_core.errors import ConfigurationError

__all__ = [
    "FAMILIES",
    "LICENCES",
    "MOST_CLASSES",
    "NO_UNIT",
    "RECIPES",
    "SINGLE",
    "ArchitectureCard",
    "AuditCard",
    "ClassCard",
    "FallingWeight",
    "IntensityCard",
    "MeasureCard",
    "PartCard",
    "PartConfig",
    "Passport",
    "Recipe",
    "SettingCard",
    "SplitCard",
    "TrainingConfig",
    "catalogue",
    "check_classes",
    "check_names",
    "chosen",
    "configure",
    "falling_weights",
    "issuing",
    "refuse_division",
    "refuse_exclusions",
]


def configure(
    recipe: str = "recommended", changes: Mapping[str, Any] | None = None, *, rows: int | None = None, **fields: Any
) -> TrainingConfig:
    """Return a recipe's configuration with changes.

    Args:
        changes: `part.setting` to value, where part is a part of the recipe (`r1.gamma`) or a family (`loss.margin`,
            `regularisers.every`); without a dot, a field of `TrainingConfig`, or a family and the name of a part
            (`loss`: `minimax`). Text is read as JSON where it is JSON. Short names (`lr_g`, `beta1`) stand for theirs.
        rows: Of the images, where they are known: some recipes have other settings for small ones.
        fields: Fields of `TrainingConfig`; `minutes` or `images` replaces the recipe's budget.

    Raises:
        ConfigurationError: No such recipe, part of the recipe, field or value, or parts that exclude each other.
    """
    recipe = FORMER_NAMES.get(recipe, recipe)
    if recipe not in RECIPES:
        raise ConfigurationError(
            f"There is no recipe named {recipe!r}.", do=f"Choose one of: {', '.join(RECIPES)}.", code="unknown_name"
        )
    content = RECIPES[recipe].config_at(rows).model_dump()
    wanted = in_full({key: _value(value) for key, value in {**(changes or {}), **fields}.items()}, content["betas"])
    given = {key for key in ("minutes", "images") if wanted.get(key) is not None}
    if given:
        content.update(minutes=None, images=None)
    for key, value in wanted.items():
        if key in ("minutes", "images") and value is None:
            continue
        part, dot, setting = key.rpartition(".")
        if dot:
            _change_setting(content, part, setting, value)
        elif key in FAMILIES and isinstance(value, str):
            named = [{"name": name.strip(), "settings": {}} for name in value.split(",") if name.strip()]
            content[key] = named[0] if key in SINGLE and named else named
        else:
            content[key] = value
    try:
        config = TrainingConfig.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(validation_in_words(error), do="Correct the setting and start again.") from error
    refuse_exclusions(config)
    return config


def _change_setting(content: dict[str, Any], part: str, setting: str, value: Any) -> None:
    parts = {family: _listed(content[family]) for family in FAMILIES}
    family = part if part in FAMILIES else f"{part}s"
    entries = [entry for family_entries in parts.values() for entry in family_entries]
    changed = parts.get(family) or [entry for entry in entries if entry["name"] == part]
    if not changed:
        names = sorted({entry["name"] for entry in entries})
        raise ConfigurationError(
            f"This recipe has no part named {part!r}, so {part}.{setting} cannot be set.",
            do=f"Its parts: {', '.join(names)}.",
            code="unknown_name",
        )
    for entry in changed:
        entry["settings"] = {**entry["settings"], setting: value}


def _listed(entry: Any) -> list[dict[str, Any]]:
    return [entry] if isinstance(entry, dict) else list(entry)


def _value(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
