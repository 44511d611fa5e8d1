"""What a run is asked to do, and the card that travels with its generator: the only pydantic models.

`training` holds the settings, `recipes` the named combinations. This package knows names and numbers, not parts: the
step `training` resolves them and refuses what it does not know.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ganaug_core.config.catalogue import PartCard, SettingCard, catalogue, check_names, chosen
from ganaug_core.config.exclusions import NO_UNIT, refuse_exclusions
from ganaug_core.config.recipes import FORMER_NAMES, RECIPES, Recipe
from ganaug_core.config.training import FAMILIES, SINGLE, PartConfig, TrainingConfig
from ganaug_core.errors import ConfigurationError
from ganaug_core.records.digest import digest_of

__all__ = [
    "FAMILIES",
    "MOST_CLASSES",
    "NO_UNIT",
    "RECIPES",
    "SINGLE",
    "ArchitectureCard",
    "ClassCard",
    "IntensityCard",
    "PartCard",
    "PartConfig",
    "Passport",
    "Recipe",
    "SettingCard",
    "TrainingConfig",
    "catalogue",
    "check_classes",
    "check_names",
    "chosen",
    "configure",
    "issuing",
    "refuse_exclusions",
]


def configure(recipe: str = "recommended", changes: Mapping[str, Any] | None = None, **fields: Any) -> TrainingConfig:
    """Return a recipe's configuration with changes.

    Args:
        changes: `part.setting` to value, where part is a part of the recipe (`r1.gamma`) or a family (`loss.margin`,
            `regularisers.every`); without a dot, a field of `TrainingConfig`, or a family and the name of a part
            (`loss`: `minimax`). Text is read as JSON where it is JSON.
        fields: Fields of `TrainingConfig`; `minutes` or `images` replaces the recipe's budget.

    Raises:
        ConfigurationError: No such recipe, part of the recipe, field or value, or parts that exclude each other.
    """
    recipe = FORMER_NAMES.get(recipe, recipe)
    if recipe not in RECIPES:
        raise ConfigurationError(
            f"There is no recipe named {recipe!r}.", do=f"Choose one of: {', '.join(RECIPES)}.", code="unknown_name"
        )
    content = RECIPES[recipe].config.model_dump()
    wanted = {key: _value(value) for key, value in {**(changes or {}), **fields}.items()}
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
        raise ConfigurationError(_in_words(error), do="Correct the setting and start again.") from error
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


def _in_words(error: ValidationError) -> str:
    first = error.errors()[0]
    location = ".".join(str(step) for step in first["loc"]) or "The configuration"
    reason = first["msg"].removeprefix("Value error, ")
    return f"{location}: {reason}."


MOST_CLASSES = 200
_LONGEST, _TEXT = 200, r"^[^\x00-\x1f\x7f]+$"
Text = Annotated[str, Field(min_length=1, max_length=_LONGEST, pattern=_TEXT)]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_CARD = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class ArchitectureCard(BaseModel):
    """Name and settings of the architecture, and the image it makes."""

    model_config = _CARD

    name: Text
    settings: Annotated[dict[Text, bool | int | float | Text], Field(max_length=32)]
    channels: Annotated[int, Field(ge=1, le=4)]
    rows: Annotated[int, Field(ge=8, le=1024)]
    columns: Annotated[int, Field(ge=8, le=1024)]


class ClassCard(BaseModel):
    """A class and how many training images it had."""

    model_config = _CARD

    name: Text
    train: Annotated[int, Field(ge=0, le=10**9)]


class IntensityCard(BaseModel):
    """The affine map from [-1, 1] to the physical unit."""

    model_config = _CARD

    unit: Text
    low: Annotated[float, Field(ge=-1e9, le=1e9)]
    high: Annotated[float, Field(ge=-1e9, le=1e9)]

    @model_validator(mode="after")
    def _ordered(self) -> "IntensityCard":
        if not self.high > self.low:
            raise ValueError("high must be above low")
        return self


class Passport(BaseModel):
    """What a generator file says about itself; nothing in it names a patient or a path.

    Attributes:
        threads: Processor threads of the training, on which the last bits of the weights depend; None on a GPU and
            in files that were written before it was kept.
        holdout_looks: How often the hold-out share of its cohort had been looked at, in the workspaces that it came
            through, when the passport was shown or written; None in files from before it was counted.
    """

    model_config = _CARD

    schema_version: Literal[1] = 1
    title: Text
    created: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    software: Text
    licence: Literal["CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0", "research-only", "internal"] = "internal"
    intended_use: Literal["research only, not for diagnosis"] = "research only, not for diagnosis"
    architecture: ArchitectureCard
    classes: Annotated[list[ClassCard], Field(min_length=1, max_length=MOST_CLASSES)]
    intensity: IntensityCard
    spacing_mm: Annotated[list[Annotated[float, Field(gt=0, le=1000)]], Field(min_length=2, max_length=2)] | None
    patients: Annotated[int, Field(ge=1, le=10**9)] | None
    cohort_name: Text
    cohort_digest: Hex
    recipe: Text
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    images: Annotated[int, Field(ge=0, le=10**12)]
    threads: Annotated[int, Field(ge=1, le=10**5)] | None = None
    holdout_looks: Annotated[int, Field(ge=0, le=10**9)] | None = None
    metrics: Annotated[dict[Text, float], Field(max_length=64)] = {}
    tensors_sha256: Hex | None = None

    @property
    def identity(self) -> str:
        """What images are drawn by, 64 hex digits; licence, measures and counts may change beside it."""
        unit = self.intensity
        return digest_of(
            self.architecture.model_dump(mode="json"),
            [card.name for card in self.classes],
            [unit.unit, unit.low, unit.high],
            self.tensors_sha256,
        )

    @model_validator(mode="after")
    def _distinct(self) -> "Passport":
        if len({card.name.casefold() for card in self.classes}) != len(self.classes):
            raise ValueError("class names must differ")
        return self


@contextmanager
def issuing() -> Iterator[None]:
    """Say in words what of a cohort or a run does not fit into a passport that is made inside.

    Raises:
        ConfigurationError: With the first thing that does not.
    """
    try:
        yield
    except ValidationError as error:
        raise ConfigurationError(
            f"The passport of a generator cannot hold this {error.title}: {_in_words(error)}",
            do="Import the cohort again with other names, another range or fewer classes.",
            code="passport",
        ) from error


def check_classes(names: Sequence[str]) -> None:
    """Refuse the classes of a cohort that no generator can have, before anything is trained.

    Raises:
        ConfigurationError: Too many, names that differ in capitals only, or one that is too long.
    """
    alike = Counter(name.casefold() for name in names)
    doubled = [repr(name) for name in names if alike[name.casefold()] > 1]
    unfit = [name for name in names if not re.fullmatch(_TEXT, name) or len(name) > _LONGEST]
    what = ""
    if len(names) > MOST_CLASSES:
        what = f"It has {len(names):,} classes, and a generator can have {MOST_CLASSES} at most."
    elif doubled:
        what = f"Its classes {', '.join(doubled)} differ by capitals only."
    elif unfit:
        what = f"Its class {unfit[0][:40]!r} has a name of more than {_LONGEST} letters, or one with line breaks."
    if what:
        raise ConfigurationError(
            f"No generator can be trained on this cohort. {what}",
            do="Import it again with other names or fewer classes.",
            code="classes",
        )
