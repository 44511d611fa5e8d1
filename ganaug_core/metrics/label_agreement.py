"""Label agreement: does a classifier trained on the training images see what the label says, as often as on real ones?

Both ways: images that are too easy are a caricature of their class, and a finding.
Source: Shmelkov et al., 2018, arXiv:1807.09499 (GAN-test), against held-out images instead of an absolute number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import stats

from ganaug_core.metrics.dominance import POWER, SHIFT, Dominance, dominance, stated
from ganaug_core.metrics.statistics import StatedTest, Values, exceeds, wilson
from ganaug_core.records import Floats, Integers

MARGIN = 0.05  # how far the shares that a classifier confirms may lie apart
NO_CROWDS: Mapping[int, float] = MappingProxyType({})
DROP = MARGIN + 0.2  # a loss that a pass must have been able to notice
TEST = StatedTest("exact test of two shares", "labels are confirmed as often as in real images", MARGIN)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Agreement within one class; counts of real images are patients.

    Attributes:
        synthetic: Share of synthetic images that the classifier puts in their class, `interval` its Wilson interval.
        real: The same of held-out images.
        p_value: That both lie within `MARGIN`.
        sureness: How often a synthetic image has a higher probability for its label than a real one; its p that the
            chance lies within .5 +- `SHIFT`.
        n_real: Patients.
        n_synthetic: Images, which count as `independent` ones.
    """

    label: int
    synthetic: float
    interval: tuple[float, float]
    real: float
    p_value: float
    sureness: Dominance
    n_real: int
    n_synthetic: int
    independent: int

    @property
    def decisive(self) -> StatedTest:
        """The test whose p is the smaller one."""
        return TEST if self.p_value <= self.sureness.p_value else stated(SHIFT)

    @property
    def smallest_p(self) -> float:
        """The smaller of both p-values, uncorrected."""
        return min(self.p_value, self.sureness.p_value)


def agreements(
    real: Floats,
    synthetic: Floats,
    real_labels: Integers,
    synthetic_labels: Integers,
    *,
    real_weights: Values,
    crowds: Mapping[int, float] = NO_CROWDS,
) -> list[Agreement]:
    """Return the agreement of each class that has images on both sides.

    Args:
        real: (n, classes) log-probabilities of held-out images.
        synthetic: (m, classes).
        real_labels: (n,), `synthetic_labels` (m,).
        real_weights: (n,) `statistics.weights`: agreement counts patients.
        crowds: By class how many synthetic images count as one, >= 1; 1 where it says nothing.
    """
    result = []
    for label in np.intersect1d(real_labels, synthetic_labels):
        rows, generated = real_labels == label, synthetic_labels == label
        mass = real_weights[rows]
        right = float((mass * (real[rows].argmax(1) == label)).sum())
        patients, total = float(mass.sum()), int(generated.sum())
        hits = int((synthetic[generated].argmax(1) == label).sum())
        crowd = crowds.get(int(label), 1.0)
        result.append(
            Agreement(
                label=int(label),
                synthetic=hits / total,
                interval=wilson(hits / crowd, total / crowd),
                real=right / patients,
                p_value=different(hits / crowd, total / crowd, right, patients),
                sureness=dominance(real[rows, label], mass, synthetic[generated, label], SHIFT, crowd=crowd),
                n_real=round(patients),
                n_synthetic=total,
                independent=max(1, int(total / crowd)),
            )
        )
    return result


def different(hits: float, total: float, real_hits: float, real_total: float) -> float:
    """Return the p that two shares lie within `MARGIN`."""
    either = exceeds(hits, total, real_hits, real_total, MARGIN), exceeds(real_hits, real_total, hits, total, MARGIN)
    return float(min(either))


def sees_drop(real: float, patients: int, synthetic: int, alpha: float) -> bool:
    """Return whether `DROP` less agreement than the real share has p < alpha in four of five such pairs of sets.

    Summed over what real images may show; how few synthetic images are then needed is found by halving.
    """
    fewer = max(0.0, real - DROP)
    spread = 5 * np.sqrt(patients * real * (1 - real)) + 1
    hits = np.arange(max(0, int(patients * real - spread)), min(patients, int(patients * real + spread)) + 1)
    most, none = np.full(len(hits), -1), np.full(len(hits), synthetic + 1)  # significant up to most, not from none on
    while (none - most > 1).any():
        middle = np.clip((most + none) // 2, 0, synthetic)
        found = exceeds(hits, patients, middle, synthetic, MARGIN) < alpha
        most, none = np.where(found, np.maximum(most, middle), most), np.where(found, none, np.minimum(none, middle))
    chance = stats.binom.pmf(hits, patients, real) * stats.binom.cdf(most, synthetic, fewer)
    return bool(chance.sum() >= POWER)
