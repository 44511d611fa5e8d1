"""Label agreement: does a classifier trained on the training images see what the label says, as often as on real ones?

Both ways: images that are too easy are a caricature of their class, and a finding.
Source: Shmelkov et al., 2018, arXiv:1807.09499 (GAN-test), against held-out images instead of an absolute number.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from ganaug_core.metrics.statistics import SHIFT, Values, dominance, wilson
from ganaug_core.records import Floats, Integers

DROP = 0.2


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Agreement within one class; counts of real images are patients.

    Attributes:
        synthetic: Share of synthetic images that the classifier puts in their class, `interval` its Wilson interval.
        real: The same of held-out images.
        p_value: Two-sided Fisher.
        shift: Chance that a synthetic image has a higher probability for its label than a real one, .5 if alike.
        shift_p_value: That the chance lies within .5 +- `statistics.SHIFT`.
        n_real: Patients.
        n_synthetic: Images.
    """

    label: int
    synthetic: float
    interval: tuple[float, float]
    real: float
    p_value: float
    shift: float
    shift_p_value: float
    n_real: int
    n_synthetic: int


def agreements(
    real: Floats,
    synthetic: Floats,
    real_labels: Integers,
    synthetic_labels: Integers,
    real_weights: Values,
) -> list[Agreement]:
    """Return the agreement of each class that has images on both sides.

    Args:
        real: (n, classes) log-probabilities of held-out images.
        synthetic: (m, classes).
        real_labels: (n,), `synthetic_labels` (m,).
        real_weights: (n,) `statistics.weights`: agreement counts patients.
    """
    result = []
    for label in np.intersect1d(real_labels, synthetic_labels):
        rows, generated = real_labels == label, synthetic_labels == label
        mass = real_weights[rows]
        right = float((mass * (real[rows].argmax(1) == label)).sum())
        patients, total = float(mass.sum()), int(generated.sum())
        hits = int((synthetic[generated].argmax(1) == label).sum())
        shift = dominance(real[rows, label], mass, synthetic[generated, label], SHIFT)
        result.append(
            Agreement(
                label=int(label),
                synthetic=hits / total,
                interval=wilson(hits, total),
                real=right / patients,
                p_value=different(hits, total, round(right), round(patients)),
                shift=shift.chance,
                shift_p_value=shift.p_value,
                n_real=round(patients),
                n_synthetic=total,
            )
        )
    return result


def different(hits: int, total: int, real_hits: int, real_total: int) -> float:
    """Return the two-sided p of Fisher's exact test."""
    return float(stats.fisher_exact([[hits, total - hits], [real_hits, real_total - real_hits]]).pvalue)


def sees_drop(real: float, patients: int, synthetic: int, alpha: float) -> bool:
    """Return whether `DROP` less agreement than the real share would be significant at these sizes."""
    fewer = max(0.0, real - DROP)
    return different(round(fewer * synthetic), synthetic, round(real * patients), patients) < alpha
