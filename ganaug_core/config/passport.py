"""The card that travels with a generator: what it says about itself."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ganaug_core.errors import ConfigurationError
from ganaug_core.records import HOLDOUT, TRAIN, TUNING, UNKNOWN_PATIENT, Cohort
from ganaug_core.records.digest import digest_of

MOST_CLASSES = 200
Licence = Literal["CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0", "research-only", "internal"]
LICENCES: dict[str, str] = {
    "CC0-1.0": "free for everybody (CC0)",
    "CC-BY-4.0": "free with attribution (CC BY 4.0)",
    "CC-BY-NC-4.0": "free with attribution, not commercially (CC BY-NC 4.0)",
    "research-only": "for research only",
    "internal": "not to be passed on",
}
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


class SplitCard(BaseModel):
    """How many images each share of the cohort has, and how many patients where all are known.

    Attributes:
        by: Who made the split: the `source` of the cohort, or `ganaug`.
    """

    model_config = _CARD

    train: Annotated[int, Field(ge=0, le=10**9)]
    tuning: Annotated[int, Field(ge=0, le=10**9)]
    holdout: Annotated[int, Field(ge=0, le=10**9)]
    patients: Annotated[list[Annotated[int, Field(ge=0, le=10**9)]], Field(min_length=3, max_length=3)] | None = None
    by: Literal["source", "ganaug"]

    @classmethod
    def of(cls, cohort: Cohort) -> "SplitCard":
        """Return the card of a cohort."""
        shares = [cohort.where(role) for role in (TRAIN, TUNING, HOLDOUT)]
        patients = [np.unique(cohort.patients[rows]) for rows in shares]
        known = not any((numbers == UNKNOWN_PATIENT).any() for numbers in patients)
        return cls(
            train=len(shares[0]),
            tuning=len(shares[1]),
            holdout=len(shares[2]),
            patients=[len(numbers) for numbers in patients] if known else None,
            by="source" if cohort.own_split else "ganaug",
        )


class MeasureCard(BaseModel):
    """A value of an audit with its 95 % interval, where it has one, and the images on both sides."""

    model_config = _CARD

    value: float
    interval: Annotated[list[float], Field(min_length=2, max_length=2)] | None
    real: Annotated[int, Field(ge=0, le=10**9)]
    synthetic: Annotated[int, Field(ge=0, le=10**9)]


class AuditCard(BaseModel):
    """When a generator's images were audited, and what came out.

    Attributes:
        date: The day, UTC.
        synthetic: Images that were judged.
        verdicts: By the question.
    """

    model_config = _CARD

    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    synthetic: Annotated[int, Field(ge=1, le=10**9)]
    verdicts: Annotated[
        dict[Text, Literal["pass", "warn", "fail", "not_assessable"]], Field(min_length=1, max_length=32)
    ]


class Passport(BaseModel):
    """What a generator file says about itself; nothing in it names a patient or a path.

    `metrics`, `audit` and `holdout_looks` are those that the workspace knew when the passport was shown or written.

    Attributes:
        licence: What others may do with it; one of `LICENCES`.
        cohort_digest: Of the cohort that it was trained on; None where another program trained it.
        split: Of the cohort that it was trained on; None in files from before it was kept.
        audit: The newest audit of images of this generator against its cohort, None without one.
        metrics: Of that audit by name and feature space; plain numbers in files of other origin.
        threads: Processor threads of the training, on which the last bits of the weights depend; None on a GPU and
            in files that were written before it was kept.
        holdout_looks: How often the hold-out share of its cohort had been looked at, in the workspaces that it came
            through; None in files from before it was counted.
    """

    model_config = _CARD

    schema_version: Literal[1] = 1
    title: Text
    created: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    software: Text
    licence: Licence = "internal"
    intended_use: Literal["research only, not for diagnosis"] = "research only, not for diagnosis"
    architecture: ArchitectureCard
    classes: Annotated[list[ClassCard], Field(min_length=1, max_length=MOST_CLASSES)]
    intensity: IntensityCard
    spacing_mm: Annotated[list[Annotated[float, Field(gt=0, le=1000)]], Field(min_length=2, max_length=2)] | None
    patients: Annotated[int, Field(ge=1, le=10**9)] | None
    cohort_name: Text
    cohort_digest: Hex | None
    recipe: Text
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    images: Annotated[int, Field(ge=0, le=10**12)]
    threads: Annotated[int, Field(ge=1, le=10**5)] | None = None
    holdout_looks: Annotated[int, Field(ge=0, le=10**9)] | None = None
    split: SplitCard | None = None
    audit: AuditCard | None = None
    metrics: Annotated[dict[Text, float | MeasureCard], Field(max_length=64)] = {}
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
            f"The passport of a generator cannot hold this {error.title}: {validation_in_words(error)}",
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


def validation_in_words(error: ValidationError) -> str:
    """Return the first thing that is wrong, and where."""
    first = error.errors()[0]
    location = ".".join(str(step) for step in first["loc"]) or "The configuration"
    reason = first["msg"].removeprefix("Value error, ")
    return f"{location}: {reason}."
