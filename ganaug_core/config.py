"""What a run is asked to do, and the card that travels with its generator: the only pydantic models.

This file knows names and numbers, not parts: `training.resolve` builds the parts and refuses what they do not know.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ganaug_core.errors import ConfigurationError

Setting = bool | int | float | str
FAMILIES = ("architecture", "loss", "regularisers", "augmentations")


class PartConfig(BaseModel):
    """One part by name; settings that are not given keep the part's defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    settings: dict[str, Setting] = {}


class TrainingConfig(BaseModel):
    """Everything that decides a run, apart from the cohort.

    Attributes:
        augment: `auto` applies the augmentations to fewer than 1,000 training images and in runs of half an hour or
            a million images and more.
        class_sampling: `natural` draws classes as often as they occur, `tempered` by the square root of that,
            `balanced` equally; `auto` is natural, and tempered where one class is over five times another.
        discriminator_learning_rate, generator_learning_rate: Constant in the first half of the budget, then a cosine
            down to `final_learning_rate` times the value.
        final_penalty: The penalties fall linearly to this share over the second half.
        label_term: Weight of the matching-aware term, which falls linearly to `label_term_end` over the run: kept up,
            it draws caricatures of the classes.
        ema_half_life_images: Half-life of the averaged generator; never more than `ema_share` of the images seen.
        minutes, images: The budget, exactly one of them: minutes of training, or real images shown.
        precision: `bfloat16` where the processor multiplies it in hardware (`auto`), else `float32`.
        threads: 0 measures which number is fastest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    recipe: str = "recommended"
    architecture: PartConfig
    loss: PartConfig
    regularisers: tuple[PartConfig, ...] = ()
    augmentations: tuple[PartConfig, ...] = ()
    augment: Literal["auto", "on", "off"] = "auto"
    class_sampling: Literal["auto", "natural", "tempered", "balanced"] = "auto"
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 32
    discriminator_learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    generator_learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    final_learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.1
    betas: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.0, 0.99)
    final_penalty: Annotated[float, Field(ge=0, le=1)] = 0.1
    label_term: Annotated[float, Field(ge=0, le=10)] = 0.0
    label_term_end: Annotated[float, Field(ge=0, le=10)] = 0.0
    ema_half_life_images: Annotated[float, Field(gt=0)] = 10_000.0
    ema_share: Annotated[float, Field(gt=0, le=1)] = 0.05
    minutes: Annotated[float, Field(gt=0)] | None = None
    images: Annotated[int, Field(gt=0)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    threads: Annotated[int, Field(ge=0, le=256)] = 0

    @model_validator(mode="after")
    def _one_budget(self) -> "TrainingConfig":
        if (self.minutes is None) == (self.images is None):
            raise ValueError("give a budget either in minutes or in images")
        return self


@dataclass(frozen=True)
class Recipe:
    """A configuration with a name.

    Attributes:
        says: What it is good for and how it fails, in one plain line.
        date: When its numbers were last looked at.
    """

    name: str
    title: str
    says: str
    date: str
    config: TrainingConfig


_RECOMMENDED = TrainingConfig(
    architecture=PartConfig(name="lite"),
    loss=PartConfig(name="relativistic_pairing"),
    regularisers=(
        PartConfig(name="r1", settings={"gamma": 1.0, "every": 4}),
        PartConfig(name="r2", settings={"gamma": 1.0, "every": 4}),
    ),
    augmentations=(PartConfig(name="translation"), PartConfig(name="cutout")),
    label_term=0.5,
    minutes=5,
)
_DCGAN = TrainingConfig(
    recipe="dcgan",
    architecture=PartConfig(name="dcgan"),
    loss=PartConfig(name="non_saturating"),
    augment="off",
    discriminator_learning_rate=2e-4,
    generator_learning_rate=2e-4,
    final_learning_rate=1.0,
    betas=(0.5, 0.999),
    minutes=5,
)
_RECOMMENDED_GPU = TrainingConfig(
    recipe="recommended-gpu",
    architecture=PartConfig(name="lite", settings={"width": 512}),
    loss=PartConfig(name="relativistic_pairing"),
    regularisers=(
        PartConfig(name="r1", settings={"gamma": 0.5, "every": 1}),
        PartConfig(name="r2", settings={"gamma": 0.5, "every": 1}),
    ),
    augmentations=(PartConfig(name="translation"), PartConfig(name="cutout")),
    augment="on",
    batch_size=64,
    discriminator_learning_rate=2e-4,
    generator_learning_rate=2e-4,
    final_learning_rate=0.25,
    label_term=0.5,
    ema_half_life_images=100_000,
    images=2_000_000,
    device="cuda",
)
RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "recommended",
            "Recommended",
            "Relativistic pairing with R1 and R2 on small norm-free networks: recognisable images within minutes on a "
            "CPU; with minutes of training it draws demonstrations, not training data.",
            "2026-11-21",
            _RECOMMENDED,
        ),
        Recipe(
            "dcgan",
            "Classic DCGAN",
            "The non-saturating game with batch norm of 2015, without a penalty: quick, grainy, and in our trials it "
            "covered about half as much of each class; it may collapse to a few images, which is its lesson.",
            "2026-11-21",
            _DCGAN,
        ),
        Recipe(
            "recommended-gpu",
            "Recommended for one GPU (not yet measured)",
            "The recommended game on networks eight times as wide, penalty at every step, for a GPU and an hour; its "
            "numbers come from published presets, not from our own runs.",
            "2026-11-21",
            _RECOMMENDED_GPU,
        ),
    )
}


def configure(recipe: str = "recommended", changes: Mapping[str, Any] | None = None, **fields: Any) -> TrainingConfig:
    """Return a recipe's configuration with changes.

    Args:
        changes: `part.setting` to value, where part is a part of the recipe (`r1.gamma`) or a family (`loss.margin`,
            `regularisers.every`); without a dot, a field of `TrainingConfig`, or a family and the name of a part
            (`loss`: `minimax`). Text is read as JSON where it is JSON.
        fields: Fields of `TrainingConfig`; `minutes` or `images` replaces the recipe's budget.

    Raises:
        ConfigurationError: No such recipe, part, field or value.
    """
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
            content[key] = named[0] if key in ("architecture", "loss") and named else named
        else:
            content[key] = value
    try:
        return TrainingConfig.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(_in_words(error), do="Correct the setting and start again.") from error


def _change_setting(content: dict[str, Any], part: str, setting: str, value: Any) -> None:
    parts = {family: _listed(content[family]) for family in FAMILIES}
    family = part if part in FAMILIES else f"{part}s"
    chosen = parts.get(family) or [each for family in parts.values() for each in family if each["name"] == part]
    if not chosen:
        names = sorted({each["name"] for family in parts.values() for each in family})
        raise ConfigurationError(
            f"This recipe has no part named {part!r}, so {part}.{setting} cannot be set.",
            do=f"Its parts: {', '.join(names)}.",
            code="unknown_name",
        )
    for each in chosen:
        each["settings"] = {**each["settings"], setting: value}


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
    place = ".".join(str(step) for step in first["loc"]) or "The configuration"
    reason = first["msg"].removeprefix("Value error, ")
    return f"{place}: {reason}."


Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
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
    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> "IntensityCard":
        if not self.high > self.low:
            raise ValueError("high must be above low")
        return self


class Passport(BaseModel):
    """What a generator file says about itself; nothing in it names a patient or a path."""

    model_config = _CARD

    schema_version: Literal[1] = 1
    title: Text
    created: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    software: Text
    licence: Literal["CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0", "research-only", "internal"] = "internal"
    intended_use: Literal["research only, not for diagnosis"] = "research only, not for diagnosis"
    architecture: ArchitectureCard
    classes: Annotated[list[ClassCard], Field(min_length=1, max_length=200)]
    intensity: IntensityCard
    spacing_mm: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=2, max_length=2)] | None
    patients: Annotated[int, Field(ge=1)] | None
    cohort_name: Text
    cohort_digest: Hex
    recipe: Text
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    images: Annotated[int, Field(ge=0)]
    metrics: Annotated[dict[Text, float], Field(max_length=64)] = {}
    tensors_sha256: Hex | None = None

    @model_validator(mode="after")
    def _distinct(self) -> "Passport":
        if len({each.name.casefold() for each in self.classes}) != len(self.classes):
            raise ValueError("class names must differ")
        return self
