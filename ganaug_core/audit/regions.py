"""Sub-regions beside the verdict on intensities: the lesion and what lies round it, where the cohort has masks."""

import numpy as np

from ganaug_core.audit.physics import MOST, excess
from ganaug_core.audit.sides import Sides
from ganaug_core.audit.words import count
from ganaug_core.metrics import region
from ganaug_core.metrics.statistics import dominance, median_interval, weighted_median
from ganaug_core.records import Measurement

SPACE = "region"
LEAST = 10


def regions(both: Sides) -> tuple[list[Measurement], tuple[str, ...]]:
    """Return the numbers of every class with masks, and a sentence on each: on how large a region, or why on none."""
    cohort = both.cohort
    measurements: list[Measurement] = []
    sentences: list[str] = []
    masked = np.intersect1d(cohort.with_mask(), both.train)
    for label, name in enumerate(cohort.classes):
        rows = masked[cohort.labels[masked] == label]
        held = both.holdout[cohort.labels[both.holdout] == label][:MOST]
        drawn = np.flatnonzero(both.labels == label)[:MOST]
        if not len(rows) or not len(held) or not len(drawn):
            continue
        patients = both.patients(rows)
        if min(patients, both.patients(held), len(drawn)) < LEAST:
            sentences.append(f"The lesion of {name} cannot be compared: it has too few patients with a mask.")
            continue
        where = region.region(cohort.inside(rows), both.weights[rows])
        if where is None:
            sentences.append(f"The lesion of {name} cannot be compared: the masks of its images do not overlap.")
            continue
        sentences.append(
            f"The lesion of {name} is where at least half of the masks of {count(patients, 'training patient')} lie "
            f"({count(int(where.inside.sum()), 'pixel')}), on real and synthetic images alike."
        )
        train = region.numbers(cohort.images(rows), where, cohort.intensity)
        real = region.numbers(cohort.images(held), where, cohort.intensity)
        synthetic = region.numbers(np.asarray(both.samples.images[drawn]), where, cohort.intensity)
        mass = both.weights[held]
        for place, number in enumerate(region.NUMBERS):
            usual = weighted_median(real[:, place], mass)
            measurements.append(
                Measurement(
                    f"region_{number}",
                    SPACE,
                    float(np.median(synthetic[:, place])),
                    median_interval(synthetic[:, place]),
                    usual,
                    usual,
                    round(float(mass.sum())),
                    len(drawn),
                    "as real",
                    name,
                    p_value=dominance(real[:, place], mass, synthetic[:, place], 0).p_value,
                    unit=cohort.intensity.unit,
                )
            )
        measurements.append(excess("region_violations", SPACE, (train, real, synthetic), mass, name))
    return measurements, tuple(sentences)
