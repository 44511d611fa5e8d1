"""Cohorts with a kept column and synthetic images of them, made by hand, for tests and measurements of subgroups.

Images are 16-pixel noise whose mean brightness and features are drawn; features stand for those of SimCLR.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug_core.audit.comparison import Comparison, Space, compare
from ganaug_core.records import Cohort, Features, Samples
from ganaug_core.records.digest import digest_of
from tests.evidence_records import samples
from tests.steps.small_cohort import squares

SIZE, DIMENSIONS = 16, 8
SHARE = 0.3
Values = NDArray[Any]


def people(count: int, random: np.random.Generator, share: float = SHARE) -> tuple[Values, Values]:
    """Return (count,) class 0 or 1, and whether they are of the subgroup."""
    return random.integers(0, 2, count), random.random(count) < share


def images_of(inside: Values, random: np.random.Generator, brighter: float) -> Values:
    """Return (n, 1, 16, 16) images in [-1, 1]; those inside the subgroup are brighter by so many spreads."""
    level = random.normal(0, 0.1, len(inside)) + 0.1 * brighter * inside
    noise = random.normal(0, 0.1, (len(inside), 1, SIZE, SIZE))
    return np.clip(level[:, None, None, None] + noise, -1, 1).astype(np.float32)


def features_of(labels: Values, inside: Values, random: np.random.Generator, apart: float, unlike: bool) -> Values:
    """Return (n, 8) features: classes lie apart along one, the subgroup along another.

    Args:
        unlike: In the subgroup the classes lie the other way round along a third one.
    """
    values = random.normal(0, 1, (len(labels), DIMENSIONS))
    side = 2.0 * labels - 1
    values[:, 0] += 1.5 * side * ~(inside & unlike)
    values[:, 2] += 1.5 * side * (inside & unlike)
    values[:, 1] += apart * inside
    return values.astype(np.float32)


def world(
    seed: int,
    *,
    patients: int = 400,
    drawn: int = 600,
    apart: float = 4.0,
    brighter: float = 0.0,
    made: float = SHARE,
    made_brighter: float | None = None,
    unlike: bool = False,
    column: str = "scanner",
    per_patient: int = 1,
) -> Comparison:
    """Return a cohort whose column tells the subgroup (B, else A) beside synthetic images.

    Args:
        apart, brighter: How the subgroup differs among real images, in spreads: by features and by pixel values.
        made: Its share among the synthetic images; `SHARE` is that of real ones.
        made_brighter: The same of its synthetic images where it differs.
        unlike: Classes look different in the real subgroup and not in the synthetic one.
        per_patient: Images of a patient, alike but for a tenth.
    """
    random = np.random.default_rng(seed)
    labels, inside = people(patients, random)
    labels, inside = np.repeat(labels, per_patient), np.repeat(inside, per_patient)
    pixels = images_of(inside, random, brighter)
    values = features_of(labels, inside, random, apart, unlike)
    if per_patient > 1:
        first = np.arange(0, len(labels), per_patient).repeat(per_patient)
        values, pixels = 0.9 * values[first] + 0.1 * values, 0.9 * pixels[first] + 0.1 * pixels
    who = np.arange(len(labels)) // per_patient
    base = squares()
    cohort = replace(
        base,
        pixels=((pixels + 1) * 127.5).astype(np.float32),
        labels=labels.astype(np.int64),
        roles=np.digitize(random.permutation(patients)[who] / patients, (0.5, 0.65)).astype(np.int64),
        ids=np.array([f"{row:012x}" for row in range(len(labels))]),
        patients=who,
        groups=who,
        columns=(column,),
        column_values=np.where(inside, "B", "A")[:, None],
        digest=digest_of(pixels, labels, inside.astype(np.int64)),
    )
    made_labels, made_inside = people(drawn, random, made)
    drawn_images = images_of(made_inside, random, brighter if made_brighter is None else made_brighter)
    drawn_values = features_of(made_labels, made_inside, random, apart, False)
    synthetic = samples(drawn_images, made_labels.astype(np.int64), cohort.classes)
    return compare(cohort, synthetic, {"simclr": space(cohort, synthetic, values, drawn_values)}, seed)


def space(cohort: Cohort, synthetic: Samples, real: Values, drawn: Values) -> Space:
    return Space(Features("simclr", "0" * 64, real, cohort.ids), Features("simclr", "1" * 64, drawn, synthetic.ids))
