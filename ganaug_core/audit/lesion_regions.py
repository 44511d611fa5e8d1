"""Sub-regions beside the verdict on intensities: the lesion and what lies round it, where the cohort has masks.

Pixel values as `metrics.lesion_region` counts them, and the texture families of radiomics (`encoders.ibsi`), of which
one or a few well-known numbers are shown and all count as violations. Classes are compared one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ganaug_core.audit.comparison import Comparison, random_subset
from ganaug_core.audit.noise_and_tissue import MOST, excess
from ganaug_core.audit.sentences import WARN
from ganaug_core.encoders import ibsi, radiomics
from ganaug_core.metrics import lesion_region
from ganaug_core.metrics.dominance import dominance, stated
from ganaug_core.metrics.statistics import Values, holm, median_interval, weighted_median
from ganaug_core.records import Floats, Measurement
from ganaug_core.wording import count, listing

SPACE = "region"
LEAST = 10
LEVELS = 32  # of one width over the cohort's range, so that a level means the same in every image
VALUES = {
    "region_median": "median value",
    "region_low": "5th percentile",
    "region_high": "95th percentile",
    "region_spread": "spread of the values",
    "region_contrast": "brightness against what is around",
}
TEXTURE = {  # name: column of `ibsi.textures`, in words
    "region_entropy": (3, "entropy"),
    "region_steps": (11, "steps between neighbours"),
    "region_correlation": (18, "likeness of neighbours"),
    "region_short_runs": (25, "short lines"),
    "region_patches": (25 + 16 + 12, "number of patches"),
    "region_even": (25 + 2 * 16 + 1, "even surroundings"),
    "region_coarseness": (25 + 2 * 16 + 17, "coarseness"),
}
COLUMNS = [column for column, _ in TEXTURE.values()]
SAID = {
    **VALUES,
    **{name: said for name, (_, said) in TEXTURE.items()},
    "region_violations": "values that hardly any training image has",
    "region_texture_violations": "texture that hardly any training image has",
}


@dataclass(frozen=True)
class Regions:
    """The numbers of every class with masks, and sentences on each: where, what differs, or why nothing is said.

    Attributes:
        drawings: `region.labels` (k,) the compared classes; `region.inside` (k, row, column) 1 in the region, and
            `region.holdout` and `region.synthetic`, the mean image of both sides in the unit.
    """

    measurements: tuple[Measurement, ...] = ()
    sentences: tuple[str, ...] = ()
    drawings: dict[str, Floats] = field(default_factory=dict)


def regions(comparison: Comparison) -> Regions:
    """Return the comparison of the lesion in every class that has masks."""
    cohort = comparison.cohort
    measurements: list[Measurement] = []
    sentences: list[str] = []
    drawings: dict[str, list[Floats]] = {name: [] for name in ("labels", "inside", "holdout", "synthetic")}
    masked = np.intersect1d(cohort.with_mask(), comparison.train)
    for label, name in enumerate(cohort.classes):
        rows = masked[cohort.labels[masked] == label]
        random = comparison.random(490 + label)
        held = random_subset(comparison.holdout[cohort.labels[comparison.holdout] == label], MOST, random)
        generated = random_subset(np.flatnonzero(comparison.labels == label), MOST, random)
        if not len(rows) or not len(held) or not len(generated):
            continue
        patients = comparison.patients(rows)
        if min(patients, comparison.patients(held), len(generated)) < LEAST:
            sentences.append(f"The lesion of {name} cannot be compared: it has too few patients with a mask.")
            continue
        where = lesion_region.region(cohort.inside(rows), comparison.weights[rows])
        if where is None:
            sentences.append(f"The lesion of {name} cannot be compared: the masks of its images do not overlap.")
            continue
        images = (
            cohort.images(random_subset(rows, MOST, random)),
            cohort.images(held),
            np.asarray(comparison.samples.images[generated]),
        )
        values = [lesion_region.numbers(side, where, cohort.intensity) for side in images]
        textures = [_textures(side, where) for side in images]
        mass, unit = comparison.weights[held], cohort.intensity.unit
        class_measurements = [
            *_numbers(tuple(VALUES), values[1:], mass, name, unit),
            *_numbers(tuple(TEXTURE), [texture[:, COLUMNS] for texture in textures[1:]], mass, name, ""),
        ]
        class_measurements += [
            excess("region_violations", SPACE, tuple(values), mass, name),
            excess("region_texture_violations", SPACE, tuple(textures), mass, name),
        ]
        measurements += class_measurements
        sentences.append(
            f"The lesion of {name} is where at least half of the masks of {count(patients, 'training patient')} lie "
            f"({count(int(where.inside.sum()), 'pixel')}). Synthetic images have no masks, so the same pixels are "
            f"read in all images. {_differences(class_measurements)}"
        )
        usual = np.average(images[1].mean(1), axis=0, weights=mass), images[2].mean((0, 1))
        pictures = (np.float32(label), where.inside, *(cohort.intensity.physical(mean_image) for mean_image in usual))
        for drawing, picture in zip(drawings.values(), pictures, strict=True):
            drawing.append(np.asarray(picture, np.float32))
    stacks = {f"region.{name}": np.stack(arrays) for name, arrays in drawings.items() if arrays}
    return Regions(tuple(measurements), tuple(sentences), stacks)


def _textures(images: Floats, where: lesion_region.Region) -> Values:
    """Return (n, 79): every feature of the texture families inside the region, of the mean over channels."""
    edges = [np.flatnonzero(where.inside.any(axis))[[0, -1]] for axis in (1, 0)]
    rows, columns = (slice(first, last + 1) for first, last in edges)
    grey = radiomics.grey_levels(images.mean(1)[:, rows, columns], LEVELS) * where.inside[rows, columns]
    return ibsi.textures(grey, LEVELS)


def _numbers(
    names: Sequence[str], sides: Sequence[Values], mass: Values, class_name: str, unit: str
) -> list[Measurement]:
    """Return a measurement for each column of held-out (n, d) and synthetic (m, d) numbers."""
    result = []
    for name, real, synthetic in zip(names, *(side.T for side in sides), strict=True):
        usual = weighted_median(real, mass)
        result.append(
            Measurement(
                name=name,
                encoder=SPACE,
                value=float(np.median(synthetic)),
                interval=median_interval(synthetic),
                floor=usual,
                null=usual,
                n_real=round(float(mass.sum())),
                n_synthetic=len(synthetic),
                better="as real",
                class_name=class_name,
                p_value=dominance(real, mass, synthetic, 0).p_value,
                test=stated(0).phrase,
                interval_method="ranks",
                unit=unit,
            )
        )
    return result


def _differences(measurements: list[Measurement]) -> str:
    """Return in words which numbers differ, corrected for how many were looked at; the plainest first."""
    adjusted = holm(
        {
            measurement.name: measurement.p_value if measurement.p_value is not None else 1.0
            for measurement in measurements
        }
    )
    differ = sorted((name for name in adjusted if adjusted[name] < WARN), key=lambda name: adjusted[name])
    sizes = (
        f"{count(measurements[0].n_synthetic, 'synthetic image')}, {count(measurements[0].n_real, 'held-out patient')}"
    )
    if not differ:
        return f"None of {len(measurements)} numbers was seen to differ from what held-out images have there ({sizes})."
    said = listing([SAID[name] for name in differ], most=4)
    return f"Of {len(measurements)} numbers these differ from what held-out images have there: {said} ({sizes})."
